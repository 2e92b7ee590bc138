"""Structured output: one object of a schema from any server, by the best way that it knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from genie_ext.errors import ModelReplyError, ModelRequestError
from genie_ext.models.base import FORMS, ChatRequest, Form, Message, ModelCard, Reply

T = TypeVar("T")

_UNKNOWN_FORM = (400, 422, 501)
"""Statuses with which servers refuse a way to ask for an object; others speak of the model or the key."""


class Rungs(Protocol):
    """Remembers by which way a server gave an object."""

    def get(self, server: str, model: str) -> Form | None:
        """Return the way that worked, None where none is known."""
        ...

    def put(self, server: str, model: str, form: Form) -> None:
        """Remember a way that worked."""
        ...


class RungsInMemory:
    """Remembers as long as the process lives."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Form] = {}

    def get(self, server: str, model: str) -> Form | None:
        """Return the way that worked, None where none is known."""
        return self._known.get((server, model))

    def put(self, server: str, model: str, form: Form) -> None:
        """Remember a way that worked."""
        self._known[server, model] = form


def ask_for(
    card: ModelCard,
    request: ChatRequest,
    read: Callable[[Any], T],
    *,
    rungs: Rungs,
    call: Callable[[ChatRequest], Reply],
) -> T:
    """Return the object that a request with a schema asks for, read by `read`.

    Ways to ask are tried from the most reliable one down (JSON Schema, tool call, JSON object, words), starting at the
    one that is remembered. An object that `read` refuses is sent back once with the reason.

    Args:
        card: The model.
        request: What is asked; its `form` is of no meaning.
        read: Turns the parsed JSON into the value; raises ValueError with a reason that a model can act on.
        rungs: Remembers what worked.
        call: Sends a request to the model.

    Raises:
        ModelReplyError: No way gave a readable object.
        ModelError: A call failed.
    """
    known = rungs.get(card.server, card.model)
    forms = FORMS[FORMS.index(known) :] if known is not None else FORMS
    for form in forms:
        asked = _in_form(request, form)
        try:
            reply = call(asked)
        except ModelRequestError as error:
            if form == forms[-1] or error.status not in _UNKNOWN_FORM:
                raise
            continue
        data = find_object(reply.text)
        if data is None and form != forms[-1]:  # the server does not know the form and does not say so
            continue
        value = _read_or_repair(asked, reply, read, call)
        rungs.put(card.server, card.model, form)
        return value
    raise AssertionError("the last form returns or raises")


def find_object(text: str) -> Any:
    """Return the JSON object in a text, also one in a fence or between words; None where there is none."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end <= start:
        return None
    try:
        return json.loads(text[start : end + 1])
    except json.JSONDecodeError:
        return None


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema in the form that strict servers take: every property required, no others, no defaults."""
    return {key: _strict(value) for key, value in _closed(schema).items() if key not in ("default", "title")}


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return strict_schema(value)
    return [_strict(item) for item in value] if isinstance(value, list) else value


def _closed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, Mapping):
        return schema
    named = {name: strict_schema(own) for name, own in properties.items()}
    return {**schema, "properties": named, "required": list(properties), "additionalProperties": False}


def _in_form(request: ChatRequest, form: Form) -> ChatRequest:
    """Return the request as this way asks it; what the wire cannot say is said in words."""
    if form in ("json_schema", "tool"):
        return replace(request, form=form)
    words = f"Reply with one JSON object and nothing else. It has this JSON Schema:\n{json.dumps(request.schema)}"
    return replace(request, form=form, messages=(Message(role="system", text=words), *request.messages))


def _read_or_repair(
    asked: ChatRequest, reply: Reply, read: Callable[[Any], T], call: Callable[[ChatRequest], Reply]
) -> T:
    try:
        return _read(reply, read)
    except ValueError as error:
        fault = f"This cannot be used: {_short(error)}\nSend the whole object again, corrected."
    messages = (Message(role="assistant", text=reply.text), Message(role="user", text=fault))
    again = call(replace(asked, messages=(*asked.messages, *messages)))
    try:
        return _read(again, read)
    except ValueError as error:
        hint = "Try a more capable model for this role."
        raise ModelReplyError(f"{reply.model} sent nothing usable twice: {_short(error)}", hint=hint) from error


def _read(reply: Reply, read: Callable[[Any], T]) -> T:
    data = find_object(reply.text)
    if data is None:
        raise ValueError("it is not a JSON object")
    return read(data)


def _short(error: ValueError) -> str:
    """Return what is wrong in a few lines; of a pydantic error each place with its reason."""
    places = getattr(error, "errors", None)
    if callable(places):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in places()[:8])
    return str(error)[:800]
