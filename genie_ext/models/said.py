"""What servers say, made fit to be shown: in one short line, without keys, and nothing in it that a terminal obeys."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_LONGEST = 300
_SHORT_KEY = 8
"""Keys below this length are stand-ins such as "none" or "ollama", which are words of messages as well."""
_KEY = re.compile(
    r"(?i)((?:proxy-)?authorization[\"':=\s]+(?:bearer\s+|basic\s+)?|bearer\s+|(?:x-)?api[-_]key[\"':=\s]+)[^\s\"',}]+"
    r"|\b(?:sk|gsk|pk|key|hf|xai)[-_][\w*.-]{6,}|\bAIza[\w-]{20,}"
)


def clean(text: str, key: str | None) -> str:
    """Return a foreign text in one line, shortened, without what is or looks like a key."""
    text = " ".join(text.split())
    if key and len(key) >= _SHORT_KEY:
        text = text.replace(key, "[key]")
    text = _KEY.sub(lambda found: (found[1] or "") + "[key]", text)
    text = "".join(sign if sign.isprintable() else "�" for sign in text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def said_by(error: Exception, key: str | None) -> str:
    """Return what the server itself said."""
    body: Any = getattr(error, "body", None)
    return said_in(body or str(getattr(error, "message", error)), key)


def said_in(body: Any, key: str | None) -> str:
    """Return the words of an error's body."""
    while isinstance(body, dict) and isinstance(body.get("error", body.get("detail")), (dict, str)):
        body = body.get("error", body.get("detail"))
    return clean(str(body.get("message", body)) if isinstance(body, dict) else str(body), key)


def seconds_asked(error: Exception) -> float | None:
    """Return how many seconds the server asks to wait, given as a number or a date; None where it does not."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    text = headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def shown_server(url: str) -> str:
    """Return an address without the password and parameters that may stand in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return clean(url, None)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
