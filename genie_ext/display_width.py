"""How many columns of a terminal a text takes, and how it is cut to fit."""

from __future__ import annotations

import unicodedata


def columns_of(text: str) -> int:
    """Return the terminal columns a text takes: two for wide characters, none for marks that combine."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def cut(text: str, width: int) -> str:
    """Return the text, with an ellipsis at its end where it takes more columns than the width."""
    if columns_of(text) <= width:
        return text
    kept, used = "", 0
    for char in text:
        used += _char_width(char)
        if used >= width:
            break
        kept += char
    return kept + "…"


def one_line(text: str, width: int) -> str:
    """Return the text on one line that fits the width: white space as one blank, no sign that steers a terminal."""
    # Only the part that can be seen is looked at; SQL may be long.
    seen = " ".join(text[: 20 * width].split())
    return cut("".join(sign for sign in seen if unicodedata.category(sign) not in {"Cc", "Cf"}), width)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
