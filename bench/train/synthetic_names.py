"""Names as people say them: the words of tables and columns, their numbers and their synonyms."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from genie_ext.embedded.parser.parse import read_tokenizer
from genie_ext.embedded.words import ABBREVIATIONS, plain_name
from semantic.names import plural, singular
from semantic.types import Column, Table

WORDINGS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "wordings.toml").read_text("utf-8"))
"""How questions are worded, and what is known of the words of names."""

_PREFIXES = frozenset(WORDINGS["words"]["prefixes"].split())
_UNCOUNTED = frozenset(WORDINGS["words"]["uncounted"].split())
_SHORT = frozenset(WORDINGS["words"]["short"].split())
_JOINING = frozenset({"in", "of", "by", "and", "to", "has", "have", "with", "on", "at", "for", "from", "per"})
_LONGEST_NAME = 5
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou](?!ni[^n]|se|ne\b|u))")


@lru_cache(maxsize=20_000)
def spoken(name: str) -> tuple[str, ...]:
    """Return the words of a name, short forms spelled out."""
    parts = plain_name(name).split()
    return tuple(word for part in parts for word in ABBREVIATIONS.get(part, part).split())


def is_sayable(name: str) -> bool:
    """Tell whether all parts of a name are words that a person may say."""
    words = spoken(name)
    if not 0 < len(words) <= _LONGEST_NAME:
        return False
    return words[-1] not in _JOINING and all(_is_word(word) for word in words)


@lru_cache(maxsize=20_000)
def _is_word(word: str) -> bool:
    """Tell whether a part of a name is an English word, which the encoder knows as a whole."""
    if not (word.isalpha() and word.isascii()):
        return False
    if len(word) < 3:
        return word in _SHORT
    return any(_vocabulary().token_to_id(form) is not None for form in (word, singular(word)))


@lru_cache(maxsize=1)
def _vocabulary() -> Any:
    return read_tokenizer()


def column_words(column: Column) -> tuple[str, ...]:
    """Return the words of a column's name."""
    return spoken(column.name)


def noun_words(table: Table) -> tuple[str, ...]:
    """Return what a row of a table is called, in the singular; no words where its name is no plain noun."""
    words = [word for word in spoken(table.id.name) if word not in _PREFIXES]
    if not words or not is_sayable("_".join(words)) or len(words) >= _LONGEST_NAME:
        return ()
    if _JOINING & set(words):
        return ()
    return (*words[:-1], _one(words[-1]))


def say_noun(words: tuple[str, ...], *, many: bool) -> str:
    """Return a noun in the singular or the plural."""
    return " ".join((*words[:-1], _many(words[-1]) if many else words[-1]))


def say_column(words: tuple[str, ...], *, many: bool) -> str:
    """Return the words of a column, in the plural where wished."""
    return " ".join((*words[:-1], _many(_one(words[-1])))) if many else " ".join(words)


def with_articles(text: str) -> str:
    """Return a text with “an” before vowels."""
    return _ARTICLE.sub(r"\1n ", text)


def is_person(noun: tuple[str, ...]) -> bool:
    """Tell whether a noun means people."""
    return noun[-1] in _PERSONS


_PERSONS = frozenset(WORDINGS["words"]["persons"].split())


def _one(word: str) -> str:
    return word if word in _UNCOUNTED else singular(word)


def _many(word: str) -> str:
    if word in _UNCOUNTED or word.endswith("ed"):
        return word
    return "people" if word == "person" else plural(word)
