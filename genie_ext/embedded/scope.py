"""Scope: the tables of one SELECT, their aliases and joins, and how their columns are written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genie_ext.embedded.columns import ranks_as_number
from genie_ext.embedded.join_tree import Edge, Node, find_path
from genie_ext.embedded.metric_sql import write_condition, write_metric
from genie_ext.embedded.sql_text import quote, table_name
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Dimension, Measure
from semantic.facts import Metric
from semantic.types import Column, Relationship, Table, TableId

_ADDED = ("sum", "avg", "median")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What may be read: how each table is written, what it holds, how tables join and what holds by default."""

    names: Mapping[TableId, str]
    tables: Mapping[TableId, Table]
    relationships: Sequence[Relationship]
    defaults: Mapping[TableId, str] = field(default_factory=dict)


@dataclass(slots=True)
class Scope:
    """The FROM clause of one SELECT, grown join by join.

    Attributes:
        schema: What may be read.
        first: The table the joins start from.
        aliases: Name of every table that can be referred to, those of the outer query included.
        edges: Joins of this SELECT, in order.
        outer: Tables of which a row need not exist, so that no figure loses rows.
        narrowed: The metric whose conditions hold for all rows of this SELECT, None where there is none.
        named: Tables that the step itself names, which joins lead through rather than others.
    """

    schema: Schema
    first: Node
    aliases: dict[Node, str] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    outer: set[Node] = field(default_factory=set)
    narrowed: Metric | None = None
    named: frozenset[TableId] = frozenset()

    def __post_init__(self) -> None:
        """Give every table of this SELECT its alias."""
        for node in (self.first, *(edge.far for edge in self.edges)):
            if node not in self.aliases:
                self.aliases[node] = self._new_alias(node)

    # --- joins ---

    def holds(self, table: TableId) -> bool:
        """Tell whether a table can be referred to, in any role."""
        return any(known == table for known, _ in self.aliases)

    def path(self, node: Node) -> tuple[Edge, ...]:
        """Return the joins that lead to a table; a role that no key leads to counts as the usual one.

        Raises:
            CannotAnswerError: No join is known.
        """
        starts, joins = tuple(self.aliases), self.schema.relationships
        path = find_path(starts, node, joins, named=self.named)
        if path is None and node[1]:
            path = find_path(starts, (node[0], ""), joins, named=self.named)
        if path is None:
            names = self.schema.names
            raise CannotAnswerError(
                f"No join between {names[starts[0][0]]} and {names.get(node[0], node[0].name)} is known.",
                hint="Declare a foreign key, or ask about one of them.",
            )
        return path

    def add(self, node: Node, *, outer: bool = False) -> None:
        """Join a table, and those between, unless it is there; `outer` keeps the rows that have no partner."""
        if node in self.aliases or (not node[1] and self.holds(node[0])):
            return
        for edge in self.path(node):
            self.aliases[edge.far] = self._new_alias(edge.far)
            self.edges.append(edge)
            if outer and edge.to_parent and edge.far[0] not in self.schema.defaults:
                self.outer.add(edge.far)

    def inner(self, path: Sequence[Edge]) -> tuple[Scope, list[str]]:
        """Return the scope of a subquery over the tables of a path, and the conditions that tie it to this one."""
        inside = Scope(self.schema, path[0].far, dict(self.aliases), list(path[1:]), named=self.named)
        link = [f"{self.name(path[0].near, a)} = {inside.name(path[0].far, b)}" for a, b in path[0].pairs()]
        return inside, link

    def repeats(self, table: TableId) -> bool:
        """Tell whether the joins of this SELECT can repeat rows of a table."""
        reached, waiting = {table}, [table]
        edges = [*self.edges, *(edge.reversed() for edge in self.edges)]
        while waiting:
            near = waiting.pop()
            onward = [edge for edge in edges if edge.near[0] == near and edge.far[0] not in reached]
            if any(edge.multiplies for edge in onward):
                return True
            reached.update(edge.far[0] for edge in onward)
            waiting.extend(edge.far[0] for edge in onward)
        return False

    def from_clause(self) -> str:
        """Return FROM with all joins."""
        lines = [f"FROM {self._table(self.first)}"]
        for edge in self.edges:
            on = " AND ".join(f"{self.name(edge.near, a)} = {self.name(edge.far, b)}" for a, b in edge.pairs())
            lines.append(f"{'LEFT JOIN' if edge.far in self.outer else 'JOIN'} {self._table(edge.far)} ON {on}")
        return "\n".join(lines)

    # --- columns ---

    def name(self, node: Node, column: str) -> str:
        """Return a column of a table as SQL, with the table's alias."""
        return f"{quote(self.aliases[node])}.{quote(column)}"

    def column(self, ref: ColumnRef) -> str:
        """Return a column as SQL, with the table's alias where there are several tables."""
        if len(self.aliases) == 1:
            return quote(ref.column)
        node = (ref.table, ref.via)
        return self.name(node if node in self.aliases else self._any_role(ref.table), ref.column)

    def date(self, ref: ColumnRef) -> str:
        """Return a column as a date."""
        column = self._find(ref)
        name = self.column(ref)
        return name if column is not None and column.family == "date" else f"TRY_CAST({name} AS DATE)"

    def number(self, ref: ColumnRef) -> str:
        """Return a column as a number."""
        column = self._find(ref)
        name = self.column(ref)
        return f"TRY_CAST({name} AS DOUBLE)" if column is not None and column.family == "text" else name

    def ranked(self, ref: ColumnRef) -> str:
        """Return a column in the form that has its natural order: text that holds numbers as numbers."""
        column = self._find(ref)
        return self.number(ref) if column is not None and ranks_as_number(column) else self.column(ref)

    def dimension(self, dimension: Dimension) -> str:
        """Return what a dimension shows."""
        if dimension.grain is None:
            return self.column(dimension.column)
        date = self.date(dimension.column)
        return (
            f"year({date})" if dimension.grain == "year" else f"CAST(date_trunc('{dimension.grain}', {date}) AS DATE)"
        )

    def measure(self, measure: Measure) -> str:
        """Return a figure.

        Raises:
            CannotAnswerError: It is a metric whose definition cannot be compiled.
        """
        if measure.metric is not None:
            return write_metric(measure.metric, self.place, filtered=measure.metric != self.narrowed)
        if measure.column is None:
            return self._count(measure.table)
        if measure.aggregate in _ADDED:
            return f"{measure.aggregate}({self.number(measure.column)})"
        if measure.aggregate == "count_distinct":
            return f"count(DISTINCT {self.column(measure.column)})"
        return f"{measure.aggregate}({self.ranked(measure.column)})"

    def condition(self, text: str, *, node: Node | None = None) -> str:
        """Return a condition whose columns are written in full or, where they are not, belong to the table `node`.

        Raises:
            CannotAnswerError: It cannot be compiled.
        """

        def place(catalog: str, schema: str, table: str, column: str) -> tuple[str, str]:
            if node is None or (catalog and (catalog, schema, table) != _parts(node[0])):
                return self.place(catalog, schema, table, column)
            return self._placed(node, column)

        return write_condition(text, place)

    def place(self, catalog: str, schema: str, table: str, column: str) -> tuple[str, str]:
        """Return alias and name of a column that a definition writes in full; the alias is empty for a single table.

        Raises:
            CannotAnswerError: There is no such column in the tables of this SELECT.
        """
        said = tuple(part.lower() for part in (catalog, schema, table))
        node = next((n for n in self.aliases if tuple(p.lower() for p in _parts(n[0])) == said), None)
        if node is None:
            raise CannotAnswerError(f"The definition reads {table}.{column}, which is not part of the data.")
        return self._placed(node, column)

    def _placed(self, node: Node, column: str) -> tuple[str, str]:
        found = self.schema.tables[node[0]].column(column)
        if found is None:
            raise CannotAnswerError(f"The definition reads {node[0].name}.{column}, which does not exist.")
        return (self.aliases[node] if len(self.aliases) > 1 else ""), found.name

    def _count(self, table: TableId | None) -> str:
        """Return a count of rows; of different keys where a join repeats the rows."""
        key = self.schema.tables[table].primary_key if table else ()
        if table and len(key) == 1 and self.repeats(table):
            return f"count(DISTINCT {self.column(ColumnRef(table, key[0]))})"
        return "count(*)"

    def _any_role(self, table: TableId) -> Node:
        return next(node for node in self.aliases if node[0] == table)

    def _find(self, ref: ColumnRef) -> Column | None:
        return self.schema.tables[ref.table].column(ref.column)

    def _table(self, node: Node) -> str:
        written, alias = table_name(node[0], self.schema.names), quote(self.aliases[node])
        return written if written == alias else f"{written} AS {alias}"

    def _new_alias(self, node: Node) -> str:
        taken = {alias.lower() for alias in self.aliases.values()}
        name = f"{node[0].name}_{node[1]}" if node[1] and self.holds(node[0]) else node[0].name
        numbered = [f"{name}_{i}" for i in range(2, len(taken) + 3)]
        choices = numbered if self._is_column(name) else [name, *numbered]
        return next(choice for choice in choices if choice.lower() not in taken)

    def _is_column(self, name: str) -> bool:
        """Tell whether several tables of the step have a column of this name, for which a subquery would take it."""
        tables = (self.schema.tables[table] for table in self.named)
        return sum(table.column(name) is not None for table in tables) > 1


def _parts(table: TableId) -> tuple[str, str, str]:
    return table.catalog, table.schema, table.name
