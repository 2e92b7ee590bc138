"""Expressions of the files against the catalog: every name is found, or it is said which one is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from semantic.mining.lookup import Lookup
from semantic.mining.ossie_forms import Dataset, Expression
from semantic.mining.ossie_sql import ExpressionError, Names, meant, source_relation
from semantic.types import TableId

if TYPE_CHECKING:
    from sqlglot import exp

Sort = Literal["metric", "row"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An expression all of whose names are found.

    Attributes:
        sql: DuckDB's SQL; every column as "catalog"."schema"."table"."column".
        tables: Tables it reads, the one whose rows are aggregated first.
        column: The column, where it is nothing but one.
    """

    sql: str
    tables: tuple[TableId, ...]
    column: str = ""


class Resolver:
    """Finds what the names of one semantic model mean in a lake.

    Args:
        names: The datasets of the model.
        lookup: The tables of the lake.
    """

    def __init__(self, names: Names, lookup: Lookup) -> None:
        self.names = names
        self.lookup = lookup
        self._tables: dict[str, TableId] = {}

    def table(self, dataset: Dataset) -> TableId:
        """Return the table that a dataset reads.

        Raises:
            ExpressionError: There is none, or the dataset reads a query.
        """
        if dataset.source not in self._tables:
            relation = source_relation(dataset.source)
            if relation is None:
                raise ExpressionError(f"{dataset.source!r} is no table; write catalog.schema.table")
            self._tables[dataset.source] = find_table(relation, self.lookup)
        return self._tables[dataset.source]

    def expression(self, expression: Expression, *, sort: Sort, home: str = "") -> Bound:
        """Return an expression of the file, bound.

        Raises:
            ExpressionError: It has no SQL, does not parse, or a name in it means nothing.
        """
        best = expression.best()
        if best is None:
            written = ", ".join(item.dialect for item in expression.dialects)
            raise ExpressionError(f"is written in {written} only; add it in ANSI_SQL")
        return self.bind(best[0], best[1], sort=sort, home=home)

    def bind(self, text: str, dialect: str = "duckdb", *, sort: Sort, home: str = "") -> Bound:
        """Return a text as an expression, bound; see `expression`.

        Raises:
            ExpressionError: It does not parse, or a name in it means nothing.
        """
        # Most fields of most models are nothing but a column, and parsing thousands of them takes long.
        if sort == "row" and home and (name := self.names.plain_column(text, home)):
            return self._column(home, name)
        from sqlglot import exp

        from semantic.mining.writing import written

        tree = self.names.expand(text, dialect, home=home)
        _check_sort(tree, sort)
        first = next((c for a in tree.find_all(exp.AggFunc) for c in a.find_all(exp.Column)), None)
        found = [self._bind_column(c) for c in list(tree.find_all(exp.Column)) if c is not first]
        tables = dict.fromkeys([*([self._bind_column(first)] if first is not None else []), *found])
        if not tables and home:
            tables = {self.table(self.names.dataset(home)): None}
        sql = written(tree)
        return Bound(sql=sql, tables=tuple(tables), column=tree.name if isinstance(tree, exp.Column) else "")

    def _column(self, home: str, name: str) -> Bound:
        table = self.table(self.names.dataset(home))
        column = find_column(table, name, self.lookup)
        parts = (table.catalog, table.schema, table.name, column)
        sql = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
        return Bound(sql=sql, tables=(table,), column=column)

    def _bind_column(self, column: exp.Column) -> TableId:
        """Write a column out in full, where it stands in its tree, and return its table."""
        from sqlglot import exp

        parts = tuple(part.name for part in column.parts[:-1])
        known = len(parts) == 1 and (self.names.closed or parts[0].lower() in self.names.datasets)
        table = self.table(self.names.dataset(parts[0])) if known else find_table(parts, self.lookup)
        name = find_column(table, column.name, self.lookup)
        for key, text in (("this", name), ("table", table.name), ("db", table.schema), ("catalog", table.catalog)):
            column.set(key, exp.to_identifier(text, quoted=True))
        return table


def find_table(relation: tuple[str, ...], lookup: Lookup) -> TableId:
    """Return the table of a name.

    Raises:
        ExpressionError: There is none, or more than one.
    """
    table = lookup.find(relation)
    if table is None:
        near = meant(relation[-1], (t.name for t in lookup.tables))
        raise ExpressionError(f"there is no table {'.'.join(relation)}, or more than one{near}")
    return table


def find_column(table: TableId, name: str, lookup: Lookup) -> str:
    """Return the name of a column as the catalog spells it.

    Raises:
        ExpressionError: The table has none of that name.
    """
    column = lookup.column(table, name)
    if column is None:
        near = meant(name, (c.name for c in lookup.tables[table].columns))
        raise ExpressionError(f"{table.name} has no column {name}{near}")
    return column


def _check_sort(tree: exp.Expr, sort: Sort) -> None:
    from sqlglot import exp

    # A function that sqlglot does not know may well be an aggregate of DuckDB.
    adds_up = tree.find(exp.AggFunc, exp.Anonymous, exp.AnonymousAggFunc)
    if sort == "metric" and not adds_up:
        raise ExpressionError("a metric adds rows up, such as sum(orders.amount); this does not")
    if sort == "row" and any(a.find_ancestor(exp.Window) is None for a in tree.find_all(exp.AggFunc)):
        raise ExpressionError("adds rows up, which only a metric may")
