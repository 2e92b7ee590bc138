"""Ask the data whether one column's values are found in another's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import duckdb

from semantic.lake import quote_name
from semantic.profile import quote_table, time_limit
from semantic.types import Column, Table, TableId

_SAMPLE = 1_000
_SECONDS = 3.0
# Small tables are read once and compared here, since a query per pair costs more than the pair itself.
_CELLS_READ = 400_000
_CELLS_KEPT = 3_000_000

_Sets = dict[str, frozenset[str]]


class Prober:
    """Measures containment on the lake itself.

    Args:
        con: A connection to the lake.
        tables: The tables that will be asked for, with their row counts.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
        self._con = con
        self._tables = {table.id: table for table in tables}
        self._read: OrderedDict[TableId, _Sets] = OrderedDict()
        self._kept = 0

    def coverage(
        self, child: TableId, columns: Sequence[str], parent: TableId, parent_columns: Sequence[str]
    ) -> float | None:
        """Return the share of distinct child values that the parent holds, None where it cannot be told."""
        try:
            with time_limit(self._con, _SECONDS):
                small = self._sets(child), self._sets(parent)
                if len(columns) == 1 and small[0] is not None and small[1] is not None:
                    return _share(small[0][columns[0]], small[1][parent_columns[0]])
                return self._ask(child, columns, parent, parent_columns)
        except duckdb.Error:
            # Types that do not compare, or a side too slow to ask: no evidence either way.
            return None

    def _sets(self, table: TableId) -> _Sets | None:
        """Return the distinct values of a small table by column, None for a large one."""
        if table in self._read:
            self._read.move_to_end(table)
            return self._read[table]
        known = self._tables[table]
        columns = [c for c in known.columns if c.family in {"number", "text"}]
        cells = len(columns) * (known.rows or 0)
        if known.rows is None or cells > _CELLS_READ:
            return None
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
        present = " AND ".join(f"{quote_name(c)} IS NOT NULL" for c in columns)
        equal = " AND ".join(f"p.{quote_name(p)} = c.k{i}" for i, p in enumerate(parent_columns))
        total, found = self._con.execute(
            f"SELECT count(*), count(*) FILTER (EXISTS (SELECT 1 FROM {quote_table(parent)} p WHERE {equal})) "
            f"FROM (SELECT DISTINCT {keys} FROM (SELECT * FROM {quote_table(child)} WHERE {present} LIMIT 200000) "
            f"LIMIT {_SAMPLE}) c"
        ).fetchall()[0]
        return found / total if total else None


def _read_sets(con: duckdb.DuckDBPyConnection, table: TableId, columns: Sequence[Column]) -> _Sets:
    import pyarrow.compute as pc

    if not columns:
        return {}
    names = ", ".join(_as_text(c) for c in columns)
    data = con.sql(f"SELECT {names} FROM {quote_table(table)}").to_arrow_table()
    return {
        column.name: frozenset(pc.unique(data.column(i)).drop_null().to_pylist()) for i, column in enumerate(columns)
    }


def _as_text(column: Column) -> str:
    """Spell numbers alike whether they are stored as integers, as reals or as text."""
    name = quote_name(column.name)
    if column.type.upper().startswith(("DOUBLE", "FLOAT", "REAL", "DECIMAL")):
        return f"regexp_replace(CAST({name} AS VARCHAR), '\\.0+$', '')"
    return f"CAST({name} AS VARCHAR)"


def _share(child: frozenset[str], parent: frozenset[str]) -> float | None:
    return len(child & parent) / len(child) if child else None
