"""Ties: whether the rows that a query leaves out after its last one would have been as good as those it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genie_ext.errors import GuardError

if TYPE_CHECKING:
    from sqlglot import exp

_KEY = "sort_key_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """A query that sorts its rows and keeps the first few of them.

    Attributes:
        limit: How many it keeps.
        keys: How many sort keys the two queries below show behind the columns of the query itself.
        wider: The query with one row more.
        edge: The query for the last row that is kept and the first one that is not.
    """

    limit: int
    keys: int
    wider: str
    edge: str


def read_top(text: str) -> Top | None:
    """Return what tells of ties in a query; None where it keeps all rows, drops repeated ones or combines queries."""
    from sqlglot import exp

    tree = _parsed(text)
    if not isinstance(tree, exp.Select) or tree.args.get("distinct"):
        return None
    limit, order = _number(tree.args.get("limit")), tree.args.get("order")
    offset = _number(tree.args.get("offset")) if tree.args.get("offset") else 0
    if not limit or offset is None or order is None:
        return None
    keys = [_key(ordered.this, tree.expressions) for ordered in order.expressions]
    if any(key is None for key in keys):
        return None
    named = [exp.alias_(key, f"{_KEY}{n}") for n, key in enumerate(keys, start=1) if key is not None]
    shown = tree.select(*named, append=True, copy=True)
    return Top(
        limit=limit,
        keys=len(named),
        wider=shown.limit(limit + 1).sql(dialect="duckdb"),
        edge=shown.limit(2).offset(offset + limit - 1).sql(dialect="duckdb"),
    )


def differ_by_chance(last: Sequence[Any], following: Sequence[Any], keys: int) -> bool:
    """Tell whether two rows, sort keys at their ends, are equal in the keys and not in what is shown."""
    return tuple(last[-keys:]) == tuple(following[-keys:]) and tuple(last[:-keys]) != tuple(following[:-keys])


def _parsed(text: str) -> exp.Expr | None:
    from genie_ext.guard.parse import parse_query

    try:
        return parse_query(text)
    except GuardError:
        return None


def _number(clause: exp.Expr | None) -> int | None:
    """Return the number of a LIMIT or OFFSET, None where it is not a plain one."""
    if clause is None or clause.args.get("limit_options") is not None:
        return None
    value = clause.args.get("expression")
    return int(value.name) if value is not None and value.key == "literal" and value.name.isdigit() else None


def _key(key: exp.Expr, shown: Sequence[exp.Expr]) -> exp.Expr | None:
    """Return what a sort key computes: positions and names of shown columns are replaced by what these compute."""
    from sqlglot import exp

    if isinstance(key, exp.Literal):
        place = int(key.name) - 1 if key.name.isdigit() else -1
        return shown[place].unalias().copy() if 0 <= place < len(shown) else None
    named = {own.alias.casefold(): own.unalias() for own in shown if isinstance(own, exp.Alias)}

    def computed(node: exp.Expr) -> exp.Expr:
        own = named.get(node.name.casefold()) if isinstance(node, exp.Column) and not node.table else None
        return own.copy() if own is not None else node

    return None if key.name.upper() == "ALL" else key.copy().transform(computed)
