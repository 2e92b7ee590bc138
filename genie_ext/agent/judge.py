"""Judge: a model of another vendor says which of several answers is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genie_ext.agent.desk import Briefing, Desk, Terms
from genie_ext.agent.plan_form import JudgeForm, schema_of
from genie_ext.models.base import ChatRequest, Message
from genie_ext.models.caller import Errand
from genie_ext.prompts.brief import Brief
from genie_ext.prompts.quote import CLOSE, OPEN, quote
from genie_ext.prompts.render import Prompt, render
from genie_ext.types import Context, Rows

_SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several answers: how the question was read, its query, and its rows."""

    interpretation: str
    sql: str
    rows: Rows


def judge(context: Context, choices: Sequence[Choice], desk: Desk) -> int | None:
    """Return which choice is right, counted from 0, or None where the judge can tell none.

    Raises:
        ConfigError: The choices leave no room in the prompt.
        BudgetError: The call could pass a budget.
        ModelError: No judge gave a verdict.
    """
    prompt, brief = judge_prompt(context, choices, desk.terms)
    request = ChatRequest(
        messages=(Message(role="system", text=prompt.system), Message(role="user", text=prompt.user)),
        schema=schema_of(JudgeForm),
        schema_name="verdict",
    )
    leaves = "rows" if desk.terms.privacy == "rows" else brief.leaves
    errand = Errand(role="judge", request=request, leaves=leaves, why=f"{len(choices)} answers differ")

    def read(data: Any) -> int:
        choice = JudgeForm.model_validate(data).choice
        if choice > len(choices):
            raise ValueError(f"choice is {choice}, but there are only {len(choices)}")
        return choice

    chosen, _ = desk.ask(errand, read)
    return chosen - 1 if chosen else None


def judge_prompt(context: Context, choices: Sequence[Choice], terms: Terms) -> tuple[Prompt, Brief]:
    """Return the prompt for a verdict; rows stand in it only where rows may leave, else their number."""
    briefing = Briefing(context, terms)
    shown = [_say(number, choice, terms) for number, choice in enumerate(choices, start=1)]
    values = {
        "question": quote(context.question.text, 4000),
        "today": context.question.today.isoformat(),
        "choices": "\n".join((OPEN, *shown, CLOSE)),
    }
    prompt = render("judge", values, briefing.write, tokens=terms.tokens)
    return prompt, briefing.brief


def _say(number: int, choice: Choice, terms: Terms) -> str:
    table = choice.rows.table
    size = f"{table.num_rows} rows of {', '.join(quote(name, 40) for name in table.column_names)}"
    lines = [f"{number}. {quote(choice.interpretation, 300)}", f"   {quote(choice.sql, 900)}", f"   gives {size}"]
    if terms.privacy == "rows":
        lines += [f"   {quote(str(tuple(row.values())), 200)}" for row in table.slice(0, _SHOWN_ROWS).to_pylist()]
    return "\n".join(lines)
