"""Remembers across processes which form of structured output works with a model on a server."""

from __future__ import annotations

from typing import cast

from genie_ext.errors import StateError
from genie_ext.models.base import FORMS, Form
from genie_ext.models.state import State


class StoredRungs:
    """The rungs of one lake.

    They only save tries: where the file cannot be used they are remembered in this process alone.

    Args:
        state: The file they are in.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[tuple[str, str], Form] = {}

    def get(self, server: str, model: str) -> Form | None:
        """Return the form that worked last, None where none is known."""
        key = (server, model)
        if key not in self._known:
            try:
                found = self._state.rows("SELECT form FROM rungs WHERE server = ? AND model = ?", key)
            except StateError:
                return None
            if found and found[0]["form"] in FORMS:
                self._known[key] = cast("Form", found[0]["form"])
        return self._known.get(key)

    def put(self, server: str, model: str, form: Form) -> None:
        """Remember the form that worked."""
        if self._known.get((server, model)) == form:
            return
        self._known[server, model] = form
        try:
            with self._state.write() as connection:
                connection.execute("INSERT OR REPLACE INTO rungs VALUES (?, ?, ?)", (server, model, form))
        except StateError:
            return
