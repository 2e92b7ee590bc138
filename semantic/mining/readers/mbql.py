"""Clauses of Metabase's query language as SQL, in both of its forms: options after the arguments, or before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from semantic.mining.raw import Relation
from semantic.mining.readers.mbql_names import Column, Names
from semantic.mining.readers.mbql_terms import (
    TRUNCATED,
    NotCarriedError,
    aggregations,
    filters,
    literal,
    parts,
    quoted,
    stages,
    truncated,
)  # fmt: skip

_DEEPEST = 60
_MOST_CLAUSES = 5000
_COMPARISONS = frozenset({"<", ">", "<=", ">="})
_FUNCTIONS = MappingProxyType({
    "sum": "SUM", "avg": "AVG", "min": "MIN", "max": "MAX", "stddev": "STDDEV", "var": "VARIANCE", "median": "MEDIAN",
    "coalesce": "COALESCE", "concat": "CONCAT", "upper": "UPPER", "lower": "LOWER", "trim": "TRIM", "ltrim": "LTRIM",
    "rtrim": "RTRIM", "length": "LENGTH", "substring": "SUBSTRING", "replace": "REPLACE", "abs": "ABS",
    "round": "ROUND", "ceil": "CEIL", "floor": "FLOOR", "sqrt": "SQRT", "power": "POWER", "exp": "EXP", "log": "LOG10",
    "get-year": "YEAR", "get-quarter": "QUARTER", "get-month": "MONTH", "get-day": "DAY", "get-hour": "HOUR",
    "get-day-of-week": "DAYOFWEEK", "percentile": "QUANTILE_CONT", "now": "NOW", "date": "DATE",
})  # fmt: skip
_LIKE = MappingProxyType({
    "contains": ("ILIKE", "%", "%"), "does-not-contain": ("NOT ILIKE", "%", "%"),
    "starts-with": ("ILIKE", "", "%"), "ends-with": ("ILIKE", "%", ""),
})  # fmt: skip
_PLAIN_MEASURES = frozenset({"sum", "count", "avg", "min", "max", "distinct", "stddev", "median", "var"})
_STEPS = MappingProxyType({"current": 0, "last": -1, "next": 1})


@dataclass(slots=True, kw_only=True)
class Clauses:
    """Writes the clauses of one stage of a query.

    Attributes:
        names: Tables and columns by number.
        aliases: How each table that has been joined is called, the first one under its own name.
        expressions: Calculated columns by name.
        qualified: True where columns are written with the name of their table.
        implied: Joins that only a foreign key says, each by the name of the joined table.
    """

    names: Names = field(default_factory=Names)
    aliases: dict[Relation, str] = field(default_factory=dict)
    expressions: Mapping[str, Any] = field(default_factory=dict)
    qualified: bool = False
    implied: dict[str, tuple[Column, Column]] = field(default_factory=dict)
    depth: int = 0
    written: int = 0

    def sql(self, clause: Any) -> str:
        """Return a clause as SQL.

        Raises:
            NotCarriedError: It says something that cannot be carried over.
        """
        self.written += 1
        if self.depth > _DEEPEST or self.written > _MOST_CLAUSES:
            raise NotCarriedError("clauses nested too deeply")
        if not isinstance(clause, list):
            return literal(clause)
        self.depth += 1
        operator, options, arguments = parts(clause)
        written = self._written(operator, options, arguments)
        self.depth -= 1
        return written

    def _written(self, operator: str, options: Mapping[str, Any], arguments: list[Any]) -> str:
        if operator == "field":
            return self._field(arguments, options)
        special = _SPECIAL.get(operator)
        if special is not None:
            return special(self, arguments, options)
        if operator in _LIKE:
            return self._like(operator, arguments)
        return _call(operator, [self.sql(argument) for argument in arguments])

    def _field(self, arguments: list[Any], options: Mapping[str, Any]) -> str:
        reference = arguments[0] if arguments else None
        relation, column = self._column(reference)
        alias = options.get("join-alias") or self.aliases.get(relation)
        if options.get("source-field") is not None and not options.get("join-alias"):
            alias = self._implied(relation, column, options["source-field"])
        elif alias is None and relation and self.aliases:
            raise NotCarriedError(f"{'.'.join((*relation, column))} through a join that is not written down")
        return truncated(
            f"{quoted(str(alias))}.{quoted(column)}" if self.qualified and alias else quoted(column), options
        )

    def _implied(self, relation: Relation, column: str, key: Any) -> str:
        child = self._column(key)
        target = self.names.links.get(child)
        if target is None or target[0] != relation or child[0] not in self.aliases:
            raise NotCarriedError(f"{'.'.join((*relation, column))} through a foreign key that no file here describes")
        alias = f"{relation[-1]} by {child[1]}"
        self.implied[alias] = (child, target)
        return alias

    def _column(self, reference: Any) -> tuple[Relation, str]:
        if isinstance(reference, str):
            return (), reference
        if isinstance(reference, list) and len(reference) > 1:
            return tuple(str(part) for part in reference[1:-1] if part), str(reference[-1])
        found = self.names.columns.get(reference) if isinstance(reference, int) else None
        if found is None:
            raise NotCarriedError(f"field {reference}, which no file here describes,")
        return found

    def _like(self, operator: str, arguments: list[Any]) -> str:
        word, before, after = _LIKE[operator]
        left = self.sql(arguments[0])
        joined = " AND " if word.startswith("NOT") else " OR "
        tests = [f"{left} {word} {literal(f'{before}{value}{after}')}" for value in arguments[1:]]
        return tests[0] if len(tests) == 1 else f"({joined.join(tests)})"


def _call(operator: str, written: list[str]) -> str:
    if operator in {"+", "-", "*", "/"}:
        return f"({f' {operator} '.join(written)})"
    if operator in _COMPARISONS and len(written) == 2:
        return f"{written[0]} {operator} {written[1]}"
    if operator in {"and", "or"} and written:
        return f"({f' {operator.upper()} '.join(written)})"
    if operator in _FUNCTIONS:
        return f"{_FUNCTIONS[operator]}({', '.join(written)})"
    raise NotCarriedError(f"the clause {operator!r}")


def _item(c: Clauses, a: list[Any], _: Mapping[str, Any]) -> str:
    item = c.names.items.get(str(a[0])) or {}
    definition = item.get("dataset_query") or item.get("definition")
    stage = next(iter(stages(definition)), {}) if isinstance(definition, Mapping) else {}
    conditions = " AND ".join(c.sql(clause) for clause in filters(stage))
    measures = aggregations(stage)
    if not measures and conditions:
        return f"({conditions})"
    if len(measures) != 1 or (conditions and parts(measures[0][0])[0] not in _PLAIN_MEASURES):
        raise NotCarriedError(f"the metric, measure or segment {a[0]}, which no file here describes in one clause,")
    measure = c.sql(measures[0][0])
    return f"{measure} FILTER (WHERE {conditions})" if conditions else measure


_Writer = Callable[[Clauses, list[Any], Mapping[str, Any]], str]


def _equal(c: Clauses, a: list[Any], _: Mapping[str, Any], *, negated: bool = False) -> str:
    left, *values = [c.sql(part) for part in a]
    if len(values) == 1:
        return f"{left} {'<>' if negated else '='} {values[0]}"
    return f"{left} {'NOT IN' if negated else 'IN'} ({', '.join(values)})"


def _case(c: Clauses, a: list[Any], options: Mapping[str, Any]) -> str:
    default = options.get("default", a[1] if len(a) > 1 else None)
    pairs = [f"WHEN {c.sql(pair[0])} THEN {c.sql(pair[1])}" for pair in a[0]]
    return f"CASE {' '.join(pairs)}{'' if default is None else f' ELSE {c.sql(default)}'} END"


def _expression(c: Clauses, a: list[Any], options: Mapping[str, Any]) -> str:
    if a[0] not in c.expressions:
        raise NotCarriedError(f"the expression {a[0]!r}")
    return truncated(c.sql(c.expressions[a[0]]), options)


def _interval(c: Clauses, a: list[Any], _: Mapping[str, Any]) -> str:
    steps, unit = _STEPS.get(a[1], a[1]), str(a[2])
    if not isinstance(steps, int) or unit not in TRUNCATED:
        raise NotCarriedError("a time interval")
    column, now = c.sql(_plain(a[0])), f"DATE_TRUNC('{unit}', CURRENT_TIMESTAMP)"
    first, last = (steps, 0) if steps < 0 else (min(steps, 1), steps + 1)
    return " AND ".join(
        f"{column} {sign} {now} + INTERVAL {step} {unit.upper()}" for sign, step in ((">=", first), ("<", last))
    )


def _plain(clause: Any) -> Any:
    # The interval says the unit itself; the column is compared as it is.
    operator, options, arguments = parts(clause) if isinstance(clause, list) else ("", {}, [])
    kept = {key: value for key, value in options.items() if key != "temporal-unit"}
    return ["field", kept, *arguments] if operator == "field" else clause


def _relative(_c: Clauses, a: list[Any], _: Mapping[str, Any]) -> str:
    if a and a[0] == "current":
        return "CURRENT_DATE"
    if len(a) == 2 and isinstance(a[0], int) and a[1] in TRUNCATED:
        return f"CURRENT_DATE + INTERVAL {a[0]} {str(a[1]).upper()}"
    raise NotCarriedError("a relative date")


_SPECIAL: Mapping[str, _Writer] = MappingProxyType({
    "=": _equal,
    "!=": lambda c, a, o: _equal(c, a, o, negated=True),
    "metric": _item,
    "measure": _item,
    "segment": _item,
    "case": _case,
    "if": _case,
    "expression": _expression,
    "time-interval": _interval,
    "relative-datetime": _relative,
    "absolute-datetime": lambda _c, a, _o: literal(a[0]),
    "value": lambda _c, a, _o: literal(a[0]),
    "field-id": lambda c, a, o: c.sql(["field", a[0], dict(o)]),
    "field-literal": lambda _c, a, _o: quoted(str(a[0])),
    "datetime-field": lambda c, a, _o: truncated(c.sql(a[0]), {"temporal-unit": a[-1]}),
    "aggregation-options": lambda c, a, _o: c.sql(a[0]),
    "not": lambda c, a, _o: f"NOT ({c.sql(a[0])})",
    "between": lambda c, a, _o: f"{c.sql(a[0])} BETWEEN {c.sql(a[1])} AND {c.sql(a[2])}",
    "is-null": lambda c, a, _o: f"{c.sql(a[0])} IS NULL",
    "not-null": lambda c, a, _o: f"{c.sql(a[0])} IS NOT NULL",
    "is-empty": lambda c, a, _o: f"COALESCE({c.sql(a[0])}, '') = ''",
    "not-empty": lambda c, a, _o: f"COALESCE({c.sql(a[0])}, '') <> ''",
    "count": lambda c, a, _o: f"COUNT({c.sql(a[0]) if a else '*'})",
    "distinct": lambda c, a, _o: f"COUNT(DISTINCT {c.sql(a[0])})",
    "count-where": lambda c, a, _o: f"COUNT(*) FILTER (WHERE {c.sql(a[0])})",
    "sum-where": lambda c, a, _o: f"SUM({c.sql(a[0])}) FILTER (WHERE {c.sql(a[1])})",
    "distinct-where": lambda c, a, _o: f"COUNT(DISTINCT {c.sql(a[0])}) FILTER (WHERE {c.sql(a[1])})",
    "share": lambda c, a, _o: f"AVG(CASE WHEN {c.sql(a[0])} THEN 1.0 ELSE 0.0 END)",
    "datetime-diff": lambda c, a, _o: f"DATE_DIFF({literal(a[2])}, {c.sql(a[0])}, {c.sql(a[1])})",
})  # fmt: skip
