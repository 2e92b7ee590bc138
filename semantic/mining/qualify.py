"""One statement in any dialect to a DuckDB tree whose tables and columns carry their full names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlglot
from rapidfuzz import fuzz, process
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from semantic.errors import SourceError
from semantic.mining.lookup import Lookup
from semantic.mining.raw import Relation
from semantic.mining.tidy import first_of_shared, tidy, unwrapped
from semantic.parsing import first_line, quiet
from semantic.types import Table, TableId

LONGEST = 200_000
"""Characters; longer statements load data and say nothing about it."""
_DEEPEST = 48
# Names less alike than this (100 is equal) are other names, not misspelt ones.
_NEAR = 65

# sqlglot raises more than its own errors on odd input.
PARSER_ERRORS = (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, KeyError, IndexError)


@dataclass(frozen=True, slots=True)
class Statement:
    """A query whose names are resolved.

    Attributes:
        tree: The query; tables and columns in lower case, aliases everywhere.
        tables: Tables of the catalog that it reads, in order of their first mention.
        unknown: Names of tables that the catalog lacks, each with the nearest name.
        spelling: Aliases as they were written, by their lower-case form.
        sql: The query in DuckDB's dialect.
    """

    tree: exp.Query
    tables: tuple[TableId, ...]
    unknown: tuple[str, ...]
    spelling: Mapping[str, str]
    sql: str


class Catalog:
    """The tables of a lake as queries name them.

    Args:
        lookup: All tables of the lake.
    """

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self._exact = {_lower(table): table for table in lookup.tables}

    @cached_property
    def _schema(self) -> MappingSchema:
        nested: dict[str, Any] = {}
        for table in self.lookup.tables.values():
            catalog, schema, name = _lower(table.id)
            # Types play no part in finding names, and parsing half a million of them would take minutes.
            columns = {column.name.lower(): "" for column in table.columns}
            nested.setdefault(catalog, {}).setdefault(schema, {})[name] = columns
        # sqlglot wants the same depth everywhere and at least one column.
        return MappingSchema(nested, dialect="duckdb", normalize=False)

    def exact(self, catalog: str, schema: str, name: str) -> TableId | None:
        """Return the table of that full name, ignoring case."""
        return self._exact.get((catalog.lower(), schema.lower(), name.lower()))

    def find(self, relation: Relation, home: TableId | None = None) -> TableId | None:
        """Return the table that a name means where `home`, a view, is defined; None where there is none."""
        parts = tuple(relation[-3:])
        if home is not None and len(parts) < 3:
            tries = ((home.catalog, *parts),) if len(parts) == 2 else (
                (home.catalog, home.schema, *parts), (home.catalog, "main", *parts),
            )  # fmt: skip
            for full in tries:
                if found := self.exact(*full):
                    return found
        return self.lookup.find(relation)

    def nearest(self, relation: Relation) -> str:
        """Return a hint with the table whose name is nearest, empty where none is near."""
        return _hint(relation[-1] if relation else "", self._names)

    def nearest_column(self, tables: Iterable[TableId], name: str) -> str:
        """Return a hint with the column of some tables whose name is nearest, empty where none is near."""
        names = {c.name.lower(): f"{t.name}.{c.name}" for t in tables for c in self.lookup.tables[t].columns}
        return _hint(name, names)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {table.name.lower(): str(table) for table in self.lookup.tables}

    def table(self, table: TableId) -> Table:
        """Return a table of the lake."""
        return self.lookup.tables[table]

    def statement(self, sql: str, dialect: str = "duckdb", home: TableId | None = None) -> Statement:
        """Return a query with its names resolved.

        Args:
            sql: One statement: a query, or a definition that is made from one.
            dialect: sqlglot's name of the dialect it is written in.
            home: The view it defines, None where it defines none.

        Raises:
            SourceError: It is no query, or cannot be parsed or resolved; the message is the reason.
        """
        tree = _query(parse(sql, dialect))
        spelling = {n.lower(): n for a in tree.find_all(exp.Alias) if (n := a.alias)}
        tables, unknown = self._resolve(tree, home)
        plain = tree.sql(dialect="duckdb", comments=False)
        shared = {n.name.lower() for join in tree.find_all(exp.Join) for n in join.args.get("using") or []}
        try:
            with quiet():
                tree = qualify(tree, schema=self._schema, dialect="duckdb", validate_qualify_columns=False)
        except PARSER_ERRORS as error:
            raise SourceError(f"names cannot be resolved: {first_line(error)}") from error
        return Statement(first_of_shared(tree, shared), tables, unknown, spelling, plain)

    def _resolve(self, tree: exp.Query, home: TableId | None) -> tuple[tuple[TableId, ...], tuple[str, ...]]:
        found: dict[TableId, None] = {}
        unknown: dict[str, None] = {}
        # Who names a catalog of the lake means by another name another database.
        own = any(self.lookup.owns(tuple(part.name for part in table.parts)) for table in tree.find_all(exp.Table))
        for table in list(tree.find_all(exp.Table)):
            relation = tuple(part.name for part in table.parts if part.name)
            if not isinstance(table.this, exp.Identifier) or not relation or _is_cte(table):
                continue
            foreign = own and len(relation) > 2 and not self.lookup.owns(relation)
            known = None if foreign else self.find(relation, home)
            if known is None:
                unknown[f"no table {'.'.join(relation)}{self.nearest(relation)}"] = None
                continue
            found[known] = None
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(relation[-1].lower(), quoted=True)))
            for part, name in zip(("catalog", "db", "this"), _lower(known), strict=True):
                table.set(part, exp.to_identifier(name, quoted=True))
        return tuple(found), tuple(unknown)


def parse(text: str, dialect: str = "duckdb") -> exp.Expr:
    """Return the tree of one statement or expression, in the shapes of DuckDB's dialect.

    Raises:
        SourceError: It cannot be parsed.
    """
    if len(text) > LONGEST:
        raise SourceError(f"longer than {LONGEST:,} characters")
    if _depth(text) > _DEEPEST:
        raise SourceError(f"nested deeper than {_DEEPEST} levels")
    try:
        with quiet():
            tree = sqlglot.parse_one(text, read=dialect)
            if dialect != "duckdb":
                moved = tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.IGNORE, comments=False)
                tree = sqlglot.parse_one(moved, read="duckdb")
    except PARSER_ERRORS as error:
        raise SourceError(f"not readable as SQL: {first_line(error)}") from error
    return tidy(tree)


def _hint(name: str, names: Mapping[str, str]) -> str:
    near = process.extractOne(name.lower(), names.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return f" (nearest: {names[near[0]]})" if near else ""


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        if character in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]":
            depth -= 1
    return deepest


def _query(tree: exp.Expr) -> exp.Query:
    names: list[exp.Expr] = []
    if isinstance(tree, (exp.Create, exp.Insert)):
        head = tree.this
        names = list(head.expressions) if isinstance(head, exp.Schema) else []
        tree = tree.expression if isinstance(tree.expression, exp.Expr) else tree
    tree = unwrapped(tree)
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise SourceError(f"no query but {tree.key.upper()}")
    if names and len(names) == len(tree.selects) and isinstance(tree, exp.Select):
        renamed = [exp.alias_(s.unalias(), n.name, quoted=True) for s, n in zip(tree.selects, names, strict=True)]
        tree.set("expressions", renamed)
    return tree


def _is_cte(table: exp.Table) -> bool:
    """Tell whether a name means a part of the query itself."""
    if table.db:
        return False
    name, within, node = table.name.lower(), None, table.parent
    while node is not None:
        within = node if isinstance(node, exp.CTE) else within
        clause = node.args.get("with_") if isinstance(node, exp.Query) else None
        if clause is not None:
            names = [cte.alias.lower() for cte in clause.expressions]
            inside = next((i for i, cte in enumerate(clause.expressions) if cte is within), len(names))
            visible = names if clause.args.get("recursive") else names[:inside]
            if name in visible:
                return True
        node = node.parent
    return False


def _lower(table: TableId) -> tuple[str, str, str]:
    return (table.catalog.lower(), table.schema.lower(), table.name.lower())
