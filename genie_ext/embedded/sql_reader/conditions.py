"""The conditions of a query as filters of a step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from genie_ext.embedded.sql_reader.scope import NotSaidError, QueryScope, bare
from genie_ext.types import ColumnRef, Filter, Measure, Operator, Scalar, Step

if TYPE_CHECKING:
    from sqlglot import exp

ReadStep = Callable[["exp.Expr"], Step]
ReadSubject = Callable[["exp.Expr"], ColumnRef | Measure]

_COMPARED: dict[str, Operator] = {"eq": "=", "neq": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_FLIPPED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DENIED: dict[Operator, Operator] = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
    "in": "not in", "like": "not like", "is null": "is not null",
}  # fmt: skip


def read_filters(conditions: Sequence[exp.Expr], subject: ReadSubject, read: ReadStep) -> tuple[Filter, ...]:
    """Return the filters that all hold.

    Args:
        conditions: What an AND joins.
        subject: Reads what is compared.
        read: Reads a nested query.

    Raises:
        NotSaidError: A condition compares what no filter compares.
    """
    return tuple(_read(condition, subject, read) for condition in conditions)


def aggregate_subject(scope: QueryScope, measure: Callable[[exp.Expr], Measure]) -> ReadSubject:
    """Return the reader of what WHERE and HAVING compare: a column or a figure."""
    from sqlglot import exp

    def subject(node: exp.Expr) -> ColumnRef | Measure:
        node = bare(node)
        if isinstance(node, exp.Column):
            return scope.ref(node)
        if isinstance(node, exp.AggFunc):
            return measure(node)
        raise NotSaidError("a computed value compared")

    return subject


def _read(node: exp.Expr, subject: ReadSubject, read: ReadStep) -> Filter:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.Or):
        return _any_of([_read(part, subject, read) for part in _disjuncts(node)])
    if isinstance(node, exp.Not):
        return _denied(_read(node.this, subject, read))
    if isinstance(node, exp.In):
        return _listed(node, subject, read)
    if node.key in _COMPARED:
        return _compared(node, subject, read)
    operator, values = _predicate(node)
    return Filter(subject=subject(node.this), operator=operator, values=values)


def _predicate(node: exp.Expr) -> tuple[Operator, tuple[Scalar, ...]]:
    from sqlglot import exp

    if isinstance(node, exp.Between):
        return "between", (_literal(node.args["low"]), _literal(node.args["high"]))
    if isinstance(node, exp.Like | exp.ILike):
        return "like", (_literal(node.expression),)
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return "is null", ()
    raise NotSaidError(f"a condition {node.key}")


def _compared(node: exp.Expr, subject: ReadSubject, read: ReadStep) -> Filter:
    from sqlglot import exp

    operator, left, right = _COMPARED[node.key], node.args["this"], node.args["expression"]
    if isinstance(bare(left), exp.Literal | exp.Subquery):
        left, right, operator = right, left, _FLIPPED.get(operator, operator)
    if isinstance(bare(right), exp.Subquery):
        return Filter(subject=subject(left), operator=operator, step=read(bare(right).this))
    if isinstance(bare(right), exp.Column):
        raise NotSaidError("a column compared with a column")
    return Filter(subject=subject(left), operator=operator, values=(_literal(right),))


def _listed(node: exp.In, subject: ReadSubject, read: ReadStep) -> Filter:
    query = node.args.get("query")
    if query is not None:
        return Filter(subject=subject(node.this), operator="in", step=read(query.unnest()))
    return Filter(subject=subject(node.this), operator="in", values=tuple(_literal(v) for v in node.expressions))


def _denied(condition: Filter) -> Filter:
    operator = _DENIED.get(condition.operator)
    if operator is None or condition.alternatives:
        raise NotSaidError("a denied condition of several parts")
    return replace(condition, operator=operator)


def _any_of(parts: list[Filter]) -> Filter:
    first = parts[0]
    if any(isinstance(part.subject, Measure) for part in parts):
        raise NotSaidError("one of several conditions on figures")
    if all(part.subject == first.subject and part.operator == "=" and part.step is None for part in parts):
        return replace(first, operator="in", values=tuple(dict.fromkeys(v for part in parts for v in part.values)))
    return replace(first, alternatives=tuple(parts[1:]))


def _disjuncts(node: exp.Expr) -> list[exp.Expr]:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And):
        raise NotSaidError("AND within OR")
    return (
        [part for side in (node.left, node.right) for part in _disjuncts(side)] if isinstance(node, exp.Or) else [node]
    )


def _literal(node: exp.Expr) -> Scalar:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.Neg):
        value = _literal(node.this)
        if isinstance(value, int | float):
            return -value
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        return node.name if node.is_string else int(node.name) if node.is_int else float(node.name)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return _cast(node.this, node.to.sql("duckdb"))
    raise NotSaidError("a computed value compared with")


def _cast(node: exp.Literal, kind: str) -> Scalar:
    if kind == "DATE":
        return dt.date.fromisoformat(node.name)
    if kind.startswith("TIMESTAMP"):
        return dt.datetime.fromisoformat(node.name)
    return node.name if kind in ("TEXT", "VARCHAR") else _literal(node)
