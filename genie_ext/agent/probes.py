"""Probes: the small queries that checks ask of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from genie_ext.embedded.join_tree import Edge
from genie_ext.embedded.sql_text import literal, quote, table_name
from genie_ext.types import ColumnRef, Context, Rows
from semantic.types import Column, ColumnProfile, Table, TableId

Probe = Callable[[str], Rows]
"""Runs a small query through guard and engine."""

_ALIKE = 60.0
"""Least likeness, 0 to 100, of a value worth suggesting."""


def value_exists(context: Context, probe: Probe, ref: ColumnRef, value: str) -> bool:
    """Tell whether any row of a column holds a value; asks the data only where the profile does not show it."""
    profile = _profile(context, ref)
    if profile is not None and value in {text for text, _ in profile.frequent}:
        return True
    held = f"CAST({quote(ref.column)} AS VARCHAR) = {literal(value)}"  # an ENUM would refuse a text it does not know
    rows = probe(f"SELECT 1 AS found FROM {table_name(ref.table, context.names)} WHERE {held} LIMIT 1")
    return bool(rows.table.num_rows)


def nearest_values(context: Context, ref: ColumnRef, value: str, *, count: int = 3) -> tuple[str, ...]:
    """Return the known values of a column that look most like `value`, as far as search and profile know them."""
    from rapidfuzz import fuzz, process

    profile = _profile(context, ref)
    known = {text for text, _ in profile.frequent} if profile is not None else set()
    known |= {hit.value for hit in context.found.values if (hit.table, hit.column) == (ref.table, ref.column)}
    found = process.extract(value, sorted(known), scorer=fuzz.WRatio, limit=count, score_cutoff=_ALIKE)
    return tuple(match[0] for match in found)


def count_missing(context: Context, probe: Probe, ref: ColumnRef, *, numeric: bool) -> tuple[int, int]:
    """Return how many rows of a table have no value in a column, and how many rows there are.

    Args:
        context: Where the column is from.
        probe: Runs the query.
        ref: The column.
        numeric: True where a text that is no number counts as no value.
    """
    column, profile = _column(context, ref), _profile(context, ref)
    cast = numeric and column is not None and column.family == "text"
    if profile is not None and profile.exact and profile.nulls == 0 and not cast:
        return 0, profile.rows
    value = f"TRY_CAST({quote(ref.column)} AS DOUBLE)" if cast else quote(ref.column)
    total, known = _figures(
        probe(f"SELECT count(*) AS total, count({value}) AS known FROM {table_name(ref.table, context.names)}")
    )
    return total - known, total


def count_unmatched(context: Context, probe: Probe, edge: Edge) -> tuple[int, int]:
    """Return how many rows of the near side of a join have no partner on the far side, and how many rows there are.

    Where profile and relationship show that every row has one, both are 0 and the data is not asked.
    """
    profiles = [_profile(context, ColumnRef(edge.near[0], near)) for near, _ in edge.pairs()]
    if edge.relationship.coverage == 1.0 and all(p is not None and p.exact and p.nulls == 0 for p in profiles):
        return 0, 0
    near, far = (table_name(node[0], context.names) for node in (edge.near, edge.far))
    on = " AND ".join(f"f.{quote(b)} = n.{quote(a)}" for a, b in edge.pairs())
    partner = f"EXISTS (SELECT 1 FROM {far} AS f WHERE {on})"
    total, matched = _figures(
        probe(f"SELECT count(*) AS total, count(*) FILTER (WHERE {partner}) AS matched FROM {near} AS n")
    )
    return total - matched, total


def date_bounds(context: Context, probe: Probe, ref: ColumnRef) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day that a column holds, None where it holds none."""
    date = f"TRY_CAST({quote(ref.column)} AS DATE)"
    rows = probe(f"SELECT min({date}) AS first, max({date}) AS last FROM {table_name(ref.table, context.names)}")
    first, last = (rows.table.column(i)[0].as_py() for i in range(2))
    return (first, last) if isinstance(first, dt.date) and isinstance(last, dt.date) else None


def _figures(rows: Rows) -> tuple[int, int]:
    return int(rows.table.column(0)[0].as_py()), int(rows.table.column(1)[0].as_py())


def _profile(context: Context, ref: ColumnRef) -> ColumnProfile | None:
    column = _column(context, ref)
    return column.profile if column is not None else None


def _column(context: Context, ref: ColumnRef) -> Column | None:
    return _table(context, ref.table).column(ref.column)


def _table(context: Context, table: TableId) -> Table:
    return next(t for t in context.tables if t.id == table)
