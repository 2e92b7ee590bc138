"""Small samples of the distinct values of columns that tell, without reading them again, which may hold which."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from semantic.deadlines import time_limit
from semantic.joins.keys import family_of
from semantic.lake import quote_name
from semantic.profile import quote_table
from semantic.types import Column, Table, TableId

_SIZE = 128
_SECONDS = 3.0
# Sketches of columns, each of a kilobyte; those of all columns of a large lake would fill its memory.
_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Sketch:
    """The smallest hashes of a column's distinct values; all of them where there are few (a bottom-k sketch)."""

    hashes: NDArray[np.uint64]

    def share_in(self, other: Sketch) -> tuple[float, int]:
        """Return the share of the values that the other column seems to hold, and how many could be compared."""
        # Beyond its largest hash a full sketch knows nothing.
        seen = self.hashes if len(other.hashes) < _SIZE else self.hashes[self.hashes <= other.hashes[-1]]
        return (float(np.isin(seen, other.hashes).mean()) if len(seen) else 0.0), len(seen)


class Sketches:
    """Sketches the columns of a table in one pass, when first asked, and keeps those asked for last.

    Args:
        con: A connection to the lake.
        tables: The tables that will be asked for.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
        self._con = con
        self._tables = {table.id: table for table in tables}
        self._known: OrderedDict[TableId, Mapping[str, Sketch]] = OrderedDict()
        self._kept = 0

    def of(self, table: TableId) -> Mapping[str, Sketch]:
        """Return the sketches by column; empty where the table cannot be read in time."""
        if table in self._known:
            self._known.move_to_end(table)
            return self._known[table]
        try:
            with time_limit(self._con, _SECONDS):
                found = self._read(self._tables[table])
        except duckdb.Error:
            found = {}
        self._keep(table, found)
        return found

    def _keep(self, table: TableId, found: Mapping[str, Sketch]) -> None:
        self._known[table] = found
        self._kept += len(found)
        while self._kept > _KEPT and len(self._known) > 1:
            _, old = self._known.popitem(last=False)
            self._kept -= len(old)

    def _read(self, table: Table) -> Mapping[str, Sketch]:
        columns = [c for c in table.columns if family_of(c.type) in {"number", "text"}]
        if not columns:
            return {}
        hashes = ", ".join(f"min(DISTINCT hash({as_text(c)}), {_SIZE}) FILTER ({quote_name(c.name)} IS NOT NULL)"
                           for c in columns)  # fmt: skip
        row = self._con.execute(f"SELECT {hashes} FROM {quote_table(table.id)}").fetchall()[0]
        return {c.name: Sketch(np.array(found or (), dtype=np.uint64)) for c, found in zip(columns, row, strict=True)}


def as_text(column: Column) -> str:
    """Spell numbers alike whether they are stored as integers, as reals or as text."""
    name = quote_name(column.name)
    if column.type.upper().startswith(("DOUBLE", "FLOAT", "REAL", "DECIMAL")):
        return f"regexp_replace(CAST({name} AS VARCHAR), '\\.0+$', '')"
    return f"CAST({name} AS VARCHAR)"
