"""Roles: which of several keys to one table a question means, such as "ship address" or "bill address"."""

from __future__ import annotations

from dataclasses import replace

from genie_ext.embedded.draft import Draft
from genie_ext.embedded.steps import base_table
from genie_ext.embedded.words import name_stems, plain_name, root
from genie_ext.types import ColumnRef, Dimension, Filter, Order, Step
from semantic.types import Relationship, TableId


def choose_roles(draft: Draft, step: Step) -> Step:
    """Return the step with every reference to a table that several keys reach tied to one of them.

    The key whose name shares most words with the question wins; where none does, the first is taken and the choice is
    written down as an assumption.
    """
    base = base_table(step)
    roles = {
        table: _choose(draft, table, keys) for table, keys in _ambiguous(draft, base).items() if _is_used(step, table)
    }
    if not roles:
        return step
    return replace(
        step,
        dimensions=tuple(_dimension(d, roles) for d in step.dimensions),
        filters=tuple(_filter(f, roles) for f in step.filters),
        order=tuple(
            Order(by=_dimension(o.by, roles), descending=o.descending) if isinstance(o.by, Dimension) else o
            for o in step.order
        ),
        keys=tuple(_ref(k, roles) for k in step.keys),
    )


def _ambiguous(draft: Draft, base: TableId) -> dict[TableId, list[Relationship]]:
    """Return the tables that several keys of the base table point at."""
    found: dict[TableId, list[Relationship]] = {}
    for join in draft.context.relationships:
        if join.child == base and join.parent != base and len(join.child_columns) == 1:
            found.setdefault(join.parent, []).append(join)
    return {table: joins for table, joins in found.items() if len({j.child_columns for j in joins}) > 1}


def _choose(draft: Draft, table: TableId, joins: list[Relationship]) -> str:
    said = {root(word.text) for word in draft.reading.words}
    common = set.intersection(*({root(s) for s in name_stems(j.child_columns[0])} for j in joins))
    scores = [
        (len(({root(s) for s in name_stems(j.child_columns[0])} - common) & said), -i, j) for i, j in enumerate(joins)
    ]
    best = max(scores, key=lambda score: score[:2])
    column = best[2].child_columns[0]
    if best[0] == 0:
        others = ", ".join(plain_name(j.child_columns[0]) for j in joins if j is not best[2])
        draft.assumptions.append(f"{plain_name(table.name)} is reached by {plain_name(column)}, not by {others}")
        draft.doubt(f"{plain_name(table.name)} can be reached in {len(joins)} ways", 0.8)
    return column


def _is_used(step: Step, table: TableId) -> bool:
    refs = [d.column.table for d in step.dimensions] + [
        f.subject.table for f in step.filters if isinstance(f.subject, ColumnRef)
    ]
    return table in refs or any(isinstance(o.by, Dimension) and o.by.column.table == table for o in step.order)


def _ref(ref: ColumnRef, roles: dict[TableId, str]) -> ColumnRef:
    return replace(ref, via=roles[ref.table]) if ref.table in roles else ref


def _dimension(dimension: Dimension, roles: dict[TableId, str]) -> Dimension:
    return replace(dimension, column=_ref(dimension.column, roles))


def _filter(condition: Filter, roles: dict[TableId, str]) -> Filter:
    others = tuple(_filter(other, roles) for other in condition.alternatives)
    return (
        replace(condition, subject=_ref(condition.subject, roles), alternatives=others)
        if isinstance(condition.subject, ColumnRef)
        else condition
    )
