"""How likely a question needs each schema, table and column: a few features, weighed by constants that were fitted.

The weights are printed by `python -m bench.semantics fit`, from questions over half of the databases of Spider's
training set; every kind of evidence was held to a weight of zero or more. Schemas are weighed by a softmax, tables and
columns by logistic regression inside the right schema; the chance of a column is the product of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from semantic.search.closeness import Meaning
from semantic.search.coverage import Coverage
from semantic.search.outline import Floats, Ints, Outline

Features = Mapping[str, Floats]

SCHEMA_WEIGHTS = {
    "names said whole": 0.90, "words in one table": 3.57, "words in two tables": 4.06, "words covered": 1.32,
    "close to words": 1.73, "nearest table": 0.36, "nearest column": 0.72, "rare values": 0.93, "named values": 3.48,
    "size": -1.05,
}  # fmt: skip
TABLE_WEIGHTS = {
    "name said whole": 0.75, "words it has best": 12.80, "nearest column": 0.14, "rare values": 0.69,
    "named values": 1.15, "size": -0.20, "": -3.14,
}  # fmt: skip
JOINED_WEIGHTS = {"alone": 0.59, "bridge": 2.73, "behind the best": 2.97, "size": -0.35, "": 1.34}
COLUMN_WEIGHTS = {
    "close": 0.05, "name said whole": 1.36, "words it has best": 5.12, "rare values": 2.94, "table": 1.58, "join": 3.79,
    "label of table": 0.68, "said and table": 1.50, "width": -0.90, "": -2.32,
}  # fmt: skip
# Evidence without a fitted weight: no question asks for copies or for tables without rows by mistake.
_STALE = -4.0
_EMPTY = -1.0

_SOFT = 0.7
_WHOLE = 0.85


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The tables that are weighed, with all their columns.

    Attributes:
        tables: Numbers of the tables, shape (N,).
        columns: Positions of their columns, those of a table side by side, shape (M,).
        owner: Place in `tables` of the table of each column, shape (M,).
        group: Place of the schema of each table among those weighed, shape (N,).
        starts: Where the columns of each table begin, shape (N,).
        known: Place in `tables` of every table of the lake, -1 for others, shape (T,).
    """

    tables: Ints
    columns: Ints
    owner: Ints
    group: Ints
    starts: Ints
    known: Ints

    def places(self, outline: Outline, positions: Ints) -> Ints:
        """Return the place in `columns` of the columns at some positions, -1 for others."""
        tables = self.known[outline.column_table[positions]]
        found = np.full(len(positions), -1, dtype=np.int64)
        held = tables >= 0
        found[held] = self.starts[tables[held]] + outline.places[positions[held]]
        return found


def shortlist(outline: Outline, tables: Ints) -> Shortlist:
    """Take tables with all their columns."""
    columns = [outline.columns_of(int(t)) for t in tables]
    widths = outline.widths[tables]
    owner = np.repeat(np.arange(len(tables)), widths)
    group = np.unique(outline.schema_of[tables], return_inverse=True)[1]
    known = np.full(len(outline.tables), -1, dtype=np.int64)
    known[tables] = np.arange(len(tables))
    starts = np.cumsum(widths) - widths
    return Shortlist(tables, np.concatenate([*columns, np.zeros(0, np.int64)]), owner, group, starts, known)


def weigh(features: Features, weights: Mapping[str, float]) -> Floats:
    """Add up features by their weights; the weight without a name is added to every sum."""
    total = sum(weights[name] * column for name, column in features.items())
    return np.asarray(total + weights.get("", 0.0), dtype=np.float32)


def schema_features(
    outline: Outline, coverage: Coverage, soft: Floats, nearest_table: Floats, nearest_column: Floats
) -> Features:
    """Return what speaks for each schema.

    Args:
        outline: The lake.
        coverage: How it covers the words of the question.
        soft: How close each table comes to each word in meaning, 0 to 1, shape (W, T).
        nearest_table: How far each table stands out among those nearest to the question, 0 for others, shape (T,).
        nearest_column: The same for its best column.
    """
    weights, total = coverage.weights, coverage.total
    mixed = np.maximum(coverage.tables, _SOFT * soft)
    alone = weights @ coverage.tables / total
    each = np.stack([alone, nearest_table, nearest_column, coverage.rarity, coverage.named])
    alone, table, column, rarity, named = outline.best_by_schema(each)
    close = outline.best_by_schema(soft)
    return {
        "names said whole": weights @ outline.best_by_schema(coverage.exact) / total,
        "words in one table": alone,
        # A longer question tells schemas apart with more certainty.
        "words in two tables": outline.best_pair_by_schema(mixed, weights) / 10,
        "words covered": weights @ outline.best_by_schema(mixed) / 10,
        "close to words": close.sum(axis=0) / max(1, len(close)),
        "nearest table": table,
        "nearest column": column,
        "rare values": rarity,
        "named values": named,
        "size": outline.schema_logs,
    }


def table_features(coverage: Coverage, chosen: Shortlist, soft: Floats, columns: Meaning) -> Features:
    """Return what speaks for each table of a shortlist; `soft` has the shape (W, N)."""
    mixed = np.maximum(coverage.tables[:, chosen.tables], _SOFT * soft)
    top = np.zeros(len(chosen.tables), dtype=np.float32)
    np.maximum.at(top, chosen.owner, columns.scores)
    return {
        "name said whole": (coverage.table_share[chosen.tables] >= _WHOLE).astype(np.float32),
        "words it has best": coverage.weights @ best_of_group(mixed, chosen.group) / coverage.total,
        "nearest column": top,
        "rare values": coverage.rarity[chosen.tables],
        "named values": coverage.named[chosen.tables],
        "size": _sizes(chosen),
    }


def joined_features(outline: Outline, chosen: Shortlist, odds: Floats) -> Features:
    """Return what the other tables of its schema say about each table, given the log odds of all."""
    chance = chance_of(odds)
    near, far = chosen.known[outline.joins.near], chosen.known[outline.joins.far]
    near, far = near[(near >= 0) & (far >= 0)], far[(near >= 0) & (far >= 0)]
    order = np.lexsort((-chance[far], near))
    near, far = near[order], far[order]
    second = np.zeros(len(chosen.tables), dtype=np.float32)
    # In this order the second of each table stands behind the first.
    behind = np.flatnonzero(near[1:] == near[:-1]) + 1
    behind = behind[np.searchsorted(near, near[behind]) == behind - 1]
    second[near[behind]] = chance[far[behind]]
    best = np.zeros(int(chosen.group.max(initial=0)) + 1, dtype=np.float32)
    np.maximum.at(best, chosen.group, chance)
    return {"alone": odds, "bridge": second, "behind the best": chance - best[chosen.group], "size": _sizes(chosen)}


def column_features(
    outline: Outline, coverage: Coverage, chosen: Shortlist, *, soft: Floats, columns: Meaning, odds: Floats
) -> Features:
    """Return what speaks for each column of a shortlist.

    Args:
        outline: The lake.
        coverage: How it covers the words of the question.
        chosen: The shortlist.
        soft: How close each column comes to each word in meaning, shape (W, M).
        columns: How close the columns are in meaning.
        odds: Log odds of the tables of the shortlist.
    """
    titles = outline.column_title[chosen.columns]
    mixed = np.maximum(coverage.titles[:, titles], _SOFT * soft)
    for place, position in _placed(outline, chosen, coverage.columns):
        mixed[:, place] = np.maximum(mixed[:, place], coverage.columns[position])
    worth = np.zeros(len(titles), dtype=np.float32)
    for place, position in _placed(outline, chosen, coverage.values):
        worth[place] = coverage.values[position]
    own = chance_of(odds)[chosen.owner]
    share = coverage.title_share[titles]
    return {
        "close": columns.scores,
        "name said whole": (share >= _WHOLE).astype(np.float32),
        "words it has best": coverage.weights @ best_of_group(mixed, chosen.group[chosen.owner]) / coverage.total,
        "rare values": worth,
        "table": own,
        "join": _join_use(outline, chosen, chance_of(odds)),
        "label of table": outline.labels[titles] * own,
        "said and table": own * share,
        "width": np.log1p(outline.widths[chosen.tables])[chosen.owner],
    }


def penalties(outline: Outline, tables: Ints, *, wants_stale: bool) -> Floats:
    """Return what is taken from the log chance of copies and of tables without rows."""
    stale = 0.0 if wants_stale else _STALE
    return np.asarray(stale * outline.stale[tables] + _EMPTY * outline.empty[tables], dtype=np.float32)


def chance_of(odds: Floats) -> Floats:
    """Return the chance that log odds stand for."""
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


def best_of_group(strengths: Floats, group: Ints) -> Floats:
    """Keep of each row only the best of every group, shared where several are equally good."""
    found = np.zeros_like(strengths)
    count = int(group.max(initial=0)) + 1
    for row, values in enumerate(strengths):
        best = np.zeros(count, dtype=np.float32)
        np.maximum.at(best, group, values)
        kept = np.flatnonzero((values >= best[group] - 1e-6) & (values > 0))
        ties = np.bincount(group[kept], minlength=count)
        found[row, kept] = values[kept] / ties[group[kept]]
    return found


def _sizes(chosen: Shortlist) -> Floats:
    return np.asarray(np.log(np.bincount(chosen.group))[chosen.group], dtype=np.float32)


def _join_use(outline: Outline, chosen: Shortlist, chance: Floats) -> Floats:
    """Return for each column how likely a join over it is needed."""
    joins = outline.joins
    near, far = chosen.known[joins.column_near], chosen.known[joins.column_far]
    met = (near >= 0) & (far >= 0)
    near, far = near[met], far[met]
    found = np.zeros(len(chosen.columns), dtype=np.float32)
    np.maximum.at(found, chosen.starts[near] + joins.columns[met], chance[near] * chance[far])
    return found


def _placed(outline: Outline, chosen: Shortlist, positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield those positions whose columns are in the shortlist, each with its place there."""
    wanted = np.fromiter(positions, dtype=np.int64)
    places = chosen.places(outline, wanted)
    held = places >= 0
    yield from zip(places[held].tolist(), wanted[held].tolist(), strict=True)
