"""Levels: figures such as a balance, which may be added over anything but their date, so that the last date counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from genie_ext.embedded.draft import Draft
from genie_ext.embedded.scope import Scope
from genie_ext.embedded.sql_conditions import WriteStep, column_condition, defaults, period
from genie_ext.embedded.steps import inner_steps, metrics_of
from genie_ext.embedded.words import plain_name
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Step


def with_level(draft: Draft, step: Step) -> Step:
    """Return the step with the date that its figures must not be added over, said as an assumption.

    Raises:
        CannotAnswerError: Figures of different kinds are asked for at once, or one is compared row by row.
    """
    if step.combined is not None:
        other = replace(step.combined, step=with_level(draft, step.combined.step))
        return replace(with_level(draft, replace(step, combined=None)), combined=other)
    figures = _figures(step)
    dates = {_date_of(draft, measure) for measure in figures}
    apart = [f.subject for f in step.filters if isinstance(f.subject, Measure) and f.subject not in figures]
    nested = [measure for inner in inner_steps(step) for measure in _figures(inner)]
    unclear = next((measure for measure in (*apart, *nested) if _date_of(draft, measure) is not None), None)
    if unclear is not None:
        raise CannotAnswerError(f"“{_name(unclear)}” is a level at one time, and it is not said at which.")
    date = next((date for date in dates if date is not None), None)
    if date is None:
        return step
    if len(dates) > 1:
        raise CannotAnswerError(
            f"Some of the figures are levels at one {plain_name(date.column)} and others are not.",
            hint="Ask for one of them at a time.",
        )
    if step.time is not None and step.time.column != date:
        raise CannotAnswerError(
            f"The period is about {plain_name(step.time.column.column)}, while the figure is a level at one "
            f"{plain_name(date.column)}."
        )
    draft.assumptions.append(_say(step, date, figures[0]))
    return replace(step, level=date)


def level(scope: Scope, step: Step, write: WriteStep) -> Iterator[str]:
    """Yield the condition that only the last date counts: of all, or of each period shown."""
    date = step.level
    shown = _shown(step, date) if date is not None else ()
    if date is None or any(dimension.grain is None for dimension in shown):
        return
    inside = Scope(scope.schema, (date.table, ""))
    where = period(inside, step.time) if step.time is not None else []
    where += [column_condition(inside, f, write) for f in step.filters if _is_about(f, date)]
    where += defaults(inside)
    column = inside.column(date)
    lines = [f"SELECT max({column})", inside.from_clause(), *([f"WHERE {' AND '.join(where)}"] if where else [])]
    if shown:
        lines.append("GROUP BY " + ", ".join(inside.dimension(dimension) for dimension in shown))
    yield f"{scope.column(date)} {'IN' if shown else '='} ({' '.join(lines)})"


def _is_about(condition: Filter, date: ColumnRef) -> bool:
    """Tell whether a condition says which dates count.

    Raises:
        CannotAnswerError: It is one of several, and the others are about something else.
    """
    subjects = {condition.subject, *(other.subject for other in condition.alternatives)}
    if date in subjects and len(subjects) > 1:
        raise CannotAnswerError(f"“{condition.phrase}” does not say which {plain_name(date.column)} counts.")
    return subjects == {date}


def _figures(step: Step) -> tuple[Measure, ...]:
    """Return the figures that are computed over the rows joined."""
    sorted_by = (order.by for order in step.order if isinstance(order.by, Measure))
    return tuple(dict.fromkeys((*step.measures, *sorted_by, *metrics_of(step))))


def _date_of(draft: Draft, measure: Measure) -> ColumnRef | None:
    """Return the date that a figure must not be added over, also of a plain sum of the column of such a metric."""
    if measure.metric is not None:
        return ColumnRef(*measure.metric.snapshot) if measure.metric.snapshot else None
    if measure.column is None or measure.aggregate != "sum":
        return None
    table = measure.column.table
    read = f'"{table.schema}"."{table.name}"."{measure.column.column}"'
    dates = (m.snapshot for m in draft.context.metrics if m.snapshot and read in m.expression)
    return next((ColumnRef(*date) for date in dates if date[0] == table), None)


def _shown(step: Step, date: ColumnRef) -> tuple[Dimension, ...]:
    return tuple(d for d in step.dimensions if (d.column.table, d.column.column) == (date.table, date.column))


def _say(step: Step, date: ColumnRef, measure: Measure) -> str:
    grains = [dimension.grain or "" for dimension in _shown(step, date)]
    name, over = _name(measure), plain_name(date.column)
    if grains:
        return (
            f"{name} is a level, not added over {over}: of each {' and '.join(filter(None, grains)) or over} the last"
        )
    asked = f"of the period “{step.time.phrase}”" if step.time is not None else "in the data"
    return f"{name} is a level, not added over {over}: that of the last {over} {asked}"


def _name(measure: Measure) -> str:
    return measure.label.replace("_", " ") or "the figure"
