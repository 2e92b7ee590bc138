"""Ask the data whether one column's values are found in another's, and whether they are keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import duckdb
import numpy as np

from semantic.deadlines import time_limit
from semantic.joins.cells import Cells, Hashes
from semantic.joins.keys import family_of
from semantic.joins.sketches import Sketches
from semantic.lake import quote_name
from semantic.profile import quote_table
from semantic.types import Column, Table, TableId

_SAMPLE = 1_000
_ROWS_READ = 200_000
_RANGES = 8
_SECONDS = 3.0
# Sketches are samples, so a little may be missing.
_SEEMS = 0.95
_NONE: Hashes = np.array((), dtype=np.uint64)

_End = tuple[TableId, str]


class Prober:
    """Measures containment and uniqueness on the lake itself.

    Args:
        con: A connection to the lake.
        tables: The tables that will be asked for, with their row counts.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
        self._con = con
        self._tables = {table.id: table for table in tables}
        self._cells = Cells(con, self._tables.values())
        self._numeric: dict[_End, bool] = {}
        self._counts: dict[tuple[TableId, frozenset[str]], tuple[int, int] | None] = {}
        self._sketches = Sketches(con, self._tables.values())

    def prepare(self, table: TableId, columns: Collection[str]) -> None:
        """Read columns of a small table that will be asked for, in one query instead of one each."""
        if kept := [column.name for name in columns if (column := self._text(table, name))]:
            self._cells.prepare(table, kept)

    def coverage(
        self, child: TableId, columns: Sequence[str], parent: TableId, parent_columns: Sequence[str]
    ) -> float | None:
        """Return the share of distinct child values that the parent holds, None where it cannot be told."""
        try:
            if len(columns) == 1 and (sides := self._sides((child, columns[0]), (parent, parent_columns[0]))):
                return _share(*sides)
            with time_limit(self._con, _SECONDS):
                return self._ask(child, columns, parent, parent_columns)
        except duckdb.Error:
            # Types that do not compare, or a side too slow to ask: no evidence either way.
            return None

    def may_hold(self, child: TableId, column: str, parent: TableId, key: str) -> bool:
        """Tell whether the key seems to hold the column's values, reading no table twice to find out."""
        try:
            if sides := self._sides((child, column), (parent, key)):
                return (_share(*sides) or 0.0) >= _SEEMS
        except duckdb.Error:
            return False
        ours, theirs = self._sketches.of(child).get(column), self._sketches.of(parent).get(key)
        if ours is None or theirs is None:
            return False
        share, compared = ours.share_in(theirs)
        return share >= _SEEMS and compared >= min(3, len(ours.hashes))

    def distinct(self, table: TableId, columns: Sequence[str]) -> tuple[int, int] | None:
        """Return how many distinct tuples without nulls there are, and in how many rows; None where it is not known."""
        key = table, frozenset(columns)
        if key not in self._counts:
            try:
                self._counts[key] = self._count(table, columns)
            except duckdb.Error:
                self._counts[key] = None
        return self._counts[key]

    def _count(self, table: TableId, columns: Sequence[str]) -> tuple[int, int]:
        # Only the engine knows which reals and which nested values are equal.
        known = [self._tables[table].column(name) for name in columns]
        told = [column.name for column in known if column is not None and _is_told_by_text(column)]
        if len(told) == len(columns) and (counted := self._cells.tuples(table, told)) is not None:
            return counted
        names = ", ".join(map(quote_name, columns))
        groups = f"SELECT count(*) AS n FROM {quote_table(table)} WHERE {_present(columns)} GROUP BY {names}"
        with time_limit(self._con, _SECONDS):
            counts = self._con.execute(f"SELECT count(*), coalesce(sum(n), 0) FROM ({groups})").fetchall()[0]
        return int(counts[0]), int(counts[1])

    def _sides(self, child: _End, parent: _End) -> tuple[Hashes, Hashes] | None:
        """Return the values of both columns, None where they cannot be at hand: tables are small, and no dates meet."""
        columns = self._text(*child), self._text(*parent)
        if columns[0] is None or columns[1] is None:
            return None
        ours = self._cells.values(child[0], columns[0].name)
        theirs = self._cells.values(parent[0], columns[1].name)
        if ours is None or theirs is None:
            return None
        kinds = [family_of(column.type) for column in columns if column]
        if kinds[0] != kinds[1] and not self._is_numeric(child if kinds[0] == "text" else parent):
            # The engine would fail on the first text that is no number.
            return ours, _NONE
        return ours, theirs

    def _text(self, table: TableId, name: str) -> Column | None:
        """Return a column whose values are compared by how they are written, None for dates and unknown names."""
        column = self._tables[table].column(name)
        return column if column is not None and family_of(column.type) in {"number", "text"} else None

    def _is_numeric(self, end: _End) -> bool:
        """Tell whether all cells of a text column are whole numbers."""
        if end not in self._numeric:
            name = quote_name(end[1])
            query = f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {quote_table(end[0])} WHERE {name} IS NOT NULL"
            with time_limit(self._con, _SECONDS):
                self._numeric[end] = all(_is_number(value) for (value,) in self._con.execute(query).fetchall())
        return self._numeric[end]

    def _ask(
        self, child: TableId, columns: Sequence[str], parent: TableId, parent_columns: Sequence[str]
    ) -> float | None:
        keys = ", ".join(f"{quote_name(c)} AS k{i}" for i, c in enumerate(columns))
        order = ", ".join(f"k{i}" for i in range(len(columns)))
        equal = " AND ".join(f"p.{quote_name(p)} = c.k{i}" for i, p in enumerate(parent_columns))
        some = f"(SELECT * FROM {quote_table(child)} WHERE {_present(columns)}{self._spread(child)} LIMIT {_ROWS_READ})"
        total, found = self._con.execute(
            f"SELECT count(*), count(*) FILTER (EXISTS (SELECT 1 FROM {quote_table(parent)} p WHERE {equal})) "
            f"FROM (FROM (SELECT DISTINCT {keys} FROM {some}) ORDER BY hash({order}) LIMIT {_SAMPLE}) c"
        ).fetchall()[0]
        return found / total if total else None

    def _spread(self, table: TableId) -> str:
        """Return a condition for rows from everywhere in a large table, empty for others."""
        known = self._tables[table]
        if known.kind != "table" or (known.rows or 0) <= _ROWS_READ:
            return ""
        # The first rows are the oldest, and what they point at may have been cleared out.
        step, size = (known.rows or 0) // _RANGES, _ROWS_READ // _RANGES
        ranges = (f"rowid BETWEEN {i * step} AND {i * step + size - 1}" for i in range(_RANGES))
        return f" AND ({' OR '.join(ranges)})"


def _present(columns: Sequence[str]) -> str:
    return " AND ".join(f"{quote_name(c)} IS NOT NULL" for c in columns)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def _is_told_by_text(column: Column) -> bool:
    if column.type.upper().startswith(("DOUBLE", "FLOAT", "REAL")):
        return False
    return column.type.upper() == "DATE" or family_of(column.type) in {"number", "text"}


def _share(child: Hashes, parent: Hashes) -> float | None:
    """Return the share of the child's distinct values that the parent has, both in ascending order."""
    if not len(child):
        return None
    if not len(parent):
        return 0.0
    nearest = np.minimum(np.searchsorted(parent, child), len(parent) - 1)
    return int(np.count_nonzero(parent[nearest] == child)) / len(child)
