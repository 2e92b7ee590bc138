"""Follow-up questions: a short question changes the plan before it instead of starting anew."""

from __future__ import annotations

import re
from dataclasses import replace

from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Plan, Step

_OPENING = re.compile(
    r"^\s*(?:and|only|now|just|also|what about|how about|same|instead|but|then|of those|of these|among (?:them|those)"
    r"|those|them|break (?:it|that|them|this) down|split (?:it|that|them)|sort|order|group"
    r"|show (?:it|that|them|this)|by|per|for|in|without|exclude|excluding)\b",
    re.IGNORECASE,
)
_REFERRING = re.compile(r"\b(?:it|them|those|these|that|the same|instead)\b", re.IGNORECASE)

_THEM = re.compile(r"\s*(?:of )?(?:them|those|these|it)\b", re.IGNORECASE)


def is_follow_up(text: str) -> bool:
    """Tell whether a question leans on the one before: it opens with a connective, or is short and refers back."""
    return bool(_OPENING.match(text)) or (len(text.split()) <= 8 and bool(_REFERRING.search(text)))


def refers_back(text: str) -> bool:
    """Tell whether the words behind "how many" mean what was asked about before: "of them", "those"."""
    return _THEM.match(text) is not None


def merge(previous: Plan, step: Step | None, *, counted: bool = False) -> Step | None:
    """Return the previous step changed by what the new question says; None where nothing new was understood.

    New filters replace old ones on the same column; a new period, new groups and new figures replace the old ones. What
    the new question does not mention stays.
    """
    old = previous.steps[-1]
    new = (
        (step.filters, step.segments, step.time, step.dimensions, step.measures, step.order, step.limit) if step else ()
    )
    # Words that narrow rows combined from two queries do not say which of the two they narrow.
    if step is None or not any(new) or old.combined is not None or step.combined is not None:
        return None
    measures = _figures(old, step, counted=counted)
    dimensions = _merge_dimensions(old, step)
    order = step.order or tuple(o for o in old.order if _still_there(o, measures, dimensions))
    if measures and dimensions and not order:
        order = (Order(by=measures[0], descending=True),) if dimensions[0].grain is None else (Order(by=dimensions[0]),)
    return Step(
        sources=tuple(dict.fromkeys((*old.sources, *step.sources))),
        dimensions=dimensions,
        measures=measures,
        filters=_merge_filters(old.filters, step.filters),
        time=step.time or old.time,
        order=order,
        limit=step.limit or (old.limit if not step.dimensions else None),
        distinct=old.distinct or step.distinct,
        keys=step.keys if step.dimensions else old.keys,
        segments=tuple(dict.fromkeys((*old.segments, *step.segments))),
    )


def keep_date(old: Step, step: Step) -> Step:
    """Return the new step with its period on the date column that the old one used, where that had one."""
    if step.time is None or old.time is None:
        return step
    return replace(step, time=replace(step.time, column=old.time.column))


def _figures(old: Step, step: Step, *, counted: bool) -> tuple[Measure, ...]:
    if counted and step.measures:
        return step.measures
    named = tuple(m for m in step.measures if m.column is not None or m.metric is not None)
    # A count that nobody asked for is what the composer adds to "by country"; the figures before it stay.
    return named or old.measures or step.measures


def _merge_dimensions(old: Step, step: Step) -> tuple[Dimension, ...]:
    if not old.measures:
        return tuple(dict.fromkeys((*old.dimensions, *step.dimensions)))
    return step.dimensions or old.dimensions


def _merge_filters(old: tuple[Filter, ...], new: tuple[Filter, ...]) -> tuple[Filter, ...]:
    replaced = {f.subject for f in new if isinstance(f.subject, ColumnRef)}
    return (*(f for f in old if f.subject not in replaced), *new)


def _still_there(order: Order, measures: tuple[Measure, ...], dimensions: tuple[Dimension, ...]) -> bool:
    return order.by in measures or order.by in dimensions or not (measures or dimensions)
