"""The loop: a question goes through the stages one after another, and each result is an event."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from genie_ext.agent.answer import make_answer
from genie_ext.agent.checks import check_answer
from genie_ext.agent.context import find_context
from genie_ext.agent.evidence import Evidence
from genie_ext.agent.plan import doubtful, make_plan
from genie_ext.agent.sql import write_checked
from genie_ext.engines.base import Engine
from genie_ext.guard import Policy, check
from genie_ext.types import Clarification, Context, Event, Finding, Plan, Question, Refusal, Rows, Turn
from semantic.found import Hit
from semantic.index import Index

_PROBE_TIMEOUT_S = 5.0
_PROBE_ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Answers questions about one lake.

    Attributes:
        index: What the lake means.
        engine: Runs guarded SQL.
        policy: What may be read.
        row_limit: Rows fetched at most.
        answer_above: Confidence below which a plan is refused, 0 to 1.
        privacy: Shown in every answer.
        fallback: Says so where the engine is the user's own connection, else empty.
    """

    index: Index
    engine: Engine
    policy: Policy
    row_limit: int
    answer_above: float
    privacy: str = "values"
    fallback: str = ""

    def ask(self, question: Question, previous: Turn | None = None) -> Iterator[Event]:
        """Yield what happens on the way; the last event is "answer" and carries the turn.

        Raises:
            GuardError: A policy forbids what the question needs.
            EngineError: The query failed, ran too long or was stopped.
        """
        start = time.perf_counter()
        context = find_context(question, self.index, self.policy, previous)
        yield Event(kind="found", text=_found(context), value=context)
        plan = make_plan(context, self._lookup, answer_above=self.answer_above)
        empty = Turn(question=question, privacy=self.privacy, fallback=self.fallback)
        if isinstance(plan, Refusal):
            turn = replace(empty, refusal=plan)
        elif isinstance(plan, Clarification):
            turn = replace(empty, clarification=plan)
        else:
            yield Event(kind="planned", text=plan.interpretation, value=plan)
            turn = yield from self._answer(context, plan, empty)
        yield _last(replace(turn, seconds=time.perf_counter() - start))

    def _answer(self, context: Context, plan: Plan, empty: Turn) -> Generator[Event, None, Turn]:
        """Yield the events from the SQL to the findings; return the turn with the answer."""
        sql = write_checked(plan, context, self.index, self.policy, row_limit=self.row_limit)
        yield Event(kind="sql", text=sql.text, value=sql)
        rows = self.engine.run(sql)
        yield Event(kind="rows", text=f"{rows.table.num_rows:,} rows", value=rows)
        findings = self._check(context, plan, rows)
        yield from (Event(kind="finding", text=finding.message, value=finding) for finding in findings)
        answer = make_answer(context, plan, sql, rows, findings)
        if answer.confidence < self.answer_above:
            return replace(
                empty, plan=plan, findings=findings, refusal=doubtful(plan, answer.confidence, answer.reasons)
            )
        return replace(empty, plan=plan, sql=sql, rows=rows, findings=findings, answer=answer)

    def _lookup(self, phrase: str) -> Sequence[Hit]:
        found = self.index.search(phrase, tables=3, columns=12, values=0, passages=0)
        return (*found.columns, *found.tables)

    def _check(self, context: Context, plan: Plan, rows: Rows) -> tuple[Finding, ...]:
        def probe(text: str) -> Rows:
            sql = check(text, self.index, policy=self.policy, row_limit=_PROBE_ROWS)
            return self.engine.run(sql, timeout_s=_PROBE_TIMEOUT_S)

        unread = self.index.skipped
        return check_answer(Evidence(context=context, plan=plan, rows=rows, probe=probe, unread=unread))


def _last(turn: Turn) -> Event:
    asked = turn.clarification.question if turn.clarification else ""
    text = turn.answer.text if turn.answer else turn.refusal.reason if turn.refusal else asked
    return Event(kind="answer", text=text, value=turn)


def _found(context: Context) -> str:
    tables = (hit.document.table for hit in context.found.tables[:3])
    names = [context.names[table] for table in tables if table in context.names]
    return "Looking at " + ", ".join(names) if names else "Looking at the lake"
