"""Which conditions of a query belong to what it defines, and which only pick the rows of the moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlglot import exp

from semantic.mining.trees import bare, columns, is_constant, own_nodes, table_of
from semantic.types import Family, Table, TableId

_KEY = re.compile(r"(?:^|_)(?:id|key|uuid|guid|sk|pk)$|[a-z](?:ID|Id|Key)$", re.IGNORECASE)
_PARTS = (exp.Placeholder, exp.Parameter, exp.SessionParameter)


def lasting(filters: Iterable[exp.Expr], tables: Mapping[TableId, Table], *, definition: bool) -> list[exp.Expr]:
    """Return the conditions that belong to a figure.

    A query that somebody ran picks a period, one customer or a parameter; a definition means all of its conditions.
    """
    kept = [f for f in filters if not any(isinstance(n, _PARTS) for n in own_nodes(f))]
    if definition:
        return kept
    return [f for f in kept if not is_period(f, tables) and not _is_pick(f)]


def family(column: exp.Column, tables: Mapping[TableId, Table]) -> Family:
    """Return the kind of type a base column has."""
    table = tables.get(table_of(column))
    found = table.column(column.name) if table else None
    return found.family if found else "other"


def is_period(condition: exp.Expr, tables: Mapping[TableId, Table]) -> bool:
    """Tell whether a condition compares dates with something fixed."""
    inner = bare(condition)
    if isinstance(inner, (exp.And, exp.Or)):
        return is_period(inner.this, tables) and is_period(inner.expression, tables)
    if not isinstance(inner, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)):
        return False
    dated = [c for c in columns(inner) if family(c, tables) == "date"]
    # A figure may compare two dates of its own, such as "delivered late".
    return bool(dated) and len({c.sql() for c in columns(inner)}) == 1


def is_flag(node: exp.Expr, tables: Mapping[TableId, Table]) -> exp.Expr | None:
    """Return the condition that an expression marks rows with, None where it marks none."""
    inner = bare(node)
    if isinstance(inner, (exp.Cast, exp.TryCast)):
        return is_flag(inner.this, tables)
    if isinstance(inner, (exp.Predicate, exp.Not, exp.Connector)) and columns(inner):
        return inner
    if isinstance(inner, exp.Case) and inner.this is None and len(inner.args["ifs"]) == 1:
        branch = inner.args["ifs"][0]
        return _marked(branch.this, branch.args["true"], inner.args.get("default"))
    if isinstance(inner, exp.If):
        return _marked(inner.this, inner.args["true"], inner.args.get("false"))
    return None


def _marked(condition: exp.Expr, value: exp.Expr, otherwise: exp.Expr | None) -> exp.Expr | None:
    yes, no = _truth(value), _truth(otherwise) if otherwise is not None else False
    return condition if yes is True and no is False and columns(condition) else None


def _truth(node: exp.Expr) -> bool | None:
    inner = bare(node)
    if isinstance(inner, exp.Null):
        return False
    if isinstance(inner, exp.Boolean):
        return bool(inner.this)
    word = inner.name.lower() if isinstance(inner, exp.Literal) else ""
    return {"1": True, "0": False, "yes": True, "no": False, "y": True, "n": False}.get(word)


def _is_pick(condition: exp.Expr) -> bool:
    inner = bare(condition)
    if isinstance(inner, exp.EQ):
        sides = [bare(inner.this), bare(inner.expression)]
        return any(isinstance(s, exp.Column) and _KEY.search(s.name) for s in sides) and any(map(is_constant, sides))
    if isinstance(inner, exp.In):
        subject = bare(inner.this)
        return isinstance(subject, exp.Column) and bool(_KEY.search(subject.name)) and not inner.args.get("query")
    return False
