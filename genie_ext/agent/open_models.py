"""The assembling of the model path: settings and the lake's home become models, books and a path through them."""

from __future__ import annotations

import getpass
from pathlib import Path

from genie_ext.agent.agent import Agent
from genie_ext.agent.bench import Bench
from genie_ext.agent.model_path import ModelPath
from genie_ext.config import Settings
from genie_ext.models.bound import bind
from genie_ext.models.budget import Budget
from genie_ext.models.cache import ResponseCache
from genie_ext.models.caller import Books, Caller
from genie_ext.models.capability import Capability
from genie_ext.models.ledger import Ledger
from genie_ext.models.prices import Prices
from genie_ext.models.rung_store import StoredRungs
from genie_ext.models.state import STATE_FILE, State


def open_models(agent: Agent, settings: Settings, home: Path) -> ModelPath | None:
    """Return the path through the configured models, None where none is configured; nothing is called or written.

    Raises:
        ConfigError: The file of prices cannot be read.
    """
    if not settings.models:
        return None
    state = State(home / STATE_FILE)
    bench = Bench(
        index=agent.index, engine=agent.engine, policy=agent.policy, row_limit=agent.row_limit, thorough=agent.thorough
    )  # fmt: skip
    caller = Caller(bound=bind(settings), books=open_books(state, settings), settings=settings)
    user = settings.user or user_of_system()
    return ModelPath(
        bench=bench, caller=caller, capability=Capability(state), settings=settings, user=user, terms=agent.terms
    )


def open_books(state: State, settings: Settings) -> Books:
    """Return what is written down of calls, and what limits them.

    Raises:
        ConfigError: The file of prices cannot be read.
    """
    return Books(
        state=state,
        ledger=Ledger(state),
        budget=Budget(state, settings),
        cache=ResponseCache(state) if settings.response_cache else None,
        rungs=StoredRungs(state),
        prices=Prices.load(settings.prices),
    )


def user_of_system() -> str:
    """Return the name of the operating system's user, "unknown" where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        return "unknown"
