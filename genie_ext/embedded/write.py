"""The embedded writer: compiles a step of a plan to SQL, deterministically.

Tables that only restrict the answer are joined by EXISTS where a plain join would multiply rows, so that figures stay
right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from genie_ext.embedded.columns import visible_columns
from genie_ext.embedded.join_tree import Node
from genie_ext.embedded.levels import level
from genie_ext.embedded.metric_sql import bears_repeats
from genie_ext.embedded.scope import Schema, Scope
from genie_ext.embedded.sql_conditions import (
    column_conditions,
    compare,
    defaults,
    period,
    refuse_repeats,
    related,
    segment,
)
from genie_ext.embedded.sql_text import labelled, quote
from genie_ext.embedded.steps import (
    base_table,
    conditioned,
    joined_columns,
    measured_table,
    metric_tables,
    metrics_of,
    named_tables,
)
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Step
from semantic.facts import Metric
from semantic.types import Relationship, Table, TableId


def make_schema(
    names: Mapping[TableId, str], tables: Sequence[Table], relationships: Sequence[Relationship], step: Step
) -> Schema:
    """Return what the writer of a step may read."""
    known = {table.id: table for table in tables}
    return Schema(names=names, tables=known, relationships=relationships, defaults=dict(step.defaults))


def write_sql(
    step: Step, names: Mapping[TableId, str], tables: Sequence[Table], relationships: Sequence[Relationship]
) -> str:
    """Return the SQL of one step.

    Args:
        step: What to compute.
        names: How each table is written.
        tables: The tables of the context.
        relationships: Joins that may be used.

    Raises:
        CannotAnswerError: Two tables of the step have no known join, or a figure is compared that nothing groups.
    """
    return _write(step, make_schema(names, tables, relationships, step))


def _write(step: Step, schema: Schema) -> str:
    if step.combined is None:
        return _write_alone(step, schema)
    first = _write(replace(step, combined=None), schema)
    return f"({first})\n{step.combined.kind.upper()}\n({_write(step.combined.step, schema)})"


def _write_alone(step: Step, schema: Schema) -> str:
    scope = join_scope(step, schema)
    _check_metrics(scope, step)
    having = [f for f in step.filters if isinstance(f.subject, Measure) and _is_own(scope, f.subject, step)]
    where = list(_where(scope, step, having))
    grouped = _is_grouped(scope, step, having)
    clauses = [_select(scope, step, grouped=grouped), scope.from_clause()]
    if where:
        clauses.append("WHERE " + "\n  AND ".join(where))
    if grouped and step.dimensions:
        clauses.append(_group(scope, step))
    if having:
        clauses.append("HAVING " + " AND ".join(_having(scope, having)))
    if step.order and (step.dimensions or not step.measures):  # a single row of figures has no order
        clauses.append("ORDER BY " + ", ".join(_order_key(scope, step, order, grouped=grouped) for order in step.order))
    return "\n".join([*clauses, *([f"LIMIT {step.limit}"] if step.limit is not None else [])])


def join_scope(step: Step, schema: Schema) -> Scope:
    """Return the tables that a step joins: those that must be, and of the rest those that no join would multiply.

    Raises:
        CannotAnswerError: Two tables of the step have no known join.
    """
    scope = Scope(schema, (base_table(step), ""), narrowed=_narrowing(step), named=named_tables(step))
    for table in metric_tables(step):
        scope.add((table, ""))
    for ref in joined_columns(step):
        scope.add((ref.table, ref.via), outer=_keeps_rows(step))
    if step.time is not None and not _only_dated(scope, step):
        scope.add((step.time.column.table, step.time.column.via))
    filtered = conditioned(step)
    roles = [(ref.table, ref.via) for ref in filtered]
    for node in dict.fromkeys((*(_in_role(table, roles) for table in step.sources), *roles)):
        if not any(edge.multiplies for edge in scope.path(node)):
            scope.add(node)
    for table in dict.fromkeys(table for s in step.segments if not s.denied for table in s.segment.tables):
        if not any(edge.multiplies for edge in scope.path((table, ""))):
            scope.add((table, ""))
    return scope


def _in_role(table: TableId, roles: Sequence[Node]) -> Node:
    return next((role for role in roles if role[0] == table), (table, ""))


def _keeps_rows(step: Step) -> bool:
    """Tell whether a governed figure is split without ranking, so that its parts must add up to the whole."""
    return any(measure.metric is not None for measure in step.measures) and step.limit is None


def _narrowing(step: Step) -> Metric | None:
    """Return the metric whose conditions can hold for all rows, since nothing but it is computed from them."""
    figures = {*step.measures, *(order.by for order in step.order if isinstance(order.by, Measure)), *metrics_of(step)}
    compared = any(isinstance(f.subject, Measure) and f.subject not in figures for f in step.filters)
    return metrics_of(step)[0].metric if len(figures) == 1 and metrics_of(step) and not compared else None


def _check_metrics(scope: Scope, step: Step) -> None:
    """Refuse a governed metric whose rows are repeated, or limited by rows of which each of its own has several.

    Raises:
        CannotAnswerError: They are.
    """
    metrics = metrics_of(step)
    for measure in (*metrics, *(m for m in step.measures if metrics)):
        refuse_repeats(scope, measure)
    strict = [measure for measure in metrics if measure.metric and not bears_repeats(measure.metric)]
    dated = (step.time.column.table,) if step.time else ()
    named = (table for s in step.segments if not s.denied for table in s.segment.tables)
    for table in (*(ref.table for ref in conditioned(step)), *dated, *named, *step.sources):
        if strict and not scope.holds(table):
            name, own = strict[0].label.replace("_", " "), strict[0].table
            raise CannotAnswerError(
                f"“{name}” is a figure of single rows of {own.name if own else 'a table'}, each of which may have "
                f"several rows of {table.name}, so it cannot be limited to some of those."
            )


def _only_dated(scope: Scope, step: Step) -> bool:
    """Tell whether nothing but the period is read from a table whose join would repeat the listed rows."""
    if step.time is None or step.measures or scope.holds(step.time.column.table):
        return False
    return any(edge.multiplies for edge in scope.path((step.time.column.table, step.time.column.via)))


def _is_own(scope: Scope, measure: Measure, step: Step) -> bool:
    """Tell whether a condition on a figure is about groups of the rows read anyway, not about related rows."""
    table = measured_table(measure)
    return bool(step.dimensions) and (table is None or scope.holds(table))


def _is_grouped(scope: Scope, step: Step, having: Sequence[Filter]) -> bool:
    """Tell whether rows are combined; a list without repeats is, where DISTINCT could not be sorted as wished."""
    if step.measures or having or any(isinstance(order.by, Measure) for order in step.order):
        return True
    shown = {scope.dimension(dimension) for dimension in step.dimensions}
    keys = {_sort_text(scope, order.by) for order in step.order if isinstance(order.by, Dimension)}
    return step.distinct and bool(shown) and not keys <= shown


def _sort_text(scope: Scope, dimension: Dimension) -> str:
    return scope.dimension(dimension) if dimension.grain else scope.ranked(dimension.column)


# --- clauses ---


def _select(scope: Scope, step: Step, *, grouped: bool) -> str:
    shown = [
        labelled(scope.dimension(d), d.label, plain=d.column.column if d.grain is None else "") for d in step.dimensions
    ]
    shown += [labelled(scope.measure(m), m.label) for m in step.measures]
    if not shown:
        shown = _every_column(scope)
    repeats = not grouped or (step.keys and not step.order)
    return "SELECT " + ("DISTINCT " if step.distinct and repeats else "") + ", ".join(shown)


def _every_column(scope: Scope) -> list[str]:
    """Return all columns of the listed table, one by one where some are only there to join by."""
    table = scope.schema.tables[scope.first[0]]
    if any(column.hidden for column in table.columns):
        return [scope.column(ColumnRef(table.id, column.name)) for column in visible_columns(table)]
    return ["*"] if len(scope.aliases) == 1 else [f"{quote(scope.aliases[scope.first])}.*"]


def _where(scope: Scope, step: Step, having: Sequence[Filter]) -> Iterator[str]:
    def write(inner: Step) -> str:
        return _write(inner, scope.schema)

    yield from column_conditions(scope, step, write)
    yield from (related(scope, f, write) for f in step.filters if isinstance(f.subject, Measure) and f not in having)
    yield from (segment(scope, condition) for condition in step.segments)
    yield from defaults(scope)
    yield from level(scope, step, write)
    yield from (scope.condition(text) for text in (scope.narrowed.filters if scope.narrowed else ()))
    if step.time is not None and scope.holds(step.time.column.table):
        yield from period(scope, step.time)


def _having(scope: Scope, conditions: Sequence[Filter]) -> Iterator[str]:
    for condition in conditions:
        if isinstance(condition.subject, Measure):
            yield compare(scope.measure(condition.subject), condition, lambda step: _write(step, scope.schema))


def _group(scope: Scope, step: Step) -> str:
    apart = () if step.distinct and step.order else step.keys
    keys = [scope.column(key) for key in apart]
    return "GROUP BY " + ", ".join(dict.fromkeys([*keys, *(scope.dimension(d) for d in step.dimensions)]))


def _order_key(scope: Scope, step: Step, order: Order, *, grouped: bool) -> str:
    key = _label(step, order.by)
    if key:
        key = quote(key)
    elif isinstance(order.by, Measure):
        key = scope.measure(order.by)
    else:
        key = _sort_text(scope, order.by)
        known = {dimension.column for dimension in step.dimensions} | set(step.keys)
        if grouped and order.by.column not in known:
            key = f"{'max' if order.descending else 'min'}({key})"
    return f"{key} DESC NULLS LAST" if order.descending else key


def _label(step: Step, by: Measure | Dimension) -> str:
    """Return the name under which what is sorted by is shown, empty where it is not or is a plain column."""
    labels = {m: m.label for m in step.measures} | {d: d.label for d in step.dimensions if d.grain}
    return labels.get(by, "")
