"""A sum over a column of a grouped view that is a sum itself: the figure over the rows that the view groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from semantic.mining.canonical import filter_keys
from semantic.mining.folding import is_distinct
from semantic.mining.frames import Rows
from semantic.mining.grain import between
from semantic.mining.mined import Measure
from semantic.mining.trees import (
    aggregates,
    bare,
    columns,
    has_window,
    own_nodes,
    place_of,
    table_of,
    tables_of,
    undressed,
)
from semantic.types import TableId

_ADDED = (exp.Sum, exp.Count, exp.CountIf)
_Way = tuple[exp.Expr, tuple[TableId, ...]]


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a grouped view yields, by column in lower case.

    Attributes:
        figures: Its aggregates over the tables behind it.
        keys: What it is grouped by, over those tables, with the tables on the way there.
    """

    figures: Mapping[str, Measure]
    keys: Mapping[str, _Way]


def grouped(figures: Mapping[str, Measure], keys: Mapping[str, exp.Expr], rows: Rows) -> Grouped:
    """Return what a view yields that groups `rows`; keys of a table that plays several roles are left out."""
    subjects = {m.subject for m in figures.values()}
    start = next((p for p, table in rows.places.items() if subjects == {table}), None)
    ways = {name: way for name, made in keys.items() if (way := _way(made, rows, start)) is not None}
    return Grouped(figures, ways)


def rolled(measures: Iterable[Measure], views: Mapping[TableId, Grouped]) -> list[Measure]:
    """Return measures, those over grouped views told over the tables behind them where both are equal."""
    known: dict[tuple[object, ...], tuple[Measure, Measure]] = {}
    found: list[Measure] = []
    for measure in measures:
        # Runs of one query share their trees, and a log may hold thousands of them.
        trees = (measure.subject, measure.time, id(measure.expression), *map(id, measure.filters))
        if trees not in known:
            known[trees] = measure, _to_the_ground(measure, views)
        told = known[trees][1]
        found.append(
            replace(measure, expression=told.expression, subject=told.subject, filters=told.filters,
                    through=told.through, time=told.time, losing=told.losing)
        )  # fmt: skip
    return found


def _to_the_ground(measure: Measure, views: Mapping[TableId, Grouped]) -> Measure:
    for _ in views:
        below = _below(measure, views.get(measure.subject))
        if below is None:
            break
        measure = below
    return measure


def _below(measure: Measure, view: Grouped | None) -> Measure | None:
    """Return a measure over a view as one over the rows that the view groups; None where they may differ."""
    nodes = (measure.expression, *measure.filters)
    if view is None or tables_of(nodes) != (measure.subject,) or measure.through or measure.snapshot:
        return None
    if any(isinstance(n, exp.Query) for node in nodes for n in own_nodes(node)):
        return None
    figures = _inner(measure.expression, view)
    filters = [_over_tables(f, view) for f in measure.filters]
    if not figures or any(f is None for f in filters):
        return None
    first, time = figures[0], measure.time
    ways = [table for f in measure.filters for c in columns(f) for table in view.keys[c.name.lower()][1]]
    return replace(
        measure,
        expression=_replaced(measure.expression, figures),
        subject=first.subject,
        filters=(*first.filters, *(f for f in filters if f is not None)),
        through=tuple(dict.fromkeys((*first.through, *ways))),
        time=_day(time[1], view) or first.time if time is not None and time[0] == measure.subject else time,
        losing=first.losing,
    )


def _inner(expression: exp.Expr, view: Grouped) -> list[Measure]:
    """Return the figures of the view behind the aggregates of an expression; none where they may not be merged."""
    calls = aggregates(expression)
    found = [_figure(call, view) for call in calls]
    figures = [f for f in found if f is not None]
    within = {id(c) for call in calls for c in columns(call)}
    whole = len(figures) == len(found) and all(id(c) in within for c in columns(expression))
    rows = {(f.subject, filter_keys(f.filters), f.losing) for f in figures}
    return figures if whole and len(rows) == 1 else []


def _figure(call: exp.Expr, view: Grouped) -> Measure | None:
    column = bare(call.this) if isinstance(call, (exp.Sum, exp.Min, exp.Max)) else None
    figure = view.figures.get(column.name.lower()) if isinstance(column, exp.Column) else None
    if figure is None:
        return None
    inner = bare(figure.expression)
    core = undressed(inner)
    if (core is not inner and not isinstance(inner, exp.Filter)) or is_distinct(core):
        return None
    same = isinstance(core, _ADDED) if isinstance(call, exp.Sum) else type(core) is type(call)
    return figure if same else None


def _replaced(expression: exp.Expr, figures: list[Measure]) -> exp.Expr:
    tree = exp.Paren(this=expression.copy())
    for call, figure in zip(aggregates(tree), figures, strict=True):
        call.replace(exp.Paren(this=figure.expression.copy()))
    return bare(tree)


def _over_tables(condition: exp.Expr, view: Grouped) -> exp.Expr | None:
    if any(c.name.lower() not in view.keys for c in columns(condition)):
        return None
    tree = exp.Paren(this=condition.copy())
    for column in columns(tree):
        column.replace(exp.Paren(this=view.keys[column.name.lower()][0].copy()))
    return bare(tree)


def _day(key: str, view: Grouped) -> tuple[TableId, str] | None:
    """Return the one column that a period is cut from."""
    met = columns(view.keys[key.lower()][0]) if key.lower() in view.keys else []
    return (table_of(met[0]), met[0].name) if len(met) == 1 else None


def _way(made: exp.Expr, rows: Rows, start: int | None) -> _Way | None:
    if aggregates(made) or has_window(made):
        return None
    met = {place_of(c) for c in columns(made)}
    roles = [*rows.places.values()]
    plain = all(p in rows.places and p not in rows.tainted and roles.count(rows.places[p]) == 1 for p in met)
    if start is None or not plain:
        return None
    return made, tuple(rows.places[p] for p in between(rows, start, met))
