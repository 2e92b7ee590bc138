"""Names for facts: from aliases where people gave some, else from the expression itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from semantic.mining.trees import aggregates, bare, columns
from semantic.names import split_words

_AUTOMATIC = re.compile(r"^(?:_col_?\d*|col\d*|expr\d*|f\d+_?|column\d*|count_star|\d+)$")
# Aliases that say nothing about what a column means.
_ROWS = "rows"
_EMPTY = """id ids name names value values val key label x1 x2 y1 y2 col column field result metric measure total
count cnt num sum avg average min max mean n1 n2 t1 t2 tmp temp data row rows rank rn first last date time day type code
text foo bar baz test output input agg amount"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_CALLS = {
    "sum": "total", "avg": "average", "min": "lowest", "max": "highest", "median": "median", "count": "number of",
    "stddev": "deviation of", "variance": "variance of",
}  # fmt: skip
_COMPARED = {
    "eq": "", "neq": "not", "gt": "over", "gte": "from", "lt": "below", "lte": "up to", "like": "like",
    "ilike": "like", "in": "", "between": "between",
}  # fmt: skip


def snake(name: str) -> str:
    """Return a name in snake_case."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    return re.sub(r"\W+", "_", parted).strip("_").lower()


def in_words(name: str) -> str:
    """Return an identifier as the words it is made of."""
    return " ".join(split_words(name))


def is_given(alias: str) -> bool:
    """Tell whether an alias is a name that a person chose."""
    return bool(alias) and not _AUTOMATIC.match(alias.lower()) and any(c.isalpha() for c in alias)


def says_something(alias: str) -> bool:
    """Tell whether an alias has a word that means something outside its query."""
    words = split_words(alias)
    return is_given(alias) and any(w not in _EMPTY_WORDS and len(w) > 2 for w in words)


def name_of(node: exp.Expr, rows: str = "rows", filters: Sequence[exp.Expr] = ()) -> str:
    """Return a readable name for an expression or condition, in snake_case.

    Args:
        node: The expression.
        rows: What its rows are called.
        filters: Conditions on them; a single one becomes part of the name.
    """
    said = [_read(bare(node)).replace(_ROWS, rows), *(_read(f) for f in filters if len(filters) == 1)]
    return "_".join(dict.fromkeys(split_words(" ".join(said))))[:80].strip("_") or "figure"


def _read(node: exp.Expr) -> str:
    node = bare(node)
    if isinstance(node, (exp.Column, exp.Literal)):
        return node.name
    if node.key in _CALLS and aggregates(node):
        return f"{_CALLS[node.key]} {_argument(bare(node.this))}"
    if node.key in _COMPARED:
        return f"{_read(node.this)} {_COMPARED[node.key]} {_right(node)}"
    return _read_other(node)


def _read_other(node: exp.Expr) -> str:
    if isinstance(node, exp.Not):
        return _negated(bare(node.this))
    if isinstance(node, exp.Filter):
        return f"{_read(node.this)} {_read(node.expression.this)}"
    if isinstance(node, exp.Div):
        return f"{_read(node.this)} per {_read(node.expression)}"
    if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
        return f"{_read(node.this)} {node.args['unit'].name}"
    return " ".join([*_call(node), *(_read(part) for part in node.iter_expressions())])


def _argument(node: exp.Expr) -> str:
    if isinstance(node, (exp.Star, exp.Literal)):
        return _ROWS
    if isinstance(node, exp.Distinct):
        return " ".join(_read(e) for e in node.expressions)
    found = columns(node)
    return " ".join(dict.fromkeys(c.name for c in found)) if len(found) > 1 else _read(node)


def _negated(node: exp.Expr) -> str:
    if isinstance(node, exp.Is):
        return f"with {_read(node.this)}"
    return f"not {_read(node)}"


def _right(node: exp.Expr) -> str:
    if isinstance(node, exp.In):
        return " or ".join(_read(e) for e in node.expressions)
    if isinstance(node, exp.Between):
        return f"{_read(node.args['low'])} and {_read(node.args['high'])}"
    return _read(node.expression)


def _call(node: exp.Expr) -> list[str]:
    if isinstance(node, exp.Is):
        return ["without"]
    if isinstance(node, (exp.Year, exp.Month, exp.Quarter, exp.Week, exp.Day, exp.Round, exp.Anonymous)):
        return [node.key if not isinstance(node, exp.Anonymous) else str(node.this)]
    return ["or"] if isinstance(node, exp.Or) else ["share"] if isinstance(node, exp.CountIf) else []
