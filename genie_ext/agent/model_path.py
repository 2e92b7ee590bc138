"""The model path: a question that the embedded tier is not sure of goes to models, and comes back as a turn."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from genie_ext.agent.answer import make_answer
from genie_ext.agent.bench import Bench
from genie_ext.agent.desk import Desk, Terms, Thought
from genie_ext.agent.think import Thinking
from genie_ext.agent.trajectory import Outcome
from genie_ext.config import Settings
from genie_ext.errors import BudgetError, ModelError, ModelStoppedError, QueryCancelledError
from genie_ext.models.base import Cancel
from genie_ext.models.caller import Caller, Job
from genie_ext.models.capability import Capability, Rate
from genie_ext.models.ledger import utc_now
from genie_ext.models.router import TIERS, Route, Signals, choose_route
from genie_ext.types import Clarification, Context, Event, Finding, Plan, Refusal, Tier, Turn


@dataclass(slots=True, kw_only=True)
class ModelPath:
    """Answers with models.

    Attributes:
        bench: Guard, engine and checks.
        caller: Calls the models.
        capability: How often each tier was right here.
        settings: Bands, effort, privacy, budgets.
        user: Who asks.
        terms: On what terms models are asked.
    """

    bench: Bench
    caller: Caller
    capability: Capability
    settings: Settings
    user: str
    terms: Terms
    _cancel: Cancel = field(default_factory=Cancel)

    def route(self, context: Context, made: Plan | Clarification | Refusal, failed: tuple[Tier, ...] = ()) -> Route:
        """Return which tier answers, by what the embedded tier makes of the question."""
        kind, confidence = _kind(made)
        before = context.previous
        sticky = before.tier if before is not None and before.tier != "embedded" else None
        rates: Mapping[Tier, Rate] = {tier: self.capability.rate(tier) for tier in TIERS}
        soft = self.caller.books.budget.soft(self.user)
        signals = Signals(kind=kind, confidence=confidence, soft=soft, sticky=sticky, failed=failed)
        return choose_route(signals, self.caller.bound, self.settings, rates)

    def spent_today(self) -> float:
        """Return the US dollars that calls for this lake took since midnight, UTC."""
        midnight = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        return self.caller.books.ledger.spent(midnight)

    def answer(self, context: Context, route: Route, empty: Turn) -> Generator[Event, None, Turn]:
        """Yield what happens on the way through models; return the turn.

        A budget that is hit and models that fail end it with a refusal that says so; finished steps are kept.

        Raises:
            QueryCancelledError: The user stopped it.
        """
        desk = self._desk(context)
        thinking = Thinking(context, self.bench, desk, self.settings.effort)
        begun = replace(empty, tier=route.tier or "embedded", routed=route.why)
        try:
            made = yield from thinking.think(Thought(tier=route.tier, why=route.why[-1]))
        except ModelStoppedError as error:
            raise QueryCancelledError("The question was stopped.") from error
        except (ModelError, BudgetError) as error:
            refusal = Refusal(reason=error.message, suggestions=(error.hint,) if error.hint else ())
            return replace(begun, refusal=refusal, parts=tuple(thinking.parts), spent=self.caller.spent(desk.job))
        spent = self.caller.spent(desk.job)
        yield Event(
            kind="cost", text=f"{spent.calls} calls, {spent.tokens_in + spent.tokens_out:,} tokens", value=spent
        )
        begun = replace(begun, spent=spent)
        if isinstance(made, Refusal):
            return replace(begun, refusal=made)
        if isinstance(made, Clarification):
            return replace(begun, clarification=made)
        return self._turn(context, made, begun)

    def cancel(self) -> None:
        """Stop the calls that run, from another thread."""
        self._cancel.set()

    def close(self) -> None:
        """Stop what runs and close the books."""
        self._cancel.set()
        self.caller.books.state.close()

    def _desk(self, context: Context) -> Desk:
        question = context.question
        self._cancel = Cancel()
        job = Job(
            id=uuid.uuid4().hex, question=question.text, user=self.user, thread=question.thread,
            index_version=self.bench.index.version,
        )  # fmt: skip
        return Desk(caller=self.caller, job=job, terms=self.terms, cancel=self._cancel)

    def _turn(self, context: Context, made: Outcome, begun: Turn) -> Turn:
        """Return the turn of an outcome; what the books could not note is a finding."""
        notes = tuple(Finding(check="ledger", severity="note", message=note) for note in self.caller.take_notes())
        last = made.last
        findings = (*(own for part in made.parts[:-1] for own in part.findings if own.severity != "ok"), *last.findings)
        final = replace(made.plan, steps=(made.plan.steps[-1],))
        answer = make_answer(context, final, last.sql, last.rows, findings)
        if answer.confidence < self.settings.answer_above:
            return replace(begun, plan=made.plan, findings=findings, refusal=_doubtful(made.plan, answer.confidence))
        return replace(
            begun, plan=made.plan, sql=last.sql, rows=last.rows, findings=(*findings, *notes), answer=answer,
            parts=made.parts[:-1], tier=made.plan.tier,
        )  # fmt: skip


def _kind(made: Plan | Clarification | Refusal) -> tuple[Literal["plan", "clarify", "refuse", "settled"], float]:
    """Return what kind of result the embedded tier has, and how sure it is.

    A question back with readings of the same words comes from doubt; one without from a rule or a definition.
    """
    if isinstance(made, Plan):
        return ("settled" if made.query is not None else "plan"), made.confidence
    if isinstance(made, Clarification):
        return ("clarify" if made.plans else "settled"), 0.0
    return ("settled" if made.settled else "refuse"), 0.0


def _doubtful(plan: Plan, confidence: float) -> Refusal:
    return Refusal(
        reason=f"I am only {confidence:.0%} sure of this. My best reading: {plan.interpretation}",
        missing=plan.reasons,
        suggestions=("Say it with the names of the columns or values you mean.", "Think harder: --effort high."),
    )
