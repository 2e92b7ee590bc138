"""The column names of a SELECT, as far as they can be known without running it."""

from __future__ import annotations

from sqlglot import exp

from genie_ext.guard.sources import Columns, Scope, Source


def output_columns(node: exp.Select, scope: Scope) -> Columns:
    """Return the output names of a SELECT in order, None where one of its items makes an unknown number of columns."""
    names: list[str] = []
    for item in node.expressions:
        star = _star_of(item)
        if star is not None:
            expanded = _expand(star, _sources_of(item, scope))
            if expanded is None:
                return None
            names += expanded
        elif item.find(exp.Columns, exp.Star, exp.Explode) and not isinstance(item.unalias(), exp.Count):
            return None
        else:
            names.append(_name(item, scope))
    return tuple(names)


def _name(item: exp.Expr, scope: Scope) -> str:
    """Return the name a select item gives itself, empty where DuckDB makes one up."""
    if isinstance(item, exp.Column):
        written = item.name.lower()
        known = (name for source in scope.sources for name in source.columns or () if name.lower() == written)
        return next(known, item.name)
    return str(item.output_name) if isinstance(item, (exp.Alias, exp.Dot)) else ""


def _star_of(item: exp.Expr) -> exp.Star | None:
    """Return the star of `*` or `t.*`."""
    if isinstance(item, exp.Star):
        return item
    return item.this if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else None


def _sources_of(item: exp.Expr, scope: Scope) -> list[Source]:
    """Return the sources that a star stands for; a struct's star stands for an unknown one."""
    if not isinstance(item, exp.Column):
        return [source for source in scope.sources if source.starred]
    owner = scope.owner(tuple(part.name.lower() for part in item.parts[:-1]))
    if owner is None:
        return [Source(name="", columns=None)]
    return [Source(name=owner.name, columns=owner.columns)]


def _expand(star: exp.Star, sources: list[Source]) -> list[str] | None:
    """Return the columns of a star after EXCLUDE and RENAME."""
    excluded = {column.name.lower() for column in star.args.get("except_") or ()}
    renamed = {entry.this.name.lower(): entry.alias for entry in star.args.get("rename") or ()}
    names: list[str] = []
    for source in sources:
        if source.columns is None:
            return None
        kept = (name for name in source.columns if name.lower() not in source.merged | excluded)
        names += [renamed.get(name.lower(), name) for name in kept]
    return names
