"""Verified queries against the catalog: parameters filled in, every table and column found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semantic.errors import SourceError
from semantic.mining.lookup import Lookup
from semantic.mining.ossie_sql import ExpressionError, meant
from semantic.model.knowledge import Parameter, VerifiedQuery
from semantic.types import TableId

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuery:
    """A query all of whose names are found; columns as (table, column)."""

    sql: str
    tables: tuple[TableId, ...]
    columns: tuple[tuple[TableId, str], ...]


class QueryReader:
    """Reads the verified queries of one lake.

    Args:
        lookup: Its tables.
    """

    def __init__(self, lookup: Lookup) -> None:
        from semantic.mining.qualify import Catalog

        self._catalog = Catalog(lookup)
        self._lookup = lookup

    def read(self, item: VerifiedQuery) -> ReadQuery:
        """Return a verified query with the usual values of its parameters.

        Raises:
            ExpressionError: It is no query, or a name or parameter in it means nothing.
        """
        sql = _filled(item.sql, item.parameters)
        try:
            statement = self._catalog.statement(sql)
        except SourceError as error:
            raise ExpressionError(error.message) from error
        if statement.unknown:
            raise ExpressionError("; ".join(statement.unknown))
        columns = tuple(dict.fromkeys(self._columns(statement.tree)))
        return ReadQuery(sql=sql, tables=statement.tables, columns=columns)

    def _columns(self, tree: exp.Query) -> Iterator[tuple[TableId, str]]:
        from sqlglot import exp
        from sqlglot.optimizer.scope import traverse_scope

        for scope in traverse_scope(tree):
            for column in scope.columns:
                source = scope.sources.get(column.table)
                if isinstance(source, exp.Table):
                    yield from self._found(source, column)
                elif not column.table and not isinstance(column.this, exp.Star):
                    near = meant(column.name, self._names(scope.sources.values()))
                    raise ExpressionError(f"no table of the query has a column {column.name}{near}")

    def _names(self, sources: Iterable[object]) -> Iterator[str]:
        from sqlglot import exp

        for source in sources:
            table = (
                self._catalog.exact(source.catalog, source.db, source.name) if isinstance(source, exp.Table) else None
            )
            yield from (column.name for column in self._lookup.tables[table].columns) if table else ()

    def _found(self, source: exp.Table, column: exp.Column) -> Iterator[tuple[TableId, str]]:
        table = self._catalog.exact(source.catalog, source.db, source.name)
        if table is None or column.name == "rowid":
            return
        name = self._lookup.column(table, column.name)
        if name is None:
            near = meant(column.name, (c.name for c in self._lookup.tables[table].columns))
            raise ExpressionError(f"{table.name} has no column {column.name}{near}")
        yield table, name


def one_line(sql: str) -> str:
    """Return a query as facts hold it."""
    from semantic.mining.qualify import parse

    return parse(sql).sql(dialect="duckdb", comments=False)


def many_lines(sql: str) -> str:
    """Return a query of a fact as people read it; it stays as it is where reading it would give another one."""
    from semantic.mining.qualify import parse

    pretty = parse(sql).sql(dialect="duckdb", comments=False, pretty=True)
    return pretty if one_line(pretty) == sql else sql


def _filled(sql: str, parameters: tuple[Parameter, ...]) -> str:
    """Return the query with values in place of its parameters; without any it stays as it was written."""
    from sqlglot import exp

    from semantic.mining.qualify import parse

    if not parameters and "$" not in sql:
        return sql
    try:
        tree = parse(sql)
    except SourceError as error:
        raise ExpressionError(error.message) from error
    values = {parameter.name.lower(): parameter for parameter in parameters}
    marks = list(tree.find_all(exp.Placeholder, exp.Parameter))
    for mark in marks:
        name = mark.name
        if name.lower() not in values:
            raise ExpressionError(f"${name} is no parameter{meant(name, values)}; list it under parameters")
        mark.replace(_literal(values[name.lower()]))
    unused = set(values) - {mark.name.lower() for mark in marks}
    if unused:
        raise ExpressionError(f"the SQL has no ${min(unused)}, which is listed under parameters")
    return tree.sql(dialect="duckdb", pretty=True) if marks else sql


def _literal(parameter: Parameter) -> exp.Expr:
    from sqlglot import exp

    if parameter.type in {"integer", "number"}:
        try:
            number = float(parameter.value)
        except ValueError as error:
            raise ExpressionError(f"the value of ${parameter.name} is no number") from error
        return exp.Literal.number(int(number) if number.is_integer() else number)
    if parameter.type == "boolean":
        return exp.Boolean(this=str(parameter.value).lower() == "true")
    text = exp.Literal.string(str(parameter.value))
    return exp.cast(text, "date") if parameter.type == "date" else text
