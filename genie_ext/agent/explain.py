"""Explanation: how a question was read, which readings stood against each other, and why the first one won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genie_ext.agent.headline import say_size
from genie_ext.agent.plan import Bands, consider, decide
from genie_ext.agent.vote import Run
from genie_ext.embedded.candidates import Group
from genie_ext.embedded.interpret import say
from genie_ext.embedded.linked import Linked, linked_words
from genie_ext.embedded.parser.parse import Parser
from genie_ext.embedded.plan import Planned, plan_question
from genie_ext.embedded.preference import prefer
from genie_ext.embedded.ranking import Ranked, features, rank, read_weights
from genie_ext.embedded.read import Reading, read_question
from genie_ext.embedded.steps import base_table, named_tables, read_columns
from genie_ext.embedded.subjects import Lookup
from genie_ext.embedded.write import write_sql
from genie_ext.errors import GenieError, QueryCancelledError
from genie_ext.scoring import table_rows
from genie_ext.types import Clarification, Context, Plan, Refusal, Step
from semantic.types import TableId

_MOST_SHOWN = 3
_MOST_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One reading of the question.

    Attributes:
        sentence: What it computes.
        chance: Chance of being right, 0 to 1.
        proposed_by: "rules", "parser", or "verified query".
        result: Its one figure, the number of its rows, or why it cannot be run.
        sql: Its SQL, before policies and limits.
    """

    sentence: str
    chance: float
    proposed_by: tuple[str, ...]
    result: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a question was read.

    Attributes:
        question: The question.
        words: What its words were read as, in their order.
        unused: Words that nothing explains.
        settled: Why no readings were weighed against each other, empty where they were.
        readings: The likeliest readings, best first; each has a result of its own.
        reasons: What speaks for the first reading rather than the second, the weightiest first.
        against: What speaks for the second one all the same.
        outcome: What becomes of the question.
    """

    question: str
    words: tuple[Linked, ...]
    unused: tuple[str, ...]
    settled: str
    readings: tuple[Explained, ...]
    reasons: tuple[str, ...]
    against: tuple[str, ...]
    outcome: str


def explain_question(
    context: Context,
    lookup: Lookup,
    parser: Parser,
    run: Run,
    *,
    bands: Bands,
    weights: Mapping[str, float] | None = None,
) -> Explanation:
    """Return how a question is read, as far as it goes before the checks of the answer.

    Args:
        context: What the lake knows about the question.
        lookup: Finds columns by meaning.
        parser: Writes readings of questions that nothing else settles.
        run: Executes a reading through the guard, in bounded time.
        bands: How sure a reading must be.
        weights: Weights of the ranking, None for those that ship.
    """
    planned = plan_question(context, lookup)
    groups = () if planned.final else consider(planned, context, parser, run)
    ranked = rank(planned, groups, weights=weights)
    reading = planned.draft.reading if planned.draft is not None else read_question(context)
    reasons, against = _compare(planned, groups, ranked, weights)
    return Explanation(
        question=context.question.text,
        words=linked_words(reading, context.names, _read(planned, ranked)),
        unused=reading.unlinked,
        settled=_settled(planned, reading) if planned.final else "",
        readings=tuple(map(_explained, ranked[:_MOST_SHOWN])) or _alone(planned, context, run),
        reasons=reasons,
        against=against,
        outcome=_outcome(decide(context, planned, ranked, bands), bands),
    )


def _explained(ranked: Ranked) -> Explained:
    best = ranked.group.candidates[0]
    return Explained(
        sentence=say(best.step, base_table(best.step)),
        chance=round(ranked.chance, 3),
        proposed_by=tuple(sorted({candidate.source for candidate in ranked.group.candidates}, reverse=True)),
        result=say_size(ranked.group.rows, cut=ranked.group.cut),
        sql=best.sql,
    )


def _alone(planned: Planned, context: Context, run: Run) -> tuple[Explained, ...]:
    """Return the reading that stands without others, none where the question is asked back or refused."""
    plan = planned.result
    if not isinstance(plan, Plan):
        return ()
    sql = plan.query.sql if plan.query is not None else _written(plan.steps[-1], context)
    try:
        rows = run(sql)
        result = say_size(table_rows(rows.table), cut=rows.truncated)
    except QueryCancelledError:
        raise
    except GenieError as error:
        result = f"cannot be run: {error.message}"
    by = "verified query" if plan.query is not None else "rules"
    return (
        Explained(
            sentence=plan.interpretation, chance=round(plan.confidence, 3), proposed_by=(by,), result=result, sql=sql
        ),
    )


def _written(step: Step, context: Context) -> str:
    return write_sql(step, context.names, context.tables, context.relationships)


def _read(planned: Planned, ranked: Sequence[Ranked]) -> frozenset[tuple[TableId, str]]:
    """Return the tables (with an empty column) and columns that the first reading reads."""
    plan = planned.result
    steps = [ranked[0].group.candidates[0].step] if ranked else plan.steps[-1:] if isinstance(plan, Plan) else ()
    tables = {(table, "") for step in steps for table in named_tables(step)}
    return frozenset(tables | {(ref.table, ref.column) for step in steps for ref in read_columns(step)})


def _compare(
    planned: Planned, groups: Sequence[Group], ranked: Sequence[Ranked], weights: Mapping[str, float] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what speaks for the first reading rather than the second, and what against it."""
    if len(ranked) < 2:
        return (("every reading that could be run gives this result",) if ranked else ()), ()
    first, second = (features(planned, one.group, groups) for one in ranked[:2])
    known = weights if weights is not None else read_weights()
    return _speaking_for(first, second, known), _speaking_for(second, first, known)


def _speaking_for(
    group: Mapping[str, float], other: Mapping[str, float], weights: Mapping[str, float]
) -> tuple[str, ...]:
    reasons = prefer(group, other, weights)
    return tuple(reason.text for reason in reasons if reason.weight > 0)[:_MOST_REASONS]


def _settled(planned: Planned, reading: Reading) -> str:
    """Return why no other reading of a question is looked at."""
    result = planned.result
    if isinstance(result, Refusal):
        return "It cannot be answered here, whatever else its words may mean."
    if isinstance(result, Clarification):
        return "It means several things of equal right, so it is asked back."
    if result.query is not None:
        return "A verified query answers it as it stands."
    if reading.named:
        names = " and ".join(f"“{named.text}”" for named in reading.named)
        return f"{names} {'are' if len(reading.named) > 1 else 'is'} defined, and a definition is not guessed at."
    return _why_rules(planned, reading)


def _why_rules(planned: Planned, reading: Reading) -> str:
    """Return why the reading of the rules is not weighed against others."""
    if planned.draft is not None and planned.draft.continues:
        return "It continues the question before."
    if any(cue.kind == "grain" for cue in reading.cues):
        return "It is split by a period, which only the rules read."
    return "It names dates, which only the rules read." if reading.dates else "Only the rules can read it."


def _outcome(decided: Plan | Clarification | Refusal, bands: Bands) -> str:
    if isinstance(decided, Clarification):
        choices = "" if decided.plans else " " + " / ".join(decided.choices)
        return f"Asked back: {decided.question}{choices}"
    if isinstance(decided, Refusal):
        missing = f" ({'; '.join(decided.missing)})" if decided.missing else ""
        return f"Refused: {decided.reason}{missing}"
    return f"Answered if its rows pass the checks: {decided.confidence:.0%} sure, answer_above = {bands.answer}."
