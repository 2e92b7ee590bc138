"""The user's own connection as an engine: the guard still stands before it, the separate process does not."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genie_ext.engines.base import Limits, engine_error
from genie_ext.engines.fetch import fetch
from genie_ext.errors import EngineError, QueryCancelledError, QueryTimeoutError
from genie_ext.types import Rows, Sql

if TYPE_CHECKING:
    import duckdb

FALLBACK = (
    "Ran on your own DuckDB connection: only reading queries pass, with a time and a size limit, "
    "but without a process of its own and its memory limit."
)
"""What an answer says when it came over the user's own connection."""

# How long an interrupted query may take to stop before the user gets the prompt back without it.
_GRACE_S = 0.7


@dataclass(slots=True)
class _Job:
    """One query on its own thread; `outcome` gets its rows or what it raised."""

    connection: duckdb.DuckDBPyConnection
    private: bool
    outcome: queue.SimpleQueue[Rows | Exception] = field(default_factory=queue.SimpleQueue)


class LiveEngine:
    """Runs checked queries on a user's connection, each in a read-only transaction on a cursor of its own.

    Temporary tables and registered frames are seen by the connection that made them only; queries that read them run on
    the connection itself.

    Args:
        connection: The user's connection; it is never closed here and its settings are not changed.
        limits: Time, rows and bytes one query may use; memory and threads stay the connection's own.
    """

    fallback = FALLBACK

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits = Limits()) -> None:  # noqa: B008
        self._connection = connection
        self._limits = limits
        self._turn = threading.Lock()
        self._cancelled = threading.Event()
        self._wave = 0

    def run(self, sql: Sql, *, timeout_s: float | None = None) -> Rows:
        """Return the rows of a query.

        Raises:
            QueryError: The engine refused the query.
            QueryTimeoutError: It ran too long.
            QueryCancelledError: `cancel` was called, or Ctrl-C pressed.
            ResourceLimitError: It needed too much memory, or its result is too large.
        """
        seconds = self._limits.timeout_s if timeout_s is None else timeout_s
        wave = self._wave
        with self._turn:
            self._cancelled.clear()
            if self._wave != wave:  # it was stopped while it waited for the query before it
                raise QueryCancelledError("The query was stopped.", sql=sql.text)
            job = self._started(sql)
            try:
                return self._outcome(job, sql, seconds)
            except KeyboardInterrupt:
                self._settle(job)
                raise QueryCancelledError("The query was stopped.", sql=sql.text) from None

    def cancel(self) -> None:
        """Stop the query that runs and those that wait, from another thread; nothing happens where none does."""
        self._wave += 1
        self._cancelled.set()

    def close(self) -> None:
        """Stop what runs; the connection stays open, it belongs to the user."""
        self.cancel()

    def _started(self, sql: Sql) -> _Job:
        """Start a query on a thread of its own, so that Ctrl-C and the clock are heard while it runs."""
        private = any(table.catalog == "temp" for table in sql.tables)
        try:
            job = _Job(self._connection if private else self._connection.cursor(), private)
        except Exception as error:
            raise engine_error(type(error).__name__, str(error), sql) from error
        threading.Thread(target=self._work, args=(job, sql), daemon=True).start()
        return job

    def _work(self, job: _Job, sql: Sql) -> None:
        """Run a query to its end and leave its outcome."""
        outcome: Rows | Exception
        try:
            outcome = self._fetched(job, sql)
        except Exception as error:  # noqa: BLE001 - it is raised, translated, where the query was asked
            outcome = error
        finally:
            if not job.private:
                job.connection.close()
        job.outcome.put(outcome)

    def _fetched(self, job: _Job, sql: Sql) -> Rows:
        """Run a query and fetch its rows."""
        import pyarrow as pa

        started = time.perf_counter()
        if not job.private:
            job.connection.execute("BEGIN TRANSACTION READ ONLY")
        rows = min(self._limits.rows, sql.row_limit)
        schema, batches, truncated = fetch(job.connection, sql.executable, rows=rows, size=self._limits.bytes)
        table = pa.Table.from_batches(batches, schema)
        return Rows(table=table, truncated=truncated, seconds=time.perf_counter() - started)

    def _outcome(self, job: _Job, sql: Sql, seconds: float) -> Rows:
        """Wait for a query until it ends, is cancelled, or runs out of time."""
        deadline = time.monotonic() + seconds
        while not self._cancelled.is_set() and time.monotonic() < deadline:
            try:
                outcome = job.outcome.get(timeout=0.05)
            except queue.Empty:
                continue
            if isinstance(outcome, Rows):
                return outcome
            raise engine_error(type(outcome).__name__, str(outcome), sql) from outcome
        self._settle(job)
        raise self._stopped(sql, seconds)

    def _stopped(self, sql: Sql, seconds: float) -> EngineError:
        """Return the error for a query that was stopped."""
        if self._cancelled.is_set():
            return QueryCancelledError("The query was stopped.", sql=sql.text)
        return QueryTimeoutError(
            f"The query ran longer than {seconds:g} seconds and was stopped.",
            hint="Ask for less at once, or raise the time limit.",
            sql=sql.text,
        )

    def _settle(self, job: _Job) -> None:
        """Interrupt a query and give it a moment to end; inside one vector DuckDB does not hear it."""
        job.connection.interrupt()
        try:
            job.outcome.get(timeout=_GRACE_S)
        except queue.Empty:
            return
