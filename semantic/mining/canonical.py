"""The canonical form of an expression: equal for expressions that differ only in how they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from semantic.mining.conditional import conditional, number
from semantic.mining.trees import bare, conjuncts

_COMMUTATIVE = (exp.Add, exp.Mul, exp.And, exp.Or)
_SYMMETRIC = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
_NEGATED: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.GT: exp.LTE, exp.GTE: exp.LT, exp.LT: exp.GTE, exp.LTE: exp.GT,
    exp.NullSafeEQ: exp.NullSafeNEQ, exp.NullSafeNEQ: exp.NullSafeEQ,
}  # fmt: skip
_MIRRORED: dict[type[exp.Expr], str] = {exp.GT: "lt", exp.GTE: "lte"}
_ORDERED: dict[type[exp.Expr], str] = {exp.LT: "lt", exp.LTE: "lte"}
# What a parser notes for itself.
_INTERNAL = frozenset({"big_int", "safe", "typed", "coalesce"})
# Casts between numbers, or to text, say how a value is kept and not what it means; dates cut off the time of day.
_KEPT_CASTS = frozenset({"DATE", "TIMESTAMP", "TIME", "INTERVAL", "TIMESTAMPTZ", "BOOLEAN"})


def metric_key(expression: exp.Expr, filters: Sequence[exp.Expr]) -> tuple[str, tuple[str, ...]]:
    """Return the canonical aggregate and its canonical conditions.

    Rounding, a default for "no rows" and the condition of a single aggregate (`FILTER`, `CASE`) are not part of the
    aggregate itself: `sum(CASE WHEN paid THEN x ELSE 0 END)` is `sum(x)` where `paid`.
    """
    inner = _unwrapped(expression)
    function, conditions = conditional(inner)
    if conditions:
        return key(function), filter_keys([*filters, *conditions])
    return key(inner), filter_keys(filters)


def filter_keys(filters: Sequence[exp.Expr]) -> tuple[str, ...]:
    """Return the canonical conditions in order, without those that others imply."""
    parts = [part for condition in filters for part in conjuncts(condition)]
    compared = {key(side) for p in parts if isinstance(p, (exp.Binary, exp.In, exp.Between)) for side in _sides(p)}
    kept = (p for p in parts if (subject := _not_null(p)) is None or key(subject) not in compared)
    return tuple(sorted({one for p in kept for one in _split(key(p))}))


def key(node: exp.Expr) -> str:
    """Return the canonical form of one expression as text; it is compared, never run."""
    node = bare(node)
    for rule in _RULES:
        if (form := rule(node)) is not None:
            return form
    return _plain(node)


def same(left: exp.Expr, right: exp.Expr) -> bool:
    """Tell whether two expressions say the same."""
    return key(left) == key(right)


def _split(form: str) -> list[str]:
    # BETWEEN arrives as two bounds in one form.
    return form[8:-1].split(" && ") if form.startswith("between(") else [form]


def _sides(node: exp.Expr) -> tuple[exp.Expr, ...]:
    if isinstance(node, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike)):
        return (node.this, node.expression)
    return (node.this,) if isinstance(node, (exp.In, exp.Between)) else ()


def _not_null(node: exp.Expr) -> exp.Expr | None:
    inner = bare(node.this) if isinstance(node, exp.Not) else None
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        return bare(inner.this)
    return None


def _unwrapped(node: exp.Expr) -> exp.Expr:
    node = bare(node)
    while isinstance(node, (exp.Round, exp.Coalesce, exp.Cast, exp.TryCast)):
        if isinstance(node, exp.Coalesce) and not _is_zero(node.expressions):
            break
        if isinstance(node, (exp.Cast, exp.TryCast)) and _kept_cast(node):
            break
        node = bare(node.this)
    return node


def _is_zero(nodes: Sequence[exp.Expr]) -> bool:
    return len(nodes) == 1 and number(nodes[0]) == 0


def _kept_cast(node: exp.Expr) -> bool:
    return str(node.args["to"].this.value if hasattr(node.args["to"].this, "value") else node.args["to"]).upper() in (
        _KEPT_CASTS
    )


def _aggregate(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Count) and isinstance(bare(node.this), (exp.Literal, exp.Star)):
        return "count(*)"
    if isinstance(node, (exp.Filter, exp.CountIf, exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max)):
        function, conditions = conditional(node)
        if conditions:
            return f"{key(function)} where {' && '.join(filter_keys(conditions))}"
    return None


def _noise(node: exp.Expr) -> str | None:
    if isinstance(node, (exp.Cast, exp.TryCast)) and not _kept_cast(node):
        return key(node.this)
    bucket = bare(node.this) if isinstance(node, (exp.Cast, exp.TryCast)) else None
    if isinstance(bucket, (exp.TimestampTrunc, exp.DateTrunc)):
        return key(bucket)
    if isinstance(node, exp.IgnoreNulls):
        return key(node.this)
    return None


def _commutative(node: exp.Expr) -> str | None:
    if isinstance(node, _COMMUTATIVE):
        parts = sorted(_flat(node, type(node)))
        if isinstance(node, exp.Mul):
            parts = [p for p in parts if p not in {"1", "1.0"}] or ["1"]
        if isinstance(node, exp.Connector):
            parts = sorted(set(parts))
        return parts[0] if len(parts) == 1 else f"{node.key}({', '.join(parts)})"
    if isinstance(node, _SYMMETRIC):
        return _equal(node)
    if type(node) in _MIRRORED:
        return f"{_MIRRORED[type(node)]}({key(node.expression)}, {key(node.this)})"
    if type(node) in _ORDERED:
        return f"{_ORDERED[type(node)]}({key(node.this)}, {key(node.expression)})"
    return None


def _flat(node: exp.Expr, kind: type[exp.Expr]) -> list[str]:
    node = bare(node)
    if type(node) is kind:
        return [*_flat(node.this, kind), *_flat(node.expression, kind)]
    return [key(node)]


def _equal(node: exp.Expr) -> str:
    left, right = bare(node.this), bare(node.expression)
    if isinstance(left, exp.Boolean):
        left, right = right, left
    if isinstance(right, exp.Boolean) and isinstance(node, (exp.EQ, exp.NEQ)):
        return key(left) if bool(right.this) == isinstance(node, exp.EQ) else key(exp.Not(this=left.copy()))
    return f"{node.key}({', '.join(sorted((key(left), key(right))))})"


def _negation(node: exp.Expr) -> str | None:
    if not isinstance(node, exp.Not):
        return None
    inner = bare(node.this)
    if isinstance(inner, exp.Not):
        return key(inner.this)
    if type(inner) in _NEGATED:
        return key(_NEGATED[type(inner)](this=inner.this.copy(), expression=inner.expression.copy()))
    if isinstance(inner, exp.In) and len(inner.expressions) == 1:
        return key(exp.NEQ(this=inner.this.copy(), expression=inner.expressions[0].copy()))
    return f"not({key(inner)})"


def _membership(node: exp.Expr) -> str | None:
    if isinstance(node, exp.In) and node.expressions:
        if len(node.expressions) == 1:
            return key(exp.EQ(this=node.this.copy(), expression=node.expressions[0].copy()))
        return f"in({key(node.this)}, [{', '.join(sorted({key(e) for e in node.expressions}))}])"
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        subject = key(node.this)
        return f"between(lte({key(node.args['low'])}, {subject}) && lte({subject}, {key(node.args['high'])}))"
    return None


def _division(node: exp.Expr) -> str | None:
    if not isinstance(node, exp.Div):
        return None
    below = bare(node.expression)
    # A guard against division by zero leaves the figure as it is.
    if isinstance(below, exp.Nullif) and number(below.expression) == 0:
        below = bare(below.this)
    return f"div({key(node.this)}, {key(below)})"


def _name(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Column):
        return ".".join(part.name.lower() for part in node.parts)
    if isinstance(node, exp.Literal) and not node.is_string:
        number = float(node.this)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(number)
    return None


_RULES: tuple[Callable[[exp.Expr], str | None], ...] = (
    _name, _aggregate, _noise, _commutative, _negation, _membership, _division,
)  # fmt: skip


def _plain(node: exp.Expr) -> str:
    if isinstance(node, exp.Query) or not any(True for _ in node.iter_expressions()):
        return node.sql(dialect="duckdb", normalize=True) or node.key
    parts = [f"{name}={_argument(value)}" for name, value in node.args.items() if _counts(name, value)]
    return f"{node.key}({', '.join(parts)})"


def _counts(name: str, value: object) -> bool:
    return name not in _INTERNAL and value is not None and value is not False and value != []


def _argument(value: object) -> str:
    if isinstance(value, exp.Expr):
        return key(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_argument, value))}]"
    return str(value).lower()
