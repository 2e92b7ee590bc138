"""Thinking: one line of thought, and where signals disagree several, grouped by what they come to."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from genie_ext.agent.bench import Bench
from genie_ext.agent.desk import Desk, Thought
from genie_ext.agent.judge import Choice, judge
from genie_ext.agent.trajectory import Line, Outcome
from genie_ext.config import Effort
from genie_ext.errors import BudgetError, ModelError, ModelStoppedError
from genie_ext.scoring import same_rows, table_rows
from genie_ext.types import Clarification, Context, Event, Finding, Part, Refusal

_SURE = 0.8
"""Confidence of a plan from which on one line of thought is enough where no check says otherwise."""
_FIRST, _MOST = 3, 8
_ALONE, _AGREED = 0.75, 0.95
"""Confidence that one line of thought, and all of several, reach at most: how often they are right is not known."""

Made = Outcome | Clarification | Refusal


@dataclass(slots=True)
class Thinking:
    """Thinks about one question; `parts` are the finished steps of what was in hand when something broke it off."""

    context: Context
    bench: Bench
    desk: Desk
    effort: Effort
    parts: list[Part] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def think(self, thought: Thought) -> Generator[Event, None, Made]:
        """Yield what happens; return what is thought in the end.

        Raises:
            QueryCancelledError: The user stopped a query.
            BudgetError: The first line of thought could pass a budget.
            ModelError: The first line of thought got nothing from a role, or the user stopped it.
        """
        line = Line(self.context, self.bench, self.desk, thought, self.parts)
        first = yield from line.follow()
        if self.effort == "low" or (self.effort == "auto" and not _doubtful(first)):
            return self._alone(first)
        made: list[Made] = [first]
        wanted = _FIRST
        while len(made) < wanted:
            why = "signals disagree" if self.effort == "auto" else "effort is high"
            yield Event(kind="planning", text=f"Thinking {wanted - len(made)} more ways: {why}")
            made += self._others(thought, range(len(made), wanted), why)
            if len(made) < wanted:  # a budget or a server stopped the others
                break
            split = self.effort == "high" and _share(made) <= 0.5
            wanted = _MOST if split and wanted == _FIRST else wanted
        return self._choose(made)

    def _others(self, thought: Thought, numbers: range, why: str) -> list[Made]:
        """Return what more lines of thought come to, thought side by side; those that fail are left out."""
        with ThreadPoolExecutor(max_workers=len(numbers)) as pool:
            coming = [pool.submit(self._quietly, replace(thought, number=n, why=why)) for n in numbers]
            found = [one.result() for one in coming]
        return [one for one in found if one is not None]

    def _quietly(self, thought: Thought) -> Made | None:
        """Return what a line of thought comes to, None where it fails; what happens on its way is not shown."""
        events = Line(self.context, self.bench, self.desk, thought).follow()
        try:
            while True:
                next(events)
        except StopIteration as end:
            made: Made = end.value
            return made
        except ModelStoppedError:
            raise
        except (ModelError, BudgetError) as error:
            self.reasons.append(f"a further line of thought failed: {error.message}")
            return None

    def _alone(self, made: Made) -> Made:
        if not isinstance(made, Outcome):
            return made
        return _with_confidence(made, min(made.plan.confidence, _ALONE), "one line of thought")

    def _choose(self, made: Sequence[Made]) -> Made:
        """Return what most lines of thought come to; where none stands out, what the judge says."""
        groups = grouped([one for one in made if isinstance(one, Outcome)])
        others = [one for one in made if not isinstance(one, Outcome)]
        if not groups or len(others) > len(made) / 2:
            return others[0] if others else made[0]
        best: Sequence[Outcome] = groups[0]
        if len(groups) > 1 and len(groups[1]) == len(best):
            best = self._judged(groups) or best
        share = len(best) / len(made)
        said = f"{len(best)} of {len(made)} lines of thought come to the same rows"
        chosen = _merged(best)
        return _with_confidence(chosen, share * _AGREED if share > 0.5 else share * _ALONE, said, *self.reasons)

    def _judged(self, groups: Sequence[Sequence[Outcome]]) -> Sequence[Outcome] | None:
        if not self.desk.caller.bound.of("judge"):
            return None
        choices = [
            Choice(interpretation=one.plan.interpretation, sql=one.last.sql.text, rows=one.last.rows)
            for one, *_ in groups
        ]
        try:
            chosen = judge(self.context, choices, self.desk)
        except ModelStoppedError:
            raise
        except (ModelError, BudgetError) as error:
            self.reasons.append(f"the judge failed: {error.message}")
            return None
        self.reasons.append("the judge chose among them" if chosen is not None else "the judge could tell none")
        return groups[chosen] if chosen is not None else None


def grouped(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """Return outcomes with the same rows together, the largest group first."""
    groups: list[list[Outcome]] = []
    for outcome in outcomes:
        rows = table_rows(outcome.last.rows.table)
        same = (g for g in groups if same_rows(table_rows(g[0].last.rows.table), rows))
        group = next(same, None)
        if group is None:
            groups.append([outcome])
        else:
            group.append(outcome)
    return sorted(groups, key=lambda group: -len(group))


def _share(made: Sequence[Made]) -> float:
    groups = grouped([one for one in made if isinstance(one, Outcome)])
    return len(groups[0]) / len(made) if groups else 0.0


def _doubtful(made: Made) -> bool:
    """Tell whether signals disagree about the first line of thought."""
    if isinstance(made, Refusal):
        return True
    if isinstance(made, Clarification):  # asking back is an answer to doubt
        return False
    alarmed = any(own.severity in ("warning", "error") for part in made.parts for own in part.findings)
    return alarmed or made.repairs > 0 or made.plan.confidence < _SURE


def _merged(group: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a group with the fewest alarms, with the findings that all of its last steps have."""
    best = min(group, key=lambda one: sum(own.severity in ("warning", "error") for own in one.last.findings))
    every = dict.fromkeys(own for one in group for own in one.last.findings if own.severity != "ok")
    findings: tuple[Finding, ...] = (*best.last.findings, *(own for own in every if own not in best.last.findings))
    return replace(best, parts=(*best.parts[:-1], replace(best.last, findings=findings)))


def _with_confidence(made: Outcome, confidence: float, *reasons: str) -> Outcome:
    known = round(math.floor(confidence * 1000) / 1000, 3)
    plan = replace(made.plan, confidence=known, reasons=(*made.plan.reasons, *reasons))
    return replace(made, plan=plan)
