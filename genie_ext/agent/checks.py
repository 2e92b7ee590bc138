"""Checks stage: is the answer right? Each check looks at one way to be silently wrong and returns findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from genie_ext.agent.evidence import Check, Evidence, finding
from genie_ext.agent.parts import in_every_part, parts_of
from genie_ext.agent.probes import (
    count_missing,
    count_unmatched,
    date_bounds,
)
from genie_ext.agent.tie_check import check_ties
from genie_ext.agent.total_check import check_totals
from genie_ext.agent.value_checks import check_values
from genie_ext.embedded.metric_sql import bears_repeats
from genie_ext.embedded.scope import Scope
from genie_ext.embedded.steps import (
    base_table,
    conditioned,
    conditions,
    measured_table,
    metric_tables,
    metrics_of,
    read_columns,
)
from genie_ext.errors import EngineError, GuardError, QueryCancelledError
from genie_ext.types import ColumnRef, Finding, Measure, Severity, Step
from semantic.types import TableId

_LARGE_LOSS = 0.01
_MANY_MISSING = 0.05
_OPEN_SHARE = 0.1
"""Share of the period asked for that may lie outside the data without being worth a word."""
_DENIALS = ("!=", "not in", "not like")
_REPEATABLE = ("sum", "avg", "count", "median")
_NEED_VALUES = ("sum", "avg", "median", "count_distinct")


def check_answer(evidence: Evidence) -> tuple[Finding, ...]:
    """Return the findings of all checks, in the order of `CHECKS`; a check that cannot ask the data says so.

    Raises:
        QueryCancelledError: The user stopped it.
    """
    checks = CHECKS if evidence.plan.query is None else CHECKS_OF_ROWS
    return tuple(finding for name, check in checks for finding in _run(name, check, evidence))


def check_rows(evidence: Evidence) -> Sequence[Finding]:
    """Say so where nothing came back, or where rows are missing from the end."""
    table = evidence.rows.table
    if evidence.rows.truncated:
        message = f"Only the first {table.num_rows:,} rows were fetched."
        return [finding("truncation", "warning", message, "Add a filter or ask for a total.")]
    cells = [column[0].as_py() for column in table.columns] if table.num_rows == 1 else []
    if table.num_rows == 0 or _counts_nothing(evidence.step, cells):
        return [finding("empty", "warning", "No row fits all conditions.")]
    if evidence.step.measures and cells and all(cell is None for cell in cells):
        return [finding("empty", "error", "There is no value to compute the figure from.")]
    return [finding("rows", "ok", f"{table.num_rows:,} row{'s' if table.num_rows != 1 else ''}, none cut off.")]


@in_every_part
def check_fan_out(evidence: Evidence) -> Sequence[Finding]:
    """Find figures that a join to many rows would count more than once."""
    scope = evidence.scope()
    if not scope.edges or not evidence.step.measures:
        return []
    for measure in _figures(evidence.step):
        table = measured_table(measure) or base_table(evidence.step)
        counted = measure.column is None and measure.metric is None
        if scope.repeats(table) and not (counted and _counts_keys(scope, table)):
            figure = measure.label or measure.aggregate
            message = f"A join repeats rows of {table.name}, so {figure} counts some of them more than once."
            return [finding("fan-out", "error", message, "Compute the figure before joining.")]
    return [finding("fan-out", "ok", "No join repeats the rows that are counted or added.")]


@in_every_part
def check_row_loss(evidence: Evidence) -> Sequence[Finding]:
    """Find rows that an inner join to a dimension drops because their key is empty or has no match.

    Joins to a table that a filter is on are left out: there the rows without a partner are meant to go.
    """
    findings = []
    filtered = {ref.table for ref in conditioned(evidence.step)}
    if evidence.step.time is not None:
        filtered.add(evidence.step.time.column.table)
    filtered.update(table for condition in evidence.step.segments for table in condition.segment.tables)
    denied = {f.subject.table for f in conditions(evidence.step) if f.operator in _DENIALS}
    if metrics_of(evidence.step):  # rows of nowhere belong to the rest of a governed figure that leaves out Germany
        filtered -= {table for table in denied if table is not None}
    scope = evidence.scope()
    kept = {node for node in scope.outer if node[0] not in denied}
    for edge in scope.edges:
        if not edge.to_parent or edge.far[0] in filtered or edge.far in kept:
            continue
        lost, total = count_unmatched(evidence.context, evidence.probe, edge)
        if lost:
            near, far = edge.near[0].name, edge.far[0].name
            message = f"{lost:,} of {total:,} rows of {near} have no {far} and are left out."
            findings.append(finding("row loss", "warning" if lost > _LARGE_LOSS * total else "note", message))
    return findings


@in_every_part
def check_missing(evidence: Evidence) -> Sequence[Finding]:
    """Say how many rows have no value for the figure and are left out of it."""
    findings = []
    for measure in evidence.step.measures:
        ref = measure.column
        if ref is None or measure.aggregate not in _NEED_VALUES:
            continue
        numeric = measure.aggregate != "count_distinct"
        missing, total = count_missing(evidence.context, evidence.probe, ref, numeric=numeric)
        if missing:
            message = f"{missing:,} of {total:,} rows of {ref.table.name} have no {ref.column} and do not count."
            severity: Severity = "warning" if missing > _MANY_MISSING * total else "note"
            findings.append(finding("missing values", severity, message))
    return [*findings, *_missing_in_denials(evidence)]


def _missing_in_denials(evidence: Evidence) -> Iterator[Finding]:
    """Find rows without a value, which "not from France" leaves out although nobody knows where they are from."""
    denials = [
        (part.subject, bool(condition.alternatives))
        for condition in evidence.step.filters
        for part in (condition, *condition.alternatives)
        if isinstance(part.subject, ColumnRef) and part.operator in _DENIALS
    ]
    for ref, either in denials:
        missing, _ = count_missing(evidence.context, evidence.probe, ref, numeric=False)
        if missing:
            unless = ", unless another of the conditions holds" if either else ""
            message = f"{missing:,} rows of {ref.table.name} have no {ref.column} and are left out{unless}."
            yield finding("missing values", "warning", message)


@in_every_part
def check_coverage(evidence: Evidence) -> Sequence[Finding]:
    """Find a period asked for that lies, or reaches, outside the dates that the data holds."""
    time = evidence.step.time
    bounds = date_bounds(evidence.context, evidence.probe, time.column) if time is not None else None
    if time is None or bounds is None:
        return []
    name, (first, last) = time.column.column, bounds
    if (time.start and time.start > last) or (time.end and time.end <= first):
        message = f"{name} holds {first} to {last}; the period asked for lies outside."
        return [finding("coverage", "error", message)]
    spare = _OPEN_SHARE * (time.end - time.start).days if time.start and time.end else 0.0
    findings = []
    if time.start and (first - time.start).days > spare:
        findings.append(finding("coverage", "note", f"{name} starts only at {first}."))
    if time.start and time.end and (time.end - last).days - 1 > spare:
        over = "The period is not over: " if time.end > evidence.context.question.today else ""
        findings.append(finding("coverage", "note", f"{over}{name} ends at {last}."))
    return findings or [finding("coverage", "ok", f"{name} covers the period ({first} to {last}).")]


def check_repeats(evidence: Evidence) -> Sequence[Finding]:
    """Find repeated rows in a plain list, which often mean a join too many."""
    step, table = evidence.step, evidence.rows.table
    if step.measures or step.distinct or table.num_rows < 2 or not step.dimensions:
        return []
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    repeated = table.num_rows - len({repr(row) for row in rows})
    if not repeated:
        return []
    message = f"{repeated:,} of {table.num_rows:,} rows repeat an earlier one."
    return [finding("repeats", "note", message, "Ask for the different ones.")]


def check_unread(evidence: Evidence) -> Sequence[Finding]:
    """Find parts of the tables read, files above all, that could not be read and are missing from the answer."""
    tables = {table for part, _ in parts_of(evidence.step) for table in _tables_of(part)}
    names = [re.compile(rf"(?<![^\W_]){re.escape(table.name)}(?![^\W_])", re.IGNORECASE) for table in tables]
    missing = [part for part in evidence.unread if any(name.search(part) for name in names)]
    message = f"Not all of the data could be read: {'; '.join(missing[:3])}."
    return [Finding(check="unread", severity="warning", message=message)] if missing else []


CHECKS: tuple[tuple[str, Check], ...] = (
    ("rows", check_rows),
    ("unread", check_unread),
    ("values", check_values),
    ("fan-out", check_fan_out),
    ("row loss", check_row_loss),
    ("missing values", check_missing),
    ("coverage", check_coverage),
    ("repeats", check_repeats),
    ("ties", check_ties),
    ("totals", check_totals),
)


CHECKS_OF_ROWS: tuple[tuple[str, Check], ...] = (
    ("rows", check_rows),
    ("unread", check_unread),
    ("ties", check_ties),
)
"""Checks of a query that somebody else wrote, whose joins and filters are not known part by part."""


def _run(name: str, check: Check, evidence: Evidence) -> Sequence[Finding]:
    try:
        return check(evidence)
    except QueryCancelledError:
        raise
    except (EngineError, GuardError) as error:  # the rows are there; that they could not be checked is a finding too
        return [finding(name, "note", f"Could not be checked: {error.message}")]


def _counts_nothing(step: Step, cells: Sequence[object]) -> bool:
    counts = all(measure.aggregate in ("count", "count_distinct") for measure in step.measures)
    limited = bool(step.filters or step.time or step.combined)
    return bool(cells) and bool(step.measures) and counts and limited and not step.dimensions and not any(cells)


def _tables_of(step: Step) -> set[TableId]:
    return {base_table(step), *step.sources, *(ref.table for ref in read_columns(step)), *metric_tables(step)}


def _figures(step: Step) -> Iterator[Measure]:
    """Yield the figures shown, sorted by and compared that a repeated row would falsify."""
    sorted_by = (order.by for order in step.order if isinstance(order.by, Measure))
    compared = (f.subject for f in step.filters if isinstance(f.subject, Measure))
    yield from (
        m
        for m in dict.fromkeys((*step.measures, *sorted_by, *compared))
        if m.aggregate in _REPEATABLE and not (m.metric and bears_repeats(m.metric))
    )


def _counts_keys(scope: Scope, table: TableId) -> bool:
    """Tell whether rows of a table are counted by their key, so that repeats do not matter."""
    return len(scope.schema.tables[table].primary_key) == 1
