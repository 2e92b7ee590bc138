"""Candidates: the readings of a question that rules and parser propose, each complete and compiled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from genie_ext.embedded.draft import Draft
from genie_ext.embedded.left import years_left
from genie_ext.embedded.parser.parse import Parsed
from genie_ext.embedded.plan import Planned, complete
from genie_ext.embedded.roles import choose_roles
from genie_ext.embedded.steps import conditioned, conditions
from genie_ext.embedded.traps import find_traps
from genie_ext.embedded.values import spellings
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Context, Filter, Operator, Order, Plan, Step

Source = Literal["rules", "parser"]
MOST_PARSED = 6
"""Readings of the parser that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One reading of a question.

    Attributes:
        step: What it computes, with the defaults of the lake.
        sql: Its SQL, before the guard.
        draft: What was assumed and doubted on the way to it.
        source: Who proposed it.
        score: Log probability where the parser wrote it, the chance of being right, 0 to 1, where the rules did.
        weakest: Log probability of the parser's least certain action, 0 for the rules.
    """

    step: Step
    sql: str
    draft: Draft
    source: Source
    score: float
    weakest: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Candidates with the same result.

    Attributes:
        candidates: Best first.
        rows: What they return, as far as was fetched.
        share: Part of the parser's belief in all executed readings that is on these, 0 to 1.
        cut: True where more rows exist than were fetched.
        tied: True where chance decides which rows are shown: one that is left out is as high as the last one.
    """

    candidates: tuple[Candidate, ...]
    rows: tuple[tuple[Any, ...], ...]
    share: float
    cut: bool = False
    tied: bool = False


def find_candidates(planned: Planned, parsed: Sequence[Parsed]) -> tuple[Candidate, ...]:
    """Return the readings that can be compiled, those of the parser first and best first; SQL texts may repeat."""
    if planned.draft is None:
        return ()
    draft = planned.draft
    found = [c for p in parsed[:MOST_PARSED] for c in _compiled(draft, p)]
    return (*found, *_ruled(planned, draft))


def _compiled(draft: Draft, parsed: Parsed) -> Iterator[Candidate]:
    """Yield the candidate of a parsed step; nothing where it cannot be computed or would not mean what it says."""
    own = replace(draft, assumptions=[], doubts=[], missing=[])
    try:
        step = complete(own, choose_roles(own, _sorted(_dated(draft, _spelled(draft.context, parsed.step)))))
    except CannotAnswerError:
        return
    if find_traps(step, draft.context.relationships):
        return
    sql = _sql(own, step)
    yield Candidate(step=step, sql=sql, draft=own, source="parser", score=parsed.score, weakest=parsed.weakest)


def _ruled(planned: Planned, draft: Draft) -> Iterator[Candidate]:
    if isinstance(planned.result, Plan):
        step = planned.result.steps[-1]
        chance = max(planned.result.confidence, 1e-6)
        yield Candidate(step=step, sql=_sql(draft, step), draft=draft, source="rules", score=chance)


def _sql(draft: Draft, step: Step) -> str:
    context = draft.context
    return write_sql(step, context.names, context.tables, context.relationships)


def _dated(draft: Draft, step: Step) -> Step:
    """Return the step within the period that the question names, unless it compares these years in its own way.

    Raises:
        CannotAnswerError: It leaves out a year, or compares the dates of the period with something else.
    """
    time, years = draft.time, years_left(draft, step)
    if draft.reading.dates and any(condition.values and _is_date(draft, condition) for condition in conditions(step)):
        raise CannotAnswerError("A date is compared as text.")
    if time is None and years:
        raise CannotAnswerError(f"“{years[0].text}” is not used.")
    if time is None or (draft.reading.dates and not years and all(phrase.years for phrase in draft.reading.dates)):
        return step
    if any(ref == time.column for ref in conditioned(step)):
        raise CannotAnswerError(f"“{time.phrase}” was read in two ways.")
    return replace(step, time=time)


def _is_date(draft: Draft, condition: Filter) -> bool:
    column = draft.column(condition.subject) if isinstance(condition.subject, ColumnRef) else None
    return column is not None and column.family == "date"


def _spelled(context: Context, step: Step) -> Step:
    """Return the step with every spelling of a named cell: in other case or blanks, or abbreviated."""
    return replace(step, filters=tuple(_every_spelling(context, condition) for condition in step.filters))


def _every_spelling(context: Context, condition: Filter) -> Filter:
    widened: dict[Operator, Operator] = {"=": "in", "!=": "not in"}
    operator, ref = widened.get(condition.operator), condition.subject
    if operator is None or not isinstance(ref, ColumnRef) or len(condition.values) != 1:
        return condition
    hits = tuple(hit for hit in context.found.values if (hit.table, hit.column) == (ref.table, ref.column))
    named = next((hit for hit in hits if hit.value == condition.values[0]), None)
    same = spellings(named, [hit for hit in hits if hit.phrase == named.phrase]) if named is not None else []
    return replace(condition, operator=operator, values=tuple(same)) if len(same) > 1 else condition


def _sorted(step: Step) -> Step:
    """Return a split figure with its largest part first where no order is asked for."""
    if not (step.dimensions and step.measures) or step.order or step.limit is not None or step.combined is not None:
        return step
    return replace(step, order=(Order(by=step.measures[0], descending=True),))
