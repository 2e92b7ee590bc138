"""What is kept about calls to models between questions and shared by processes: one SQLite file in the lake's home.

Many processes write it at once: a write is one transaction that takes the file's lock at its start and waits for it. It
is written ahead (WAL), so that a process that dies in the middle leaves all that was committed and nothing of the rest;
only a power cut may take the last moments.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genie_ext import disk
from genie_ext.errors import StateError

STATE_FILE = "state.db"
_VERSION = 1
_SCHEMA = """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, user TEXT NOT NULL, thread TEXT NOT NULL, question TEXT NOT NULL,
    role TEXT NOT NULL, tier TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL, server TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, tokens_cached INTEGER NOT NULL,
    estimated INTEGER NOT NULL, usd REAL, seconds REAL NOT NULL, why TEXT NOT NULL, outcome TEXT NOT NULL,
    trajectory INTEGER NOT NULL, privacy TEXT NOT NULL, local INTEGER NOT NULL);
CREATE INDEX calls_at ON calls (at);
CREATE INDEX calls_question ON calls (question);
CREATE TABLE spending (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, user TEXT NOT NULL, question TEXT NOT NULL, usd REAL NOT NULL,
    open INTEGER NOT NULL);
CREATE INDEX spending_at ON spending (at, user, open, usd);
CREATE INDEX spending_question ON spending (question, at, open, usd);
CREATE TABLE replies (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, reply TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE INDEX replies_bytes ON replies (bytes);
CREATE TABLE rungs (
    server TEXT NOT NULL, model TEXT NOT NULL, form TEXT NOT NULL, PRIMARY KEY (server, model));
CREATE TABLE capability (
    tier TEXT NOT NULL, model TEXT NOT NULL, asked INTEGER NOT NULL, correct INTEGER NOT NULL,
    PRIMARY KEY (tier, model));
"""
_WRITABLE = "Make the file and its folder writable, or set home to another folder."
# Errors of the statement, not of the file.
_MISTAKES = (sqlite3.ProgrammingError, sqlite3.IntegrityError)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BARRED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class State:
    """The file, opened at the first use and once for each thread.

    Args:
        path: Where it is or will be.
        wait_s: Seconds to wait for other processes before it is given up.
    """

    def __init__(self, path: Path, *, wait_s: float = 10.0) -> None:
        self.path = path
        self._wait_s = wait_s
        # Threads of one process queue here; SQLite itself would make them poll.
        self._turn = threading.Lock()
        self._open: dict[tuple[int, int], tuple[sqlite3.Connection, tuple[int, int]]] = {}

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query, none where the file does not exist; reading creates nothing.

        Raises:
            StateError: It cannot be read.
        """
        if not self.path.exists():
            return []
        try:
            return self._connection().execute(sql, values).fetchall()
        except _MISTAKES:
            raise
        except (sqlite3.Error, OSError) as error:
            raise self._explain(error) from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's lock for one transaction: committed at the end, undone where an error leaves the block.

        Raises:
            StateError: It cannot be written; nothing of the transaction is kept.
        """
        with self._turn:
            try:
                connection = self._connection()
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
            except _MISTAKES:
                raise
            except (sqlite3.Error, OSError) as error:
                raise self._explain(error) from error

    def close(self) -> None:
        """Close the connections of all threads of this process; the next use opens the file again."""
        with self._turn:
            for key in [key for key in self._open if key[0] == os.getpid()]:
                self._open.pop(key)[0].close()

    def _connection(self) -> sqlite3.Connection:
        # A connection must not cross a fork, and one to a file that was moved away writes where nobody looks.
        key = (os.getpid(), threading.get_ident())
        connection, identity = self._open.get(key, (None, None))
        if connection is not None and identity == self._identity():
            return connection
        self._drop()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = self._connect()
        self._open[key] = (connection, self._identity())
        return connection

    def _connect(self) -> sqlite3.Connection:
        """Open and prepare, again while other processes do the same: SQLite does not wait for every lock by itself."""
        until = time.monotonic() + self._wait_s
        while True:
            connection = sqlite3.connect(self.path, timeout=self._wait_s, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(connection)
            except sqlite3.OperationalError as error:
                connection.close()
                if _code(error) not in _BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            except BaseException:
                connection.close()
                raise
            else:
                return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if _version(connection) == _VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have made the tables while this one waited.
        if (found := _version(connection)) > _VERSION:
            raise StateError(
                f"{self.path} was written by a later version of genie-ext (format {found}, known is {_VERSION}).",
                hint="Update genie-ext, or set home to another folder.",
            )
        if found < _VERSION:
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    def _identity(self) -> tuple[int, int]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (found.st_dev, found.st_ino)

    def _drop(self) -> None:
        connection, _ = self._open.pop((os.getpid(), threading.get_ident()), (None, None))
        if connection is not None:
            connection.close()

    def _explain(self, error: sqlite3.Error | OSError) -> StateError:
        """Return what is wrong and the next step; the connection is opened anew after that."""
        self._drop()
        if isinstance(error, OSError):
            hint = disk.HINT if disk.is_full(error) else _WRITABLE
            return StateError(disk.explain(f"{self.path} cannot be used", error), hint=hint)
        code = _code(error)
        if code in _BUSY:
            what, hint = "is held by another process", "Wait until that process is done, and try again."
        elif code == sqlite3.SQLITE_FULL:
            what, hint = "cannot be written: the disk is full", "Free some space, or set home to another folder."
        elif code in _BARRED:
            what, hint = "cannot be written", _WRITABLE
        elif code in _BROKEN:
            what = "is damaged"
            hint = "Move it away; a new one is begun, which knows nothing of earlier calls and of today's spending."
        else:
            what, hint = "cannot be used", "Check the disk, or set home to another folder."
        return StateError(f"{self.path} {what} ({error}).", hint=hint)


def storable(text: str) -> str:
    """Return the text with a question mark for what has no UTF-8, such as parts of names that the system gave."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    # Errors of the Python module itself have no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
