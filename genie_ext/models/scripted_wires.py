"""What the scripted server says on each wire, whole and in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from genie_ext.models.base import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came: the wire it is of, its body, and its headers in lower case."""

    wire: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def prompt(self) -> str:
        """The words of all messages."""
        system = str(self.body.get("system", ""))
        return "\n\n".join([system, *(str(message["content"]) for message in self.body["messages"])]).strip()

    @property
    def form(self) -> Form:
        """How an object is asked for."""
        if self.body.get("tools"):
            return "tool"
        kind = self.body.get("response_format", self.body.get("output_config", {}).get("format", {})).get("type")
        return kind if kind in ("json_schema", "json_object") else "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One reply.

    Attributes:
        text: What the model says.
        data: An object that it says as JSON, in place of `text`.
        status: HTTP status; from 400 on `text` is the server's complaint.
        headers: More headers of the reply.
        usage: Tokens read and written, and of those read the ones from the cache where a third number is given; None
            to say nothing of them.
        stall_s: Seconds until the first byte.
        drip_s: Seconds between one piece and the next.
        cut: True to break the line in the middle.
        breakdown: What the server complains of in the middle of a stream, in place of the other half: a kind of error
            and its words.
        finish: Why it ends: "stop", "length" or "filtered".
        unknown_forms: Ways to ask for an object that this server answers with status 400.
        raw: Bytes of the body, in place of all that.
    """

    text: str = ""
    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    usage: tuple[int, ...] | None = (100, 20)
    stall_s: float = 0.0
    drip_s: float = 0.0
    cut: bool = False
    breakdown: tuple[str, str] | None = None
    finish: str = "stop"
    unknown_forms: tuple[Form, ...] = ()
    raw: bytes | None = None

    @property
    def said(self) -> str:
        """The words of the reply."""
        return json.dumps(self.data) if self.data is not None else self.text


_OPENAI_FINISH = {"filtered": "content_filter"}


def _pieces(text: str) -> list[str]:
    return [text[i : i + 8] for i in range(0, len(text), 8)] or [""]


def _until_breakdown(reply: Scripted) -> list[str]:
    pieces = _pieces(reply.said)
    return pieces if reply.breakdown is None else pieces[: len(pieces) // 2]


class OpenAIWire:
    """Chat completions."""

    @staticmethod
    def whole(asked: Asked, reply: Scripted) -> dict[str, Any]:
        """Return the body of a reply."""
        name = asked.body["tools"][0]["function"]["name"] if asked.form == "tool" else ""
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": reply.said}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]} if name else {
            "role": "assistant", "content": reply.said
        }  # fmt: skip
        usage = {} if reply.usage is None else {"usage": _openai_usage(reply.usage)}
        ended = _OPENAI_FINISH.get(reply.finish, reply.finish)
        choice = {"index": 0, "message": message, "finish_reason": ended}
        return {"id": "1", "object": "chat.completion", "created": 0, "model": asked.body["model"], "choices": [choice],
                **usage}  # fmt: skip

    @staticmethod
    def stream(asked: Asked, reply: Scripted) -> Iterator[str]:
        """Yield the events of a streamed reply."""
        head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": asked.body["model"]}
        for piece in _until_breakdown(reply):
            call = {"index": 0, "function": {"arguments": piece}}
            delta = {"tool_calls": [call]} if asked.form == "tool" else {"content": piece}
            yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        if reply.breakdown is not None:
            yield _event({"error": {"type": reply.breakdown[0], "message": reply.breakdown[1]}})
            return
        ended = _OPENAI_FINISH.get(reply.finish, reply.finish)
        yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": ended}]})
        if reply.usage is not None and asked.body.get("stream_options", {}).get("include_usage"):
            yield _event({**head, "choices": [], "usage": _openai_usage(reply.usage)})
        yield "data: [DONE]\n\n"


class AnthropicWire:
    """Messages."""

    @staticmethod
    def whole(asked: Asked, reply: Scripted) -> dict[str, Any]:
        """Return the body of a reply."""
        block: dict[str, Any] = {"type": "text", "text": reply.said}
        if asked.form == "tool" and isinstance(reply.data, dict):  # on this wire arguments are an object, never text
            block = {"type": "tool_use", "id": "1", "name": asked.body["tools"][0]["name"], "input": reply.data}
        by_itself = "tool_use" if block["type"] == "tool_use" else "end_turn"
        ended = {"stop": by_itself, "length": "max_tokens", "filtered": "refusal"}[reply.finish]
        return {**_anthropic_head(asked, reply), "content": [block], "stop_reason": ended}

    @staticmethod
    def stream(asked: Asked, reply: Scripted) -> Iterator[str]:
        """Yield the events of a streamed reply."""
        whole = AnthropicWire.whole(asked, reply)
        start = {**whole, "content": [], "stop_reason": None}
        yield _event({"type": "message_start", "message": start}, name=True)
        block = whole["content"][0]
        empty = {**block, "input": {}} if block["type"] == "tool_use" else {**block, "text": ""}
        yield _event({"type": "content_block_start", "index": 0, "content_block": empty}, name=True)
        for piece in _until_breakdown(reply):
            delta = {"type": "input_json_delta", "partial_json": piece} if block["type"] == "tool_use" else {
                "type": "text_delta", "text": piece
            }  # fmt: skip
            yield _event({"type": "content_block_delta", "index": 0, "delta": delta}, name=True)
        if reply.breakdown is not None:
            error = {"type": reply.breakdown[0], "message": reply.breakdown[1]}
            yield _event({"type": "error", "error": error}, name=True)
            return
        yield _event({"type": "content_block_stop", "index": 0}, name=True)
        ended = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        yield _event({"type": "message_delta", "delta": ended, "usage": whole.get("usage")}, name=True)
        yield _event({"type": "message_stop"}, name=True)


def _anthropic_head(asked: Asked, reply: Scripted) -> dict[str, Any]:
    usage = {} if reply.usage is None else {"usage": _anthropic_usage(reply.usage)}
    return {"id": "1", "type": "message", "role": "assistant", "model": asked.body["model"], "stop_sequence": None,
            **usage}  # fmt: skip


def _anthropic_usage(usage: tuple[int, ...]) -> dict[str, int]:
    read, written, cached = (*usage, 0)[:3]
    return {"input_tokens": read - cached, "output_tokens": written, "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 0}  # fmt: skip


def _openai_usage(usage: tuple[int, ...]) -> dict[str, Any]:
    read, written, cached = (*usage, 0)[:3]
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": cached}}  # fmt: skip


def _event(data: dict[str, Any], *, name: bool = False) -> str:
    head = f"event: {data['type']}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n"
