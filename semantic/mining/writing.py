"""Write expressions as DuckDB's SQL: with full names for the machine, with short ones for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from semantic.mining.trees import bare
from semantic.types import TableId

Names = Mapping[TableId, str] | Callable[[TableId], str]
"""What a table is called; an empty name leaves its columns bare."""

_RANKS: tuple[tuple[tuple[type[exp.Expr], ...], int], ...] = (
    ((exp.Or,), 1), ((exp.And,), 2), ((exp.Not,), 3), ((exp.Predicate,), 4), ((exp.DPipe,), 5),
    ((exp.Add, exp.Sub), 6), ((exp.Mul, exp.Div, exp.IntDiv, exp.Mod), 7), ((exp.Binary,), 5), ((exp.Neg,), 8),
)  # fmt: skip
_HIGHEST = 9


def written(node: exp.Expr) -> str:
    """Return an expression as DuckDB's SQL with the parentheses it needs and no others."""
    return _without_parens(node).sql(dialect="duckdb", comments=False)


def shown(expression: str, names: Names) -> str:
    """Return an expression of a fact as people read it: `table.column`, or the bare column where there is one table.

    Args:
        expression: Expression or condition as facts hold it, with full names.
        names: What to call each table; tables that are not named keep their own name.
    """
    try:
        tree = exp.Paren(this=sqlglot.parse_one(expression, dialect="duckdb"))
    except (SqlglotError, RecursionError):
        # What cannot be shortened is shown as it is.
        return expression
    found = [c for c in tree.find_all(exp.Column) if c.catalog]
    tables = {TableId(c.catalog, c.db, c.table) for c in found}
    for column in found:
        table = TableId(column.catalog, column.db, column.table)
        short = "" if len(tables) == 1 else _named(table, names)
        column.replace(exp.column(_plain(column.name), table=_plain(short) if short else None))
    return bare(tree).sql(dialect="duckdb", comments=False)


def _named(table: TableId, names: Names) -> str:
    return names.get(table, table.name) if isinstance(names, Mapping) else names(table)


def _plain(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=not exp.SAFE_IDENTIFIER_RE.match(name))


def _without_parens(node: exp.Expr) -> exp.Expr:
    tree = exp.Paren(this=node.copy())
    for paren in [p for p in tree.find_all(exp.Paren) if p is not tree]:
        if not isinstance(paren.this, (exp.Query, exp.Subquery)):
            paren.replace(paren.this)
    # Inner ones first, as each one that is wrapped is copied.
    for inner in reversed(list(tree.find_all(exp.Expr))):
        parent = inner.parent
        if parent is not None and parent is not tree and _needs(inner, parent):
            inner.replace(exp.Paren(this=inner.copy()))
    return bare(tree)


def _needs(inner: exp.Expr, parent: exp.Expr) -> bool:
    """Tell whether an operand would bind otherwise without parentheses."""
    child, above = _rank(inner), _rank(parent)
    if isinstance(parent, (exp.Cast, exp.TryCast, exp.Bracket, exp.Dot, exp.Collate, exp.AtTimeZone)):
        return child < _HIGHEST and inner.arg_key == "this" and not isinstance(parent, (exp.Cast, exp.TryCast))
    if _HIGHEST in {above, child}:
        return False
    if isinstance(parent, (exp.In, exp.Between, exp.Is, exp.Like, exp.ILike)):
        return child <= above
    right = inner.arg_key == "expression" and not isinstance(parent, (exp.And, exp.Or))
    return child < above or (child == above and (right or above == 4))


def _rank(node: exp.Expr) -> int:
    return next((rank for kinds, rank in _RANKS if isinstance(node, kinds)), _HIGHEST)
