"""Find values that hold the words of a phrase: in another order, or among further words."""

from __future__ import annotations

import re

from semantic.names import IDLE_WORDS
from semantic.store.reader import Store
from semantic.values.forms import has_initials

_WORD = re.compile(r"\w+")
_CANDIDATES = 12
_FEWEST_LETTERS = 4
_MOST_WORDS = 4
_MOST_HOLDERS = 3
_LEAST_SHARE = 0.4
_ACRONYM = re.compile(r"[A-Z]{2,6}|(?:[A-Z]\.){2,6}")
_KINDS = """inc incorporated corp corporation co company ltd limited llc llp plc gmbh ag sa srl bv group holding
holdings international the and of university college school airport city county"""
_ENDINGS = frozenset(_KINDS.split())


def in_other_order(store: Store, norm: str) -> tuple[int, ...]:
    """Return the values that hold the same words in another order: "Smith John" for "John Smith"."""
    words = _WORD.findall(norm)
    if not 2 <= len(words) <= _MOST_WORDS or any(w in IDLE_WORDS or len(w) < 3 for w in words):
        return ()
    found = _matching(store, " AND ".join(f'"{word}"' for word in words))
    return tuple(code for code, value in found if sorted(_WORD.findall(value)) == sorted(words))


def as_part(store: Store, norm: str, *, named: bool) -> tuple[tuple[int, float], ...]:
    """Return the values that a phrase is a distinctive part of, with a score.

    Args:
        store: The index.
        norm: The phrase in normal form.
        named: True where the question writes it like a name; else only the kind of name may be missing.
    """
    words = _WORD.findall(norm)
    if len(norm) < _FEWEST_LETTERS or len(words) > _MOST_WORDS or any(w in IDLE_WORDS for w in words):
        return ()
    plain = norm.replace('"', '""')
    edges = f'"{plain} " OR " {plain}"'
    found = [(code, value) for code, value in _matching(store, edges) if _inside(words, value)]
    if not 0 < len(found) <= _MOST_HOLDERS:
        return ()  # words that many values hold tell none of them apart
    scored: list[tuple[int, float]] = []
    for code, value in found:
        rest = [w for w in _WORD.findall(value) if w not in words]
        kind_only = all(w in _ENDINGS for w in rest)
        # One word of a long name is seldom meant for all of it: "the furthest South" is no street.
        if kind_only or (named and value.startswith(norm) and len(norm) >= _LEAST_SHARE * len(value)):
            scored.append((code, round(0.9 if kind_only else 0.7 + 0.2 * len(norm) / len(value), 3)))
    return tuple(scored)


def by_initials(store: Store, text: str) -> tuple[int, ...]:
    """Return the values whose words begin with the letters of an acronym: "United States of America" for USA."""
    if not _ACRONYM.fullmatch(text):
        return ()
    letters = text.replace(".", "").lower()
    if len(letters) < 3:
        return ()
    # The index on the norms serves the first letter; the rest is compared there.
    rows = store.query(
        "SELECT id, norm FROM norms WHERE norm >= ? AND norm < ? AND norm GLOB ? AND length(norm) < 80 LIMIT 50",
        (letters[0], chr(ord(letters[0]) + 1), f"{letters[0]}*" + "".join(f" *{letter}*" for letter in letters[1:])),
    )
    found = tuple(code for code, norm in rows if has_initials(norm, letters))
    return found if len(found) <= _MOST_HOLDERS else ()


def _matching(store: Store, match: str) -> list[tuple[int, str]]:
    query = "SELECT rowid, norm FROM norms_text WHERE norms_text MATCH ? LIMIT ?"
    return [(code, norm) for code, norm in store.query(query, (match, _CANDIDATES))]


def _inside(words: list[str], value: str) -> bool:
    known = _WORD.findall(value)
    size = len(words)
    return len(known) > size and any(known[i : i + size] == words for i in range(len(known) - size + 1))
