"""Gather what a lake says about one question, and choose the tables that are worth weighing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semantic.names import singular
from semantic.search.closeness import Asked, Closeness, Meaning, closeness, compare
from semantic.search.coverage import Coverage
from semantic.search.outline import Floats, Ints, Outline
from semantic.search.weighing import (
    Features,
    Shortlist,
    column_features,
    joined_features,
    schema_features,
    shortlist,
    table_features,
)
from semantic.types import DocumentKind
from semantic.vectors.nearest import Nearest

_SCHEMAS = 12
_TABLES = 240
_COLUMNS = 5000
# Tables whose neighbours are weighed as well, since a question names the ends of a join and not the middle.
_WELL_PLACED = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the tables of a lake.

    Attributes:
        outline: The lake.
        coverage: How its names and values cover the words of the question.
        asked: The question with its vectors.
        nearest: The vectors of tables and of columns.
        near: What is nearest to the question among both.
        allowed: Tables that may be found, shape (T,).
        soft: How close each table and its columns come to each word in meaning, 0 to 1, shape (W, T).
        standing: How far each table and its best column stand out among those nearest, shape (2, T).
    """

    outline: Outline
    coverage: Coverage
    asked: Asked
    nearest: Mapping[DocumentKind, Nearest]
    near: Mapping[DocumentKind, Closeness]
    allowed: NDArray[np.bool_]
    soft: Floats
    standing: Floats

    def of_schemas(self) -> Features:
        """Return what speaks for each schema."""
        return schema_features(self.outline, self.coverage, self.soft, self.standing[0], self.standing[1])

    def choose(self, schemas: Floats, extra: Ints) -> Shortlist:
        """Return the tables worth weighing, given the log chance of each schema and tables to weigh in any case."""
        outline = self.outline
        has = np.zeros(len(outline.schemas), dtype=bool)
        has[outline.schema_of[self.allowed]] = True
        best = np.argsort(-np.where(has, schemas, -np.inf), kind="stable")[:_SCHEMAS]
        found = np.unique(np.concatenate([*(outline.tables_of(int(s)) for s in best), extra]))
        found = found[self.allowed[found]]
        mixed = np.maximum(self.coverage.tables[:, found], self.soft[:, found])
        # Not `@`: on transposed rows OpenBLAS 0.3.31 warns now and then of invalid values, though all are finite.
        covered = np.einsum("w,wt->t", self.coverage.weights, mixed)
        worth = 10 * covered / self.coverage.total + self.standing[:, found].sum(axis=0)
        worth += schemas[outline.schema_of[found]]
        worth[np.isin(found, extra)] = np.inf
        order = found[np.argsort(-worth, kind="stable")]
        around = {n for t in order[:_WELL_PLACED].tolist() for n in outline.neighbours(t) if self.allowed[n]}
        order = np.array(
            list(dict.fromkeys([*order[:_WELL_PLACED].tolist(), *sorted(around), *order.tolist()])), dtype=np.int64
        )
        kept = order[:_TABLES]
        within = np.cumsum(outline.widths[kept]) <= _COLUMNS
        within[:1] = True
        return shortlist(outline, kept[within])

    def compare(self, kind: DocumentKind, positions: Ints) -> Meaning:
        """Compare documents with the question."""
        return compare(self.nearest[kind], self.near[kind], self.asked, positions)

    def of_tables(self, chosen: Shortlist, tables: Meaning, columns: Meaning) -> Features:
        """Return what speaks for each table by itself."""
        soft = np.zeros((len(self.asked.words), len(chosen.tables)), dtype=np.float32)
        for row, values in enumerate(columns.words):
            np.maximum.at(soft[row], chosen.owner, values)
        soft = self._by_word(np.maximum(soft, tables.words))
        return table_features(self.coverage, chosen, soft, columns)

    def of_joined(self, chosen: Shortlist, odds: Floats) -> Features:
        """Return what the tables of its schema say about each table."""
        return joined_features(self.outline, chosen, odds)

    def of_columns(self, chosen: Shortlist, columns: Meaning, odds: Floats) -> Features:
        """Return what speaks for each column, given the log odds of the tables."""
        return column_features(
            self.outline, self.coverage, chosen, soft=self._by_word(columns.words), columns=columns, odds=odds
        )

    def _by_word(self, rows: Floats) -> Floats:
        return by_word(rows, self.asked, self.coverage)


def gather(
    outline: Outline,
    coverage: Coverage,
    asked: Asked,
    nearest: Mapping[DocumentKind, Nearest],
    allowed: NDArray[np.bool_],
) -> Evidence:
    """Gather what speaks for the tables of a lake."""
    kinds: tuple[DocumentKind, ...] = ("table", "column")
    near = {kind: closeness(nearest[kind], asked) for kind in kinds}
    owners: dict[DocumentKind, Ints] = {"table": outline.position_tables, "column": outline.column_table}
    soft = np.zeros((len(asked.words), len(outline.tables)), dtype=np.float32)
    standing = np.zeros((2, len(outline.tables)), dtype=np.float32)
    for number, (kind, found) in enumerate(near.items()):
        if len(found.places):
            np.maximum.at(standing[number], owners[kind][found.places], found.scores - found.scores.min())
        for row, (places, scores) in enumerate(zip(found.word_places, found.word_scores, strict=True)):
            sound = places >= 0
            np.maximum.at(soft[row], owners[kind][places[sound]], scores[sound])
    shown = by_word(soft, asked, coverage)
    for rows in (shown, standing, coverage.tables, coverage.exact, coverage.rarity[None], coverage.named[None]):
        rows[:, ~allowed] = 0.0
    return Evidence(outline, coverage, asked, nearest, near, allowed, shown, standing)


def by_word(rows: Floats, asked: Asked, coverage: Coverage) -> Floats:
    """Return rows per word that has a vector as rows per word of the coverage."""
    found = np.zeros((len(coverage.words), rows.shape[1]), dtype=np.float32)
    for row, word in zip(rows, asked.words, strict=True):
        if (form := singular(word)) in coverage.words:
            place = coverage.words.index(form)
            found[place] = np.maximum(found[place], row)
    return found
