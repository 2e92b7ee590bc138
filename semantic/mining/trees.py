"""Small questions about expression trees, asked all over the mining of SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from semantic.types import TableId

PLACE = "place"
"""Key in a column's meta that tells two uses of one table apart."""

_NOT_AGGREGATES = (exp.Lag, exp.Lead, exp.Ntile, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Grouping)
# Aggregates of DuckDB that sqlglot takes for plain functions.
_AGGREGATE_NAMES = frozenset({"product", "geomean", "geometric_mean", "fsum", "kahan_sum", "favg", "sumkahan", "mad"})

# What may stand around an aggregate and belongs to it.
_DRESSED = (exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls)


def is_aggregate(node: exp.Expr) -> bool:
    """Tell whether a node is a call that folds many rows into one value."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in _AGGREGATE_NAMES
    return isinstance(node, exp.AggFunc) and not isinstance(node, _NOT_AGGREGATES)


def bare(node: exp.Expr) -> exp.Expr:
    """Return the expression inside all outer parentheses and aliases."""
    while isinstance(node, (exp.Paren, exp.Alias)):
        node = node.this
    return node


def own_nodes(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield a node and all below it, without the queries nested in it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        if not isinstance(current, exp.Query):
            stack.extend(reversed(list(current.iter_expressions())))


def aggregates(node: exp.Expr) -> list[exp.Expr]:
    """Return the aggregate calls of an expression, with their FILTER, that are not windows over rows."""
    found: list[exp.Expr] = []
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, (exp.Query, exp.Window)):
            continue
        if is_aggregate(current) or (isinstance(current, _DRESSED) and is_aggregate(bare(current.this))):
            found.append(current)
        else:
            stack.extend(reversed(list(current.iter_expressions())))
    return found


def undressed(node: exp.Expr) -> exp.Expr:
    """Return the aggregate call itself, without its FILTER or order."""
    while isinstance(node, (exp.Paren, *_DRESSED)):
        node = node.this
    return node


def has_window(node: exp.Expr) -> bool:
    """Tell whether an expression looks at other rows without folding them."""
    return any(isinstance(n, exp.Window) for n in own_nodes(node))


def columns(node: exp.Expr) -> list[exp.Column]:
    """Return the columns an expression names, without those of nested queries."""
    return [n for n in own_nodes(node) if isinstance(n, exp.Column)]


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """Return the conditions that hold together where `node` holds."""
    if node is None:
        return []
    inner = bare(node)
    if isinstance(inner, exp.And):
        return [*conjuncts(inner.this), *conjuncts(inner.expression)]
    return [inner]


def base_column(table: TableId, name: str, place: int = 0) -> exp.Column:
    """Return the column of a table with its full name."""
    parts = [exp.to_identifier(part, quoted=True) for part in (name, table.name, table.schema, table.catalog)]
    column = exp.Column(this=parts[0], table=parts[1], db=parts[2], catalog=parts[3])
    column.meta[PLACE] = place
    return column


def table_of(column: exp.Column) -> TableId:
    """Return the table of a column that carries its full name."""
    return TableId(column.catalog, column.db, column.table)


def place_of(column: exp.Column) -> int:
    """Return which use of its table a column belongs to."""
    return int(column.meta.get(PLACE, 0))


def tables_of(nodes: Sequence[exp.Expr]) -> tuple[TableId, ...]:
    """Return the tables of all columns, in order of their first mention."""
    return tuple(dict.fromkeys(table_of(c) for node in nodes for c in columns(node) if c.catalog))


def is_constant(node: exp.Expr) -> bool:
    """Tell whether an expression names no column and holds no query."""
    return not any(isinstance(n, (exp.Column, exp.Query)) for n in own_nodes(node))
