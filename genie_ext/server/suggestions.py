"""Questions to begin with: made of what the lake holds, and kept only where it answers them surely."""

from __future__ import annotations

from collections.abc import Iterator

from genie_ext.errors import GenieError
from genie_ext.session import Session
from semantic.errors import SemanticError
from semantic.names import split_words
from semantic.types import Column, Table

MOST = 6
_TRIED = 14
_FEW = 30
"""Different values of a column that is worth counting by."""


def suggest(session: Session) -> tuple[str, ...]:
    """Return up to six questions that the embedded tier answers, one kind after the other."""
    found: list[str] = []
    for tried, question in enumerate(_candidates(session)):
        if len(found) == MOST or tried == _TRIED:
            break
        if question not in found and _answers(session, question):
            found.append(question)
    return tuple(found)


def _answers(session: Session, question: str) -> bool:
    try:
        read = session.explain(question).readings
    except (GenieError, SemanticError):
        return False
    return bool(read) and read[0].chance >= session.settings.answer_above


def _candidates(session: Session) -> Iterator[str]:
    tables = _tables(session)
    index = session.index
    for metric in index.metrics([table.id for table in tables])[:2]:
        yield f"What is the {metric.label or _words(metric.name)}?"
    for table in tables[:4]:
        name = _words(table.id.name)
        yield f"How many {name} are there?"
        for column in _groups(table)[:2]:
            yield f"How many {name} per {_words(column.name)}?"


def _tables(session: Session) -> list[Table]:
    index, policy = session.index, session.agent.policy
    known = (index.table(table) for table in index.table_ids() if policy.allows(table))
    plain = [table for table in known if not (table.stale or table.hidden)]
    return sorted(plain, key=lambda table: (not table.certified, -(table.rows or 0)))


def _groups(table: Table) -> list[Column]:
    """Return columns with a few different values, whose words people group by."""
    return [c for c in table.columns if c.profile is not None and 1 < (c.profile.distinct or 0) <= _FEW and _is_text(c)]


def _is_text(column: Column) -> bool:
    return column.type.upper().startswith(("VARCHAR", "ENUM"))


def _words(name: str) -> str:
    return " ".join(split_words(name))
