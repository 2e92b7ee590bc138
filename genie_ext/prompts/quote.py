"""Quoting: foreign words stand in a prompt as data, in one line, and cannot close the marks around them."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 240
OPEN, CLOSE = "<data>", "</data>"
_MARK = re.compile(r"<(?=\s*(?:[/!?]|data\b)|[^\W\d_])", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quote(text: str, limit: int = LONGEST) -> str:
    """Return a foreign text in one line without control signs and marks of any kind, shortened.

    Comparisons of SQL stay as they are: a mark is an angle bracket right before a letter or a slash.
    """
    seen = "".join(c if not _is_control(c) else " " for c in text)
    line = " ".join(_MARK.sub("‹", seen).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quote_value(value: str, limit: int = 60) -> str:
    """Return a cell value as a literal of SQL, shortened; it may then equal no cell, so that it ends in "…"."""
    return "'" + quote(value, limit).replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return the name of a table or column as it is to be written in SQL."""
    return name if _PLAIN.fullmatch(name) else '"' + quote(name, 200).replace('"', '""') + '"'


def _is_control(sign: str) -> bool:
    """Tell whether a sign is not to be seen: controls, directions of writing, joiners, private use."""
    return unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
