"""Aggregates under a condition, however it is written: FILTER, CASE inside the call, IF, a condition made a number."""

from __future__ import annotations

from sqlglot import exp

from semantic.mining.trees import bare


def number(node: exp.Expr) -> float | None:
    """Return the number that an expression is, None where it is none."""
    node = bare(node)
    if isinstance(node, exp.Literal) and not node.is_string:
        return float(node.this)
    return None


def conditional(node: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """Split an aggregate into what it takes and the condition it takes it under."""
    if isinstance(node, exp.Filter):
        function, conditions = conditional(bare(node.this))
        return function, [node.expression.this, *conditions]
    if isinstance(node, exp.CountIf):
        return exp.Count(this=exp.Star()), [node.this]
    case = bare(node.this) if isinstance(node, (exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max)) else None
    distinct = isinstance(case, exp.Distinct) and len(case.expressions) == 1
    branch = _branch(bare(case.expressions[0]) if distinct and case else case)
    if branch is None:
        return node, []
    condition, value, otherwise = branch
    if otherwise is not None and not (isinstance(node, exp.Sum) and not distinct and number(otherwise) == 0):
        return node, []
    if (isinstance(node, exp.Sum) and number(value) == 1) or (isinstance(node, exp.Count) and _fixed(value, distinct)):
        return exp.Count(this=exp.Star()), [condition]
    inner = exp.Distinct(expressions=[value.copy()]) if distinct else value.copy()
    return type(node)(this=inner), [condition]


def _fixed(value: exp.Expr, distinct: bool) -> bool:
    return not distinct and isinstance(bare(value), (exp.Literal, exp.Boolean))


def _branch(node: exp.Expr | None) -> tuple[exp.Expr, exp.Expr, exp.Expr | None] | None:
    """Return condition, value and alternative of a CASE with one branch; a missing or null alternative is None."""
    if isinstance(node, (exp.Cast, exp.TryCast)) and _looks_boolean(bare(node.this)):
        return node.this, exp.Literal.number(1), exp.Literal.number(0)
    if isinstance(node, exp.Case) and node.this is None and len(node.args["ifs"]) == 1:
        branch, otherwise = node.args["ifs"][0], node.args.get("default")
        condition, value = branch.this, branch.args["true"]
    elif isinstance(node, exp.If):
        condition, value, otherwise = node.this, node.args["true"], node.args.get("false")
    else:
        return None
    return condition, value, None if otherwise is None or isinstance(bare(otherwise), exp.Null) else otherwise


def _looks_boolean(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Predicate, exp.Not, exp.Connector))
