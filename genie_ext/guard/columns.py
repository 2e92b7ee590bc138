"""One column reference, looked up in its scope, and what is said where it is not there."""

from __future__ import annotations

from rapidfuzz import fuzz, process
from sqlglot import exp

from genie_ext.errors import GuardError
from genie_ext.guard.sources import Scope, Source

OWNER_KEY = "genie_owner"
"""Under this key of its `meta` a qualified column keeps the table it belongs to."""


def check_column(node: exp.Column, scope: Scope) -> None:
    """Raise `GuardError` unless a column reference means something in its scope."""
    if isinstance(node.this, exp.Star):
        _check_star(node, scope)
        return
    parts = tuple(part.name.lower() for part in node.parts)
    if scope.sees(parts[0]) and (len(parts) == 1 or not scope.owner(parts[:1])):
        return
    for length in range(len(parts) - 1, 0, -1):
        owner = scope.owner(parts[:length])
        if owner and owner.has(parts[length]):
            if owner.table and length == len(parts) - 1:
                node.meta[OWNER_KEY] = owner.table
            return
        if owner and not any(_level_has(level, parts[0]) for level in scope.levels()):
            raise _missing(parts[length], [owner], written=node)
    if len(parts) > 1 and scope.sees(parts[0]):
        return
    raise _missing(parts[-1], [source for level in scope.levels() for source in level.sources], written=node)


def _check_star(node: exp.Column, scope: Scope) -> None:
    """Raise `GuardError` unless `x.*` names a source or a struct."""
    qualifier = tuple(part.name.lower() for part in node.parts[:-1])
    if not scope.owner(qualifier) and not scope.sees(qualifier[0]):
        raise GuardError(f"There is no table {'.'.join(qualifier)} in this query.", hint=_sources_hint(scope))


def _missing(name: str, sources: list[Source], *, written: exp.Column) -> GuardError:
    """Return the error for a column that none of the sources has."""
    text = ".".join(part.name for part in written.parts)
    if any(name in source.hidden for source in sources):
        return GuardError(f"The column {text} is hidden by policy.", hint="Leave it out.")
    columns = list(dict.fromkeys(column for source in sources for column in source.columns or () if column))
    where = ", ".join(source.name for source in sources if source.name)
    message = f"There is no column {text} in {where}." if where else f"There is no column {text}."
    hint = near(name, columns)
    if written.this.args.get("quoted") and not hint:
        hint = "Text stands in single quotes."
    return GuardError(message, hint=hint or _columns_hint(columns))


def _level_has(level: Scope, name: str) -> bool:
    """Say whether a scope level itself has a column or alias of a lower-case name."""
    return name in level.names or any(source.has(name) for source in level.sources)


def near(name: str, candidates: list[str]) -> str:
    """Return a hint with up to three names close to one that is not there."""
    found = process.extract(name, candidates, scorer=fuzz.WRatio, processor=str.lower, limit=3, score_cutoff=60)
    return f"Near: {', '.join(match[0] for match in found)}." if found else ""


def _columns_hint(columns: list[str]) -> str:
    """Return a hint that lists some columns."""
    return f"There are: {', '.join(columns[:10])}." if columns else ""


def _sources_hint(scope: Scope) -> str:
    """Return a hint that lists the sources in sight."""
    names = [source.name for level in scope.levels() for source in level.sources if source.name]
    return f"There are: {', '.join(names)}." if names else ""
