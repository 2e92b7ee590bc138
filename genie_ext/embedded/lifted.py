"""Lifted defaults: words such as "all orders" or "including test orders" that ask for the rows a default leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genie_ext.embedded.metric_sql import condition_columns
from genie_ext.embedded.words import STOP_WORDS, Word, name_stems, stem
from genie_ext.errors import CannotAnswerError
from semantic.types import Table, TableId

_OPENING = re.compile(r"\b(?:including|includes?|incl\.?|regardless of|even|as well as)\s+", re.IGNORECASE)
_BRIDGE = frozenset({"the", "and", "all", "any", "also", "of", "or", "those", "that", "are", "is"})
_EVERYTHING = frozenset({"everything", "all"})
_TEXT = re.compile(r"'([^']+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """Words that lift the default of some tables: [start, end) in characters."""

    start: int
    end: int
    tables: tuple[TableId, ...]


def find_lifted(text: str, words: Sequence[Word], tables: Sequence[Table]) -> tuple[Lifted, ...]:
    """Return the words of a question that ask for rows a table's default condition leaves out."""
    governed = [table for table in tables if table.default_filter]
    return tuple(found for table in governed for found in (*_including(text, words, table), *_all_of(words, table)))


def _including(text: str, words: Sequence[Word], table: Table) -> Iterator[Lifted]:
    own = frozenset(name_stems(table.id.name))
    about = _about(table)
    for match in _OPENING.finditer(text):
        taken = []
        for word in (word for word in words if word.start >= match.end()):
            if word.stem not in about | own | _EVERYTHING | _BRIDGE:
                break
            taken.append(word)
        if any(word.stem in about | _EVERYTHING for word in taken):
            yield Lifted(start=match.start(), end=taken[-1].end, tables=(table.id,))


def _all_of(words: Sequence[Word], table: Table) -> Iterator[Lifted]:
    """Find "all orders" and "all of the orders"; the words of the table stay a mention of it."""
    names = [tuple(name_stems(name)) for name in (table.id.name, *table.synonyms)]
    for i, word in enumerate(words):
        following = [w.stem for w in words[i + 1 : i + 8]]
        while following and following[0] in {"of", "the", "our"}:
            following.pop(0)
        if word.stem == "all" and any(name and tuple(following[: len(name)]) == name for name in names):
            yield Lifted(start=word.start, end=word.end, tables=(table.id,))


def _about(table: Table) -> frozenset[str]:
    """Return the words that name what a default condition is about: its columns and the texts it compares with."""
    try:
        columns = condition_columns(table.default_filter)
    except CannotAnswerError:
        return frozenset()
    found = {word for column in columns for word in name_stems(column)}
    found |= {stem(word) for text in _TEXT.findall(table.default_filter.lower()) for word in re.findall(r"\w+", text)}
    return frozenset(found - STOP_WORDS)
