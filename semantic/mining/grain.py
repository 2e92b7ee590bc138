"""Whose rows a join yields: the table that points at all others and is pointed at by none."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from semantic.mining.frames import Rows
from semantic.mining.keys import Keys
from semantic.mining.trees import place_of
from semantic.types import TableId

Ends = tuple[int, int]


def grain(rows: Rows, keys: Keys) -> int | None:
    """Return the use of a table whose rows the joined rows are; None where it cannot be told."""
    if len(rows.places) == 1:
        return next(iter(rows.places))
    parents = {parent for _, parent in _edges(rows, keys)}
    roots = [place for place in rows.places if place not in parents]
    return roots[0] if len(roots) == 1 else None


def _edges(rows: Rows, keys: Keys) -> list[Ends]:
    """Return the joins as (child, parent)."""
    found: list[Ends] = []
    for (left, right), (left_columns, right_columns) in joined(rows).items():
        if left not in rows.places or right not in rows.places:
            continue
        tables: tuple[TableId, TableId] = (rows.places[left], rows.places[right])
        right_is_parent = keys.parent_is_right(tables[0], tuple(left_columns), tables[1], tuple(right_columns))
        # Queries name the table they are about first.
        found.append((left, right) if right_is_parent in {True, None} else (right, left))
    return found


def joined(rows: Rows) -> dict[Ends, tuple[list[str], list[str]]]:
    """Return the columns that joins set equal, by the two uses of tables, the one named first in front."""
    order = {place: number for number, place in enumerate(rows.places)}
    found: dict[Ends, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for pair in rows.pairs:
        left, right = pair.left, pair.right
        if order.get(place_of(left), 0) > order.get(place_of(right), 0):
            left, right = right, left
        names = found[place_of(left), place_of(right)]
        names[0].append(left.name)
        names[1].append(right.name)
    return found


def between(rows: Rows, start: int, ends: Iterable[int]) -> list[int]:
    """Return the uses of tables on the shortest ways from one to others, both ends left out."""
    linked: dict[int, list[int]] = defaultdict(list)
    for left, right in joined(rows):
        linked[left].append(right)
        linked[right].append(left)
    before, queue = {start: start}, deque([start])
    while queue:
        place = queue.popleft()
        for other in linked[place]:
            if other not in before:
                before[other] = place
                queue.append(other)
    found: dict[int, None] = {}
    for end in ends:
        place = before.get(end, start)
        while place != start:
            found[place] = None
            place = before[place]
    return [place for place in found if place in rows.places]


def roles(rows: Rows, met: Iterable[int]) -> str:
    """Return by which columns the uses of tables are joined that play several roles, empty where none does."""
    several = {p for p in met if [*rows.places.values()].count(rows.places[p]) > 1}
    told: list[str] = []
    for ends, names in joined(rows).items():
        if several & set(ends) and set(ends) <= set(rows.places):
            one, other = (rows.places[end].name for end in ends)
            told.append(" and ".join(f"{one}.{a} = {other}.{b}" for a, b in zip(*names, strict=True)))
    return f"Joined by {', '.join(told)}." if told else ""


def connected(rows: Rows) -> bool:
    """Tell whether equal columns join all tables of the rows."""
    if not rows.places:
        return True
    linked: dict[int, set[int]] = {place: set() for place in rows.places}
    for pair in rows.pairs:
        one, other = place_of(pair.left), place_of(pair.right)
        if one in linked and other in linked:
            linked[one].add(other)
            linked[other].add(one)
    seen, stack = set[int](), [next(iter(linked))]
    while stack:
        place = stack.pop()
        if place not in seen:
            seen.add(place)
            stack += linked[place]
    return seen == set(linked)
