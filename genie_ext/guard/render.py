"""A resolved tree to text: once for the engine, with full names and policy, once for people, with short names."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genie_ext.errors import GuardError
from genie_ext.guard.columns import OWNER_KEY
from genie_ext.guard.names import TABLE_KEY
from genie_ext.guard.nodes import check_nodes
from genie_ext.guard.policy import Catalog, Policy
from semantic.types import TableId


def for_engine(tree: exp.Expr, catalog: Catalog, policy: Policy, row_limit: int) -> str:
    """Return the text that runs: full quoted table names, policy applied, a row limit on the outermost query."""
    if isinstance(tree, exp.Show):
        return _list_of_tables(catalog, policy)
    copy = tree.copy()
    for node in list(copy.find_all(exp.Table)):
        table = node.meta.get(TABLE_KEY)
        if table is None:
            continue
        if policy.narrows(table):
            _narrow(node, table, catalog, policy)
        else:
            _rename(node, (table.catalog, table.schema, table.name))
    for column in copy.find_all(exp.Column):
        if column.db and column.meta.get(OWNER_KEY) and policy.narrows(column.meta[OWNER_KEY]):
            # The subquery in the table's place has no schema.
            column.set("db", None)
            column.set("catalog", None)
    return _limited(copy, row_limit).sql(dialect="duckdb", comments=False)


def for_people(tree: exp.Expr, catalog: Catalog) -> str:
    """Return the text that is shown: short table names, one clause a line, no comments."""
    copy = tree.copy()
    for node in list(copy.find_all(exp.Table)):
        table = node.meta.get(TABLE_KEY)
        if table is not None:
            _rename(node, _short_parts(table, catalog), quoted=False)
    return copy.sql(dialect="duckdb", comments=False, pretty=True)


def _rename(node: exp.Table, parts: tuple[str, ...], *, quoted: bool = True) -> None:
    """Give a table node another name of one to three parts."""
    for key, part in zip(("this", "db", "catalog"), reversed((*[None] * (3 - len(parts)), *parts)), strict=True):
        node.set(key, exp.to_identifier(part, quoted=quoted or None) if part is not None else None)


def _short_parts(table: TableId, catalog: Catalog) -> tuple[str, ...]:
    """Return the parts of a table's short name, also where a part holds a dot itself."""
    short = catalog.short_name(table)
    choices = (
        (table.name,),
        (table.schema, table.name),
        (table.catalog, table.name),
        (table.catalog, table.schema, table.name),
    )
    return next((parts for parts in choices if ".".join(parts) == short), choices[-1])


def _narrow(node: exp.Table, table: TableId, catalog: Catalog, policy: Policy) -> None:
    """Put a subquery that shows only the allowed columns and rows in the place of a table."""
    hidden = policy.hidden(table)
    columns = [column.name for column in catalog.table(table).columns if column.name.lower() not in hidden]
    if not columns:
        raise GuardError(f"All columns of {catalog.short_name(table)} are hidden by policy.")
    source = exp.Table()
    _rename(source, (table.catalog, table.schema, table.name))
    inner = exp.select(*(exp.column(name, quoted=True) for name in columns)).from_(source)
    if table in policy.row_filters:
        inner = inner.where(row_filter(policy.row_filters[table], table, catalog))
    if isinstance(node.parent, (exp.Summarize, exp.Describe)):
        node.replace(inner)
        return
    subquery = exp.Subquery(this=inner, **{key: value for key, value in node.args.items() if key in _KEPT})
    if not node.alias and not isinstance(node.parent, exp.Pivot):
        subquery.set("alias", exp.TableAlias(this=exp.to_identifier(node.name, quoted=True)))
    node.replace(subquery)


_KEPT = ("alias", "joins", "pivots", "laterals", "sample")


def row_filter(text: str, table: TableId, catalog: Catalog) -> exp.Expr:
    """Return the condition of a row filter over a table's own columns.

    Raises:
        GuardError: The text is not one plain condition.
    """
    try:
        condition = sqlglot.parse_one(text, dialect="duckdb", into=exp.Condition)
    except (SqlglotError, RecursionError) as error:
        raise GuardError(f"The row filter of {table} cannot be read: {text}.", hint="Write one condition.") from error
    check_nodes(condition)
    if condition.find(exp.Query, exp.Subquery, exp.Table):
        raise GuardError(f"The row filter of {table} holds a query: {text}.", hint="Write a condition on its columns.")
    known = catalog.table(table)
    for column in condition.find_all(exp.Column):
        if column.table or known.column(column.name) is None:
            raise GuardError(f"The row filter of {table} names an unknown column: {column.sql(dialect='duckdb')}.")
    return exp.paren(condition)


def _limited(tree: exp.Expr, row_limit: int) -> exp.Expr:
    """Return the tree with a limit of one row more than is fetched, where it has no limit of its own."""
    if isinstance(tree, (exp.Select, exp.SetOperation)) and not any(
        tree.args.get(key) for key in ("limit", "offset", "sample")
    ):
        return tree.limit(row_limit + 1, copy=False)
    return tree


def _list_of_tables(catalog: Catalog, policy: Policy) -> str:
    """Return a query that lists the names of all allowed tables."""
    names = sorted(catalog.short_name(table) for table in catalog.table_ids() if policy.allows(table))
    if not names:
        return "SELECT '' AS name LIMIT 0"
    rows = ", ".join(f"({exp.Literal.string(name).sql(dialect='duckdb')})" for name in names)
    return f"SELECT name FROM (VALUES {rows}) AS tables(name)"
