"""Plan stage: a context becomes a plan, a question back, or a refusal."""

from __future__ import annotations

import math

from genie_ext.embedded.confidence import NO_DOUBT
from genie_ext.embedded.plan import plan_question
from genie_ext.embedded.subjects import Lookup
from genie_ext.types import Clarification, Context, Plan, Refusal


def make_plan(context: Context, lookup: Lookup, *, answer_above: float) -> Plan | Clarification | Refusal:
    """Return the embedded tier's plan or question back, or a refusal where it is less sure than `answer_above`."""
    plan = plan_question(context, lookup)
    if not isinstance(plan, Plan) or plan.confidence >= answer_above:
        return plan
    return doubtful(plan, plan.confidence, plan.reasons)


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
