"""What a SELECT does to the rows it reads: grouping, and all that makes them other rows."""

from __future__ import annotations

from sqlglot import exp

from semantic.mining.trees import aggregates, own_nodes


def group_keys(select: exp.Select) -> tuple[str, ...] | None:
    """Return the output columns a SELECT is grouped by, () for one row in all, None where it is not grouped."""
    group, outputs = select.args.get("group"), select.selects
    if select.args.get("distinct"):
        return tuple(s.alias_or_name.lower() for s in outputs)
    if group is None:
        folded = any(aggregates(s) for s in outputs) or select.args.get("having")
        return () if folded else None
    if group.args.get("all"):
        return tuple(s.alias_or_name.lower() for s in outputs if not aggregates(s))
    by = {e.sql() for e in group.expressions}
    return tuple(s.alias_or_name.lower() for s in outputs if s.unalias().sql() in by)


def reshaping(select: exp.Select) -> str:
    """Return what makes the rows of a SELECT other rows than those it reads, empty where nothing does."""
    for part in ("having", "qualify", "limit", "offset", "distinct", "sample"):
        if select.args.get(part):
            return f"it has {part.upper()}"
    group = select.args.get("group")
    if group is not None and any(group.args.get(part) for part in ("cube", "rollup", "grouping_sets")):
        return "it has subtotals"
    exploding = any(isinstance(n, (exp.Unnest, exp.Explode)) for s in select.selects for n in own_nodes(s))
    return "it unnests lists" if exploding else ""
