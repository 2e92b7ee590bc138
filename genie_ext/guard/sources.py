"""What stands in a FROM clause, and how names are looked up in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from semantic.types import TableId

Columns = tuple[str, ...] | None
"""Output names in order; None where they are not known, "" for one that has no name of its own."""

Ctes = Mapping[str, Columns]
"""Columns of the WITH parts in sight, by lower-case name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One item of a FROM clause.

    Attributes:
        name: Name by which its columns are qualified, lower case.
        columns: Its columns as written, None where they are not known.
        table: The table behind it, None for subqueries and the like.
        hidden: Columns that policy hides, lower case.
        starred: False where `*` leaves it out, as after SEMI and ANTI joins.
        merged: Columns that `*` shows once, from the left side of a USING join, lower case.
    """

    name: str
    columns: Columns
    table: TableId | None = None
    hidden: frozenset[str] = frozenset()
    starred: bool = True
    merged: frozenset[str] = frozenset()

    def has(self, column: str) -> bool:
        """Say whether a column, in lower case, is or may be among its own."""
        if self.columns is None or "" in self.columns:
            return True
        return column in {name.lower() for name in self.columns} or (self.table is not None and column == "rowid")

    def qualified(self, parts: tuple[str, ...]) -> bool:
        """Say whether lower-case name parts mean this source."""
        if parts == (self.name,):
            return True
        if self.table is None or parts[-1] != self.name:
            return False
        catalog, schema, name = (part.lower() for part in (self.table.catalog, self.table.schema, self.table.name))
        return parts in {(schema, name), (catalog, name), (catalog, schema, name)}


@dataclass(slots=True, kw_only=True)
class Scope:
    """All names an expression can see, innermost first.

    Attributes:
        sources: Items of the FROM clause.
        names: Aliases and lambda parameters, lower case.
        outer: The scope around it, None for the outermost.
        ctes: WITH parts in sight.
    """

    sources: list[Source] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    outer: Scope | None = None
    ctes: Ctes = field(default_factory=dict)

    def levels(self) -> Iterator[Scope]:
        """Yield this scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def owner(self, parts: tuple[str, ...]) -> Source | None:
        """Return the innermost source that qualifying name parts mean."""
        every = (source for level in self.levels() for source in level.sources)
        return next((source for source in every if source.qualified(parts)), None)

    def sees(self, name: str) -> bool:
        """Say whether a bare lower-case name is a column, an alias, a parameter or a source."""
        return any(
            name in level.names or any(source.has(name) or source.name == name for source in level.sources)
            for level in self.levels()
        )


def renamed(columns: Columns, alias: exp.Expr | None) -> Columns:
    """Return columns under the names of an alias column list."""
    names = tuple(column.name for column in alias.args.get("columns") or ()) if alias else ()
    if not names:
        return columns
    return names if columns is None else (*names, *columns[len(names) :])


def aliased(source: Source, node: exp.Expr) -> Source:
    """Return a source under the column names its FROM item gives."""
    alias = node.args.get("alias")
    if not alias or not alias.args.get("columns"):
        return source
    return Source(name=source.name, columns=renamed(source.columns, alias))


def joined(source: Source, *, starred: bool, merged: frozenset[str]) -> Source:
    """Return a source as a join adds it."""
    return Source(
        name=source.name,
        columns=source.columns,
        table=source.table,
        hidden=source.hidden,
        starred=source.starred and starred,
        merged=source.merged | merged,
    )


def common(left: list[Source], right: list[Source]) -> frozenset[str]:
    """Return the column names, lower case, that both sides of a NATURAL join have."""
    names = [{name.lower() for source in side for name in source.columns or ()} for side in (left, right)]
    return frozenset(names[0] & names[1])


def joins_of(node: exp.Expr) -> list[exp.Expr]:
    """Return joins and laterals of a node in the order they stand."""
    return [*(node.args.get("joins") or ()), *(node.args.get("laterals") or ())]


def parameters(node: exp.Expr) -> set[str]:
    """Return the names that a lambda or a list comprehension binds, lower case."""
    if isinstance(node, exp.Lambda):
        return {parameter.name.lower() for parameter in node.expressions}
    if isinstance(node, exp.Comprehension):
        bound = [node.args.get("expression"), node.args.get("position")]
        return {name.name.lower() for item in bound if item for name in _identifiers(item)}
    return set()


def _identifiers(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the identifiers at or below a node."""
    yield from node.find_all(exp.Identifier)
