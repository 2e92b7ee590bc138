"""Steps: which tables and columns a step of a plan reads."""

from __future__ import annotations

from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Step
from semantic.types import TableId


def measured_table(measure: Measure) -> TableId | None:
    """Return the table a figure is computed over, None for the rows read anyway."""
    return measure.table or (measure.column.table if measure.column else None)


def base_table(step: Step) -> TableId:
    """Return the table whose rows the step counts or lists."""
    measured = (measured_table(measure) for measure in step.measures)
    shown = (dimension.column.table for dimension in step.dimensions)
    return next(table for table in (*measured, *shown, *step.sources) if table is not None)


def conditions(step: Step) -> tuple[Filter, ...]:
    """Return all conditions of a step, each of several that may hold included."""
    return tuple(part for condition in step.filters for part in (condition, *condition.alternatives))


def conditioned(step: Step) -> tuple[ColumnRef, ...]:
    """Return the columns that filters are on, each of several that may hold included."""
    return tuple(part.subject for part in conditions(step) if isinstance(part.subject, ColumnRef))


def inner_steps(step: Step) -> tuple[Step, ...]:
    """Return the steps that a step compares with, and the one it is combined with."""
    nested = tuple(part.step for part in conditions(step) if part.step is not None)
    return (*nested, *((step.combined.step,) if step.combined is not None else ()))


def read_columns(step: Step) -> tuple[ColumnRef, ...]:
    """Return the columns that are shown, measured or filtered on."""
    measured = (measure.column for measure in step.measures if measure.column)
    return (*(dimension.column for dimension in step.dimensions), *measured, *conditioned(step))


def compared_metrics(step: Step) -> tuple[Measure, ...]:
    """Return the governed metrics that conditions compare."""
    compared = (f.subject for f in step.filters if isinstance(f.subject, Measure))
    return tuple(dict.fromkeys(measure for measure in compared if measure.metric is not None))


def metrics_of(step: Step) -> tuple[Measure, ...]:
    """Return the governed metrics that are computed over the rows joined: shown, sorted by, or compared per group."""
    sorted_by = (order.by for order in step.order if isinstance(order.by, Measure))
    compared = compared_metrics(step) if step.dimensions else ()
    return tuple(dict.fromkeys(m for m in (*step.measures, *sorted_by, *compared) if m.metric is not None))


def metric_tables(step: Step) -> tuple[TableId, ...]:
    """Return the tables of the governed metrics of a step, those first whose rows are aggregated."""
    grains = (measure.table for measure in metrics_of(step) if measure.table)
    read = (table for measure in metrics_of(step) if measure.metric for table in measure.metric.tables)
    return tuple(dict.fromkeys((*grains, *read)))


def joined_columns(step: Step) -> tuple[ColumnRef, ...]:
    """Return the columns whose tables must be joined for real: shown, measured, grouped or sorted by.

    A figure over whole rows stands in by an empty column name.
    """
    measures = (*step.measures, *(order.by for order in step.order if isinstance(order.by, Measure)))
    refs = [dimension.column for dimension in step.dimensions]
    refs += [order.by.column for order in step.order if isinstance(order.by, Dimension)]
    refs += [measure.column for measure in measures if measure.column]
    refs += [ColumnRef(measure.table, "") for measure in measures if measure.table]
    refs += [ColumnRef(table, "") for table in metric_tables(step)]
    return tuple(dict.fromkeys((*refs, *step.keys)))


def named_tables(step: Step) -> frozenset[TableId]:
    """Return all tables that a step itself names, not those that joins only lead through."""
    compared = (f.subject for f in step.filters if isinstance(f.subject, Measure))
    read = {ref.table for ref in (*joined_columns(step), *conditioned(step))} | set(step.sources)
    read |= {table for measure in compared if (table := measured_table(measure)) is not None}
    read |= {table for condition in step.segments for table in condition.segment.tables}
    return frozenset(read | ({step.time.column.table} if step.time is not None else set()))
