"""Plan stage with a model: a context becomes a typed plan, a question back, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from genie_ext.agent.desk import Briefing, Desk, Terms, Thought
from genie_ext.agent.plan_form import PlanForm, schema_of
from genie_ext.agent.read_plan import read_plan
from genie_ext.models.base import ChatRequest, Message
from genie_ext.models.caller import Errand
from genie_ext.prompts.brief import Brief
from genie_ext.prompts.quote import quote
from genie_ext.prompts.render import Prompt, render
from genie_ext.types import Clarification, Context, Plan, Refusal, Tier

MOST_STEPS = 5


def plan_by_model(context: Context, desk: Desk, thought: Thought) -> Plan | Clarification | Refusal:
    """Return what the models of the role "plan" make of a question.

    Raises:
        ConfigError: The question leaves no room in the prompt.
        PrivacyError: The prompt would hold more than may leave.
        BudgetError: The call could pass a budget.
        ModelError: No model gave a plan that can be read.
    """
    prompt, brief = plan_prompt(context, desk.terms, avoid=thought.avoid)
    request = ChatRequest(
        messages=(Message(role="system", text=prompt.system), Message(role="user", text=prompt.user)),
        schema=schema_of(PlanForm),
        schema_name="plan",
        # Another line of thought must be able to differ.
        temperature=0.0 if thought.number == 0 else 0.7,
        seed=thought.number,
    )
    errand = Errand(
        role="plan", request=request, leaves=brief.leaves, why=thought.why, trajectory=thought.number,
        tiers=(thought.tier,) if thought.tier else (), skip=thought.number,
    )  # fmt: skip
    tier: Tier = thought.tier or "frontier"

    def read(data: Any) -> Plan | Clarification | Refusal:
        return read_plan(PlanForm.model_validate(data), context, tier=tier, most_steps=MOST_STEPS)

    plan, card = desk.ask(errand, read)
    return _of_tier(plan, card.tier)


def plan_prompt(context: Context, terms: Terms, *, avoid: str = "") -> tuple[Prompt, Brief]:
    """Return the prompt for a plan, and what it tells of the lake.

    Raises:
        ConfigError: The question leaves no room in the prompt.
    """
    briefing = Briefing(context, terms)
    values = {
        "question": quote(context.question.text, 4000),
        "today": context.question.today.isoformat(),
        "thread": _thread(context),
        "avoid": f"An earlier plan failed: {quote(avoid, 600)} Plan it another way.\n" if avoid else "",
        "steps": str(MOST_STEPS),
    }
    prompt = render("plan", values, briefing.write, tokens=terms.tokens)
    return prompt, briefing.brief


def _thread(context: Context) -> str:
    """Return what was asked and understood before, which a follow-up leans on."""
    before = context.previous
    if before is None or before.plan is None:
        return ""
    asked, understood = quote(before.question.text, 600), quote(before.plan.interpretation, 600)
    return f"Asked before: {asked}\nUnderstood as: {understood}\n"


def _of_tier(plan: Plan | Clarification | Refusal, tier: Tier) -> Plan | Clarification | Refusal:
    if not isinstance(plan, Plan):
        return plan
    return replace(plan, tier=tier, reasons=(f"planned by a model of the {tier} tier",))
