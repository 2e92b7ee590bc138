"""The dynamic wall: checked queries run in a locked process of their own, bounded in time, memory, rows and bytes."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from genie_ext.engines import wire
from genie_ext.engines.base import Limits, engine_error, is_memory_error
from genie_ext.engines.process import ChildProcess, Reply, not_opened
from genie_ext.errors import (
    EngineError,
    GenieError,
    QueryCancelledError,
    QueryTimeoutError,
)
from genie_ext.types import Rows, Sql
from semantic.lake import Lake

__all__ = ["Limits", "Worker"]

# An interrupt reaches DuckDB between two vectors; work inside one vector needs the kill that follows.
_KILL_AFTER_TIMEOUT_S = 2.0
_KILL_AFTER_CANCEL_S = 0.7
_IDLE_S = 60.0


class Worker:
    """Runs checked queries over a lake, one at a time, in a process that can read the lake and nothing else.

    The process starts with the first query, is replaced after a kill, and ends after a minute without a query, because
    an open lake keeps other programs from writing to it.

    Args:
        lake: The lake to read.
        limits: What one query may use.
        idle_s: Seconds without a query after which the lake is closed.
    """

    def __init__(self, lake: Lake, limits: Limits = Limits(), *, idle_s: float = _IDLE_S) -> None:  # noqa: B008
        self._lake = lake
        self._limits = limits
        self._idle_s = idle_s
        self._turn = threading.RLock()
        self._cancelled = threading.Event()
        self._wave = 0
        self._child: ChildProcess | None = None
        self._timer: threading.Timer | None = None
        self.hardening: tuple[str, ...] = ()

    @property
    def pid(self) -> int | None:
        """The process id of the child, None while there is none."""
        child = self._child
        return child.pid if child else None

    def run(self, sql: Sql, *, timeout_s: float | None = None) -> Rows:
        """Return the rows of a query.

        Raises:
            LakeUnavailableError: The lake cannot be opened: locked, broken or gone.
            QueryError: The engine refused the query.
            QueryTimeoutError: It ran too long.
            QueryCancelledError: `cancel` was called, or Ctrl-C pressed.
            ResourceLimitError: It needed too much memory, or its result is too large.
        """
        wave = self._wave
        with self._turn:
            self._stop_timer()
            self._cancelled.clear()
            if self._wave != wave:  # it was stopped while it waited for the query before it
                self._start_timer()
                raise QueryCancelledError("The query was stopped.", sql=sql.text)
            try:
                return self._ask(self._started(), sql, self._limits.timeout_s if timeout_s is None else timeout_s)
            except KeyboardInterrupt:
                self._settle()
                raise QueryCancelledError("The query was stopped.", sql=sql.text) from None
            except GenieError:
                raise
            except BaseException:
                self._drop()
                raise
            finally:
                self._start_timer()

    def start(self) -> None:
        """Open the lake now, so that the first query does not wait for it and `hardening` is known."""
        with self._turn:
            self._stop_timer()
            self._started()
            self._start_timer()

    def cancel(self) -> None:
        """Stop the query that runs and those that wait, from another thread; nothing happens where none does."""
        self._wave += 1
        self._cancelled.set()
        child = self._child
        if child is not None:
            child.send(wire.INTERRUPT)

    def close(self) -> None:
        """End the process; a later query starts a new one."""
        with self._turn:
            self._stop_timer()
            self._drop()

    def __enter__(self) -> Self:
        """Return the worker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self.close()

    # --- the child ---

    def _started(self) -> ChildProcess:
        """Return the running child, started afresh where there is none."""
        if self._child is not None and self._child.alive:
            return self._child
        self._drop()
        self._child = child = ChildProcess(self._lake, self._limits)
        reply = child.ready()
        if reply.kind != wire.READY:
            self._drop()
            raise not_opened(self._lake, reply)
        self.hardening = tuple(wire.unpack(reply.body)["hardening"])
        return child

    def _drop(self) -> None:
        """End the child where there is one."""
        if self._child is not None:
            try:
                self._child.end()
            finally:
                self._child = None

    def _settle(self) -> None:
        """Stop the query that a user interrupted; the child is kept where it answers at once."""
        child = self._child
        try:
            if child is not None:
                child.send(wire.INTERRUPT)
                if _answered(child, _KILL_AFTER_CANCEL_S):
                    return
        except KeyboardInterrupt:
            # A second Ctrl-C asks for the same, faster.
            pass
        self._drop()

    # --- one query ---

    def _ask(self, child: ChildProcess, sql: Sql, timeout_s: float) -> Rows:
        """Send a query and wait for its rows until the deadline, then for the interrupt, then kill."""
        limits = self._limits
        rows = min(limits.rows, sql.row_limit)
        child.send(wire.QUERY, wire.pack({"sql": sql.executable, "rows": rows, "bytes": limits.bytes}))
        reply = self._wait(child, time.monotonic() + timeout_s)
        if reply is not None:
            return self._rows(reply, sql)
        child.send(wire.INTERRUPT)
        cancelled = self._cancelled.is_set()
        reply = child.receive(_KILL_AFTER_CANCEL_S if cancelled else _KILL_AFTER_TIMEOUT_S)
        if reply is None or not reply.kind:
            self._drop()
        if cancelled:
            raise QueryCancelledError("The query was stopped.", sql=sql.text)
        raise QueryTimeoutError(
            f"The query ran longer than {timeout_s:g} seconds and was stopped.",
            hint="Ask for less at once, or raise the time limit.",
            sql=sql.text,
        )

    def _wait(self, child: ChildProcess, deadline: float) -> Reply | None:
        """Return the child's reply, None at the deadline or where the query is cancelled."""
        while not self._cancelled.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            # Short waits let another thread's cancel be seen.
            reply = child.receive(min(left, 0.1))
            if reply is not None:
                return reply
        return None

    def _rows(self, reply: Reply, sql: Sql) -> Rows:
        """Return the rows in a reply, or raise what it says instead."""
        if reply.kind == wire.ROWS:
            return _unpacked(reply.body)
        if reply.kind != wire.FAILED:
            self._drop()
            raise EngineError(
                "The process that ran the query has ended unexpectedly.",
                hint="Ask for less at once; the next query starts a new one.",
                sql=sql.text,
            )
        failure = wire.unpack(reply.body)
        kind = str(failure["kind"])
        if kind == "InterruptException" and self._cancelled.is_set():
            raise QueryCancelledError("The query was stopped.", sql=sql.text)
        message = str(failure["message"])
        if is_memory_error(kind, message) or kind in {"FatalException", "InternalException"}:
            # After these the process may hold memory it does not know of.
            self._drop()
        raise engine_error(kind, message, sql)

    # --- idleness ---

    def _start_timer(self) -> None:
        """Close the lake after a while without queries."""
        if self._child is None:
            return
        self._timer = threading.Timer(self._idle_s, self._close_idle)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        """Keep the lake open."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _close_idle(self) -> None:
        """End the child unless a query has begun meanwhile."""
        if self._turn.acquire(blocking=False):
            try:
                if self._timer is threading.current_thread():
                    self._drop()
            finally:
                self._turn.release()


def _answered(child: ChildProcess, timeout_s: float) -> bool:
    """Say whether the child ends its query in time."""
    reply = child.receive(timeout_s)
    return reply is not None and reply.kind != b""


def _unpacked(body: bytes) -> Rows:
    """Return the rows of a message: a line of JSON and an Arrow stream."""
    import pyarrow as pa

    end = body.index(b"\n")
    head = wire.unpack(body[:end])
    with pa.ipc.open_stream(pa.py_buffer(body)[end + 1 :]) as reader:
        table = reader.read_all()
    return Rows(table=table, truncated=bool(head["truncated"]), seconds=float(head["seconds"]))
