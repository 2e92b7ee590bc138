"""SQL conditions: filters of a step as WHERE and HAVING texts, on rows read, on related rows and on their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from genie_ext.embedded.comparable import without_gaps, write_sides
from genie_ext.embedded.definitions import title_of
from genie_ext.embedded.existences import Related, gather, inside, role_of, split_denied
from genie_ext.embedded.join_tree import Node
from genie_ext.embedded.metric_sql import bears_repeats
from genie_ext.embedded.scope import Scope
from genie_ext.embedded.sql_text import literal
from genie_ext.embedded.steps import measured_table
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Filter, Measure, Scalar, SegmentFilter, Step, TimeRange

WriteStep = Callable[[Step], str]
"""Writes a nested step as SQL."""


def compare(left: str, condition: Filter, write: WriteStep) -> str:
    """Return a comparison with literals or with the result of a nested step.

    Raises:
        CannotAnswerError: It is a figure that may meet one of several conditions.
    """
    _refuse_alternatives(condition)
    if condition.step is not None:
        return f"{left} {condition.operator.upper()} ({_one_line(write(condition.step))})"
    return _compare_values(left, condition)


def _compare_values(left: str, condition: Filter) -> str:
    operator, values = condition.operator, condition.values
    if operator in ("is null", "is not null"):
        return f"{left} {operator.upper()}"
    if operator == "between":
        return f"{left} BETWEEN {literal(values[0])} AND {literal(values[1])}"
    if operator in ("in", "not in"):
        return f"{left} {operator.upper()} ({', '.join(literal(value) for value in values)})"
    if operator in ("like", "not like"):
        return _like(left, values, denied=operator == "not like")
    return f"{left} {operator} {literal(values[0])}"


def column_conditions(scope: Scope, step: Step, write: WriteStep) -> Iterator[str]:
    """Yield the conditions of a step on columns of the rows read and of related rows, and that related rows exist."""
    on_columns = [f for f in step.filters if isinstance(f.subject, ColumnRef)]
    spread = [f for f in on_columns if len(_roles(f)) > 1 and not all(scope.holds(table) for table, _ in _roles(f))]
    single = [f for f in on_columns if f not in spread]
    yield from (column_condition(scope, f, write) for f in single if scope.holds(role_of(f)[0]))
    yield from (_any_of([_apart(scope, part, write) for part in _parts(f)]) for f in spread)
    yield from existences(scope, step, [f for f in single if not scope.holds(role_of(f)[0])], write)


def column_condition(scope: Scope, condition: Filter, write: WriteStep) -> str:
    """Return a condition on a column of a table that was joined, or on one of several."""
    if condition.alternatives:
        return _any_of([column_condition(scope, part, write) for part in _parts(condition)])
    condition = without_gaps(scope.schema, condition)
    nested = write(condition.step) if condition.step is not None else ""
    left, condition, nested = write_sides(scope, condition, nested)
    return compare(left, condition, lambda _: nested)


def period(scope: Scope, time: TimeRange) -> list[str]:
    """Return the two sides of a period, as far as they are closed."""
    column = scope.date(time.column)
    sides = [f"{column} >= {literal(time.start)}"] if time.start is not None else []
    return [*sides, f"{column} < {literal(time.end)}"] if time.end is not None else sides


def existences(scope: Scope, step: Step, conditions: list[Filter], write: WriteStep) -> Iterator[str]:
    """Yield the conditions on related rows: one for all that must hold of one row, and one for each denied."""
    held, denied = split_denied(conditions)
    asked: dict[Node, list[Filter]] = {}
    for condition in held:
        asked.setdefault(role_of(condition), []).append(condition)
    dated = step.time if step.time is not None and not scope.holds(step.time.column.table) else None
    named = {table for table, _ in (*asked, *map(role_of, denied))}
    for table in step.sources:
        if table not in named and not scope.holds(table):
            asked.setdefault((table, ""), [])
    if dated is not None:
        asked.setdefault(_known_role(asked, dated.column), [])
    for group in gather(scope, asked):
        time = dated if dated and dated.column.table in {table for table, _ in group.nodes} else None
        dated = None if time else dated
        yield _exists(scope, group, write, time=time)
    yield from (f"NOT {_exists_one(scope, condition, write)}" for condition in denied)


def _known_role(asked: Iterable[Node], ref: ColumnRef) -> Node:
    return next((node for node in asked if node[0] == ref.table), (ref.table, ref.via))


def related(scope: Scope, condition: Filter, write: WriteStep) -> str:
    """Return a condition on the number (or another figure) of related rows, as a correlated subquery.

    Raises:
        CannotAnswerError: The rows counted are those listed, and nothing groups them, or a join repeats them.
    """
    measure = condition.subject
    if not isinstance(measure, Measure):
        raise TypeError(measure)
    _refuse_alternatives(condition)
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


def _exists(scope: Scope, group: Related, write: WriteStep, *, time: TimeRange | None = None) -> str:
    within, link = inside(scope, group)
    link += [column_condition(within, f, write) for f in group.conditions]
    link += period(within, time) if time is not None else ()
    link += defaults(within)
    return f"EXISTS ({_subquery('1', within, link)})"


def _exists_one(scope: Scope, condition: Filter, write: WriteStep) -> str:
    (group,) = gather(scope, {role_of(condition): [condition]})
    return _exists(scope, group, write)


def _subquery(shown: str, inside: Scope, link: list[str]) -> str:
    return _one_line(f"SELECT {shown} {inside.from_clause()} WHERE {' AND '.join(link)}")


def _refuse_alternatives(condition: Filter) -> None:
    if condition.alternatives:
        raise CannotAnswerError(
            f"“{condition.phrase}” lets a figure meet one of several conditions.", hint="Ask for one at a time."
        )


def _apart(scope: Scope, condition: Filter, write: WriteStep) -> str:
    """Return one of several conditions that are about different rows."""
    if scope.holds(role_of(condition)[0]):
        return column_condition(scope, condition, write)
    held, denied = split_denied([condition])
    return _exists_one(scope, held[0], write) if held else f"NOT {_exists_one(scope, denied[0], write)}"


def _parts(condition: Filter) -> tuple[Filter, ...]:
    return (replace(condition, alternatives=()), *condition.alternatives)


def _roles(condition: Filter) -> set[Node]:
    return {role_of(part) for part in _parts(condition)}


def _any_of(texts: list[str]) -> str:
    return f"({' OR '.join(texts)})"


def _like(left: str, values: tuple[Scalar, ...], *, denied: bool) -> str:
    matches = [f"{left} {'NOT ' if denied else ''}ILIKE {literal(value)}{_escape(value)}" for value in values]
    return matches[0] if len(matches) == 1 else f"({(' AND ' if denied else ' OR ').join(matches)})"


def _escape(value: Scalar) -> str:
    return " ESCAPE '\\'" if "\\" in str(value) else ""


def _one_line(sql: str) -> str:
    return sql.replace("\n", " ")
