"""Traps: steps that would run and yet not mean what was asked; each is refused with what is unclear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from genie_ext.embedded.join_tree import find_path
from genie_ext.embedded.steps import base_table, compared_metrics, conditions, inner_steps, measured_table, named_tables
from genie_ext.types import ColumnRef, Filter, Measure, Step
from semantic.types import Relationship, TableId


def find_traps(step: Step, relationships: Sequence[Relationship]) -> tuple[str, ...]:
    """Return what is unclear about a step, in words for the user; empty where its SQL means what it says."""
    base = base_table(step)
    found = (
        *_narrowed_counts(step),
        *_one_chain(step, base, relationships),
        *_ranked_without_none(step),
        *_two_keys(step, base, relationships),
        *_compared_beside_counts(step),
        *_two_keys_of_segments(step, base, relationships),
        *(trap for other in inner_steps(step) for trap in find_traps(other, relationships)),
    )
    return tuple(dict.fromkeys(found))


def _narrowed_counts(step: Step) -> Iterator[str]:
    """Find a count of related rows beside another condition on the same rows: "at least 2 shipped orders"."""
    conditions = {f.subject.table for f in step.filters if isinstance(f.subject, ColumnRef)}
    narrowed = conditions | ({step.time.column.table} if step.time else set())
    for condition in step.filters:
        table = _counted(condition)
        if table is not None and table in narrowed and not step.measures:
            yield f"whether only those {table.name} count that meet the other conditions"


def _one_chain(step: Step, base: TableId, relationships: Sequence[Relationship]) -> Iterator[str]:
    """Find conditions on two tables of one chain of joins, which may be meant of the same row or of different ones."""
    tables = {f.subject.table for f in step.filters if isinstance(f.subject, ColumnRef)} - {base}
    for far in sorted(tables):
        path = find_path(((base, ""),), (far, ""), relationships, named=named_tables(step)) or ()
        between = {edge.far[0] for edge in path[:-1]} & tables
        if between and any(edge.multiplies for edge in path):
            yield f"whether the conditions on {min(between).name} and {far.name} must hold for the same row"


def _ranked_without_none(step: Step) -> Iterator[str]:
    """Find a ranking by the fewest related rows, from which a join leaves out those that have none at all."""
    shown = {dimension.column.table for dimension in step.dimensions}
    for order in step.order:
        table = measured_table(order.by) if isinstance(order.by, Measure) else None
        if table is not None and step.limit and not order.descending and table not in shown:
            yield f"whether those without any {table.name} are meant as well"


def _two_keys(step: Step, base: TableId, relationships: Sequence[Relationship]) -> Iterator[str]:
    """Find a condition on rows that point at the listed ones by several keys: flights that leave or arrive."""
    for condition in conditions(step):
        table = _counted(condition) or (condition.subject.table if isinstance(condition.subject, ColumnRef) else None)
        keys = {j.child_columns for j in relationships if (j.child, j.parent) == (table, base) and table != base}
        if len(keys) > 1:
            yield f"which of {', '.join(sorted(key[0] for key in keys))} is meant"


def _compared_beside_counts(step: Step) -> Iterator[str]:
    """Find a governed figure that is compared beside a plain one that is split: of each row, or of each group?"""
    if step.dimensions and any(measure.metric is None for measure in step.measures):
        for measure in compared_metrics(step):
            yield f"whether {measure.label.replace('_', ' ')} is compared for each row or for each group"


def _two_keys_of_segments(step: Step, base: TableId, relationships: Sequence[Relationship]) -> Iterator[str]:
    """Find a named condition on a table that several keys reach: orders shipped or billed to "our region"."""
    for condition in step.segments:
        for table in set(condition.segment.tables) - {base}:
            ends = ((base, table), (table, base))
            keys = {join.child_columns for join in relationships if (join.child, join.parent) in ends}
            if len(keys) > 1:
                ways = ", ".join(sorted(key[0] for key in keys))
                yield f"which of {ways} is meant by “{condition.phrase}”"


def _counted(condition: Filter) -> TableId | None:
    subject = condition.subject
    return measured_table(subject) if isinstance(subject, Measure) and subject.metric is None else None
