"""The words of Metabase's query language: clauses taken apart, names and values as SQL writes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

TRUNCATED = frozenset({"minute", "hour", "day", "week", "month", "quarter", "year", "second"})
_EXTRACTED = MappingProxyType({
    "day-of-week": "DAYOFWEEK", "day-of-month": "DAY", "day-of-year": "DAYOFYEAR", "week-of-year": "WEEK",
    "month-of-year": "MONTH", "quarter-of-year": "QUARTER", "hour-of-day": "HOUR", "minute-of-hour": "MINUTE",
    "year-of-era": "YEAR",
})  # fmt: skip


class NotCarriedError(Exception):
    """A clause that has no counterpart in SQL here; the text says which."""


def parts(clause: list[Any]) -> tuple[str, Mapping[str, Any], list[Any]]:
    """Return the operator, the options and the arguments of a clause of either form."""
    operator, *rest = clause or [""]
    operator = str(operator).lower().replace("_", "-")
    if rest and isinstance(rest[0], dict):
        return operator, rest[0], rest[1:]
    if rest and isinstance(rest[-1], dict):
        return operator, rest[-1], rest[:-1]
    return operator, {}, [part for part in rest if operator != "field" or part is not None]


def quoted(name: str) -> str:
    """Return a name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Return a value as SQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def truncated(sql: str, options: Mapping[str, Any]) -> str:
    """Return a column at the grain that the options of a field ask for."""
    unit = str(options.get("temporal-unit") or "default")
    if options.get("binning"):
        raise NotCarriedError("a column in bins")
    if unit in TRUNCATED:
        return f"DATE_TRUNC('{unit}', {sql})"
    if unit in _EXTRACTED:
        return f"{_EXTRACTED[unit]}({sql})"
    if unit != "default":
        raise NotCarriedError(f"the time unit {unit!r}")
    return sql


def stages(query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the stages of a question of either form, the innermost first."""
    if isinstance(query.get("stages"), list):
        return [stage for stage in query["stages"] if isinstance(stage, Mapping)]
    found: list[Mapping[str, Any]] = []
    inner: Any = query.get("query", query)
    while isinstance(inner, Mapping) and len(found) < 20:
        found.append(inner)
        inner = inner.get("source-query")
    return list(reversed(found))


def aggregations(stage: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Return the measures of a stage with the name each is given, empty where it has none."""
    clauses = stage.get("aggregation") or []
    listed = clauses if isinstance(clauses, list) and clauses and isinstance(clauses[0], list) else [clauses]
    found = [(clause, parts(clause)[1]) for clause in listed if isinstance(clause, list) and clause]
    return [(clause, str(options.get("display-name") or options.get("name") or "")) for clause, options in found]


def filters(stage: Mapping[str, Any]) -> list[Any]:
    """Return the conditions of a stage, those joined by `and` one by one."""
    clauses = list(stage.get("filters") or [])
    if single := stage.get("filter"):
        operator, _, arguments = parts(single)
        clauses += arguments if operator == "and" else [single]
    return clauses
