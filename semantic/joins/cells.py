"""The cells of small tables as hashes, column by column: read once, compared here as often as is asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce

import duckdb
import numpy as np
from numpy.typing import NDArray

from semantic.deadlines import time_limit
from semantic.joins.keys import family_of, may_be_key
from semantic.joins.sketches import as_text
from semantic.lake import quote_name
from semantic.profile import quote_table
from semantic.types import Column, Table, TableId

Hashes = NDArray[np.uint64]
"""One hash per cell or per value, shape (N,)."""

_SECONDS = 3.0
_CELLS_READ = 400_000
_CELLS_KEPT = 5_000_000
_ABSENT = np.uint64(0)
"""What stands for null."""
_MIXER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(slots=True)
class _Read:
    """What is at hand of one table: its columns in the order of its rows, and the distinct values of some."""

    columns: dict[str, Hashes] = field(default_factory=dict)
    values: dict[str, Hashes] = field(default_factory=dict)

    def size(self) -> int:
        return sum(map(len, self.columns.values())) + sum(map(len, self.values.values()))


class Cells:
    """Reads the columns of small tables when first asked and keeps those asked for last.

    Args:
        con: A connection to the lake.
        tables: The tables that will be asked for, with their row counts.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> None:
        self._con = con
        self._tables = {table.id: table for table in tables}
        self._small: dict[TableId, bool] = {}
        self._read: OrderedDict[TableId, _Read] = OrderedDict()
        self._kept = 0

    def values(self, table: TableId, column: str) -> Hashes | None:
        """Return the hashes of a column's distinct values in ascending order, None where the table is large.

        Raises:
            duckdb.Error: It cannot be read in time.
        """
        read = self._of(table, [column])
        if read is None:
            return None
        if column not in read.values:
            found = np.unique(read.columns[column])
            read.values[column] = found[1:] if len(found) and found[0] == _ABSENT else found
            self._kept += len(read.values[column])
        return read.values[column]

    def tuples(self, table: TableId, columns: Sequence[str]) -> tuple[int, int] | None:
        """Return how many distinct tuples without nulls there are, and in how many rows; None for a large table.

        Raises:
            duckdb.Error: It cannot be read in time.
        """
        read = self._of(table, columns)
        if read is None:
            return None
        cells = [read.columns[name] for name in columns]
        present = np.logical_and.reduce([column != _ABSENT for column in cells])
        mixed = reduce(lambda row, column: row * _MIXER + column, cells)[present]
        return len(np.unique(mixed)), len(mixed)

    def prepare(self, table: TableId, columns: Collection[str]) -> None:
        """Read columns that will be asked for, in one query."""
        # What cannot be read fails when it is asked for, where one column may be read in time that many could not.
        with suppress(duckdb.Error):
            self._of(table, columns)

    def _of(self, table: TableId, columns: Collection[str]) -> _Read | None:
        known = self._tables[table]
        if table not in self._small:
            self._small[table] = _is_small(known)
        if not self._small[table]:
            return None
        read = self._read.get(table) or _Read()
        missing = set(columns) - read.columns.keys()
        if missing and not read.columns:
            # What others point at is asked for as often as others do.
            missing |= {c.name for c in known.columns if may_be_key(known, c)}
        if missing:
            with time_limit(self._con, _SECONDS):
                found = _read_columns(self._con, known, [c for c in known.columns if c.name in missing])
            read.columns.update(found)
            self._kept += sum(map(len, found.values()))
        self._read[table] = read
        self._read.move_to_end(table)
        self._forget()
        return read

    def _forget(self) -> None:
        while self._kept > _CELLS_KEPT and len(self._read) > 2:
            _, old = self._read.popitem(last=False)
            self._kept -= old.size()


def _is_small(table: Table) -> bool:
    if table.rows is None:
        return False
    return table.rows * sum(family_of(c.type) in {"number", "text"} for c in table.columns) <= _CELLS_READ


def _read_columns(con: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[Column]) -> Mapping[str, Hashes]:
    # Columns are told by their place: two names may differ in nothing but what the engine ignores.
    hashes = (f"if({quote_name(c.name)} IS NULL, 0, hash({as_text(c)}))::UBIGINT AS c{i}"
              for i, c in enumerate(columns))  # fmt: skip
    found = con.execute(f"SELECT {', '.join(hashes)} FROM {quote_table(table.id)}").fetchnumpy()
    return {c.name: np.asarray(found[f"c{i}"], dtype=np.uint64) for i, c in enumerate(columns)}
