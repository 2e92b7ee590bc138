"""The bench: what turns the SQL of a step into checked rows, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from genie_ext.agent.checks import CHECKS_OF_ROWS, check_answer, check_rows
from genie_ext.agent.evidence import Evidence, finding
from genie_ext.embedded.sql_reader.read import say_step
from genie_ext.embedded.sql_reader.scope import UNKNOWN_JOIN, NotSaidError
from genie_ext.engines.base import Engine
from genie_ext.errors import GuardError
from genie_ext.guard import Policy, check
from genie_ext.spans import span
from genie_ext.types import Context, Finding, Plan, Rows, Sql, Step
from semantic.index import Index

if TYPE_CHECKING:
    from sqlglot import exp

_PROBE_ROWS, _PROBE_TIMEOUT_S = 10, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Guard, engine and checks of one lake.

    Attributes:
        index: What the lake means.
        engine: Runs guarded SQL.
        policy: What may be read.
        row_limit: Rows fetched at most.
        thorough: True for checks that ask more of the data.
    """

    index: Index
    engine: Engine
    policy: Policy
    row_limit: int
    thorough: bool = False

    def guard(self, text: str) -> Sql:
        """Return a query that passed the guard.

        Raises:
            GuardError: It does not.
        """
        return check(text, self.index, policy=self.policy, row_limit=self.row_limit)

    def run(self, sql: Sql) -> Rows:
        """Return the rows of a query.

        Raises:
            EngineError: It failed, ran too long or was stopped.
        """
        with span("genie.query", tables=len(sql.tables)):
            return self.engine.run(sql)

    def check(self, context: Context, plan: Plan, step: Step, sql: Sql, rows: Rows) -> tuple[Finding, ...]:
        """Return what the checks find out about the rows of a step; of free SQL as far as it can be read back.

        Raises:
            QueryCancelledError: The user stopped it.
        """
        read, reason = (step, "") if not step.free else self._read_back(context, step, sql)
        evidence = Evidence(
            context=context, plan=replace(plan, steps=(read,), query=None), rows=rows, probe=self._probe, sql=sql.text,
            unread=self.index.skipped, thorough=self.thorough and not step.free,
        )  # fmt: skip
        if not reason:
            return check_answer(evidence)
        if not step.sources:  # it reads the rows of earlier steps alone, whose tables were checked there
            return tuple(check_rows(evidence))
        found = [own for _, run in CHECKS_OF_ROWS for own in run(evidence)]
        if reason.endswith(UNKNOWN_JOIN):
            return (*found, _unknown_join(context, sql))
        return (*found, finding("joins", "note", f"Its joins and filters were not checked: {reason}."))

    def _probe(self, text: str) -> Rows:
        sql = check(text, self.index, policy=self.policy, row_limit=_PROBE_ROWS)
        return self.engine.run(sql, timeout_s=_PROBE_TIMEOUT_S)

    def _read_back(self, context: Context, step: Step, sql: Sql) -> tuple[Step, str]:
        """Return the step that a query says, or the one planned with the reason why it cannot be read back."""
        if step.uses:
            return step, "it reads the rows of an earlier step"
        try:
            return say_step(sql.text, context.tables, context.relationships, context.names), ""
        except NotSaidError as error:
            return step, f"the query has {error}"


def _unknown_join(context: Context, sql: Sql) -> Finding:
    """Return what is said of a join that neither keys nor queries of the lake support, with those that they do."""
    known = [join for join in context.relationships if join.child in sql.tables and join.parent in sql.tables]
    names = context.names
    joins = [
        " and ".join(
            f"{names[join.child]}.{own} = {names[join.parent]}.{other}"
            for own, other in zip(join.child_columns, join.parent_columns, strict=True)
        )
        for join in known
    ]
    message = "It joins tables in a way that no key and no query of the lake supports."
    return finding("joins", "warning", message, f"Known joins: {'; '.join(joins)}." if joins else "Join through a key.")


def with_steps(text: str, earlier: Mapping[str, str], uses: Sequence[str]) -> str:
    """Return a query in which the names of earlier steps stand for their queries.

    Args:
        text: A query that may read earlier steps by their names.
        earlier: Queries of the earlier steps, complete in themselves.
        uses: Names that it may read.

    Raises:
        GuardError: It is no SQL, or has a part of the same name.
    """
    named = [name for name in uses if name in earlier]
    if not named:
        return text
    tree = _parsed(text)
    for own in {part.alias.casefold() for part in tree.ctes} & {name.casefold() for name in named}:
        raise GuardError(f"The query names a part of its own {own}, as an earlier step is.", hint="Name it otherwise.")
    for name in named:
        tree = tree.with_(name, as_=_parsed(earlier[name]), dialect="duckdb", copy=False)
    tables = next(part for part in tree.args.values() if type(part).__name__ == "With")
    own = tables.expressions
    tables.set("expressions", [*own[-len(named) :], *own[: -len(named)]])  # before all that may read them
    return tree.sql(dialect="duckdb", pretty=True)


def _parsed(text: str) -> exp.Query:
    from genie_ext.guard.parse import parse_query

    return parse_query(text)  # type: ignore[return-value]
