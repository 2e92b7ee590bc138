"""Features: what is known of each item of a question beside its words, one row per item."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from genie_ext.embedded.parser.inputs import FEATURES
from genie_ext.embedded.parser.items import Items, ValueItem
from genie_ext.embedded.words import STOP_WORDS, name_stems, root, split_words
from genie_ext.types import ColumnRef, Context
from semantic.types import Column, Table, TableId

_FAMILIES = ("number", "text", "date", "time", "boolean", "other")
_FAMILY, _KEY, _SEARCH, _VALUE = 5, 11, 16, 19
_YEAR = re.compile(r"(?:1[6-9]|20)\d\d")


def make_features(context: Context, items: Items) -> NDArray[np.float32]:
    """Return the features of all items, shape (N, FEATURES), each between 0 and 1.

    Five columns each tell how far the name is said, of what family the type is (six), what keys and cardinality it has,
    what the search found (three), and what kind of value it is.
    """
    said = _Said(context.question.text)
    rows = np.zeros((len(items), FEATURES), dtype=np.float32)
    joined = _joined(context)
    scores = _scores(context)
    for i, table in enumerate(items.tables):
        rows[i, :5] = said.name(table.id.name, (), table.synonyms)
        rows[i, _SEARCH] = scores.get((table.id, ""), 0.0)
    for i, ref in enumerate(items.columns, start=len(items.tables)):
        table = next(t for t in items.tables if t.id == ref.table)
        column = items.column(ref)
        rows[i, :5] = said.name(ref.column, name_stems(ref.table.name), column.synonyms)
        rows[i, _FAMILY + _FAMILIES.index(column.family)] = 1.0
        rows[i, _KEY : _KEY + 5] = _keys(table, column, joined)
        rows[i, _SEARCH : _SEARCH + 3] = _search(context, ref, scores)
    for i, value in enumerate(items.values, start=len(items.tables) + len(items.columns)):
        rows[i, _VALUE : _VALUE + 5] = _value(value)
    return rows


class _Said:
    """The words of a question, to be compared with names."""

    def __init__(self, text: str) -> None:
        words = [word for word in split_words(text) if word.text.casefold() not in STOP_WORDS]
        self.stems = {word.stem for word in words}
        self.roots = {root(word.text) for word in words}
        self.spelled = " ".join(word.stem for word in split_words(text))

    def name(self, name: str, owner: Iterable[str], synonyms: Iterable[str]) -> tuple[float, ...]:
        """Return how far a name is said: as a phrase, in part, without its table's words, by root, by a synonym."""
        stems = name_stems(name)
        own = [stem for stem in stems if stem not in set(owner)] or list(stems)
        return (
            float(f" {' '.join(stems)} " in f" {self.spelled} "),
            _share(stems, self.stems),
            _share(own, self.stems),
            _share([root(stem) for stem in own], self.roots),
            max((_share(name_stems(word), self.stems) for word in synonyms), default=0.0),
        )


def _share(parts: Iterable[str], said: set[str]) -> float:
    parts = tuple(parts)
    return sum(part in said for part in parts) / len(parts) if parts else 0.0


def _joined(context: Context) -> set[tuple[TableId, str]]:
    return {(join.child, name) for join in context.relationships for name in join.child_columns}


def _keys(table: Table, column: Column, joined: set[tuple[TableId, str]]) -> tuple[float, ...]:
    profile = column.profile
    distinct = profile.distinct if profile is not None else 0
    rows = profile.rows if profile is not None else 0
    return (
        float(column.name in table.primary_key),
        float((table.id, column.name) in joined),
        float(0 < rows <= distinct),
        float(0 < distinct <= 20),
        profile.nulls if profile is not None else 0.0,
    )


def _scores(context: Context) -> dict[tuple[TableId, str], float]:
    hits = (*context.found.tables, *context.found.columns)
    return {(hit.document.table, hit.document.column): hit.score for hit in hits if hit.document.table is not None}


def _search(context: Context, ref: ColumnRef, scores: dict[tuple[TableId, str], float]) -> tuple[float, ...]:
    hits = [hit for hit in context.found.values if (hit.table, hit.column) == (ref.table, ref.column)]
    exact = max((hit.score for hit in hits if hit.match in ("exact", "inflection")), default=0.0)
    return scores.get((ref.table, ref.column), 0.0), exact, max((hit.score for hit in hits), default=0.0)


def _value(value: ValueItem) -> tuple[float, ...]:
    return (
        float(value.number is not None),
        float(value.quoted),
        max((hit.score for hit in value.hits), default=0.0),
        float(value.owner is not None),
        float(_YEAR.fullmatch(value.text) is not None),
    )
