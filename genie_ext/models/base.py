"""What a language model is to the rest of the house: messages in, a reply with its usage out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from genie_ext.errors import ModelStoppedError
from genie_ext.types import Tier

Role = Literal["plan", "sql", "judge", "describe"]
Form = Literal["json_schema", "tool", "json_object", "text"]
Finish = Literal["stop", "length", "filtered"]

ROLES: tuple[Role, ...] = ("plan", "sql", "judge", "describe")
FORMS: tuple[Form, ...] = ("json_schema", "tool", "json_object", "text")
"""Ways to be given JSON, the most reliable first; the last is a plain request in the prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What a model is asked.

    Attributes:
        messages: The conversation, system first; the last one is the user's.
        schema: JSON Schema of the object wanted, None for plain text.
        schema_name: Name of that object, of letters and underscores.
        form: How the object is asked for; of no meaning without a schema.
        max_tokens: Tokens the reply may have.
        temperature: 0 for the likeliest reply.
        seed: Makes replies repeatable on servers that know it, None to leave it out.
        timeout_s: Seconds until the call is given up.
    """

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    schema_name: str = "reply"
    form: Form = "json_schema"
    max_tokens: int = 2000
    temperature: float = 0.0
    seed: int | None = None
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call.

    Attributes:
        input: Tokens read, those from the server's cache included.
        output: Tokens written.
        cached: Part of `input` that came from the server's cache.
        estimated: True where the server did not say and the numbers are guessed from the texts.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model said.

    Attributes:
        text: The words; of a tool call its arguments as JSON.
        usage: Tokens read and written.
        model: Name of the model as the server gives it.
        finish: Why it ended: by itself, at the limit of tokens, or held back by the server.
        seconds: Wall time of the call.
    """

    text: str
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    finish: Finish = "stop"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a streamed reply; the last one carries the whole reply and no text of its own."""

    text: str = ""
    reply: Reply | None = None


class Cancel:
    """A switch that stops calls from another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []

    def set(self) -> None:
        """Stop what runs under this switch, and what would start."""
        self._event.set()
        with self._lock:
            stops = list(self._stops)
        for stop in stops:
            stop()

    def is_set(self) -> bool:
        """Tell whether it was stopped."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise where it was stopped.

        Raises:
            ModelStoppedError: It was.
        """
        if self._event.is_set():
            raise ModelStoppedError("The call to the model was stopped.")

    def wait(self, seconds: float) -> None:
        """Wait, and raise as soon as it is stopped.

        Raises:
            ModelStoppedError: It was.
        """
        self._event.wait(seconds)
        self.check()

    def on_set(self, stop: Callable[[], None]) -> Callable[[], None]:
        """Call `stop` when it is stopped (at once where it is already); return what takes that back."""
        with self._lock:
            self._stops.append(stop)
        if self._event.is_set():
            stop()

        def forget() -> None:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)

        return forget


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of a configured model without calling it.

    Attributes:
        name: Its name in the settings.
        provider: Which wire it speaks.
        model: Its name on the server.
        tier: Which engine of thought it is.
        server: Where it is called, without path of the wire; the vendor's own address where none is set.
        local: True where that is this machine or a network that the settings call their own, so that nothing leaves.
    """

    name: str
    provider: Literal["openai", "anthropic"]
    model: str
    tier: Tier
    server: str
    local: bool


class ChatModel(Protocol):
    """A model that can be called; one call at a time or many from several threads."""

    @property
    def card(self) -> ModelCard:
        """What is known of it."""
        ...

    def complete(self, request: ChatRequest, *, cancel: Cancel | None = None) -> Reply:
        """Return the reply to a request; one attempt, no retries.

        Raises:
            ModelError: The server refused, failed, stalled or was stopped; the leaf says which.
        """
        ...

    def stream(self, request: ChatRequest, *, cancel: Cancel | None = None) -> Iterator[Delta]:
        """Yield the reply as it is written; the last piece carries the whole of it.

        Raises:
            ModelError: The server refused, failed, stalled or was stopped; the leaf says which.
        """
        ...
