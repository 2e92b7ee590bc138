"""Aggregates of aggregates: one aggregate over all rows where that gives the same figure."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from semantic.errors import SourceError
from semantic.mining.frames import Rows
from semantic.mining.trees import aggregates, bare, columns, place_of, table_of, undressed
from semantic.types import Table, TableId


def folded(node: exp.Expr, rows: Rows, tables: Mapping[TableId, Table]) -> exp.Expr:
    """Return an aggregate of the figures of groups as one aggregate over the rows of all groups.

    Raises:
        SourceError: There is no such aggregate.
    """
    tree = exp.Paren(this=node.copy())
    for outer in aggregates(tree):
        traced = rows.trace(outer.this) if isinstance(outer.this, exp.Expr) else None
        inner = bare(traced) if traced is not None else None
        if inner is None:
            raise SourceError("it is an aggregate of the figures of groups")
        outer.replace(_over_rows(outer, inner, rows, tables))
    if any(not c.catalog for c in columns(tree)):
        raise SourceError("it mixes figures of groups with their columns")
    return bare(tree)


def _over_rows(outer: exp.Expr, inner: exp.Expr, rows: Rows, tables: Mapping[TableId, Table]) -> exp.Expr:
    core = undressed(inner)
    adds = isinstance(core, (exp.Sum, exp.Count, exp.CountIf)) and not is_distinct(core)
    if (isinstance(outer, exp.Sum) and adds) or (type(outer) is type(core) and once(outer) and not is_distinct(core)):
        return inner.copy()
    key = _only_key(rows, tables)
    # An average leaves empty figures out, so that none may be empty.
    optional = rows.inner.rows.optional if rows.inner is not None and rows.inner.rows is not None else set()
    full = all(
        _never_null(c, tables) and place_of(c) not in optional for c in (*columns(inner), *([key] if key else []))
    )
    full = full and not isinstance(inner, exp.Filter)
    if isinstance(outer, exp.Avg) and adds and full and key is not None:
        groups = exp.Count(this=exp.Distinct(expressions=[key.copy()]), big_int=True)
        return exp.Paren(this=exp.Div(this=inner.copy(), expression=groups))
    raise SourceError("it is an aggregate of the figures of groups")


def _only_key(rows: Rows, tables: Mapping[TableId, Table]) -> exp.Column | None:
    """Return the column that the groups are made by, where it is one that is never null."""
    keys = rows.inner.keys if rows.inner is not None else None
    made = rows.inner.column(keys[0]) if rows.inner is not None and keys and len(keys) == 1 and keys[0] else None
    return made if isinstance(made, exp.Column) and _never_null(made, tables) else None


def _never_null(column: exp.Column, tables: Mapping[TableId, Table]) -> bool:
    table = tables.get(table_of(column))
    found = table.column(column.name) if table is not None else None
    if found is None:
        return False
    return not found.nullable or (found.profile is not None and found.profile.exact and found.profile.nulls == 0)


def once(node: exp.Expr) -> bool:
    """Tell whether a value counts once however often its row is met."""
    return isinstance(node, (exp.Min, exp.Max)) or is_distinct(node)


def is_distinct(node: exp.Expr | None) -> bool:
    """Tell whether an aggregate takes each value once."""
    return node is not None and isinstance(node.this, exp.Distinct)
