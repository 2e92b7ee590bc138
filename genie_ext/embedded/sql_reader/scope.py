"""The tables of a query: what its aliases mean, how they join, and which column stands where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genie_ext.types import ColumnRef
from semantic.types import Relationship, Table, TableId

if TYPE_CHECKING:
    from sqlglot import exp

Place = tuple[str, str]
"""An alias and a column of its table."""


UNKNOWN_JOIN = "a join that the lake does not know"


class NotSaidError(Exception):
    """A query that no step can say; the text is the reason, the same for all queries of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lake:
    """The tables that a query may read, how they are written and how they join."""

    tables: Mapping[str, Table]
    relationships: Sequence[Relationship]


@dataclass(slots=True, kw_only=True)
class QueryScope:
    """The FROM of one SELECT.

    Attributes:
        tables: Table of each alias, in the order of FROM.
        links: Equal columns of two aliases.
        roles: Child column by which an alias is reached, where several would do.
        read: Aliases of which a column is read.
    """

    tables: dict[str, Table]
    relationships: Sequence[Relationship]
    links: list[tuple[Place, Place]] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def place(self, column: exp.Column) -> Place:
        """Return where a column of the query stands.

        Raises:
            NotSaidError: It belongs to an outer query, or to none.
        """
        said = column.table.lower()
        for alias, table in self.tables.items():
            found = table.column(column.name) if said in ("", alias) else None
            if found is not None:
                return alias, found.name
        raise NotSaidError("a column of an outer query")

    def ref(self, column: exp.Column) -> ColumnRef:
        """Return a column as steps name it, and note that its table is read."""
        alias, name = self.place(column)
        self.read.add(alias)
        return ColumnRef(self.tables[alias].id, name, self.roles.get(alias, ""))

    def same(self, place: Place) -> set[Place]:
        """Return the places that the joins make equal to one, itself included."""
        found, waiting = {place}, [place]
        while waiting:
            here = waiting.pop()
            onward = {b if a == here else a for a, b in self.links if here in (a, b)} - found
            found |= onward
            waiting.extend(onward)
        return found

    def joins(self) -> Iterator[tuple[str, str, Relationship]]:
        """Yield the relationships that the query joins by, as (alias of the child, alias of the parent, join)."""
        for child, own in self.tables.items():
            for parent, other in self.tables.items():
                for join in self.relationships if child != parent else ():
                    if (join.child, join.parent) == (own.id, other.id) and self._follows(child, parent, join):
                        yield child, parent, join

    def child_most(self) -> str:
        """Return the alias whose rows the join yields: the one that no other points at.

        Raises:
            NotSaidError: There are several.
        """
        parents = {parent for _, parent, join in self.joins() if join.cardinality != "one-to-one"}
        free = [alias for alias in self.tables if alias not in parents]
        if not free:
            raise NotSaidError("a count over joins in a circle")
        return free[0]

    def set_roles(self, base: str) -> None:
        """Find by which column each table is reached from the base, where several would lead there.

        Raises:
            NotSaidError: Tables are not joined by known keys, or one is read twice in the same role.
        """
        joins, reached, waiting = list(self.joins()), {base}, [base]
        while waiting:
            near = waiting.pop(0)
            for child, parent, join in joins:
                far = parent if child == near else child if parent == near else near
                if far in reached:
                    continue
                reached.add(far)
                waiting.append(far)
                if self._is_ambiguous(join) or self._is_twice(far):
                    self.roles[far] = join.child_columns[0]
        if set(self.tables) - reached:
            raise NotSaidError(UNKNOWN_JOIN)
        nodes = [(table.id, self.roles.get(alias, "")) for alias, table in self.tables.items()]
        if len(set(nodes)) < len(nodes) or self._is_twice(base):
            raise NotSaidError("a table joined to itself")

    def _follows(self, child: str, parent: str, join: Relationship) -> bool:
        pairs = zip(join.child_columns, join.parent_columns, strict=True)
        return all((parent, to) in self.same((child, column)) for column, to in pairs)

    def _is_ambiguous(self, join: Relationship) -> bool:
        ends = {join.child, join.parent}
        return len({j.child_columns for j in self.relationships if {j.child, j.parent} == ends}) > 1

    def _is_twice(self, alias: str) -> bool:
        return sum(table.id == self.tables[alias].id for table in self.tables.values()) > 1


def find_table(lake: Lake, node: exp.Expr) -> Table:
    """Return the table that a part of FROM names.

    Raises:
        NotSaidError: It is a subquery, or unknown.
    """
    from sqlglot import exp

    found = lake.tables.get(node.name.lower()) if isinstance(node, exp.Table) else None
    if found is None:
        raise NotSaidError("a subquery in FROM" if isinstance(node, exp.Subquery) else "a table that is not known")
    return found


def table_forms(tables: Sequence[Table], names: Mapping[TableId, str]) -> dict[str, Table]:
    """Return every table under its own name and under the one it is written by, lower case."""
    return {form: table for table in tables for form in (names[table.id].lower(), table.id.name.lower())}


def add_links(scope: QueryScope, conditions: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Take the equalities between two tables as joins, and return the other conditions."""
    from sqlglot import exp

    rest = []
    for condition in conditions:
        sides = (bare(condition.left), bare(condition.right)) if isinstance(condition, exp.EQ) else ()
        columns = [side for side in sides if isinstance(side, exp.Column)]
        places = [scope.place(column) for column in columns]
        if len(places) == 2 and places[0][0] != places[1][0]:
            scope.links.append((places[0], places[1]))
        elif not (isinstance(condition, exp.Boolean) and condition.this):
            rest.append(condition)
    return rest


def bare(node: exp.Expr) -> exp.Expr:
    """Return an expression without the casts, brackets and replaced nulls that a change of dialect put around it."""
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.TryCast | exp.Cast | exp.Coalesce | exp.IgnoreNulls | exp.AnyValue):
        if isinstance(node, exp.Cast | exp.TryCast) and not isinstance(node.this, exp.Column):
            return node
        node = node.this
    return node


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """Return the conditions that an AND joins."""
    from sqlglot import exp

    if node is None:
        return []
    node = node.unnest()
    return (
        [part for side in (node.left, node.right) for part in conjuncts(side)] if isinstance(node, exp.And) else [node]
    )
