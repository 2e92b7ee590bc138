"""The guard: SQL text in, a `Sql` that an engine may run out; nothing else makes one."""

from __future__ import annotations

from genie_ext.errors import GuardError
from genie_ext.guard.functions import check_functions
from genie_ext.guard.names import Resolver
from genie_ext.guard.parse import parse_query
from genie_ext.guard.policy import Catalog, Policy
from genie_ext.guard.render import for_engine, for_people
from genie_ext.guard.sources import Columns, Scope
from genie_ext.types import Sql
from semantic.errors import SemanticError

_OPEN = Policy()


def check(text: str, catalog: Catalog, *, policy: Policy = _OPEN, row_limit: int = 10_000) -> Sql:
    """Return the query in a text, checked, bound to real tables and narrowed by policy.

    Args:
        text: SQL in DuckDB's dialect.
        catalog: The tables of the lake.
        policy: What of them may be read.
        row_limit: Rows an engine fetches at most; the query asks for one more, which shows that there are more.

    Raises:
        GuardError: The text is not one read-only query over allowed tables and their columns.
    """
    try:
        return _check(text, catalog, policy, row_limit)
    except GuardError as error:
        raise GuardError(error.message, hint=error.hint, sql=text) from error.__cause__
    except RecursionError as error:
        raise GuardError("The SQL is nested too deeply.", hint="Use WITH to name its parts.", sql=text) from error
    except SemanticError as error:
        raise GuardError(error.message, hint=error.hint, sql=text) from error


def _check(text: str, catalog: Catalog, policy: Policy, row_limit: int) -> Sql:
    """Run the passes one after the other."""
    tree = parse_query(text)
    resolver = Resolver(catalog, policy)
    columns = resolver.query(tree, Scope())
    executable = for_engine(tree, catalog, policy, row_limit)
    check_functions(tree, executable)
    # What runs is read once more, so that no slip in writing it can make it something else.
    parse_query(executable)
    return Sql(
        text=for_people(tree, catalog),
        executable=executable,
        tables=tuple(resolver.tables),
        columns=_known(columns),
        row_limit=row_limit,
    )


def _known(columns: Columns) -> tuple[str, ...]:
    """Return column names where all of them are known, else none."""
    return columns if columns is not None and "" not in columns else ()
