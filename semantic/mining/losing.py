"""Joins to parents that a figure does not name, and whether they drop rows of the table it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from semantic.mining.frames import Rows
from semantic.mining.grain import joined
from semantic.mining.keys import Keys
from semantic.types import Column, ColumnProfile, Table, TableId


@dataclass(frozen=True, slots=True)
class Loss:
    """A use of a table whose join may drop rows; `certain` where rows without a partner were met."""

    place: int
    certain: bool


def losses(rows: Rows, met: Collection[int], tables: Mapping[TableId, Table], keys: Keys) -> Iterator[Loss]:
    """Yield the inner joins to tables outside `met` that are not proven to keep every row.

    A table in several roles is left out: which of them is meant cannot be told by its name.
    """
    roles = [*rows.places.values()]
    for (left, right), (left_columns, right_columns) in joined(rows).items():
        if left not in rows.places or right not in rows.places or {left, right} & rows.optional:
            continue
        ends = [(left, left_columns), (right, right_columns)]
        forward = keys.parent_is_right(rows.places[left], tuple(left_columns), rows.places[right], tuple(right_columns))
        child, parent = ends if forward in {True, None} else reversed(ends)
        if parent[0] in met or roles.count(rows.places[parent[0]]) > 1:
            continue
        pairs = list(_columns(tables[rows.places[child[0]]], child[1], tables[rows.places[parent[0]]], parent[1]))
        empty = any(c.profile is not None and c.profile.nulls > 0 for c, _ in pairs)
        if empty or not keys.unique(rows.places[parent[0]], parent[1]) or not all(_covered(*p) for p in pairs):
            yield Loss(parent[0], empty)


def _columns(child: Table, names: list[str], parent: Table, keys: list[str]) -> Iterator[tuple[Column, Column]]:
    for name, key in zip(names, keys, strict=True):
        one, other = child.column(name), parent.column(key)
        if one is not None and other is not None:
            yield one, other


def _covered(child: Column, parent: Column) -> bool:
    """Tell whether profiles leave no room for values without a partner: none empty, none outside the parent's."""
    below, above = child.profile, parent.profile
    if below is None or above is None or (child.nullable and not below.exact):
        return False
    if below.exact and above.exact and below.distinct > above.distinct:
        return False
    return below.nulls == 0 and (below.rows == 0 or _within(below, above, child.family))


def _within(below: ColumnProfile, above: ColumnProfile, family: str) -> bool:
    ends = [end for end in (above.minimum, below.minimum, below.maximum, above.maximum) if end is not None]
    if len(ends) < 4:
        return False
    if family != "number":
        return ends[0] <= ends[1] and ends[2] <= ends[3]
    try:
        least, low, high, most = map(Decimal, ends)
    except InvalidOperation:
        return False
    return least <= low and high <= most
