"""Existences: conditions on related rows that are not joined, as EXISTS.

What is said of one row of a table, and of the rows that lead to it, is asked of the same row; each role of a table
reached by several keys is a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from genie_ext.embedded.join_tree import Edge, Node
from genie_ext.embedded.scope import Scope
from genie_ext.types import ColumnRef, Filter, Operator

DENIED: dict[Operator, Operator] = {"!=": "=", "not in": "in", "not like": "like"}


@dataclass(slots=True, kw_only=True)
class Related:
    """Related rows of which one must exist.

    Attributes:
        paths: The joins to each of their tables, the longest first.
        conditions: What holds for that row.
        nodes: The tables it is about, each in its role.
    """

    paths: list[tuple[Edge, ...]]
    nodes: list[Node]
    conditions: list[Filter] = field(default_factory=list)


def split_denied(conditions: list[Filter]) -> tuple[list[Filter], list[Filter]]:
    """Return the conditions that a related row must meet, and those that none may, turned round."""
    denied = [f for f in conditions if f.operator in DENIED and not f.alternatives]
    return [f for f in conditions if f not in denied], [replace(f, operator=DENIED[f.operator]) for f in denied]


def gather(scope: Scope, asked: dict[Node, list[Filter]]) -> list[Related]:
    """Return the related rows that must exist, those of one chain of joins and of two roles together."""
    reached = sorted(((scope.path(node), node) for node in asked), key=lambda item: -len(item[0]))
    found: list[Related] = []
    for path, node in reached:
        group = next((group for group in found if _belongs(path, node, group)), None)
        if group is None:
            group = Related(paths=[], nodes=[])
            found.append(group)
        group.paths.append(path)
        group.nodes.append(node)
        group.conditions.extend(asked[node])
    return found


def inside(scope: Scope, group: Related) -> tuple[Scope, list[str]]:
    """Return the scope of a subquery over related rows, and the conditions that tie it to the rows read."""
    edges = dict.fromkeys(edge for path in group.paths for edge in path)
    return scope.inner(tuple(edges))


def role_of(condition: Filter) -> Node:
    """Return the table that a condition on a column is about, in its role."""
    if not isinstance(condition.subject, ColumnRef):
        raise TypeError(condition.subject)
    return condition.subject.table, condition.subject.via


def _belongs(path: tuple[Edge, ...], node: Node, group: Related) -> bool:
    """Tell whether a table lies on the way of a group, or is another role of its table behind the same row."""
    longest = group.paths[0]
    if longest[: len(path)] == path:
        return True
    shared = tuple(_shared(path, longest))
    roles = {other for other in group.nodes if other[0] == node[0]}
    taken = {edge.far for edges in group.paths for edge in edges}
    apart = {edge.far for edge in path[len(shared) :]}
    return bool(roles) and any(edge.multiplies for edge in shared) and not apart & taken


def _shared(path: tuple[Edge, ...], other: tuple[Edge, ...]) -> Iterator[Edge]:
    for edge, known in zip(path, other, strict=False):
        if edge != known:
            return
        yield edge
