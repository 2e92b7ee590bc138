"""Defaults: the conditions under which tables are read unless a question asks otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from genie_ext.embedded.definitions import say_sql
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.metric_sql import condition_columns
from genie_ext.embedded.steps import conditioned, inner_steps, measured_table
from genie_ext.embedded.words import plain_name
from genie_ext.embedded.write import join_scope, make_schema
from genie_ext.errors import CannotAnswerError
from genie_ext.types import Measure, Step
from semantic.types import Table, TableId


def with_defaults(draft: Draft, step: Step) -> Step:
    """Return the step with the default conditions of the tables it may read, each said as an assumption.

    Raises:
        CannotAnswerError: A default condition cannot be compiled, or two tables have no known join.
    """
    tables = [table for table in draft.context.tables if table.default_filter]
    if not tables:
        return step
    lifted = {table.id for table in tables if _is_lifted(draft, table, step)}
    kept = replace(step, defaults=tuple((t.id, t.default_filter) for t in tables if t.id not in lifted))
    read = _tables_read(draft, kept)
    for table in (table for table in tables if table.id in read):
        condition, name = say_sql(table.default_filter), plain_name(table.id.name)
        if table.id in lifted:
            draft.assumptions.append(f"the default of {name}, only rows where {condition}, is not applied")
        else:
            draft.assumptions.append(f"only rows where {condition}, the default of {name}")
    return replace(kept, defaults=tuple((table, text) for table, text in kept.defaults if table in read))


def _tables_read(draft: Draft, step: Step) -> set[TableId]:
    """Return all tables that the SQL of a step reads, those between two others included."""
    context = draft.context
    scope = join_scope(step, make_schema(context.names, context.tables, context.relationships, step))
    compared = (f.subject for f in step.filters if isinstance(f.subject, Measure))
    named = {table for s in step.segments for table in s.segment.tables} | {ref.table for ref in conditioned(step)}
    named |= {table for m in compared for table in (measured_table(m), *(m.metric.tables if m.metric else ())) if table}
    named |= {*step.sources, *((step.time.column.table,) if step.time else ())}
    between = {edge.far[0] for table in named if not scope.holds(table) for edge in scope.path((table, ""))}
    nested = {table for other in inner_steps(step) for table in _tables_read(draft, other)}
    return {*(node[0] for node in scope.aliases), *between, *nested}


def _is_lifted(draft: Draft, table: Table, step: Step) -> bool:
    """Tell whether a question, or the definition of its figures, itself says which rows of a table count.

    Raises:
        CannotAnswerError: The definition of one figure does, that of another does not.
    """
    columns = condition_columns(table.default_filter)
    said = any(table.id in lifted.tables for lifted in draft.reading.lifted)
    parts = _parts(step)
    filters = {ref.column.lower() for part in parts for ref in conditioned(part) if ref.table == table.id}
    filters |= _columns_of(table.id, [s.segment.condition for part in parts for s in part.segments])
    figures = [measure for part in parts for measure in _figures(part)]
    governed = [bool(columns & _columns_of(table.id, m.metric.filters if m.metric else ())) for m in figures]
    if said or columns & filters or _was_lifted(draft, table):
        return True
    if any(governed) and not all(governed):
        raise CannotAnswerError(
            f"{plain_name(table.id.name)} count only where {say_sql(table.default_filter)} by default; one figure sets "
            f"that aside and another does not, so ask for one at a time."
        )
    return any(governed)


def _parts(step: Step) -> tuple[Step, ...]:
    """Return the step and those that its rows are combined with, since one default holds for them all."""
    return (step, *(_parts(step.combined.step) if step.combined is not None else ()))


def _figures(step: Step) -> Iterator[Measure]:
    yield from step.measures
    yield from (order.by for order in step.order if isinstance(order.by, Measure))
    yield from (f.subject for f in step.filters if isinstance(f.subject, Measure) and f.subject.metric is not None)


def _columns_of(table: TableId, texts: Sequence[str]) -> set[str]:
    """Return the columns of a table that conditions read which write them in full, lower case."""
    mark = f'"{table.schema}"."{table.name}"."'
    return {part.split('"')[0].lower() for text in texts for part in text.split(mark)[1:]}


def _was_lifted(draft: Draft, table: Table) -> bool:
    """Tell whether the question that this one continues was answered without the default."""
    previous = draft.context.previous
    plan = previous.plan if previous is not None and draft.continues else None
    if plan is None or plan.query is not None:
        return False
    old = plan.steps[-1]
    read = {m.table for m in old.measures} | {d.column.table for d in old.dimensions} | set(old.sources)
    return table.id in read and table.id not in dict(old.defaults)
