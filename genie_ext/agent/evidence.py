"""Evidence: all that a check may look at, and the form of what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genie_ext.agent.probes import Probe
from genie_ext.embedded.scope import Scope
from genie_ext.embedded.write import join_scope, make_schema
from genie_ext.types import Context, Finding, Plan, Rows, Severity, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a check may look at.

    Attributes:
        context: What the lake knows about the question.
        plan: How the question was understood.
        rows: What came back.
        probe: Asks the data more.
        sql: The query that gave the rows, as shown to people.
        unread: Parts of the lake that the index could not read.
        thorough: True where checks may ask more of the data, since much depends on the answer.
    """

    context: Context
    plan: Plan
    rows: Rows
    probe: Probe
    sql: str = ""
    unread: tuple[str, ...] = ()
    thorough: bool = False

    @property
    def step(self) -> Step:
        """The step that gave the rows."""
        return self.plan.steps[-1]

    def scope(self) -> Scope:
        """Return the tables and joins of the step as they were written."""
        context = self.context
        return join_scope(self.step, make_schema(context.names, context.tables, context.relationships, self.step))


Check = Callable[[Evidence], Sequence[Finding]]
"""Looks at one way to be silently wrong."""


def finding(check: str, severity: Severity, message: str, suggestion: str = "") -> Finding:
    """Return what a check found out, in one sentence."""
    return Finding(check=check, severity=severity, message=message, suggestion=suggestion)
