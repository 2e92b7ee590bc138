"""Interpretation: a step said back in one sentence that a person can check."""

from __future__ import annotations

from genie_ext.embedded.definitions import say_definition, title_of
from genie_ext.embedded.steps import (
    base_table,
    compared_metrics,
    inner_steps,
    measured_table,
    metrics_of,
    read_columns,
)
from genie_ext.embedded.words import plain_name
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, SegmentFilter, Step, TimeRange
from semantic.types import TableId

_AGGREGATES = {
    "avg": "the average", "sum": "the total", "min": "the smallest", "max": "the largest", "median": "the median",
}  # fmt: skip
_OPERATORS = {
    "=": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least",
    "in": "is one of", "not in": "is none of", "like": "looks like", "not like": "does not look like",
    "is null": "is missing", "is not null": "is known",
}  # fmt: skip


_COMBINED = {
    "union": "together with", "intersect": "only those that are also among", "except": "without those among",
}  # fmt: skip


def say(step: Step, base: TableId) -> str:
    """Return a step as one sentence, followed by what its governed figures compute."""
    once = ["equal rows are shown once"] if step.combined is not None else []
    sentences = [_said(step, base), *once, *_definitions(step)]
    return " ".join(sentence[0].upper() + sentence[1:] + "." for sentence in sentences)


def _said(step: Step, base: TableId) -> str:
    parts = [_shown(step, base)]
    if step.measures and step.dimensions:
        parts.append("for each " + _join([_dimension(d) for d in step.dimensions]))
    conditions = [_filter(f) for f in step.filters]
    conditions += [_segment(condition) for condition in step.segments]
    others = [f"there is a matching row in {_name(t)}" for t in step.sources if t not in _tables(step) and t != base]
    if conditions or others:
        parts.append("where " + _join([*conditions, *others]))
    if step.time is not None:
        parts.append(_time(step.time))
    if step.order:
        parts.append(_order(step.order, step.limit))
    elif step.limit:
        parts.append(f"the first {step.limit} rows")
    if step.combined is not None:
        parts.append(f"{_COMBINED[step.combined.kind]} these: {_other_side(step.combined.step)}")
    return ", ".join(parts)


def _other_side(step: Step) -> str:
    """Return what rows are combined with, in brackets where that is a combination itself."""
    said = _said(step, base_table(step))
    return said if step.combined is None else f"[{said}]"


def _definitions(step: Step) -> list[str]:
    """Return what each governed metric of a step computes, also of the steps inside it."""
    metrics = dict.fromkeys(measure.metric for measure in (*metrics_of(step), *compared_metrics(step)))
    own = [f"{title_of(metric)} is {say_definition(metric)}" for metric in metrics if metric is not None]
    return list(dict.fromkeys([*own, *(text for inner in inner_steps(step) for text in _definitions(inner))]))


def _segment(condition: SegmentFilter) -> str:
    holds = "does not hold" if condition.denied else "holds"
    return f"“{condition.phrase}” {holds} ({say_definition(condition.segment)})"


def _shown(step: Step, base: TableId) -> str:
    if step.measures:
        return _join([say_measure(m) for m in step.measures])
    columns = _join([_dimension(d) for d in step.dimensions])
    if not columns:
        return f"all columns of {_name(base)}"
    return f"{'distinct ' if step.distinct else ''}{columns} of {_name(base)}"


def say_measure(measure: Measure) -> str:
    """Return a measure in words, such as "the average of orders.amount"."""
    if measure.metric is not None:
        return title_of(measure.metric)
    if measure.column is None:
        return f"the number of rows in {_name(measure.table)}" if measure.table else "the number of rows"
    if measure.aggregate == "count_distinct":
        return f"the number of different {_column(measure.column)}"
    return f"{_AGGREGATES.get(measure.aggregate, measure.aggregate)} of {_column(measure.column)}"


def _dimension(dimension: Dimension) -> str:
    return f"{dimension.grain} of {_column(dimension.column)}" if dimension.grain else _column(dimension.column)


def _filter(condition: Filter) -> str:
    return _join([_single(condition), *(_filter(other) for other in condition.alternatives)], "or")


def _single(condition: Filter) -> str:
    subject = condition.subject
    if isinstance(subject, Measure) and (subject.column, condition.operator, condition.values) == (None, "=", (0,)):
        return f"there is no row in {_name(subject.table)}" if subject.table else "there is none"
    what = say_measure(subject) if isinstance(subject, Measure) else _column(subject)
    if condition.operator == "between":
        return f"{what} is between {condition.values[0]} and {condition.values[1]}"
    return f"{what} {_OPERATORS[condition.operator]} {_compared(condition)}".strip()


def _compared(condition: Filter) -> str:
    """Return what a filter compares with: its values, or its nested step, in brackets unless that is a mere figure."""
    if condition.step is not None:
        said = _said(condition.step, base_table(condition.step))
        return said if [said] == [say_measure(m) for m in condition.step.measures] else f"[{said}]"
    return _join([f"“{value}”" if isinstance(value, str) else str(value) for value in condition.values], "or")


def _time(time: TimeRange) -> str:
    if time.start and time.end:
        return f"with {_column(time.column)} from {time.start} to before {time.end}"
    return f"with {_column(time.column)} {'from ' + str(time.start) if time.start else 'before ' + str(time.end)}"


def _order(order: tuple[Order, ...], limit: int | None) -> str:
    keys = _join([_sort_key(key) for key in order])
    if limit is None:
        return f"sorted by {keys}"
    return f"the first {limit} by {keys}" if limit > 1 else f"only the first by {keys}"


def _sort_key(order: Order) -> str:
    by = say_measure(order.by) if isinstance(order.by, Measure) else _dimension(order.by)
    return f"{by}, {'largest' if order.descending else 'smallest'} first"


def _tables(step: Step) -> set[TableId | None]:
    """Return the tables that the rest of the sentence names."""
    measures = (*step.measures, *(f.subject for f in step.filters if isinstance(f.subject, Measure)))
    segments = (table for condition in step.segments for table in condition.segment.tables)
    return {*(ref.table for ref in read_columns(step)), *(measured_table(measure) for measure in measures), *segments}


def _name(table: TableId) -> str:
    return plain_name(table.name)


def _column(ref: ColumnRef) -> str:
    return f"{plain_name(ref.column)} ({plain_name(ref.table.name)})"


def _join(parts: list[str], word: str = "and") -> str:
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)
