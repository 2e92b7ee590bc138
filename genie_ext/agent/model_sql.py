"""SQL stage with a model: a step of a plan becomes a query; what was wrong with an earlier one goes back with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genie_ext.agent.desk import Briefing, Desk, Terms, Thought
from genie_ext.agent.plan_form import SqlForm, schema_of
from genie_ext.models.base import ChatRequest, Message
from genie_ext.models.caller import Errand
from genie_ext.prompts.brief import Brief
from genie_ext.prompts.quote import CLOSE, OPEN, quote, quote_name, quote_value
from genie_ext.prompts.render import Prompt, render
from genie_ext.types import Context, Filter, Measure, Step, TimeRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A query that could not be used, and why."""

    sql: str
    message: str


Relations = Mapping[str, Sequence[str]]
"""Columns of earlier steps by the name of the step."""


def sql_by_model(
    step: Step, context: Context, desk: Desk, thought: Thought, *, relations: Relations, faults: Sequence[Fault] = ()
) -> str:
    """Return the query that the models of the role "sql" write for a step; it has not passed the guard.

    Raises:
        ConfigError: The question leaves no room in the prompt.
        PrivacyError: The prompt would hold more than may leave.
        BudgetError: The call could pass a budget.
        ModelError: No model gave a query.
    """
    prompt, brief = sql_prompt(step, context, desk.terms, relations=relations, faults=faults)
    request = ChatRequest(
        messages=(Message(role="system", text=prompt.system), Message(role="user", text=prompt.user)),
        schema=schema_of(SqlForm),
        schema_name="query",
        temperature=0.0 if thought.number == 0 and not faults else 0.5,
        seed=thought.number,
    )
    errand = Errand(
        role="sql", request=request, leaves=brief.leaves, trajectory=thought.number, skip=thought.number,
        why=f"repair {len(faults)}" if faults else thought.why,
    )  # fmt: skip

    def read(data: Any) -> str:
        return SqlForm.model_validate(data).sql.strip().rstrip(";")

    text, _ = desk.ask(errand, read)
    return text


def sql_prompt(
    step: Step, context: Context, terms: Terms, *, relations: Relations, faults: Sequence[Fault] = ()
) -> tuple[Prompt, Brief]:
    """Return the prompt for the query of a step, and what it tells of the lake: the tables of the step alone.

    Raises:
        ConfigError: The question leaves no room in the prompt.
    """
    briefing = Briefing(context, terms, only=step.sources)
    values = {
        "question": quote(context.question.text, 4000),
        "today": context.question.today.isoformat(),
        "step": say_step(step, context),
        "relations": _relations(step, relations),
        "faults": _faults(faults),
    }
    prompt = render("sql", values, briefing.write, tokens=terms.tokens)
    return prompt, briefing.brief


def say_step(step: Step, context: Context) -> str:
    """Return a step in lines that a model can follow."""
    parts = [quote(step.purpose or "as follows", 800)]
    parts += [f"measure {quote(m.label or m.aggregate, 80)}: {_measure(m, context)}" for m in step.measures]
    for dimension in step.dimensions:
        grain = f" by {dimension.grain}" if dimension.grain else ""
        parts.append(f"dimension {_column(dimension.column, context)}{grain}")
    parts += [f"filter {_filter(f, context)}" for f in step.filters if not isinstance(f.subject, Measure)]
    parts += [f"period {_time(step.time, context)}"] if step.time else []
    parts += [f"at most {step.limit} rows"] if step.limit else []
    return "\n- ".join(parts)


def _measure(measure: Measure, context: Context) -> str:
    if measure.metric is not None:
        return f"the metric {quote_name(measure.metric.name)} as the data defines it"
    if measure.column is None:
        return "number of rows" + (f" of {context.names[measure.table]}" if measure.table else "")
    return f"{measure.aggregate} of {_column(measure.column, context)}"


def _column(ref: Any, context: Context) -> str:
    return f"{context.names[ref.table]}.{quote_name(ref.column)}"


def _filter(condition: Filter, context: Context) -> str:
    values = ", ".join(quote_value(v) if isinstance(v, str) else str(v) for v in condition.values)
    return f"{_column(condition.subject, context)} {condition.operator} {values}".strip()


def _time(time: TimeRange, context: Context) -> str:
    return f"{_column(time.column, context)} from {time.start or 'the first day'} to before {time.end or 'the end'}"


def _relations(step: Step, relations: Relations) -> str:
    named = [name for name in step.uses if name in relations]
    if not named:
        return ""
    lines = [f"{quote_name(name)}({', '.join(quote_name(column) for column in relations[name])})" for name in named]
    return "\n".join((OPEN, "rows of earlier steps, to be read as tables:", *lines, CLOSE, ""))


def _faults(faults: Sequence[Fault]) -> str:
    """Return the last queries that failed with the exact reasons."""
    if not faults:
        return ""
    told = [f"query: {quote(fault.sql, 1500)}\nwrong with it: {quote(fault.message, 800)}" for fault in faults[-2:]]
    return "\n".join(("Your earlier queries could not be used. Write another one that mends this:", OPEN, *told, CLOSE))
