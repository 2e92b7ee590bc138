"""Puts the parts of a turn into words, the same for every form of display."""

from __future__ import annotations

import datetime as dt

from genie_ext.display_cells import plain
from genie_ext.types import Answer, ColumnRef, Filter, Label, Measure, Plan, Severity, Spent, Step, TimeRange, Turn

MARKS: dict[Severity, str] = {"ok": "✓", "note": "·", "warning": "!", "error": "✗"}
LABELS: dict[Label, str] = {
    "verified": "matches a query that a person approved",
    "governed": "uses a metric as it is defined",
    "generated": "written for this question",
}
HOW_TO_CHOOSE = "Reply with a number or a name in the same conversation, or ask again with one of these names."
_AGGREGATES = {"count_distinct": "number of different", "avg": "average", "sum": "total", "count": "number of"}


def filters_of(plan: Plan | None) -> tuple[str, ...]:
    """Return every condition and date range of a plan, each as one short clause, without repeats."""
    if plan is None:
        return ()
    clauses = [clause for step in plan.steps for clause in _clauses(step)]
    return tuple(dict.fromkeys(clauses))


def steps_of(turn: Turn) -> tuple[str, ...]:
    """Return the steps before the last one, each with what it computes and the number of its rows."""
    return tuple(
        f"{part.name}: {part.purpose} ({more_than(part.rows.table.num_rows, cut=part.rows.truncated)})"
        for part in turn.parts
    )


def more_than(count: int, *, cut: bool) -> str:
    """Return a number of rows, "or more" where they were cut off."""
    return f"{count:,} row{'' if count == 1 else 's'}{' or more' if cut else ''}"


def route_of(turn: Turn) -> tuple[str, ...]:
    """Return why the question went to models; nothing where it did not."""
    return turn.routed if turn.tier != "embedded" else ()


def sources_of(turn: Turn) -> tuple[str, ...]:
    """Return the tables read, in short names where the answer has them."""
    if turn.answer and turn.answer.sources:
        return turn.answer.sources
    return tuple(str(table) for table in turn.sql.tables) if turn.sql else ()


def confidence_of(answer: Answer) -> str:
    """Return the confidence in percent and in a word."""
    word = "high" if answer.confidence >= 0.85 else "fair" if answer.confidence >= 0.6 else "low"
    return f"{answer.confidence:.0%}, {word}"


def checks_of(turn: Turn) -> str:
    """Return how many checks ran and how they ended."""
    ends = [finding.severity for finding in turn.findings]
    passed, notes = ends.count("ok"), ends.count("note")
    parts = [f"{passed} passed"] if passed else []
    parts += [f"{notes} note{'s' if notes > 1 else ''}"] if notes else []
    alarming = len(ends) - passed - notes
    return ", ".join([*parts, f"{alarming} to look at"] if alarming else parts)


def footer_of(turn: Turn) -> tuple[str, ...]:
    """Return tier, cost, time and privacy, and the fallback where there was one."""
    parts = (f"{turn.tier} tier", cost_of(turn.spent), f"{turn.seconds:.2f} s", f"privacy: {turn.privacy}")
    return (*parts, turn.fallback) if turn.fallback else parts


def cost_of(spent: Spent) -> str:
    """Return what calls to models took: "no cost" where there was none, and what has no known price."""
    calls = spent.calls + spent.cached
    if not calls:
        return "no cost"
    paid = f"${spent.usd:.4f}" if spent.usd < 0.1 else f"${spent.usd:.2f}"
    unknown = f" + {spent.unpriced} unpriced" if spent.unpriced else ""
    tokens = f"{spent.tokens_in + spent.tokens_out:,} tokens"
    return f"{paid}{unknown}, {tokens} in {calls} model call{'s' if calls > 1 else ''}"


def more_rows(turn: Turn, shown_rows: int) -> str:
    """Return how many rows are not shown, empty where all are."""
    if turn.rows is None:
        return ""
    left = turn.rows.table.num_rows - shown_rows
    if turn.rows.truncated:
        return f"… more rows: the query has more than the {turn.rows.table.num_rows:,} that were fetched"
    return f"… {left:,} more row{'s' if left > 1 else ''}" if left > 0 else ""


def has_table(turn: Turn) -> bool:
    """Return True where the rows say more than the key figure does."""
    if turn.rows is None or turn.rows.table.num_columns == 0:
        return False
    single = turn.rows.table.num_rows == 1 and turn.rows.table.num_columns == 1
    return not (single and turn.answer is not None and turn.answer.key_figure)


def _clauses(step: Step) -> list[str]:
    clauses = [_filter(condition) for condition in step.filters]
    clauses += [f"{'not ' if condition.denied else ''}{condition.phrase}" for condition in step.segments]
    if step.time:
        clauses.append(_range(step.time))
    clauses += [f"{text} ({table.name})" for table, text in step.defaults]
    nested = [clause for condition in step.filters if condition.step for clause in _clauses(condition.step)]
    if step.combined is not None:
        nested += [f"{step.combined.kind}: {clause}" for clause in _clauses(step.combined.step) or ["all rows"]]
    return clauses + nested


def _filter(condition: Filter) -> str:
    return " or ".join([_single(condition), *(_filter(other) for other in condition.alternatives)])


def _single(condition: Filter) -> str:
    subject, values = _subject(condition.subject), [str(plain(value)) for value in condition.values]
    if condition.step is not None:
        return f"{subject} {condition.operator} what a query over {_read_by(condition.step)} gives"
    if condition.operator == "between" and len(values) == 2:
        return f"{subject} between {values[0]} and {values[1]}"
    return " ".join(part for part in (subject, condition.operator, ", ".join(values)) if part)


def _read_by(step: Step) -> str:
    """Return the names of the tables whose rows a step shows, counts or must read."""
    shown = [dimension.column.table for dimension in step.dimensions]
    counted = [measure.table or (measure.column.table if measure.column else None) for measure in step.measures]
    return ", ".join(table.name for table in dict.fromkeys((*shown, *counted, *step.sources)) if table is not None)


def _subject(subject: ColumnRef | Measure) -> str:
    if isinstance(subject, ColumnRef):
        return subject.column
    if subject.label:
        return subject.label
    return (
        f"{_AGGREGATES.get(subject.aggregate, subject.aggregate)} {subject.column.column if subject.column else 'rows'}"
    )


def _range(time: TimeRange) -> str:
    last = time.end - dt.timedelta(days=1) if time.end else None
    if time.start and last:
        return (
            f"{time.column.column} on {last}"
            if last == time.start
            else f"{time.column.column} from {time.start} to {last}"
        )
    return f"{time.column.column} from {time.start}" if time.start else f"{time.column.column} until {last}"
