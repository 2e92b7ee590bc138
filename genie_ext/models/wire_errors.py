"""The one crossing where the errors of servers and their SDKs become those of this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genie_ext.errors import (
    ModelAccessError,
    ModelBusyError,
    ModelDownError,
    ModelError,
    ModelReplyError,
    ModelRequestError,
    ModelStoppedError,
    ModelTimeoutError,
)
from genie_ext.models.base import Cancel, ChatRequest, Finish, ModelCard
from genie_ext.models.said import clean, said_by, seconds_asked, shown_server

_BUSY = (408, 409, 429, 503, 529)
_KINDS = {
    "overloaded_error": 529, "rate_limit_error": 429, "authentication_error": 401, "permission_error": 403,
    "billing_error": 402, "insufficient_quota": 402, "invalid_request_error": 400, "not_found_error": 404,
}  # fmt: skip
"""What the kinds of error in the middle of a stream would have been as a status; all others are failures."""


@contextmanager
def translated(card: ModelCard, *, cancel: Cancel | None = None, key: str | None = None) -> Iterator[None]:
    """Translate what goes wrong inside into an error of this package.

    What an SDK raised is no cause of it: the words of the server, and so a key it repeats, stand in there unscrubbed.

    Raises:
        ModelError: The server refused, failed, stalled or was stopped.
    """
    try:
        if cancel is not None:
            cancel.check()
        yield
    except Exception as error:
        if cancel is not None and cancel.is_set():
            raise ModelStoppedError(f"The call to {name_of(card)} was stopped.") from None
        if isinstance(error, ModelError):
            raise
        made = translate(error, card, key=key)
        if made is None:
            raise
        raise made from None


def name_of(card: ModelCard) -> str:
    """Return how a model is called in messages."""
    return f"the model “{card.name}” ({card.model} at {shown_server(card.server)})"


def subject_of(card: ModelCard) -> str:
    """Return the same as the first words of a sentence."""
    return "T" + name_of(card)[1:]


def translate(error: Exception, card: ModelCard, *, key: str | None = None) -> ModelError | None:
    """Return the error of this package for one of an SDK or its HTTP client; None for one that is neither."""
    import httpx2

    said = said_by(error, key)
    kind = type(error).__name__
    if isinstance(error, httpx2.TimeoutException) or kind == "APITimeoutError":
        hint = "Raise its timeout_s in genie.toml, or ask for less at a time."
        return ModelTimeoutError(f"No reply in time from {name_of(card)}.", hint=hint)
    if isinstance(error, (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError)) or kind == "APIConnectionError":
        hint = "Start the server or mend base_url in genie.toml; `genie models check` tries it."
        said = clean(str(error.__cause__ or error), key)
        return ModelDownError(f"No connection to {name_of(card)}, or it broke off: {said}.", hint=hint, said=said)
    if kind == "APIError" or isinstance(getattr(error, "status_code", None), int):
        return refused(_status(error), said, card, wait_s=seconds_asked(error), goal=_goal(error))
    return _odd(error, card, said)


def refused(status: int, said: str, card: ModelCard, *, wait_s: float | None = None, goal: str = "") -> ModelError:
    """Return the error for a status of HTTP."""
    name, code = subject_of(card), f"(HTTP {status})"
    words = f" The server says: {said}" if said else ""
    if status < 400:
        hint = f"Set its base_url to {goal}, if you trust it." if goal else "Set its base_url to the right address."
        return ModelRequestError(f"{name} is said to be elsewhere {code}.", hint=hint, said=said, status=status)
    if status in (401, 402, 403):
        why = "refused for want of credit" if status == 402 else "refused the key"
        hint = "Look at the account of this key." if status == 402 else (
            "Set the right key: see `genie models list` for where it is looked for."
        )  # fmt: skip
        return ModelAccessError(f"{name} {why} {code}.{words}", hint=hint, said=said, status=status)
    if status in _BUSY:
        hint = "Try again in a minute."
        return ModelBusyError(f"{name} is busy {code}.{words}", hint=hint, said=said, status=status, wait_s=wait_s)
    if status >= 500:
        return ModelDownError(f"{name} failed {code}.{words}", hint="Look at the server's log.", said=said,
                              status=status)  # fmt: skip
    hint = "Mend the name of the model or its settings; `genie models check` tries them."
    return ModelRequestError(f"{name} refused the request {code}.{words}", hint=hint, said=said, status=status)


def check_whole(card: ModelCard, request: ChatRequest, text: str, ended: Finish, *, declined: str = "") -> None:
    """Check that a reply says something, and that an object was not cut off.

    Raises:
        ModelReplyError: It does not, or it was.
    """
    hint = "Raise its max_tokens in genie.toml."
    if declined or (ended == "filtered" and not text.strip()):
        hint = "Ask in other words, or configure another model."
        raise ModelReplyError(f"{subject_of(card)} declined to answer.", hint=hint, said=declined)
    if not text.strip():
        raise ModelReplyError(f"{subject_of(card)} sent an empty reply.", hint=hint if ended == "length" else "")
    if ended == "length" and request.schema is not None:
        raise ModelReplyError(f"The reply of {name_of(card)} was cut off at {request.max_tokens} tokens.", hint=hint)


def status_of(body: Any) -> int:
    """Return the status that an error's body stands for, where that of HTTP says nothing of it: 500 if unknown."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        return 500
    code = inner.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return next((_KINDS[str(word)] for word in (code, inner.get("type")) if str(word) in _KINDS), 500)


def _status(error: Exception) -> int:
    """Return the status of an error: that of HTTP, unless a stream broke off after it had begun well."""
    status, body = getattr(error, "status_code", 200), getattr(error, "body", None)
    spent = status == 429 and status_of(body) == 402  # an empty account does not fill by waiting
    return status_of(body) if status < 300 or spent else int(status)


def _odd(error: Exception, card: ModelCard, said: str) -> ModelError | None:
    """Return the error for a reply that is not of the wire, and for an SDK that does not even call."""
    kind = type(error).__name__
    if kind in ("OpenAIError", "AnthropicError", "CredentialsError"):
        return ModelAccessError(f"{subject_of(card)} cannot be called: {said}.", said=said)
    of_reply = (AssertionError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
    if kind == "APIResponseValidationError" or isinstance(error, of_reply):
        hint = "Look whether base_url and provider in genie.toml are of one wire; `genie models check` tries it."
        return ModelReplyError(f"{subject_of(card)} sent a reply that is not of its wire ({kind}).", hint=hint)
    return None


def _goal(error: Exception) -> str:
    """Return where a redirect leads."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    return shown_server(clean(headers.get("location", ""), None))
