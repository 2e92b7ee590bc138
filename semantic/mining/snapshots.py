"""Figures that are a stock per period: their rows are counted once for each period and must not be added over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from semantic.mining.mined import Measure
from semantic.mining.trees import aggregates, bare, columns, conjuncts, table_of, undressed
from semantic.types import Column, TableId

_Column = tuple[TableId, str]


def repeats(scope: Scope, period: str, figure: Sequence[exp.Expr]) -> bool:
    """Tell whether a query takes the same rows of a table for several values of an output column.

    It does where the column is of a list of periods and the rows are joined to that by a range of dates.

    Args:
        scope: A query.
        period: One of its output columns, in lower case.
        figure: What is taken from its rows.
    """
    select = scope.expression
    if not isinstance(select, exp.Select):
        return False
    keyed = columns(_outputs(select).get(period, exp.Null()))
    taken = [c for node in figure for c in columns(node)]
    if len({c.table for c in keyed}) != 1:
        return False
    listed = keyed[0].table
    if not any(c.table == listed for c in taken) and _in_range(select, keyed):
        return True
    source = scope.sources.get(listed)
    if not isinstance(source, Scope) or any(c.table != listed for c in taken):
        return False
    below = _outputs(source.expression) if isinstance(source.expression, exp.Select) else {}
    inner = [below[c.name.lower()] for c in taken if c.name.lower() in below]
    return any(repeats(source, c.name.lower(), inner) for c in keyed)


def with_snapshots(measures: Iterable[Measure]) -> list[Measure]:
    """Mark every sum over a column that is known as a stock per period."""
    found = list(measures)
    known = {column: m.snapshot for m in found if m.snapshot and (column := _summed(m.expression)) is not None}
    return [_marked(m, known) if known and m.snapshot is None else m for m in found]


def is_of_days(column: Column) -> bool:
    """Tell whether a column holds dates, or moments that are all midnight; a stock may be counted over a whole day."""
    if not column.type.upper().startswith("TIME"):
        return True
    profile = column.profile
    values = (profile.minimum, profile.maximum, *(value for value, _ in profile.frequent)) if profile else ()
    shown = [value for value in values if value]
    return bool(shown) and all(":" not in value or " 00:00:00" in value for value in shown)


def _marked(measure: Measure, known: dict[_Column, _Column]) -> Measure:
    sums = [core for call in aggregates(measure.expression) if isinstance(core := undressed(call), exp.Sum)]
    read = ((table_of(c), c.name.lower()) for core in sums for c in columns(core))
    snapshot = next((known[column] for column in read if column in known), None)
    return replace(measure, snapshot=snapshot) if snapshot is not None else measure


def _summed(expression: exp.Expr) -> _Column | None:
    core = bare(expression)
    column = bare(core.this) if isinstance(core, exp.Sum) else None
    return (table_of(column), column.name.lower()) if isinstance(column, exp.Column) else None


def _outputs(select: exp.Select) -> dict[str, exp.Expr]:
    return {s.alias_or_name.lower(): s.unalias() for s in select.selects}


def _in_range(select: exp.Select, keyed: Sequence[exp.Column]) -> bool:
    """Tell whether conditions tie the period to other rows, and none of them by an equal value."""
    names = {(c.table, c.name.lower()) for c in keyed}
    where = select.args.get("where")
    joined = [part for join in select.args.get("joins") or [] for part in conjuncts(join.args.get("on"))]
    tying = [part for part in (*joined, *conjuncts(where.this if where else None)) if _ties(part, names)]
    return bool(tying) and not any(isinstance(part, exp.EQ) for part in tying)


def _ties(condition: exp.Expr, names: set[tuple[str, str]]) -> bool:
    met = columns(condition)
    tables = {table for table, _ in names}
    return any((c.table, c.name.lower()) in names for c in met) and any(c.table not in tables for c in met)
