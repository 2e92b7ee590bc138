"""The wire of Anthropic's messages."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from genie_ext.errors import ModelDownError
from genie_ext.models.base import Cancel, ChatRequest, Delta, Finish, ModelCard, Reply, Usage
from genie_ext.models.line import open_line
from genie_ext.models.tokens import estimate_usage
from genie_ext.models.wire_errors import check_whole, name_of, translated

_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
VENDOR = "https://api.anthropic.com"
_FINISH: dict[str, Finish] = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "filtered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnthropicMessages:
    """A model behind Anthropic's messages.

    Attributes:
        card: What is known of it.
        key: The key, None for gateways that want none.
    """

    card: ModelCard
    key: str | None = field(default=None, repr=False)

    def complete(self, request: ChatRequest, *, cancel: Cancel | None = None) -> Reply:
        """Return the reply to a request; one attempt, no retries.

        Raises:
            ModelError: The server refused, failed, stalled or was stopped.
        """
        start = time.perf_counter()
        with translated(self.card, cancel=cancel, key=self.key), self._client(request, cancel) as client:
            found = client.messages.create(**self._arguments(request))
            said = _Said(model=found.model or "", ended=found.stop_reason)
            said.count(found.usage)
            for block in found.content:
                said.take(block)
            return self._whole(request, said, start)

    def stream(self, request: ChatRequest, *, cancel: Cancel | None = None) -> Iterator[Delta]:
        """Yield the reply as it is written; the last piece carries the whole of it.

        Raises:
            ModelError: The server refused, failed, stalled or was stopped.
        """
        start, said = time.perf_counter(), _Said()
        with translated(self.card, cancel=cancel, key=self.key), self._client(request, cancel) as client:
            for event in client.messages.create(**self._arguments(request), stream=True):
                if piece := said.follow(event):
                    yield Delta(text=piece)
            if said.ended is None:
                raise ModelDownError(f"The reply of {name_of(self.card)} broke off.", hint="Try again.")
            yield Delta(reply=self._whole(request, said, start))

    @contextmanager
    def _client(self, request: ChatRequest, cancel: Cancel | None) -> Iterator[Any]:
        from anthropic import Anthropic

        with open_line(self.card.server, timeout_s=request.timeout_s, cancel=cancel) as line:
            yield Anthropic(
                api_key=self.key or "none",
                base_url=self.card.server,
                http_client=line,
                timeout=line.timeout,
                max_retries=0,
            )

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        system = "\n\n".join(message.text for message in request.messages if message.role == "system")
        known: dict[str, Any] = {
            "model": self.card.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": m.role, "content": m.text} for m in request.messages if m.role != "system"],
            **({"system": system} if system else {}),
        }
        if request.schema is None or request.form in ("text", "json_object"):
            return known
        if request.form == "tool":
            tool = {"name": request.schema_name, "input_schema": dict(request.schema)}
            return {**known, "tools": [tool], "tool_choice": {"type": "tool", "name": request.schema_name}}
        return {**known, "output_config": {"format": {"type": "json_schema", "schema": dict(request.schema)}}}

    def _whole(self, request: ChatRequest, said: _Said, start: float) -> Reply:
        text, ended = said.arguments or said.words, _FINISH.get(said.ended or "", "stop")
        check_whole(self.card, request, text, ended)
        return Reply(
            text=text,
            usage=said.usage or estimate_usage(request, text),
            model=said.model or self.card.model,
            finish=ended,
            seconds=time.perf_counter() - start,
        )


@dataclass(slots=True, kw_only=True)
class _Said:
    """What was said so far; the arguments of the first tool call stand apart from words around it."""

    words: str = ""
    arguments: str = ""
    model: str = ""
    ended: str | None = None
    usage: Usage | None = None
    tool: int | None = None

    def take(self, block: Any) -> None:
        """Add a whole block."""
        if block.type == "tool_use" and not self.arguments:
            self.arguments = json.dumps(block.input)
        elif block.type == "text":
            self.words += block.text

    def follow(self, event: Any) -> str:
        """Add an event of a stream; return what is new of the words or arguments."""
        if event.type == "message_start":
            self.model = event.message.model or ""
            self.count(event.message.usage)
        elif event.type == "message_delta":
            self.ended = event.delta.stop_reason or self.ended
            self.count(event.usage)
        elif event.type == "content_block_start" and event.content_block.type == "tool_use" and self.tool is None:
            self.tool = event.index
        elif event.type == "content_block_delta":
            return self._add(event.delta, event.index)
        return ""

    def count(self, found: Any) -> None:
        """Take the tokens that a server says; those of a later event stand for the whole reply so far."""
        told = {name: getattr(found, name, None) or 0 for name in _COUNTS}
        read, made = told["cache_read_input_tokens"], told["cache_creation_input_tokens"]
        before = self.usage or Usage()
        total = told["input_tokens"] + read + made or before.input
        if total:  # no prompt has no tokens: servers without a count send 0
            self.usage = Usage(input=total, output=told["output_tokens"], cached=read or before.cached)

    def _add(self, delta: Any, index: int) -> str:
        if delta.type == "text_delta":
            self.words += delta.text
            return str(delta.text)
        if delta.type == "input_json_delta" and index == self.tool:
            self.arguments += delta.partial_json
            return str(delta.partial_json)
        return ""
