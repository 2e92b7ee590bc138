"""The embedded writer: compiles a step of a plan to SQL, deterministically.

Tables that only restrict the answer are joined by EXISTS where a plain join would multiply rows, so that figures stay
right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from genie_ext.embedded.scope import Schema, Scope
from genie_ext.embedded.sql_conditions import column_condition, compare, existences, period, related
from genie_ext.embedded.sql_text import quote
from genie_ext.embedded.steps import base_table, conditioned, joined_columns, measured_table
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Step
from semantic.types import Relationship, Table, TableId


def make_schema(names: Mapping[TableId, str], tables: Sequence[Table], relationships: Sequence[Relationship]) -> Schema:
    """Return what the writer may read."""
    return Schema(names=names, tables={table.id: table for table in tables}, relationships=relationships)


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
    return _write(step, make_schema(names, tables, relationships))


def _write(step: Step, schema: Schema) -> str:
    scope = join_scope(step, schema)
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
    scope = Scope(schema, (base_table(step), ""))
    for ref in joined_columns(step):
        scope.add((ref.table, ref.via))
    if step.time is not None and not _only_dated(scope, step):
        scope.add((step.time.column.table, step.time.column.via))
    filtered = conditioned(step)
    for table in dict.fromkeys((*step.sources, *(ref.table for ref in filtered))):
        node = (table, next((ref.via for ref in filtered if ref.table == table), ""))
        if not any(edge.multiplies for edge in scope.path(node)):
            scope.add(node)
    return scope


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
        _labelled(scope.dimension(d), d.label, plain=d.column.column if d.grain is None else "")
        for d in step.dimensions
    ]
    shown += [_labelled(scope.measure(m), m.label) for m in step.measures]
    if not shown:
        shown = ["*"] if len(scope.aliases) == 1 else [f"{quote(scope.aliases[scope.first])}.*"]
    repeats = not grouped or (step.keys and not step.order)
    return "SELECT " + ("DISTINCT " if step.distinct and repeats else "") + ", ".join(shown)


def _labelled(expression: str, label: str, *, plain: str = "") -> str:
    return expression if not label or label == plain else f"{expression} AS {quote(label)}"


def _where(scope: Scope, step: Step, having: Sequence[Filter]) -> Iterator[str]:
    def write(inner: Step) -> str:
        return _write(inner, scope.schema)

    on_columns = [f for f in step.filters if isinstance(f.subject, ColumnRef)]
    yield from (column_condition(scope, f, write) for f in on_columns if scope.holds(_table(f)))
    dated = (step.time.column.table,) if step.time else ()
    for table in dict.fromkeys((*(_table(f) for f in on_columns), *step.sources, *dated)):
        if not scope.holds(table):
            time = step.time if table in dated else None
            yield from existences(scope, table, [f for f in on_columns if _table(f) == table], write, time=time)
    yield from (related(scope, f, write) for f in step.filters if isinstance(f.subject, Measure) and f not in having)
    if step.time is not None and scope.holds(step.time.column.table):
        yield from period(scope, step.time)


def _table(condition: Filter) -> TableId:
    if not isinstance(condition.subject, ColumnRef):
        raise TypeError(condition.subject)
    return condition.subject.table


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
