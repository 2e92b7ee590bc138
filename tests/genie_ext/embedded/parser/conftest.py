"""Contexts of questions about the shop, and sequences of actions over them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from genie_ext.agent.context import find_context
from genie_ext.embedded.parser.grammar import WORD, WORDS
from genie_ext.embedded.parser.items import Items, find_items
from genie_ext.session import Session
from genie_ext.types import Context, Question


@pytest.fixture(scope="session")
def context_of(session: Session) -> Callable[[str], Context]:
    """Return a function that finds the context of a question about the shop."""
    today = session.settings.today
    return lambda text: find_context(Question(text=text, today=today), session.index, session.agent.policy)


@pytest.fixture(scope="session")
def items_of(context_of) -> Callable[[str], Items]:
    """Return a function that finds the items of a question about the shop."""
    return lambda text: find_items(context_of(text))


@pytest.fixture(scope="session")
def actions_of() -> Callable[[Items, str], list[int]]:
    """Return a function that turns words, names such as orders.total, and “values” into actions, between its ends."""

    def actions(items: Items, text: str) -> list[int]:
        names = {table.id.name: i for i, table in enumerate(items.tables)}
        names |= {f"{c.table.name}.{c.column}": i for i, c in enumerate(items.columns, start=len(items.tables))}
        before = len(items.tables) + len(items.columns)
        names |= {f"“{value.text}”": i for i, value in reversed(tuple(enumerate(items.values, start=before)))}
        parts = (part.strip() for part in f"start | {text} | end".split("|"))
        return [WORD[part] if part in WORD else len(WORDS) + names[part] for part in parts]

    return actions
