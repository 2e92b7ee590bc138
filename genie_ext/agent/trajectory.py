"""A line of thought: one plan by a model, its steps one after another, each repaired until it can be used."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

from genie_ext.agent.bench import Bench, with_steps
from genie_ext.agent.desk import Desk, Thought
from genie_ext.agent.model_plan import plan_by_model
from genie_ext.agent.model_sql import Fault, sql_by_model
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError, EngineError, GuardError, QueryCancelledError
from genie_ext.types import Clarification, Context, Event, Finding, Part, Plan, Refusal, Step

_MENDED = ("values", "joins")
MOST_REPAIRS = 3
"""Times that a query goes back to be mended; then the step is planned anew once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a line of thought came to.

    Attributes:
        plan: How the question was understood.
        parts: Its finished steps, the last one gives the answer.
        repairs: How often a query was mended, or the plan was made anew.
    """

    plan: Plan
    parts: tuple[Part, ...]
    repairs: int = 0

    @property
    def last(self) -> Part:
        """The step that gives the answer."""
        return self.parts[-1]


Events = Generator[Event, None, Outcome | Clarification | Refusal]


class StuckError(Exception):
    """A step that no query was found for; the text is the last reason."""


@dataclass(slots=True)
class Line:
    """Follows one line of thought; `done` keeps the finished steps, also where something breaks it off."""

    context: Context
    bench: Bench
    desk: Desk
    thought: Thought
    done: list[Part] = field(default_factory=list)
    repairs: int = 0

    def follow(self) -> Events:
        """Yield what happens and return what it came to.

        Raises:
            QueryCancelledError: The user stopped a query.
            BudgetError: The next call could pass a budget.
            ModelError: A role gave nothing, or the user stopped a call.
        """
        yield Event(kind="planning", text="Planning")
        made = plan_by_model(self.context, self.desk, self.thought)
        for _ in range(2):
            if not isinstance(made, Plan):
                return made
            yield Event(kind="planned", text=made.interpretation, value=made)
            try:
                yield from self._steps(made)
                return Outcome(plan=made, parts=tuple(self.done), repairs=self.repairs)
            except StuckError as error:
                reason = str(error)
            self.done.clear()
            self.repairs += 1
            yield Event(kind="repaired", text=f"Planning anew: {reason}")
            thought = replace(self.thought, avoid=reason, why="planned anew")
            made = plan_by_model(self.context, self.desk, thought)
        return Refusal(reason="No query was found that passes guard, engine and checks.", missing=(reason,))

    def _steps(self, plan: Plan) -> Generator[Event, None, None]:
        earlier: dict[str, str] = {}
        for step in plan.steps:
            self.desk.cancel.check()
            yield Event(kind="step", text=step.purpose, value=step)
            part = yield from self._step(plan, step, earlier)
            self.done.append(part)
            earlier[step.name] = part.sql.text
            if step is not plan.steps[-1]:
                yield Event(kind="part", text=f"{step.name}: {part.rows.table.num_rows:,} rows", value=part)

    def _step(self, plan: Plan, step: Step, earlier: dict[str, str]) -> Generator[Event, None, Part]:
        """Yield what happens until a step has rows that the checks let pass; return it with them.

        Raises:
            StuckError: There is no such query after all repairs.
        """
        faults: list[Fault] = []
        held: Part | None = None
        for attempt in range(MOST_REPAIRS + 1):
            text = self._write(step, earlier, faults)
            if faults and text in {fault.sql for fault in faults}:  # it knows no other
                break
            try:
                sql = self.bench.guard(with_steps(text, earlier, step.uses))
                yield Event(kind="sql", text=sql.text, value=sql)
                rows = self.bench.run(sql)
            except QueryCancelledError:
                raise
            except (GuardError, EngineError) as error:
                faults.append(Fault(sql=text, message=str(error)))
                yield from self._tell(error.message, attempt)
                continue
            yield Event(kind="rows", text=f"{rows.table.num_rows:,} rows", value=rows)
            findings = self.bench.check(self.context, plan, step, sql, rows)
            held = Part(name=step.name, purpose=step.purpose, sql=sql, rows=rows, findings=findings)
            wrong = [own for own in findings if _goes_back(own)]
            yield from (Event(kind="finding", text=own.message, value=own) for own in findings)
            insists = bool(faults) and faults[-1].message == _say(wrong)
            if not wrong or insists or not self._may_write(step):
                return held
            faults.append(Fault(sql=text, message=_say(wrong)))
            yield from self._tell(wrong[0].message, attempt)
        if held is not None:  # it ran; the answer says what is wrong with it
            return held
        raise StuckError(faults[-1].message)

    def _write(self, step: Step, earlier: dict[str, str], faults: Sequence[Fault]) -> str:
        """Return the query of a step: compiled where its parts say all, written by a model else or after a fault."""
        context = self.context
        if not step.free and not (faults and self._may_write(step)):
            try:
                return write_sql(step, context.names, context.tables, context.relationships)
            except CannotAnswerError as error:
                raise StuckError(error.message) from error
        relations = {part.name: part.sql.columns or tuple(part.rows.table.column_names) for part in self.done}
        known = {name: columns for name, columns in relations.items() if name in earlier}
        return sql_by_model(step, context, self.desk, self.thought, relations=known, faults=faults)

    def _may_write(self, step: Step) -> bool:
        """Tell whether a model may write the query of a step: never where a metric is defined."""
        governed = any(measure.metric is not None for measure in step.measures)
        return not governed and bool(self.desk.caller.bound.of("sql"))

    def _tell(self, message: str, attempt: int) -> Generator[Event, None, None]:
        if attempt < MOST_REPAIRS:
            self.repairs += 1
            yield Event(kind="repaired", text=f"Mending the query: {message}")


def _goes_back(found: Finding) -> bool:
    """Tell whether a finding is sent back to be mended; other warnings may be how the data is."""
    return found.severity == "error" or (found.severity == "warning" and found.check in _MENDED)


def _say(findings: Sequence[Finding]) -> str:
    return " ".join(f"{own.message} {own.suggestion}".strip() for own in findings)
