"""Questions of named conversations, kept beside the index so that another process can go on with them."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from genie_ext.errors import ConfigError

STATE_FILE = "state.db"
# A follow-up leans on the turn before it, which may lean on the one before that; older ones are rarely meant.
REPLAYED = 8

_TABLE = """
CREATE TABLE IF NOT EXISTS questions (
    number INTEGER PRIMARY KEY, thread TEXT NOT NULL, question TEXT NOT NULL, asked TEXT DEFAULT CURRENT_TIMESTAMP
)
"""


def remember(home: Path, thread: str, question: str) -> None:
    """Add a question that was answered to a thread.

    Raises:
        ConfigError: The state cannot be written.
    """
    with _state(home) as connection:
        connection.execute("INSERT INTO questions (thread, question) VALUES (?, ?)", (thread, question))


def recall(home: Path, thread: str) -> tuple[str, ...]:
    """Return the last questions of a thread, oldest first.

    Raises:
        ConfigError: The state cannot be read.
    """
    if not (home / STATE_FILE).is_file():
        return ()
    query = "SELECT question FROM questions WHERE thread = ? ORDER BY number DESC LIMIT ?"
    with _state(home) as connection:
        return tuple(row[0] for row in connection.execute(query, (thread, REPLAYED)).fetchall()[::-1])


@contextmanager
def _state(home: Path) -> Iterator[sqlite3.Connection]:
    path = home / STATE_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
            _prepare(connection, home)
            yield connection
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"{path} cannot be used: {error}.", hint="Name another folder with home.") from error


def _prepare(connection: sqlite3.Connection, home: Path) -> None:
    """Make the state one that several processes may write at once."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # SQLite does not wait for others while it changes the mode, so those that come first change it one by one.
        with (home / "state.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(_TABLE)
