"""Join trees: the cheapest way to connect the tables a step needs, and whether a join multiplies rows."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from semantic.types import Relationship, TableId

Node = tuple[TableId, str]
"""A table in one role; the role is the child column that reaches it, empty for the only or usual one."""

_LONGEST = 5
_BEHIND_NAMED = 0.9
_SHARED_PARENT = 0.5


@dataclass(frozen=True, slots=True)
class Edge:
    """A join from a table already in the tree to a new one."""

    near: Node
    far: Node
    relationship: Relationship
    to_parent: bool

    @property
    def multiplies(self) -> bool:
        """True where one row of the near side can meet several of the far side."""
        if self.relationship.cardinality == "one-to-one":
            return False
        return not self.to_parent or self.relationship.cardinality == "many-to-many"

    def reversed(self) -> Edge:
        """Return the same join seen from the other side."""
        return Edge(self.far, self.near, self.relationship, to_parent=not self.to_parent)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the joined columns as (near, far) pairs."""
        child, parent = self.relationship.child_columns, self.relationship.parent_columns
        return tuple(zip(child, parent, strict=True) if self.to_parent else zip(parent, child, strict=True))


def find_path(
    starts: Sequence[Node],
    target: Node,
    relationships: Sequence[Relationship],
    *,
    named: Collection[TableId] = frozenset(),
) -> tuple[Edge, ...] | None:
    """Return the chain of joins from any of `starts` to `target`, nearest first, that is cheapest.

    The chain is empty where the target is a start, and None where no joins lead to it.

    Args:
        starts: Where it may begin.
        target: Where it ends.
        relationships: Joins that may be used.
        named: Tables that are read anyway. A chain through them is what a question about them means, unless it would
            repeat rows that another chain keeps single.
    """
    usual = _cheapest(starts, target, relationships, frozenset())
    between = frozenset(named) - {target[0]}
    if not usual or not between:
        return usual
    through = _cheapest(starts, target, relationships, between) or usual
    worse = any(edge.multiplies for edge in through) and not any(edge.multiplies for edge in usual)
    return usual if worse else through


def _cheapest(
    starts: Sequence[Node], target: Node, relationships: Sequence[Relationship], named: frozenset[TableId]
) -> tuple[Edge, ...] | None:
    if target in starts:
        return ()
    queue: list[tuple[float, int, Node, tuple[Edge, ...]]] = [(0.0, i, node, ()) for i, node in enumerate(starts)]
    heapq.heapify(queue)
    begun = {start[0] for start in starts if start[0] != target[0]}
    seen: set[Node] = set()
    count = len(queue)
    while queue:
        cost, _, node, path = heapq.heappop(queue)
        if node == target:
            return path
        if node in seen or len(path) >= _LONGEST:
            continue
        seen.add(node)
        for edge in _edges(node, target, relationships):
            if edge.far not in seen and edge.far[0] not in begun:
                count += 1
                heapq.heappush(queue, (cost + _cost(edge, path, named), count, edge.far, (*path, edge)))
    return None


def _edges(node: Node, target: Node, relationships: Sequence[Relationship]) -> list[Edge]:
    edges = []
    for relationship in relationships:
        if relationship.child == node[0]:
            role = _role(relationship.parent, target, relationship)
            if role is not None:
                edges.append(Edge(node, (relationship.parent, role), relationship, to_parent=True))
        if relationship.parent == node[0]:
            role = _role(relationship.child, target, relationship)
            if role is not None:
                edges.append(Edge(node, (relationship.child, role), relationship, to_parent=False))
    return edges


def _role(table: TableId, target: Node, relationship: Relationship) -> str | None:
    """Return the role in which an edge enters `table`; None where the wanted role is entered by another column."""
    if table != target[0] or not target[1]:
        return ""
    return target[1] if target[1] in relationship.child_columns else None


def _cost(edge: Edge, before: tuple[Edge, ...], named: frozenset[TableId]) -> float:
    if edge.far[0] in named:
        return 0.0  # it is joined anyway
    # A measured join is trusted a little less than a declared one; going to many rows is the rarer wish.
    cost = 1.0 + 0.6 * (1.0 - edge.relationship.confidence) + 0.05 * edge.multiplies
    if not before or before[-1].far[0] not in named:
        return cost
    if edge.to_parent:
        return cost * _BEHIND_NAMED
    # Rows that only share a parent, such as a place, belong together less than those that a row between connects.
    return cost + _SHARED_PARENT * before[-1].to_parent
