"""What a FROM clause yields: which tables, joined how, under which conditions, and what its columns are made of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sqlglot import exp

from semantic.mining.tidy import with_full_names
from semantic.mining.trees import PLACE, bare, base_column, columns, own_nodes, place_of
from semantic.types import Table, TableId

_Node = TypeVar("_Node", bound=exp.Expr)
_places = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns that a join sets equal; columns of one join share its number."""

    left: exp.Column
    right: exp.Column
    join: int


@dataclass(slots=True)
class Rows:
    """The rows that a SELECT works on, before it groups them.

    Attributes:
        sources: What each alias stands for.
        places: The uses of tables whose rows these are, by number.
        seen: The uses of tables in all sources, grouped ones included.
        optional: Uses that an outer join may leave empty.
        tainted: Uses whose join has conditions of its own, so that not all their rows come along.
        filters: Conditions on the rows, over base columns.
        pairs: Columns that joins set equal.
        written: The same as the query writes it, where one side is a column of a view that is read through.
        unsafe: Why the rows cannot be told as tables, joins and conditions; empty where they can.
        inner: The grouped query that the rows are read from, where they are read from one alone.
    """

    sources: dict[str, Frame] = field(default_factory=dict)
    places: dict[int, TableId] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    optional: set[int] = field(default_factory=set)
    tainted: set[int] = field(default_factory=set)
    filters: list[exp.Expr] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    written: list[tuple[exp.Column, exp.Column]] = field(default_factory=list)
    unsafe: str = ""
    inner: Frame | None = None

    def column(self, column: exp.Column) -> exp.Expr | None:
        """Return what a column is made of, over base columns; None where that cannot be told."""
        source = self.sources.get(column.table)
        return source.column(column.name) if source is not None else None

    def trace(self, node: exp.Expr) -> exp.Expr | None:
        """Return an expression over base columns; None where one of its columns cannot be traced."""
        if isinstance(node, exp.Column):
            return self.column(node)
        if any(isinstance(n, exp.Query) and self._leans_out(n) for n in own_nodes(node)):
            return None
        tree = exp.Paren(this=node.copy())
        for column in columns(tree):
            made = self.column(column)
            if made is None:
                return None
            column.replace(made.copy() if isinstance(made, exp.Column) else exp.Paren(this=made.copy()))
        return bare(with_full_names(tree))

    def _leans_out(self, query: exp.Expr) -> bool:
        """Tell whether a nested query names columns of these rows."""
        inside = {t.alias_or_name for t in query.find_all(exp.Table, exp.Subquery, exp.CTE)}
        return any(c.table in self.sources and c.table not in inside for c in query.find_all(exp.Column))


@dataclass(slots=True)
class Frame:
    """A table, view or nested query as a source of columns.

    Attributes:
        made: Output columns by lower-case name with what they are made of; None where that cannot be told.
        rows: The rows it is made from; None for tables of the catalog.
        table: The table of the catalog that it is, None for nested queries.
        view: The view that it is read through, None where it is none.
        place: Number of this use of the table.
        keys: Output columns it is grouped by, empty for one row in all; None where it is not grouped.
        unsafe: Why its rows are not simply rows of tables; empty where they are.
    """

    made: dict[str, exp.Expr | None]
    rows: Rows | None = None
    table: Table | None = None
    place: int = 0
    keys: tuple[str, ...] | None = None
    unsafe: str = ""
    view: Table | None = None

    def column(self, name: str) -> exp.Expr | None:
        """Return what an output column is made of, None where that cannot be told."""
        wanted = name.lower()
        if wanted not in self.made and self.table is not None:
            found = self.table.column(wanted)
            self.made[wanted] = base_column(self.table.id, found.name, self.place) if found else None
        return self.made.get(wanted)

    @property
    def places(self) -> set[int]:
        """The uses of tables that it is made from."""
        return {self.place} if self.table is not None else set(self.rows.places if self.rows else ())

    def fresh(self, taken: set[int]) -> Frame:
        """Return the frame, its uses of tables numbered anew where some of them are taken."""
        if not taken & self.places:
            return self
        if self.table is not None or self.rows is None:
            return table_frame(self.table) if self.table is not None else self
        numbers = {place: next(_places) for place in self.rows.places}
        made = {name: _moved(node, numbers) if node is not None else None for name, node in self.made.items()}
        return replace(self, made=made, rows=_renumbered(self.rows, numbers))


def table_frame(table: Table) -> Frame:
    """Return a frame for one use of a table of the catalog."""
    return Frame(made={}, table=table, place=next(_places))


def _renumbered(rows: Rows, numbers: dict[int, int]) -> Rows:
    pairs = [Pair(_moved(p.left, numbers), _moved(p.right, numbers), p.join) for p in rows.pairs]
    return Rows(
        places={numbers[place]: table for place, table in rows.places.items()},
        optional={numbers[p] for p in rows.optional},
        tainted={numbers[p] for p in rows.tainted},
        filters=[_moved(f, numbers) for f in rows.filters],
        pairs=pairs,
        unsafe=rows.unsafe,
        inner=rows.inner,
    )


def _moved(node: _Node, numbers: dict[int, int]) -> _Node:
    tree = node.copy()
    for column in columns(tree):
        place = place_of(column)
        column.meta[PLACE] = numbers.get(place, place)
    return tree
