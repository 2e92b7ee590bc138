"""Stop queries that take too long, with one thread that watches over all of them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


class _Watch:
    """Interrupts connections whose time is up; a build asks more queries than threads could be started for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: dict[object, tuple[float, duckdb.DuckDBPyConnection]] = {}
        self._wakes = math.inf
        self._thread: threading.Thread | None = None

    def add(self, con: duckdb.DuckDBPyConnection, seconds: float) -> object:
        """Watch a connection from now on and return the key to end that with."""
        key, end = object(), time.monotonic() + seconds
        with self._changed:
            self._ends[key] = end, con
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            # It sleeps on to the end of a query that is long done, unless this one ends before.
            if end < self._wakes:
                self._changed.notify()
        return key

    def remove(self, key: object) -> None:
        """Watch no longer; nothing is interrupted for this key any more."""
        with self._changed:
            self._ends.pop(key, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for key in [key for key, (end, _) in self._ends.items() if end <= now]:
                    self._ends.pop(key)[1].interrupt()
                self._wakes = min((end for end, _ in self._ends.values()), default=math.inf)
                self._changed.wait(None if math.isinf(self._wakes) else self._wakes - now)


_WATCH = _Watch()


@contextmanager
def time_limit(con: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupt the connection's query after so many seconds; it then raises `duckdb.InterruptException`."""
    key = _WATCH.add(con, seconds)
    try:
        yield
    finally:
        _WATCH.remove(key)
