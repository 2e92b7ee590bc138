"""Checks of synthetic questions: only those are kept whose step runs, matters, and is what the words mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from genie_ext.embedded.parser.items import find_items
from genie_ext.embedded.parser.literals import UnsayableError
from genie_ext.embedded.parser.read_actions import read_actions
from genie_ext.embedded.parser.write_actions import write_actions
from genie_ext.embedded.steps import conditions
from genie_ext.embedded.traps import find_traps
from genie_ext.embedded.words import name_stems, split_words
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Context, Measure, Step

if TYPE_CHECKING:
    import duckdb

MOST_ROWS = 20_000
_TRIVIAL_ROWS = 3_000


class UnfitError(Exception):
    """A synthetic question that nothing is to be learnt from; the text is the reason."""


def checked_sql(step: Step, context: Context, connection: duckdb.DuckDBPyConnection) -> str:
    """Return the SQL of what the actions of a step say.

    Raises:
        UnfitError: It cannot be said or computed, returns nothing, or returns the same without its conditions.
    """
    said = _said(step, context)
    if find_traps(said, context.relationships):
        raise UnfitError("a trap")
    if _is_ambiguous(said, context):
        raise UnfitError("a value of several columns")
    rows = _run(connection, _sql(said, context))
    if not rows or all(cell in (None, 0) for row in rows for cell in row):
        raise UnfitError("nothing found")
    if said.limit is not None and len(rows) < said.limit:
        raise UnfitError("fewer rows than the limit")
    if said.order and len(rows) == 1 and said.limit is None:
        raise UnfitError("one row to sort")
    for simpler in _simpler(said):
        if len(rows) <= _TRIVIAL_ROWS and _same(rows, _run(connection, _sql(simpler, context))):
            raise UnfitError("a condition that changes nothing")
    return write_sql(said, context.names, context.tables, context.relationships)


def _said(step: Step, context: Context) -> Step:
    """Return the step as the product reads it from its actions."""
    items = find_items(context)
    try:
        return read_actions(write_actions(step, items), items)
    except UnsayableError as error:
        raise UnfitError(f"cannot be said: {type(error.__cause__ or error).__name__}") from error


def _sql(step: Step, context: Context) -> str:
    names = {table.id: str(table.id) for table in context.tables}  # a plain connection searches one schema only
    try:
        return write_sql(step, names, context.tables, context.relationships)
    except CannotAnswerError as error:
        raise UnfitError("cannot be compiled") from error


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        return connection.execute(f"SELECT * FROM ({sql}) LIMIT {MOST_ROWS}").fetchall()
    except duckdb.Error as error:
        raise UnfitError(f"fails: {type(error).__name__}") from error


def _is_ambiguous(step: Step, context: Context) -> bool:
    """Tell whether a value is said that another column holds as well while the question names no column of it."""
    words = {word.stem for word in split_words(context.question.text)}
    for part in conditions(step):
        if not isinstance(part.subject, ColumnRef) or part.operator not in {"=", "!=", "in", "not in"}:
            continue
        own = part.subject
        hits = [hit for hit in context.found.values if hit.value in part.values and hit.match == "exact"]
        near = name_stems(own.table.name)[-1] in words  # a noun that is said leaves only its own columns in doubt
        others = {(hit.table, hit.column) for hit in hits if not near or hit.table == own.table}
        named = not words.isdisjoint(name_stems(own.column))
        if others - {(own.table, own.column)} and not named:
            return True
    return False


def _simpler(step: Step) -> list[Step]:
    """Return the step without each of its conditions, and without what must have matching rows."""
    fewer = [replace(step, filters=(*step.filters[:i], *step.filters[i + 1 :])) for i in range(len(step.filters))]
    plain = [part for part in fewer if step.sources or part.sources]
    sources = [replace(step, sources=step.sources[:1])] if len(step.sources) > 1 and not step.measures else []
    kept = [part for part in (*plain, *sources) if part.dimensions or part.measures or part.sources]
    grouped = any(isinstance(part.subject, Measure) for part in step.filters) and not step.measures
    return [replace(part, distinct=True) for part in kept] if grouped else kept


def _same(rows: list[tuple[Any, ...]], others: list[tuple[Any, ...]]) -> bool:
    return len(rows) == len(others) and sorted(map(repr, rows)) == sorted(map(repr, others))
