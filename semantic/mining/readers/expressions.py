"""Put the expressions of a model together: names replaced by what they stand for, filters moved into aggregates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from semantic.mining.raw import Relation

if TYPE_CHECKING:
    from sqlglot import exp

Tree: TypeAlias = "exp.Expr"
Replace: TypeAlias = "Callable[[exp.Column], exp.Expr | None]"


class InexpressibleError(Exception):
    """A definition that one expression cannot hold; the text says why."""


def parse(sql: str, dialect: str) -> Tree:
    """Return the tree of one expression.

    Raises:
        InexpressibleError: It does not parse, or holds a template or more than an expression.
    """
    import sqlglot
    from sqlglot import exp

    if "{{" in sql or "{%" in sql:
        raise InexpressibleError(f"the template in {_short(sql)} is not filled in")
    try:
        tree = sqlglot.parse_one(sql, dialect=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise InexpressibleError(f"{_short(sql)} does not parse") from error
    if isinstance(tree, exp.Query | exp.DDL | exp.DML | exp.Command | exp.Alias):
        raise InexpressibleError(f"{_short(sql)} is no expression")
    return tree


def render(tree: Tree, dialect: str) -> str:
    """Return the text of a tree."""
    return tree.sql(dialect=dialect)


def replace_columns(tree: Tree, replace: Replace) -> Tree:
    """Return a copy with every column exchanged for what `replace` gives, and kept where it gives None."""
    from sqlglot import exp

    copy = tree.copy()
    for column in list(copy.find_all(exp.Column)):
        found = replace(column)
        if found is None:
            continue
        if column is copy:
            return found.copy()
        loose = isinstance(found, exp.Binary | exp.Unary | exp.Predicate) and not isinstance(found, exp.Paren)
        closed = isinstance(column.parent, exp.Func | exp.Paren | exp.Distinct | exp.Where | exp.Ordered)
        column.replace(exp.Paren(this=found.copy()) if loose and not closed else found.copy())
    return copy


def parts_of(column: exp.Column) -> tuple[str, ...]:
    """Return the dotted parts of a column, the column itself last."""
    return tuple(part.name for part in column.parts)


def filtered(tree: Tree, conditions: Iterable[Tree]) -> Tree:
    """Return a copy whose every aggregate looks only at the rows that meet the conditions.

    Raises:
        InexpressibleError: There is no aggregate to put them on.
    """
    from sqlglot import exp

    wanted = [condition.copy() for condition in conditions]
    if not wanted:
        return tree.copy()
    found = aggregates(tree)
    if not found:
        raise InexpressibleError("its filter has no aggregate to stand at")
    holder = exp.Paren(this=tree.copy())
    for aggregate in aggregates(holder):
        _narrow(aggregate, exp.and_(*(condition.copy() for condition in wanted)))
    narrowed: Tree = holder.this
    return narrowed.copy()


def aggregates(tree: Tree) -> list[Tree]:
    """Return the outermost aggregates of a tree."""
    from sqlglot import exp

    nodes = tree.walk(prune=lambda n: isinstance(n, exp.AggFunc))
    return [node for node in nodes if isinstance(node, exp.AggFunc)]


def has_window(tree: Tree) -> bool:
    """Tell whether a tree looks at other rows through a window."""
    from sqlglot import exp

    return tree.find(exp.Window) is not None


def plain_column(tree: Tree) -> exp.Column | None:
    """Return the column a tree consists of, None where it is more than that."""
    from sqlglot import exp

    inner = tree.unnest()
    return inner if isinstance(inner, exp.Column) and not isinstance(inner.this, exp.Star) else None


def table(relation: Relation, alias: str) -> exp.Table:
    """Return a table of up to three parts under an alias, quoted where its name needs it."""
    from sqlglot import exp

    parts = [exp.to_identifier(part) for part in reversed(relation)]
    named = exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))
    named.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return named


def column(name: str, table: str = "") -> exp.Column:
    """Return a column as a tree, quoted so that any name survives."""
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=not name.isidentifier()), table=table or None)


def ratio(numerator: Tree, denominator: Tree) -> Tree:
    """Return one figure by another, null where the second is zero."""
    from sqlglot import exp

    below = exp.Nullif(this=denominator.copy(), expression=exp.Literal.number(0))
    return exp.Div(this=_safe(numerator), expression=below, typed=False, safe=False)


def _safe(tree: Tree) -> Tree:
    from sqlglot import exp

    return exp.Paren(this=tree.copy()) if isinstance(tree, exp.Binary) else tree.copy()


def _narrow(aggregate: Tree, condition: Tree) -> None:
    from sqlglot import exp

    node: Tree = aggregate.parent if isinstance(aggregate.parent, exp.WithinGroup) else aggregate
    if isinstance(node.parent, exp.Filter):
        where = node.parent.expression
        where.set("this", exp.and_(where.this.copy(), condition))
        return
    node.replace(exp.Filter(this=node.copy(), expression=exp.Where(this=condition)))


def _short(sql: str) -> str:
    text = " ".join(sql.split())
    return f"'{text[:60]}{'…' if len(text) > 60 else ''}'"
