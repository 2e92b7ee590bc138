"""Router: which tier answers a question, and why; cheapest first, never below what the settings allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from genie_ext.config import Settings
from genie_ext.models.bound import Bound
from genie_ext.models.capability import Rate
from genie_ext.types import Tier

TIERS: tuple[Tier, ...] = ("embedded", "open", "frontier")
_MARGIN = 0.05
"""Share of right answers that a cheaper tier may be behind and still be preferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of a question before any model is called.

    Attributes:
        kind: What the embedded tier makes of it; "settled" where a person, a policy or a rule decided.
        confidence: How sure it is, 0 to 1; 0 where it has no reading.
        soft: True where a budget is used up to its soft limit.
        sticky: The tier that answered the question before it in its thread, None for the first one.
        failed: Tiers that were tried for this question and could not answer.
    """

    kind: Literal["plan", "clarify", "refuse", "settled"]
    confidence: float = 0.0
    soft: bool = False
    sticky: Tier | None = None
    failed: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a question goes.

    Attributes:
        tier: Which tier plans it; None where none may.
        why: Each a short clause, the decisive one last.
        missing: What would have to be set where no tier may.
    """

    tier: Tier | None
    why: tuple[str, ...]
    missing: tuple[str, ...] = field(default=())


def choose_route(signals: Signals, bound: Bound, settings: Settings, rates: Mapping[Tier, Rate] | None = None) -> Route:
    """Return the tier that plans a question.

    Args:
        signals: What is known of the question.
        bound: Which models fill which role.
        settings: Bands, budgets and the least tier.
        rates: How often each tier was right on questions of this lake.
    """
    if signals.kind == "settled":
        return Route(tier="embedded", why=("decided by a rule, a policy or a definition of this lake",))
    least = TIERS.index(settings.least_tier)
    planners = [t for t in TIERS if t in bound.tiers("plan") and TIERS.index(t) >= least and t not in signals.failed]
    why = [_said(signals) if least == 0 else f"least_tier is {settings.least_tier}"]
    sure = signals.kind == "plan" and signals.confidence >= settings.answer_above
    if least == 0 and "embedded" not in signals.failed and (sure or not planners):
        last = f"at least {settings.answer_above:.2f}" if sure else _none_bound(bound, signals)
        return Route(tier="embedded", why=(*why, last))
    if signals.soft and planners and settings.at_soft == "ask":
        asked = "budget: the soft limit is reached; raise the budget, or set budget_soft = 1 to spend the rest of it"
        return Route(tier=None, why=(*why, "a budget is used up to its soft limit"), missing=(asked,))
    if signals.soft and "frontier" in planners and settings.at_soft == "downgrade":
        why.append("a budget is used up to its soft limit: no frontier model")
        planners.remove("frontier")
    if not planners:
        return Route(tier=None, why=tuple(why), missing=_missing(settings, bound, signals))
    return _among(planners, signals, dict(rates or {}), why)


def _among(planners: list[Tier], signals: Signals, rates: dict[Tier, Rate], why: list[str]) -> Route:
    """Return the route to one of several tiers that could plan: the dearest, unless a cheaper one is as good."""
    if signals.sticky in planners:
        return Route(tier=signals.sticky, why=(*why, f"the thread is with the {signals.sticky} tier"))
    best = planners[-1]
    for tier in planners[:-1]:
        own, dear = rates.get(tier, Rate()), rates.get(best, Rate())
        if own.known and own.least >= dear.least - _MARGIN and dear.known:
            found = f"right on {own.right} of {own.asked} here, {best} on {dear.right} of {dear.asked}"
            return Route(tier=tier, why=(*why, f"the {tier} tier is as good: {found}"))
    only = "the only one bound to plan" if len(planners) == 1 else "planning earns its price"
    return Route(tier=best, why=(*why, f"{best}: {only}"))


def _said(signals: Signals) -> str:
    if "embedded" in signals.failed:
        return "the embedded tier could not answer it"
    if signals.kind == "plan":
        return f"the embedded tier is {signals.confidence:.0%} sure"
    asked = {"clarify": "would ask back", "refuse": "refuses", "settled": "has decided"}[signals.kind]
    return f"the embedded tier {asked}"


def _none_bound(bound: Bound, signals: Signals) -> str:
    if bound.barred:
        return f"no model may plan: local_only keeps out {', '.join(bound.barred)}"
    return "no other tier is left" if signals.failed else "no model is configured to plan"


def _missing(settings: Settings, bound: Bound, signals: Signals) -> tuple[str, ...]:
    missing = []
    if settings.least_tier != "embedded":
        missing.append(f"a model of the {settings.least_tier} tier or above for the role “plan” (least_tier)")
    if bound.barred:
        missing.append(f"a local model: local_only keeps out {', '.join(bound.barred)}")
    if signals.soft:
        missing.append("budget: the soft limit is reached (budget_soft, at_soft)")
    return tuple(missing) or ("another model for the role “plan”",)
