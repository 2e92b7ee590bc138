"""Metrics as SQL: a definition is parsed, checked and written with the columns of the tables that a query joins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from genie_ext.embedded.sql_text import quote
from genie_ext.errors import CannotAnswerError
from semantic.facts import Metric
from semantic.types import TableId

if TYPE_CHECKING:
    from sqlglot import exp

Place = Callable[[str, str, str, str], tuple[str, str]]
"""Finds a column by catalog, schema, table and name as written; returns the alias, which may be empty, and the name."""


def write_metric(metric: Metric, place: Place, *, filtered: bool) -> str:
    """Return the figure of a metric.

    Args:
        metric: The metric.
        place: Finds the columns of the query.
        filtered: True where its conditions are to hold for this figure alone, not for all rows of the query.

    Raises:
        CannotAnswerError: The definition cannot be compiled.
    """
    from sqlglot import exp

    tree = _rewritten(_figure(metric), place)
    if filtered and metric.filters:
        condition = exp.and_(*(_rewritten(_condition(text), place) for text in metric.filters), copy=False)
        tree = _narrowed(tree, condition)
    return tree.sql(dialect="duckdb", comments=False)


def write_condition(text: str, place: Place) -> str:
    """Return a condition of a metric, a segment or a table, in brackets where it has several parts.

    Raises:
        CannotAnswerError: The condition cannot be compiled.
    """
    from sqlglot import exp

    tree = _rewritten(_condition(text), place)
    whole = exp.paren(tree, copy=False) if isinstance(tree, exp.Connector) else tree
    return whole.sql(dialect="duckdb", comments=False)


def condition_columns(text: str) -> frozenset[str]:
    """Return the names of the columns that a condition reads, lower case.

    Raises:
        CannotAnswerError: The condition cannot be compiled.
    """
    from sqlglot import exp

    return frozenset(column.name.lower() for column in _condition(text).find_all(exp.Column))


def aggregated_tables(metric: Metric, tables: Sequence[TableId]) -> tuple[frozenset[TableId], ...]:
    """Return for each aggregate that repeated rows would change the tables whose columns it reads.

    Raises:
        CannotAnswerError: The definition cannot be compiled.
    """
    from sqlglot import exp

    lenient = (exp.Min, exp.Max, exp.AnyValue, exp.LogicalAnd, exp.LogicalOr, exp.ApproxDistinct)
    strict = (tree for tree in _aggregates(_figure(metric)) if not tree.find(*lenient, exp.Distinct))
    return tuple(frozenset(_owner(column, tables) for column in tree.find_all(exp.Column)) for tree in strict)


def bears_repeats(metric: Metric) -> bool:
    """Tell whether a metric stays the same where a join repeats rows: it counts different values, or takes extremes.

    Raises:
        CannotAnswerError: The definition cannot be compiled.
    """
    return not aggregated_tables(metric, metric.tables)


def _owner(column: exp.Column, tables: Sequence[TableId]) -> TableId:
    said = tuple(part.lower() for part in (column.catalog, column.db, column.table))
    return next((t for t in tables if tuple(p.lower() for p in (t.catalog, t.schema, t.name)) == said), TableId(*said))


@lru_cache(maxsize=512)
def _parsed(text: str) -> exp.Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except (SqlglotError, RecursionError) as error:
        raise CannotAnswerError(f"The definition {text} cannot be read.") from error
    if len(trees) != 1:
        raise CannotAnswerError(f"The definition {text} is not one expression.")
    return trees[0]


def _figure(metric: Metric) -> exp.Expr:
    """Return the tree of a metric's expression, made of aggregates and nothing beside them but constants."""
    from sqlglot import exp

    tree = _parsed(metric.expression)
    aggregates = list(_aggregates(tree))
    inside = {id(column) for aggregate in aggregates for column in aggregate.find_all(exp.Column)}
    bare = any(id(column) not in inside for column in tree.find_all(exp.Column))
    if not aggregates or bare or tree.find(exp.Query, exp.Window):
        raise CannotAnswerError(
            f"The metric {metric.name} is {metric.expression}, which cannot be computed for parts of the data.",
            hint="Define it by aggregates of columns alone.",
        )
    return tree


def _condition(text: str) -> exp.Expr:
    from sqlglot import exp

    tree = _parsed(text)
    if tree.find(exp.Query, exp.Window, exp.AggFunc, exp.Command):
        raise CannotAnswerError(f"The condition {text} is not about single rows.", hint="Write it over columns alone.")
    return tree


def _aggregates(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the outermost aggregates of a tree, each with the clauses that belong to it."""
    from sqlglot import exp

    if isinstance(tree, (exp.AggFunc, exp.Filter, exp.WithinGroup)):
        yield tree
    else:
        for child in tree.iter_expressions():
            yield from _aggregates(child)


def _rewritten(tree: exp.Expr, place: Place) -> exp.Expr:
    from sqlglot import exp

    def rename(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        alias, name = place(node.catalog, node.db, node.table, node.name)
        return exp.column(_identifier(name), table=_identifier(alias) if alias else None)

    return tree.copy().transform(rename, copy=False)


def _identifier(name: str) -> exp.Identifier:
    from sqlglot import exp

    return exp.to_identifier(name, quoted=quote(name) != name)


def _narrowed(tree: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """Return a tree in which every aggregate takes only rows that meet a condition."""
    from sqlglot import exp

    def narrow(aggregate: exp.Expr) -> exp.Expr:
        if isinstance(aggregate, exp.Filter):
            inner = aggregate.expression.this
            return exp.Filter(this=aggregate.this, expression=exp.Where(this=exp.and_(inner, condition.copy())))
        return exp.Filter(this=aggregate.copy(), expression=exp.Where(this=condition.copy()))

    if isinstance(tree, (exp.AggFunc, exp.Filter, exp.WithinGroup)):
        return narrow(tree)
    for aggregate in list(_aggregates(tree)):
        aggregate.replace(narrow(aggregate))
    return tree
