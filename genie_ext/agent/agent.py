"""The loop: a question goes through the stages one after another, and each result is an event."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from genie_ext.agent.answer import make_answer
from genie_ext.agent.checks import check_answer
from genie_ext.agent.context import find_context
from genie_ext.agent.desk import Terms
from genie_ext.agent.evidence import Evidence
from genie_ext.agent.explain import Explanation, explain_question
from genie_ext.agent.model_path import ModelPath
from genie_ext.agent.model_plan import plan_prompt
from genie_ext.agent.model_sql import sql_prompt
from genie_ext.agent.plan import Bands, choose_plan, doubtful
from genie_ext.agent.sql import write_checked
from genie_ext.embedded.parser.parse import Parser, shipped_parser
from genie_ext.engines.base import Engine
from genie_ext.errors import CannotAnswerError
from genie_ext.guard import Policy, check
from genie_ext.models.router import Route
from genie_ext.prompts.render import Prompt, Stage
from genie_ext.types import Clarification, Context, Event, Finding, Plan, Question, Refusal, Rows, Sql, Turn
from semantic.found import Hit
from semantic.index import Index

_PROBE_TIMEOUT_S = 5.0
_PROBE_ROWS = 10
# What a reading may cost that is only looked at; two readings that agree on so many rows agree.
_READING_TIMEOUT_S = 2.0
_READING_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Answers questions about one lake.

    Attributes:
        index: What the lake means.
        engine: Runs guarded SQL.
        policy: What may be read.
        row_limit: Rows fetched at most.
        bands: How sure it must be to answer, and to offer readings.
        parser: Writes readings of questions.
        privacy: Shown in every answer.
        fallback: Says so where the engine is the user's own connection, else empty.
        terms: On what terms models are asked.
        models: Answers what the embedded tier is not sure of, None where no model is configured.
        thorough: True for checks that ask more of the data.
    """

    index: Index
    engine: Engine
    policy: Policy
    row_limit: int
    bands: Bands
    parser: Parser = field(default_factory=shipped_parser)
    privacy: str = "values"
    fallback: str = ""
    terms: Terms = field(default_factory=lambda: Terms(privacy="values", tokens=6000))
    models: ModelPath | None = None
    thorough: bool = False

    def ask(self, question: Question, previous: Turn | None = None, *, plan: Plan | None = None) -> Iterator[Event]:
        """Yield what happens on the way; the last event is "answer" and carries the turn.

        Args:
            question: What is asked.
            previous: The turn before it in its thread.
            plan: The reading of the question that was picked before, None where it is still to be read.

        Raises:
            GuardError: A policy forbids what the question needs.
            EngineError: The query failed, ran too long or was stopped.
        """
        start = time.perf_counter()
        context = find_context(question, self.index, self.policy, previous)
        yield Event(kind="found", text=_found(context), value=context)
        made = plan or self._choose(context)
        empty = Turn(question=question, privacy=self.privacy, fallback=self.fallback)
        turn = yield from self._turn(context, made, empty, picked=plan is not None)
        yield _last(replace(turn, seconds=time.perf_counter() - start))

    def _turn(
        self, context: Context, made: Plan | Clarification | Refusal, empty: Turn, *, picked: bool
    ) -> Generator[Event, None, Turn]:
        """Yield what the tier that the question goes to does; return its turn."""
        if self.models is None or picked:
            return (yield from self._embedded(context, made, empty, picked=picked))
        route = self.models.route(context, made)
        yield Event(kind="routed", text=f"To the {route.tier} tier: {route.why[-1]}")
        if route.tier == "embedded":
            turn = yield from self._embedded(context, made, replace(empty, routed=route.why), picked=False)
            if turn.refusal is None or turn.plan is None:  # answered, asked back, or decided before any plan
                return turn
            route = self.models.route(context, made, failed=("embedded",))
            if route.tier in (None, "embedded"):
                return turn
            yield Event(kind="routed", text=f"To the {route.tier} tier: {route.why[-1]}")
        if route.tier is None:
            refusal = Refusal(reason="No tier may answer this.", missing=route.missing, suggestions=route.why)
            return replace(empty, refusal=refusal, routed=route.why)
        return (yield from self.models.answer(context, route, empty))

    def _embedded(
        self, context: Context, made: Plan | Clarification | Refusal, empty: Turn, *, picked: bool
    ) -> Generator[Event, None, Turn]:
        """Yield what the embedded tier does; return its turn."""
        if isinstance(made, Refusal):
            return replace(empty, refusal=made)
        if isinstance(made, Clarification):
            return replace(empty, clarification=made)
        yield Event(kind="planned", text=made.interpretation, value=made)
        return (yield from self._answer(context, made, empty, picked=picked))

    def _answer(self, context: Context, plan: Plan, empty: Turn, *, picked: bool) -> Generator[Event, None, Turn]:
        """Yield the events from the SQL to the findings; return the turn with the answer."""
        sql = write_checked(plan, context, self.index, self.policy, row_limit=self.row_limit)
        yield Event(kind="sql", text=sql.text, value=sql)
        rows = self.engine.run(sql)
        yield Event(kind="rows", text=f"{rows.table.num_rows:,} rows", value=rows)
        findings = self._check(context, plan, sql, rows)
        yield from (Event(kind="finding", text=finding.message, value=finding) for finding in findings)
        answer = make_answer(context, plan, sql, rows, findings)
        if answer.confidence < self.bands.answer and not picked:  # what the user picked is what is wanted
            return replace(
                empty, plan=plan, findings=findings, refusal=doubtful(plan, answer.confidence, answer.reasons)
            )
        return replace(empty, plan=plan, sql=sql, rows=rows, findings=findings, answer=answer)

    def explain(self, question: Question, previous: Turn | None = None) -> Explanation:
        """Return how a question is read and why so, without its answer.

        Raises:
            GuardError: A policy forbids what the question needs.
        """
        context = find_context(question, self.index, self.policy, previous)
        return explain_question(context, cache(self.look_up), self.parser, self.read, bands=self.bands)

    def route(self, question: Question, previous: Turn | None = None) -> Route:
        """Return which tier would answer a question, and why; nothing is sent to a model.

        Raises:
            GuardError: A policy forbids what the question needs.
        """
        context = find_context(question, self.index, self.policy, previous)
        if self.models is None:
            return Route(tier="embedded", why=("no model is configured",))
        return self.models.route(context, self._choose(context))

    def prompt(self, stage: Stage, question: Question, previous: Turn | None = None) -> Prompt:
        """Return the exact prompt of a stage for a question; nothing is sent to a model.

        Of the stage "sql" it is that for the embedded tier's own plan, which stands in for a model's.

        Raises:
            GuardError: A policy forbids what the question needs.
            CannotAnswerError: The stage is "sql" and the embedded tier has no plan to show it for.
        """
        context = find_context(question, self.index, self.policy, previous)
        terms = self.terms
        if stage == "plan":
            return plan_prompt(context, terms)[0]
        made = choose_plan(context, cache(self.look_up), self.parser, self.read, bands=Bands(answer=0.0, offer=1.0))
        if not isinstance(made, Plan):
            message = "The embedded tier has no plan for this, and without one there is no such prompt."
            raise CannotAnswerError(message, hint="Ask something simpler, or look at the stage plan.")
        step = replace(made.steps[-1], purpose=made.interpretation)
        return sql_prompt(step, context, terms, relations={})[0]

    def _choose(self, context: Context) -> Plan | Clarification | Refusal:
        """Return what the embedded tier makes of a question; its readings only where one of them may be the answer."""
        weigh = self.models is None or self.models.settings.least_tier == "embedded"
        # The stages of a plan ask for the same phrases again and again.
        return choose_plan(context, cache(self.look_up), self.parser, self.read, bands=self.bands, weigh=weigh)

    def look_up(self, phrase: str) -> Sequence[Hit]:
        """Return the columns and tables that a phrase means, best first of each."""
        found = self.index.search(phrase, tables=3, columns=12, values=0, passages=0, facts=0)
        return (*found.columns, *found.tables)

    def read(self, text: str) -> Rows:
        """Return the first rows of a reading that may become the answer.

        Raises:
            GuardError: A policy forbids it.
            EngineError: It failed or ran too long.
        """
        return self._try(text, rows=_READING_ROWS, timeout_s=_READING_TIMEOUT_S)

    def _try(self, text: str, *, rows: int, timeout_s: float) -> Rows:
        """Return the rows of a query that is not the answer itself."""
        return self.engine.run(check(text, self.index, policy=self.policy, row_limit=rows), timeout_s=timeout_s)

    def _check(self, context: Context, plan: Plan, sql: Sql, rows: Rows) -> tuple[Finding, ...]:
        def probe(text: str) -> Rows:
            return self._try(text, rows=_PROBE_ROWS, timeout_s=_PROBE_TIMEOUT_S)

        evidence = Evidence(
            context=context, plan=plan, rows=rows, probe=probe, sql=sql.text, unread=self.index.skipped,
            thorough=self.thorough,
        )  # fmt: skip
        return check_answer(evidence)


def _last(turn: Turn) -> Event:
    asked = turn.clarification.question if turn.clarification else ""
    text = turn.answer.text if turn.answer else turn.refusal.reason if turn.refusal else asked
    return Event(kind="answer", text=text, value=turn)


def _found(context: Context) -> str:
    tables = (hit.document.table for hit in context.found.tables[:3])
    names = [context.names[table] for table in tables if table in context.names]
    return "Looking at " + ", ".join(names) if names else "Looking at the lake"
