"""The wire of OpenAI's chat completions, which Ollama, vLLM, llama.cpp, LM Studio and gateways speak as well."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from genie_ext.errors import ModelDownError
from genie_ext.models.base import Cancel, ChatRequest, Delta, Finish, ModelCard, Reply, Usage
from genie_ext.models.line import open_line
from genie_ext.models.said import clean, said_in
from genie_ext.models.tokens import estimate_usage
from genie_ext.models.wire_errors import check_whole, name_of, refused, status_of, translated

VENDOR = "https://api.openai.com/v1"
_TAKES_TEMPERATURE = ("gpt-3.5", "gpt-4", "chatgpt-4")
"""The vendor's models that do not think first; the others refuse it."""
_FINISH: dict[str, Finish] = {"length": "length", "content_filter": "filtered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIChat:
    """A model behind chat completions.

    Attributes:
        card: What is known of it.
        key: The key, None for servers that want none.
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
            found = client.chat.completions.create(**self._arguments(request))
            self._check_complaint(found)
            choice = found.choices[0]
            said = _Said(model=found.model or "", finish=choice.finish_reason, usage=_usage(found.usage))
            said.take(choice.message)
            return self._whole(request, said, start)

    def stream(self, request: ChatRequest, *, cancel: Cancel | None = None) -> Iterator[Delta]:
        """Yield the reply as it is written; the last piece carries the whole of it.

        Raises:
            ModelError: The server refused, failed, stalled or was stopped.
        """
        start, said = time.perf_counter(), _Said()
        with translated(self.card, cancel=cancel, key=self.key), self._client(request, cancel) as client:
            options = {"include_usage": True}
            for chunk in client.chat.completions.create(
                **self._arguments(request), stream=True, stream_options=options
            ):
                said.model, said.usage = chunk.model or said.model, _usage(chunk.usage) or said.usage
                for choice in (chunk.choices or ())[:1]:
                    said.finish = choice.finish_reason or said.finish
                    if piece := said.take(choice.delta):
                        yield Delta(text=piece)
            if said.finish is None:
                raise ModelDownError(f"The reply of {name_of(self.card)} broke off.", hint="Try again.")
            yield Delta(reply=self._whole(request, said, start))

    @contextmanager
    def _client(self, request: ChatRequest, cancel: Cancel | None) -> Iterator[Any]:
        from openai import OpenAI

        with open_line(self.card.server, timeout_s=request.timeout_s, cancel=cancel) as line:
            yield OpenAI(
                api_key=self.key or "none",
                base_url=self.card.server,
                http_client=line,
                timeout=line.timeout,
                max_retries=0,
            )

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        """Return what goes over the wire; the vendor's newer models take other words than every server else."""
        vendor = _is_vendor(self.card.server)
        cool = not vendor or self.card.model.startswith(_TAKES_TEMPERATURE)
        known: dict[str, Any] = {
            "model": self.card.model,
            "messages": [{"role": message.role, "content": message.text} for message in request.messages],
            "max_completion_tokens" if vendor else "max_tokens": request.max_tokens,
            **({"temperature": request.temperature} if cool else {}),
            **({} if request.seed is None else {"seed": request.seed}),
        }
        if request.schema is None or request.form == "text":
            return known
        schema, name = dict(request.schema), request.schema_name
        if request.form == "json_object":
            return {**known, "response_format": {"type": "json_object"}}
        if request.form == "tool":
            tool = {"type": "function", "function": {"name": name, "parameters": schema}}
            return {**known, "tools": [tool], "tool_choice": {"type": "function", "function": {"name": name}}}
        wanted = {"name": name, "schema": schema, "strict": is_strict(schema)}
        return {**known, "response_format": {"type": "json_schema", "json_schema": wanted}}

    def _check_complaint(self, found: Any) -> None:
        """Raise where a gateway reports with a status of success that the server behind it failed."""
        if not getattr(found, "choices", None) and (complaint := getattr(found, "error", None)):
            raise refused(status_of({"error": complaint}), said_in(complaint, self.key), self.card)

    def _whole(self, request: ChatRequest, said: _Said, start: float) -> Reply:
        text, ended = said.arguments or said.words, _FINISH.get(said.finish or "stop", "stop")
        check_whole(self.card, request, text, ended, declined=clean(said.declined, self.key))
        return Reply(
            text=text,
            usage=said.usage or estimate_usage(request, text),
            model=said.model or self.card.model,
            finish=ended,
            seconds=time.perf_counter() - start,
        )


@dataclass(slots=True, kw_only=True)
class _Said:
    """What was said so far; the arguments of a tool call stand apart from words around it."""

    words: str = ""
    arguments: str = ""
    declined: str = ""
    model: str = ""
    finish: str | None = None
    usage: Usage | None = None

    def take(self, message: Any) -> str:
        """Add a message or a piece of one; return what is new of the first tool call, else of the words."""
        calls = [call for call in message.tool_calls or () if not getattr(call, "index", 0)]
        arguments = (calls[0].function.arguments or "") if calls and calls[0].function else ""
        words = message.content or ""
        self.arguments += arguments
        self.words += words
        self.declined += getattr(message, "refusal", None) or ""
        return arguments or words


def is_strict(schema: Any) -> bool:
    """Tell whether the vendor would take a schema as strict: objects are closed and must have all they may have."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    known = schema.get("properties")
    if schema.get("type") == "object" or known is not None:
        closed = schema.get("additionalProperties") is False
        if not closed or set(known or {}) != set(schema.get("required", ())):
            return False
    return all(map(is_strict, schema.values()))


def _is_vendor(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    return host.endswith((".openai.com", ".openai.azure.com"))


def _usage(found: Any) -> Usage | None:
    """Return the tokens that a server says; None where it says none."""
    read, written = getattr(found, "prompt_tokens", None) or 0, getattr(found, "completion_tokens", None) or 0
    if not read:  # no prompt has no tokens: servers without a count send 0
        return None
    cached = getattr(getattr(found, "prompt_tokens_details", None), "cached_tokens", None) or 0
    return Usage(input=read, output=written, cached=cached)
