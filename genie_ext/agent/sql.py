"""SQL stage: a plan becomes a query that passed the guard."""

from __future__ import annotations

from genie_ext.embedded.write import write_sql
from genie_ext.guard import Catalog, Policy, check
from genie_ext.types import Context, Plan, Sql


def write_checked(plan: Plan, context: Context, catalog: Catalog, policy: Policy, *, row_limit: int) -> Sql:
    """Return the guarded SQL of the last step of a plan, or of the verified query that answers it as it stands.

    Raises:
        CannotAnswerError: Two tables of the plan have no known join.
        GuardError: A policy forbids a table or column of it.
    """
    if plan.query is not None:
        return check(plan.query.sql, catalog, policy=policy, row_limit=row_limit)
    text = write_sql(plan.steps[-1], context.names, context.tables, context.relationships)
    return check(text, catalog, policy=policy, row_limit=row_limit)
