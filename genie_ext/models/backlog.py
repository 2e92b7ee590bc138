"""Rows that must not be lost and must not stop what they tell of."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genie_ext.errors import StateError
from genie_ext.models.state import State


class Backlog:
    """Rows of one statement that are written at once, or with the next ones where that fails.

    What they tell of has happened and was paid for, so that a failure must not take the answer away: it becomes a note
    for the user, and the rows wait in memory.
    """

    def __init__(self, state: State, sql: str) -> None:
        self._state = state
        self._sql = sql
        self._lock = threading.Lock()
        self._rows: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> str:
        """Write the row and those that wait; return a note for the user where that failed, else nothing."""
        with self._lock:
            self._rows.append(row)
            try:
                with self._state.write() as connection:
                    connection.executemany(self._sql, self._rows)
            except StateError as error:
                return f"{error} What this call took is not on record yet."
            self._rows.clear()
        return ""

    def waiting(self) -> int:
        """Return the number of rows that are not on record."""
        return len(self._rows)

    @contextmanager
    def flushed(self) -> Iterator[sqlite3.Connection]:
        """Hold one transaction in which the rows that waited are written.

        Raises:
            StateError: It cannot be written; the rows go on waiting.
        """
        with self._lock:
            with self._state.write() as connection:
                connection.executemany(self._sql, self._rows)
                yield connection
            self._rows.clear()
