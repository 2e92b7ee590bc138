"""Bring trees into the shapes that mining expects, whatever engine printed the query."""

from __future__ import annotations

from sqlglot import exp

from semantic.mining.trees import bare


def tidy(tree: exp.Expr) -> exp.Expr:
    """Return the tree with rows counted by `count(*)` and with joins in one list, not in nested parentheses."""
    for call in list(tree.find_all(exp.Anonymous)):
        if str(call.this).lower() == "count_star":
            counted = exp.Count(this=exp.Star(), big_int=True)
            tree = counted if call is tree else tree
            call.replace(counted)
    for select in list(tree.find_all(exp.Select)):
        _flatten(select)
    return tree


def first_of_shared(tree: exp.Query, shared: set[str]) -> exp.Query:
    """Take the first of the columns that USING makes one; they are equal."""
    for both in list(tree.find_all(exp.Coalesce)) if shared else []:
        parts = [both.this, *both.expressions]
        if all(isinstance(p, exp.Column) and p.name.lower() in shared for p in parts):
            both.replace(both.this)
    return tree


def with_full_names(tree: exp.Expr) -> exp.Expr:
    """Give the columns of nested queries over one table their full names, so that they read like all others."""
    for select in list(tree.find_all(exp.Select)):
        tables = list(select.find_all(exp.Table))
        if len(tables) != 1 or any(s is not select for s in select.find_all(exp.Query)) or not tables[0].catalog:
            continue
        for column in [c for c in select.find_all(exp.Column) if c.table == tables[0].alias_or_name]:
            for part, source in (("table", "this"), ("db", "db"), ("catalog", "catalog")):
                column.set(part, tables[0].args[source].copy())
        tables[0].set("alias", None)
        select.set("expressions", [output.unalias() for output in select.selects])
    return tree


def _flatten(select: exp.Select) -> None:
    first = select.args.get("from_")
    if first is None:
        return
    source, joins = _opened(first.this)
    first.set("this", source)
    for join in select.args.get("joins") or []:
        inner, more = _opened(join.this) if not join.side and not join.method else (join.this, [])
        join.set("this", inner)
        joins += [join, *more]
    select.set("joins", joins or None)


def _opened(node: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """Return the first source inside parentheses around joins, and those joins in order."""
    joins: list[exp.Expr] = []
    while isinstance(node, exp.Subquery) and not node.alias and isinstance(node.this, (exp.Table, exp.Subquery)):
        joins = [*(node.args.get("joins") or []), *joins]
        node = node.this
        joins = [*(node.args.get("joins") or []), *joins]
        node.set("joins", None)
    return node, joins


def unwrapped(tree: exp.Expr) -> exp.Expr:
    """Return the query inside parentheses that have no name of their own."""
    while isinstance(tree, (exp.Subquery, exp.Paren)) and not tree.alias:
        tree = bare(tree.this)
    return tree
