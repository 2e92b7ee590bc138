"""The measures of a SELECT: aggregates over base columns, with the rows and conditions they are taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.attributes import is_attribute
from semantic.mining.conditions import family, lasting
from semantic.mining.folding import folded, once
from semantic.mining.frames import Rows
from semantic.mining.grain import between, grain, roles
from semantic.mining.keys import Keys
from semantic.mining.lineage import Selection
from semantic.mining.losing import losses
from semantic.mining.mined import Measure
from semantic.mining.naming import is_given, name_of, snake
from semantic.mining.trees import (
    aggregates,
    bare,
    columns,
    has_window,
    own_nodes,
    place_of,
    table_of,
    undressed,
)  # fmt: skip
from semantic.types import Table, TableId

_ONCE_PER_VALUE = (exp.Min, exp.Max)
_BUCKETS = (exp.TimestampTrunc, exp.DateTrunc, exp.Year, exp.Month, exp.Quarter, exp.Week, exp.Extract, exp.TimeToStr)
# These pick one value or list them all; they are no figures.
_NO_FIGURES = (exp.ArrayAgg, exp.GroupConcat, exp.AnyValue, exp.First, exp.Last, exp.ArgMax, exp.ArgMin, exp.LogicalOr,
               exp.LogicalAnd, exp.Mode, exp.ObjectAgg, exp.JSONArrayAgg, exp.JSONObjectAgg)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """What measures are read against; `incomplete` where a table of the query is not known."""

    tables: Mapping[TableId, Table]
    keys: Keys
    source: Source
    spelling: Mapping[str, str]
    incomplete: bool = False


def measures(selection: Selection, context: Context) -> Iterator[Measure | str]:
    """Yield the measures of one SELECT, and a reason for each aggregate that cannot be told over base tables."""
    time = period_of(selection, context)
    for output in selection.select.selects:
        alias = context.spelling.get(output.alias_or_name.lower(), output.alias_or_name)
        if _is_passed_on(output):
            continue
        try:
            measure = figure(selection, output.unalias(), alias, time, context)
        except SourceError as error:
            shown = alias if is_given(alias) else output.unalias().sql(dialect="duckdb", comments=False)[:60]
            yield f"{shown}: {error.message}"
        else:
            if measure is not None:
                yield measure


def _is_passed_on(output: exp.Expr) -> bool:
    inner = output.unalias()
    return isinstance(inner, exp.Column) and inner.name == output.alias_or_name


def figure(
    selection: Selection, node: exp.Expr, alias: str, time: tuple[TableId, str] | None, context: Context
) -> Measure | None:
    """Return an output of a SELECT as a measure, None where it is no figure.

    Raises:
        SourceError: It cannot be told over base columns.
    """
    rows = selection.rows
    own = aggregates(node)
    if not own and (rows.inner is None or has_window(node)):
        return None
    if own and all(isinstance(undressed(a), _NO_FIGURES) or _picks_text(undressed(a), rows, context) for a in own):
        return None
    expression = folded(node, rows, context.tables) if own and rows.inner is not None else rows.trace(node)
    if expression is None:
        raise SourceError(rows.unsafe or "it cannot be traced to tables")
    if not aggregates(expression):
        return None
    base = rows.inner.rows if rows.inner is not None else rows
    reason = rows.unsafe or (selection.frame.unsafe if context.source.definition else "")
    if base is None or reason:
        raise SourceError(reason or "it reads no table")
    filters = lasting([*base.filters, *(rows.filters if rows.inner else ())], context.tables,
                      definition=context.source.definition)  # fmt: skip
    place, met = _subject(expression, filters, base, context.keys)
    lost = list(losses(base, met, context.tables, context.keys))
    kept = [loss.place for loss in lost]
    given = is_given(alias)
    return Measure(
        name=snake(alias) if given else name_of(expression, base.places[place].name, filters),
        named=given,
        expression=expression,
        subject=base.places[place],
        through=tuple(base.places[p] for p in [*between(base, place, [*met, *kept]), *kept]),
        losing=frozenset(base.places[loss.place] for loss in lost if loss.certain),
        source=context.source,
        filters=tuple(filters),
        time=time,
        description=roles(base, met - {place}),
        attribute=context.source.kind == "view" and _describes(expression, filters, selection, context),
    )


def _describes(expression: exp.Expr, filters: list[exp.Expr], selection: Selection, context: Context) -> bool:
    return is_attribute(expression, filters, selection.frame, context.tables, context.keys)


def _picks_text(node: exp.Expr, rows: Rows, context: Context) -> bool:
    """Tell whether an aggregate picks the first or last text in the alphabet, which stands for "any of them"."""
    if not isinstance(node, _ONCE_PER_VALUE):
        return False
    value = _value(bare(node.this))
    traced = rows.trace(value)
    inner = bare(traced) if traced is not None else None
    return isinstance(inner, exp.Column) and family(inner, context.tables) not in {"number", "date"}


def _value(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Case) and len(node.args["ifs"]) == 1:
        return bare(node.args["ifs"][0].args["true"])
    return node


def _subject(expression: exp.Expr, filters: list[exp.Expr], rows: Rows, keys: Keys) -> tuple[int, set[int]]:
    """Return the use of a table whose rows are aggregated, and all uses that the figure names.

    Raises:
        SourceError: The figure cannot be told by tables, the joins between them and conditions.
    """
    calls = aggregates(expression)
    if any(aggregates(part) for call in calls for part in undressed(call).iter_expressions()):
        raise SourceError("it is an aggregate of the figures of groups")
    if has_window(expression):
        raise SourceError("it is a window over rows")
    within = {id(c) for call in calls for c in columns(call)}
    if any(id(c) not in within for c in columns(expression)):
        raise SourceError("it mixes figures with columns of the group")
    used = {place_of(c) for c in columns(expression)}
    place = grain(rows, keys)
    if place is None or place in rows.optional:
        place = _kept_place(calls, rows, place)
    met = used | {place} | {place_of(c) for f in filters for c in columns(f)}
    if met & rows.tainted:
        raise SourceError("an outer join it reads through has conditions of its own")
    if len({rows.places.get(p) for p in met}) < len(met) or not met <= set(rows.places):
        raise SourceError("it reads one table in two roles")
    return place, met


def _kept_place(calls: list[exp.Expr], rows: Rows, place: int | None) -> int:
    """Return the use of a table whose rows count although others are joined to them, or they to others."""
    used = {place_of(c) for call in calls for c in columns(call)}
    whole = all(columns(undressed(call)) for call in calls) and len(used) == 1
    only = next(iter(used)) if whole else None
    if only is not None and only == place and not any(map(_fills, calls)):
        return only
    kept = only is not None and only not in rows.optional and all(p in rows.optional for p in rows.places if p != only)
    if only is not None and kept and all(once(undressed(c)) for c in calls):
        return only
    raise SourceError("joined rows may be doubled or missing" if place else "it cannot be told whose rows they are")


def _fills(call: exp.Expr) -> bool:
    """Tell whether an aggregate turns missing values into others."""
    return any(isinstance(n, (exp.Coalesce, exp.Case, exp.If, exp.Is, exp.Star)) for n in own_nodes(call))


def period_of(selection: Selection, context: Context) -> tuple[TableId, str] | None:
    """Return the date column that a SELECT groups by."""
    for name in selection.frame.keys or ():
        made = selection.frame.column(name)
        inner = bare(made) if made is not None else None
        while isinstance(inner, (*_BUCKETS, exp.Cast, exp.TryCast)):
            inner = next((c for c in columns(inner)), None)
        if isinstance(inner, exp.Column) and inner.catalog and family(inner, context.tables) == "date":
            return table_of(inner), inner.name
    return None
