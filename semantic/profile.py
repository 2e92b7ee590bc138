"""Look at the rows of one table once: nulls, distinct values, ranges, frequent values, and words."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from semantic.deadlines import time_limit
from semantic.lake import quote_name
from semantic.names import is_opaque, split_words
from semantic.types import Column, ColumnProfile, Table, TableId

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE_ROWS = 100_000
_SAMPLE_CELLS = 4_000_000
_RANGES = 8
_FREQUENT = 10
_VALUES_PER_COLUMN = 2_000
# Columns that name things are what questions filter by, so their dictionaries may be longer.
_VALUES_PER_NAME_COLUMN = 20_000
_NAME_WORDS = frozenset({"name", "title", "label", "city", "email", "lastname", "firstname", "surname", "company"})
_LONGEST_VALUE = 120
_FREE_TEXT_LENGTH = 60
_KEY_NAME = re.compile(
    r"(?:^|_)(?:id|key|code|no|nr|num|number|uuid|guid|sk|pk)$|[a-z](?:ID|Id|Key|Code)$|id$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A table with its profile, and the distinct values of its text columns with their counts."""

    table: Table
    values: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def quote_table(table: TableId) -> str:
    """Return the full quoted name of a table for DuckDB."""
    return ".".join(quote_name(part) for part in (table.catalog, table.schema, table.name))


def read_table(con: duckdb.DuckDBPyConnection, table: Table, *, seconds: float = 20.0) -> Reading:
    """Profile one table in at most about `seconds`.

    Raises:
        duckdb.Error: It cannot be read, or not in that time.
    """
    if not table.columns:
        return Reading(replace(table, rows=0))
    end = time.monotonic() + seconds
    with time_limit(con, seconds):
        rows = _count(con, table)
        data = _sample(con, table, rows)
    total = rows if rows is not None else data.num_rows if data.num_rows < _limit(table) else None
    exact = total is not None and data.num_rows >= total
    profiles: list[Column] = []
    values: dict[str, list[tuple[str, int]]] = {}
    for index, column in enumerate(table.columns):
        profile, found = _profile_column(column, data.column(index), total, exact=exact)
        profiles.append(replace(column, profile=profile))
        if found:
            values[column.name] = found
    read = replace(table, columns=tuple(profiles), rows=total)
    if not exact and total is not None:
        read = _refine(con, read, values, max(1.0, end - time.monotonic()))
    return Reading(replace(read, primary_key=read.primary_key or measured_key(read)), values)


def measured_key(table: Table) -> tuple[str, ...]:
    """Return the leftmost column that is unique, never null and named like a key; empty where there is none."""
    unique = [c for c in table.columns if is_unique(table, c)]
    named = [c for c in unique if _KEY_NAME.search(c.name)]
    first = [c for c in unique if c is table.columns[0]]
    return tuple(c.name for c in (named or first)[:1])


def is_unique(table: Table, column: Column) -> bool:
    """Tell whether every row has its own value, as far as the profile knows."""
    profile = column.profile
    if profile is None or not table.rows or column.family == "other":
        return False
    return profile.nulls == 0 and profile.distinct >= table.rows


def _limit(table: Table) -> int:
    return max(1000, min(SAMPLE_ROWS, _SAMPLE_CELLS // len(table.columns)))


def _count(con: duckdb.DuckDBPyConnection, table: Table) -> int | None:
    # Counting a view runs all of it; its sample does that once already.
    if table.kind == "view":
        return None
    return int(con.execute(f"SELECT count(*) FROM {quote_table(table.id)}").fetchall()[0][0])


def _sample(con: duckdb.DuckDBPyConnection, table: Table, rows: int | None) -> pa.Table:
    limit = _limit(table)
    select = f"SELECT {', '.join(_expression(c) for c in table.columns)} FROM {quote_table(table.id)}"
    if rows is not None and rows <= limit:  # a limit costs more than it saves here
        return con.sql(select).to_arrow_table()
    if rows is None:
        return con.sql(f"{select} LIMIT {limit}").to_arrow_table()
    if table.kind == "table":
        step, size = rows // _RANGES, limit // _RANGES
        ranges = (f"rowid BETWEEN {i * step} AND {i * step + size - 1}" for i in range(_RANGES))
        return con.sql(f"{select} WHERE {' OR '.join(ranges)}").to_arrow_table()
    share = max(0.001, 100 * limit / rows)
    return con.sql(f"{select} USING SAMPLE {share:.4f} PERCENT (system, 42)").to_arrow_table().slice(0, limit)


def _expression(column: Column) -> str:
    name, kind = quote_name(column.name), column.type.upper()
    if column.family == "other":
        # Only nulls are counted in nested and binary values.
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE 1 END"
    if "HUGEINT" in kind or "BIGNUM" in kind:
        return f"CAST({name} AS DOUBLE)"
    if column.family == "text":
        return f"left(CAST({name} AS VARCHAR), {_LONGEST_VALUE * 2})"
    if column.family == "time" or kind.startswith("TIMESTAMP"):
        return f"CAST({name} AS VARCHAR)"
    return name


def _profile_column(
    column: Column, data: pa.ChunkedArray, total: int | None, *, exact: bool
) -> tuple[ColumnProfile, list[tuple[str, int]]]:
    seen = len(data)
    nulls = data.null_count / seen if seen else 0.0
    if column.family == "other" or not seen:
        return ColumnProfile(rows=seen, nulls=nulls, distinct=seen - data.null_count, exact=exact), []
    counted = _count_values(data)
    distinct = len(counted.values)
    if not exact:
        distinct = _estimate_distinct(distinct, counted.once, seen - data.null_count, total, nulls)
    is_text = column.family == "text"
    ordered = counted.most(max(distinct, _FREQUENT) if is_text else _FREQUENT)
    profile = ColumnProfile(
        rows=seen,
        nulls=round(nulls, 6),
        distinct=distinct,
        minimum=_text(counted.low),
        maximum=_text(counted.high),
        frequent=tuple((str(_text(value))[:_LONGEST_VALUE], count) for value, count in ordered[:_FREQUENT]),
        exact=exact,
    )
    return profile, _dictionary(column, ordered[:distinct]) if is_text else []


@dataclass(frozen=True, slots=True)
class _Counted:
    """The distinct values of a column that have an order, with their counts; few of them ever become Python objects."""

    values: pa.Array
    counts: NDArray[np.int64]
    once: int
    low: Any
    high: Any

    def most(self, number: int) -> list[tuple[Any, int]]:
        """Return the most frequent ones, first met first among equals."""
        order = np.argsort(-self.counts, kind="stable")[:number]
        # A kernel costs more to call than a few values cost one by one.
        few = len(order) <= _FREQUENT
        values = [self.values[i].as_py() for i in order.tolist()] if few else self.values.take(order).to_pylist()
        return list(zip(values, self.counts[order].tolist(), strict=True))


def _count_values(data: pa.ChunkedArray) -> _Counted:
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = pc.value_counts(data.chunk(0) if data.num_chunks == 1 else data.combine_chunks())
    values, counts = counted.field(0), counted.field(1).to_numpy()
    if values.null_count or pa.types.is_floating(values.type):
        absent = pc.is_null(values, nan_is_null=True)
        if absent.true_count:
            kept = pc.invert(absent)
            values, counts = values.filter(kept), counts[kept.to_numpy(zero_copy_only=False)]
    # Called by name, the kernel needs no options to be made for every column.
    ends = pc.call_function("min_max", [values]) if len(values) and not pa.types.is_null(values.type) else None
    low, high = (ends["min"].as_py(), ends["max"].as_py()) if ends else (None, None)
    return _Counted(values, counts, int((counts == 1).sum()), low, high)


def _estimate_distinct(seen: int, once: int, rows: int, total: int | None, nulls: float) -> int:
    """Scale the distinct values of a sample to the table (the GEE estimator, all unique where the sample is)."""
    if not rows or total is None:
        return seen
    population = total * (1 - nulls)
    if seen == rows:
        return round(population)
    return min(round(population), round(math.sqrt(max(1.0, population / rows)) * once + seen - once))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)[: _LONGEST_VALUE * 2]


def _cap(column: Column) -> int:
    return _VALUES_PER_NAME_COLUMN if _NAME_WORDS & set(split_words(column.name)) else _VALUES_PER_COLUMN


def _dictionary(column: Column, ordered: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Keep the values a question may name; free text, hashes and addresses are none."""
    if not ordered:
        return []
    probe = [value for value, _ in ordered[:200]]
    if sum(map(len, probe)) / len(probe) > _FREE_TEXT_LENGTH:
        return []
    if sum(map(is_opaque, probe)) * 2 > len(probe):
        return []
    return [(v, n) for v, n in ordered if v.strip() and len(v) <= _LONGEST_VALUE][: _cap(column)]


def _refine(
    con: duckdb.DuckDBPyConnection, table: Table, values: dict[str, list[tuple[str, int]]], seconds: float
) -> Table:
    """Replace what a sample cannot know by exact figures, as far as the time allows."""
    end = time.monotonic() + seconds
    columns: list[Column] = []
    for column in table.columns:
        left = end - time.monotonic()
        if left <= 0.1 or column.profile is None:
            columns.append(column)
            continue
        try:
            with time_limit(con, left):
                columns.append(_refine_column(con, table, column, values))
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            columns.append(column)
    return replace(table, columns=tuple(columns))


def _refine_column(
    con: duckdb.DuckDBPyConnection, table: Table, column: Column, values: dict[str, list[tuple[str, int]]]
) -> Column:
    profile = column.profile
    if profile is None:
        return column
    source, name = quote_table(table.id), quote_name(column.name)
    if column.name in values and profile.distinct < _cap(column) * 2:
        query = f"SELECT {name}::VARCHAR, count(*) FROM {source} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        rows = con.execute(f"{query} LIMIT {_cap(column)}").fetchall()
        values[column.name] = [(v, n) for v, n in rows if v.strip() and len(v) <= _LONGEST_VALUE]
        distinct = len(rows) if len(rows) < _cap(column) else max(profile.distinct, len(rows))
        return replace(column, profile=replace(profile, distinct=distinct, frequent=tuple(values[column.name][:10])))
    if column.family in {"number", "date"}:
        low, high = con.execute(f"SELECT min({name})::VARCHAR, max({name})::VARCHAR FROM {source}").fetchall()[0]
        profile = replace(profile, minimum=low, maximum=high)
    if profile.nulls == 0 and table.rows and profile.distinct >= table.rows * 0.9 and _KEY_NAME.search(column.name):
        distinct, present = con.execute(f"SELECT count(DISTINCT {name}), count({name}) FROM {source}").fetchall()[0]
        profile = replace(profile, distinct=distinct, nulls=1 - present / table.rows)
    return replace(column, profile=profile)
