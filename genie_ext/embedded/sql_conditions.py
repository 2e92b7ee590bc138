"""SQL conditions: filters of a step as WHERE and HAVING texts, on rows read, on related rows and on their figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from genie_ext.embedded.definitions import title_of
from genie_ext.embedded.metric_sql import bears_repeats
from genie_ext.embedded.scope import Scope
from genie_ext.embedded.sql_text import literal
from genie_ext.embedded.steps import measured_table
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Filter, Measure, Operator, Scalar, SegmentFilter, Step, TimeRange
from semantic.types import TableId

_DENIED: dict[Operator, Operator] = {"!=": "=", "not in": "in", "not like": "like"}


WriteStep = Callable[[Step], str]
"""Writes a nested step as SQL."""


def compare(left: str, condition: Filter, write: WriteStep) -> str:
    """Return a comparison with literals or with the result of a nested step."""
    operator, values = condition.operator, condition.values
    if condition.step is not None:
        return f"{left} {operator.upper()} ({_one_line(write(condition.step))})"
    if operator in ("is null", "is not null"):
        return f"{left} {operator.upper()}"
    if operator == "between":
        return f"{left} BETWEEN {literal(values[0])} AND {literal(values[1])}"
    if operator in ("in", "not in"):
        return f"{left} {operator.upper()} ({', '.join(literal(value) for value in values)})"
    if operator in ("like", "not like"):
        return _like(left, values, denied=operator == "not like")
    return f"{left} {operator} {literal(values[0])}"


def column_condition(scope: Scope, condition: Filter, write: WriteStep) -> str:
    """Return a condition on a column of a table that was joined."""
    if not isinstance(condition.subject, ColumnRef):
        raise TypeError(condition.subject)
    numeric = condition.values and not any(
        isinstance(v, bool) or not isinstance(v, int | float) for v in condition.values
    )
    ranked = condition.step is not None and condition.operator not in ("in", "not in")
    ref = condition.subject
    left = scope.number(ref) if numeric else scope.ranked(ref) if ranked else scope.column(ref)
    return compare(left, condition, write)


def period(scope: Scope, time: TimeRange) -> list[str]:
    """Return the two sides of a period, as far as they are closed."""
    column = scope.date(time.column)
    sides = [f"{column} >= {literal(time.start)}"] if time.start is not None else []
    return [*sides, f"{column} < {literal(time.end)}"] if time.end is not None else sides


def existences(
    scope: Scope, table: TableId, conditions: list[Filter], write: WriteStep, *, time: TimeRange | None = None
) -> list[str]:
    """Return the conditions on related rows: one for all that must hold, a period included, and one for each denied."""
    denied = [f for f in conditions if f.operator in _DENIED]
    held = [f for f in conditions if f not in denied]
    texts = [_exists(scope, table, held, write, time=time)] if held or time or not denied else []
    return texts + ["NOT " + _exists(scope, table, [replace(f, operator=_DENIED[f.operator])], write) for f in denied]


def related(scope: Scope, condition: Filter, write: WriteStep) -> str:
    """Return a condition on the number (or another figure) of related rows, as a correlated subquery.

    Raises:
        CannotAnswerError: The rows counted are those listed, and nothing groups them, or a join repeats them.
    """
    measure = condition.subject
    if not isinstance(measure, Measure):
        raise TypeError(measure)
    table = measured_table(measure)
    if table is None or scope.holds(table):
        raise CannotAnswerError(
            f"“{condition.phrase}” compares a figure of rows that nothing groups.", hint="Say for each of what."
        )
    inside, link = scope.inner(scope.path((table, "")))
    if measure.metric is not None:
        for other in measure.metric.tables:
            inside.add((other, ""))
        refuse_repeats(inside, measure)
    link += defaults(inside)
    asks_any = (condition.operator, condition.values) in ((">=", (1,)), (">", (0,)))
    asks_none = (condition.operator, condition.values) == ("=", (0,))
    if measure.column is None and (asks_any or asks_none):
        return ("NOT " if asks_none else "") + f"EXISTS ({_subquery('1', inside, link)})"
    return compare(f"({_subquery(inside.measure(measure), inside, link)})", condition, write)


def defaults(scope: Scope) -> list[str]:
    """Return the conditions under which the tables of this SELECT are read by default."""
    nodes = (scope.first, *(edge.far for edge in scope.edges))
    known = scope.schema.defaults
    return [scope.condition(known[node[0]], node=node) for node in nodes if node[0] in known]


def segment(scope: Scope, condition: SegmentFilter) -> str:
    """Return a named condition on the rows read, or on related rows where their tables are not joined.

    Raises:
        CannotAnswerError: The condition is about several tables that a join would repeat.
    """
    tables = condition.segment.tables
    if all(scope.holds(table) for table in tables):
        return _denied(scope.condition(condition.segment.condition), denied=condition.denied)
    inside, link = scope.inner(scope.path((tables[0], "")))
    if any(not inside.holds(table) for table in tables):
        raise CannotAnswerError(f"“{condition.phrase}” is about several tables, which cannot be matched row by row.")
    link += [inside.condition(condition.segment.condition), *defaults(inside)]
    return ("NOT " if condition.denied else "") + f"EXISTS ({_subquery('1', inside, link)})"


def refuse_repeats(scope: Scope, measure: Measure) -> None:
    """Refuse a governed metric whose rows the joins of a query repeat.

    Raises:
        CannotAnswerError: They do.
    """
    table = measured_table(measure)
    if table is None or not scope.repeats(table) or (measure.metric and bears_repeats(measure.metric)):
        return
    others = sorted({edge.far[0].name for edge in scope.edges} | {scope.first[0].name} - {table.name})
    name = title_of(measure.metric) if measure.metric else measure.label
    raise CannotAnswerError(
        f"“{name}” is a figure of single rows of {table.name}, which a join to {' and '.join(others)} repeats.",
        hint=f"Ask for it by what each row of {table.name} has only one of.",
    )


def _denied(text: str, *, denied: bool) -> str:
    return f"({text}) IS NOT TRUE" if denied else text


def _exists(
    scope: Scope, table: TableId, conditions: list[Filter], write: WriteStep, *, time: TimeRange | None = None
) -> str:
    inside, link = scope.inner(scope.path((table, _role(conditions))))
    link += [column_condition(inside, f, write) for f in conditions]
    link += period(inside, time) if time is not None else ()
    link += defaults(inside)
    return f"EXISTS ({_subquery('1', inside, link)})"


def _role(conditions: list[Filter]) -> str:
    return next((f.subject.via for f in conditions if isinstance(f.subject, ColumnRef)), "")


def _subquery(shown: str, inside: Scope, link: list[str]) -> str:
    return _one_line(f"SELECT {shown} {inside.from_clause()} WHERE {' AND '.join(link)}")


def _like(left: str, values: tuple[Scalar, ...], *, denied: bool) -> str:
    matches = [f"{left} {'NOT ' if denied else ''}ILIKE {literal(value)}{_escape(value)}" for value in values]
    return matches[0] if len(matches) == 1 else f"({(' AND ' if denied else ' OR ').join(matches)})"


def _escape(value: Scalar) -> str:
    return " ESCAPE '\\'" if "\\" in str(value) else ""


def _one_line(sql: str) -> str:
    return sql.replace("\n", " ")
