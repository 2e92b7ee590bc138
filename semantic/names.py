"""Words inside identifiers and questions: splitting, folding, inflection."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ANY_WORD = re.compile(r"\d+|[^\W\d_]+")
_OPAQUE = re.compile(
    r"^(?:[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|https?://\S+|[\w+/=-]{32,})$", re.IGNORECASE
)
_IRREGULAR = {
    "people": "person", "children": "child", "men": "man", "women": "woman", "mice": "mouse", "feet": "foot",
    "teeth": "tooth", "geese": "goose", "data": "datum", "media": "medium", "criteria": "criterion",
    "indices": "index", "vertices": "vertex", "matrices": "matrix", "analyses": "analysis", "bases": "base",
    "movies": "movie", "series": "series", "species": "species", "news": "news", "status": "status",
    "address": "address", "class": "class", "business": "business", "bus": "bus", "gas": "gas", "lens": "lens",
    "campus": "campus", "census": "census", "bonus": "bonus", "virus": "virus", "cookies": "cookie",
    "campuses": "campus", "censuses": "census", "bonuses": "bonus", "viruses": "virus", "statuses": "status",
    "heroes": "hero", "potatoes": "potato", "tomatoes": "tomato", "echoes": "echo", "buses": "bus",
    "gases": "gas", "lenses": "lens",
}  # fmt: skip
_PLURALS = {singular: plural for plural, singular in _IRREGULAR.items() if plural != singular}

_FUNCTION_WORDS = """a about above after all also am an and any are as at be because been before being below between
both but by can could did do does doing down each either every for from further get give had has have having he her
here him his how i if in into is it its just list many may me more most much must my no nor not of off on once one
only or other our out over own per please same shall she should show since so some such tell than that the their
them then there these they this those through to too under until up very was we were what when where which while
who whom whose why will with would you your find return"""
_QUESTION_WORDS = """name names number total average count sum maximum minimum max min least first last top different
distinct order ordered sorted"""

STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words without meaning of their own."""

IDLE_WORDS = STOP_WORDS | frozenset(_QUESTION_WORDS.split())
"""Words that never stand for a cell value alone."""


def normalise(text: str) -> str:
    """Fold case and accents and collapse white space, so that equal words compare equal."""
    if text.isascii():
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def is_opaque(value: str) -> bool:
    """Tell hashes, UUIDs, tokens and addresses of pages from words."""
    return bool(_OPAQUE.match(value))


@lru_cache(maxsize=65536)
def split_words(name: str) -> tuple[str, ...]:
    """Split an identifier such as `orderItemID` or `order_item_id` into lower-case words."""
    # Camel case is split in plain letters only: other alphabets have other rules for capitals.
    pattern = _WORD if name.isascii() else _ANY_WORD
    return tuple(word.lower() for word in pattern.findall(name))


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """Return the singular of an English noun, the word itself where it is one already."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    if word.endswith("oes"):
        return word[:-2]
    return word[:-1]


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name in the singular."""
    return tuple(singular(word) for word in split_words(name))


@lru_cache(maxsize=65536)
def plural(word: str) -> str:
    """Return the plural of an English noun in the singular."""
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith("y") and len(word) > 2 and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "ch", "sh", "z")):
        return word + "es"
    return word + "s"


@lru_cache(maxsize=65536)
def inflections(phrase: str) -> tuple[str, ...]:
    """Return the phrase with its last word in the other number, for a phrase in normal form."""
    head, _, last = phrase.rpartition(" ")
    forms = {singular(last), plural(singular(last)), plural(last)} - {last}
    return tuple(f"{head} {form}".strip() for form in sorted(forms))
