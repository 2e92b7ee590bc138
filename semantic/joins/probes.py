"""Ask the data whether one column's values are found in another's, and whether they are keys."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import duckdb

from semantic.joins.keys import family_of
from semantic.joins.sketches import Sketches, as_text
from semantic.lake import quote_name
from semantic.profile import quote_table, time_limit
from semantic.types import Column, Table, TableId

_SAMPLE = 1_000
_ROWS_READ = 200_000
_RANGES = 8
_SECONDS = 3.0
# Small tables are read once and compared here, since a query per pair costs more than the pair itself.
_CELLS_READ = 400_000
_CELLS_KEPT = 2_000_000

# Sketches are samples, so a little may be missing.
_SEEMS = 0.95

_Sets = dict[str, frozenset[str]]
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
        self._read: OrderedDict[TableId, _Sets] = OrderedDict()
        self._kept = 0
        self._counts: dict[tuple[TableId, frozenset[str]], tuple[int, int] | None] = {}
        self._sketches = Sketches(con, self._tables.values())

    def coverage(
        self, child: TableId, columns: Sequence[str], parent: TableId, parent_columns: Sequence[str]
    ) -> float | None:
        """Return the share of distinct child values that the parent holds, None where it cannot be told."""
        try:
            if len(columns) == 1 and self._can_compare((child, columns[0]), (parent, parent_columns[0])):
                return self._compare((child, columns[0]), (parent, parent_columns[0]))
            with time_limit(self._con, _SECONDS):
                return self._ask(child, columns, parent, parent_columns)
        except duckdb.Error:
            # Types that do not compare, or a side too slow to ask: no evidence either way.
            return None

    def may_hold(self, child: TableId, column: str, parent: TableId, key: str) -> bool:
        """Tell whether the key seems to hold the column's values, reading no table twice to find out."""
        try:
            if self._can_compare((child, column), (parent, key)):
                return (self._compare((child, column), (parent, key)) or 0.0) >= _SEEMS
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
                with time_limit(self._con, _SECONDS):
                    self._counts[key] = self._count(table, columns)
            except duckdb.Error:
                self._counts[key] = None
        return self._counts[key]

    def _count(self, table: TableId, columns: Sequence[str]) -> tuple[int, int]:
        names = ", ".join(map(quote_name, columns))
        groups = f"SELECT count(*) AS n FROM {quote_table(table)} WHERE {_present(columns)} GROUP BY {names}"
        distinct, rows = self._con.execute(f"SELECT count(*), coalesce(sum(n), 0) FROM ({groups})").fetchall()[0]
        return int(distinct), int(rows)

    def _can_compare(self, *ends: _End) -> bool:
        """Tell whether the values of both columns are, or can be, at hand: tables are small, and no dates meet."""
        return all((sets := self._sets(table)) is not None and column in sets for table, column in ends)

    def _compare(self, child: _End, parent: _End) -> float | None:
        ours, theirs = (self._read[table][column] for table, column in (child, parent))
        kinds = [family_of(self._column(*end).type) for end in (child, parent)]
        if kinds[0] != kinds[1] and not all(map(_is_number, ours if kinds[0] == "text" else theirs)):
            # The engine would fail on the first text that is no number.
            return 0.0
        return _share(ours, theirs)

    def _column(self, table: TableId, name: str) -> Column:
        column = self._tables[table].column(name)
        if column is None:
            raise KeyError(name)
        return column

    def _sets(self, table: TableId) -> _Sets | None:
        """Return the distinct values of a small table by column, None for a large one."""
        if table in self._read:
            self._read.move_to_end(table)
            return self._read[table]
        known = self._tables[table]
        columns = [c for c in known.columns if family_of(c.type) in {"number", "text"}]
        cells = len(columns) * (known.rows or 0)
        if known.rows is None or cells > _CELLS_READ:
            return None
        with time_limit(self._con, _SECONDS):
            self._read[table] = _read_sets(self._con, table, columns)
        self._kept += cells
        while self._kept > _CELLS_KEPT and len(self._read) > 2:
            old, _ = self._read.popitem(last=False)
            self._kept -= len(self._tables[old].columns) * (self._tables[old].rows or 0)
        return self._read[table]

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


def _read_sets(con: duckdb.DuckDBPyConnection, table: TableId, columns: Sequence[Column]) -> _Sets:
    import pyarrow.compute as pc

    if not columns:
        return {}
    names = ", ".join(as_text(c) for c in columns)
    data = con.sql(f"SELECT {names} FROM {quote_table(table)}").to_arrow_table()
    return {
        column.name: frozenset(pc.unique(data.column(i)).drop_null().to_pylist()) for i, column in enumerate(columns)
    }


def _present(columns: Sequence[str]) -> str:
    return " AND ".join(f"{quote_name(c)} IS NOT NULL" for c in columns)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def _share(child: frozenset[str], parent: frozenset[str]) -> float | None:
    return len(child & parent) / len(child) if child else None
