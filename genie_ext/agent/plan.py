"""Plan stage: a context becomes a plan, a question back, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genie_ext.agent.headline import say_size
from genie_ext.agent.vote import Run, vote
from genie_ext.embedded.candidates import Group, find_candidates
from genie_ext.embedded.confidence import NO_DOUBT
from genie_ext.embedded.parser.parse import Parser
from genie_ext.embedded.plan import Planned, make_plan, plan_question
from genie_ext.embedded.ranking import Ranked, rank
from genie_ext.embedded.subjects import Lookup
from genie_ext.types import Clarification, Context, Plan, Refusal

_MOST_OFFERED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """How sure a reading must be, 0 to 1: to be the answer, and to be offered as one of several."""

    answer: float
    offer: float


def choose_plan(
    context: Context, lookup: Lookup, parser: Parser, run: Run, *, bands: Bands, weigh: bool = True
) -> Plan | Clarification | Refusal:
    """Return the embedded tier's plan or question back, or a refusal where no reading is sure enough.

    Args:
        context: What the lake knows about the question.
        lookup: Finds columns by meaning.
        parser: Writes readings of questions that nothing else settles.
        run: Executes a reading through the guard, in bounded time.
        bands: How sure a reading must be.
        weigh: False where no reading may be the answer; then only what is decided without readings counts.
    """
    planned = plan_question(context, lookup)
    if not weigh:
        return planned.result
    ranked = () if planned.final else rank(planned, consider(planned, context, parser, run))
    return decide(context, planned, ranked, bands)


def decide(
    context: Context, planned: Planned, ranked: Sequence[Ranked], bands: Bands
) -> Plan | Clarification | Refusal:
    """Return what becomes of a question whose readings were ranked; of no reading, what the rules say."""
    plan = _plan(ranked[0]) if ranked else planned.result
    if not isinstance(plan, Plan) or plan.confidence >= bands.answer:
        return plan
    offered = _offer(context, ranked, bands)
    if offered is None and isinstance(planned.result, Refusal):
        return _with_reading(planned.result, plan)
    return offered or doubtful(plan, plan.confidence, plan.reasons)


def _with_reading(refusal: Refusal, plan: Plan) -> Refusal:
    """Return what the rules miss, with the best reading there is."""
    best = f"Ask with answer_above = 0 to see the best reading all the same: {plan.interpretation}"
    return replace(refusal, suggestions=(*refusal.suggestions, best))


def _offer(context: Context, ranked: Sequence[Ranked], bands: Bands) -> Clarification | None:
    """Return two or three readings to choose from, each with its figure; None where fewer are likely enough."""
    likely = [one for one in ranked if one.chance >= bands.offer][:_MOST_OFFERED]
    plans = [_plan(one) for one in likely]
    sizes = [say_size(one.group.rows, cut=one.group.cut) for one in likely]
    choices = [f"{plan.interpretation} ({size})" for plan, size in zip(plans, sizes, strict=True)]
    if len(set(choices)) < 2 or len(set(choices)) < len(choices):
        return None
    return Clarification(
        question="I can read this in more than one way. Which one do you mean?",
        choices=tuple(choices),
        readings=(context.question.text,) * len(choices),
        plans=tuple(plans),
    )


def consider(planned: Planned, context: Context, parser: Parser, run: Run) -> tuple[Group, ...]:
    """Return the readings of rules and parser in groups of equal results."""
    return vote(find_candidates(planned, parser.parse(context)), run)


def _plan(ranked: Ranked) -> Plan:
    """Return the plan of the best reading of a group."""
    best = ranked.group.candidates[0]
    draft = replace(best.draft, assumptions=list(best.draft.assumptions))
    return make_plan(draft, best.step, chance=ranked.chance, reasons=ranked.reasons or (NO_DOUBT,))


def doubtful(plan: Plan, confidence: float, reasons: tuple[str, ...]) -> Refusal:
    """Return the refusal of a plan that is too uncertain to be shown as an answer."""
    return Refusal(
        reason=f"I am only {confidence:.0%} sure of this. My best reading: {plan.interpretation}",
        missing=tuple(reason for reason in reasons if reason != NO_DOUBT),
        suggestions=(
            "Say it with the names of the columns or values you mean.",
            f"Accept less certain answers with answer_above = {math.floor(confidence * 10) / 10:.1f}.",
        ),
    )
