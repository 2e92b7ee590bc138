"""What was asked and answered in the panel, kept in SQLite beside the index, for its owner's eyes."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from genie_ext.errors import ConfigError

FILE = "panel.db"
KEPT_ROWS = 1000
"""Rows of an answer that are kept; more are there again when the SQL is run."""
_TITLE = 80
_TABLES = """
CREATE TABLE IF NOT EXISTS threads (
    id TEXT NOT NULL, user TEXT NOT NULL, title TEXT NOT NULL, asked TEXT NOT NULL, PRIMARY KEY (id, user)
);
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, thread TEXT NOT NULL, user TEXT NOT NULL,
    question TEXT NOT NULL, turn TEXT NOT NULL, about TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS opinions (
    turn TEXT NOT NULL, user TEXT NOT NULL, verdict TEXT NOT NULL, reason TEXT NOT NULL, said TEXT NOT NULL
);
"""
_NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A turn as it was answered.

    Attributes:
        id: Its name.
        thread: The thread that it belongs to.
        question: What was asked.
        turn: The answer as it travels.
        about: Folder of the frame that it was asked about, empty for the lake.
    """

    id: str
    thread: str
    question: str
    turn: Mapping[str, Any]
    about: str = ""


class History:
    """The turns of one lake.

    Args:
        path: The file; made at the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, home: Path) -> Self:
        """Return the history that stands beside an index; in Jupyter's own folder where nobody may write there."""
        return cls((home if _writable(home) else _own_folder(home)) / FILE)

    def keep(self, user: str, kept: Kept) -> None:
        """Add a turn to its thread; the first question names a thread.

        Raises:
            ConfigError: It cannot be written.
        """
        title = kept.question if len(kept.question) <= _TITLE else kept.question[: _TITLE - 1] + "…"
        with self._open() as connection:
            connection.execute(
                f"INSERT INTO threads VALUES (?, ?, ?, {_NOW}) ON CONFLICT DO UPDATE SET asked = {_NOW}",
                (kept.thread, user, title),
            )
            connection.execute(
                "INSERT INTO turns (id, thread, user, question, turn, about) VALUES (?, ?, ?, ?, ?, ?)",
                (kept.id, kept.thread, user, kept.question, json.dumps(_short(kept.turn), allow_nan=False), kept.about),
            )

    def threads(self, user: str, search: str = "") -> list[dict[str, Any]]:
        """Return the threads of a user in which a text occurs, the last asked first."""
        query = """
            SELECT t.id, t.title, t.asked, count(u.id) AS count FROM threads t LEFT JOIN turns u
            ON u.thread = t.id AND u.user = t.user
            WHERE t.user = ? AND (instr(lower(t.title), ?) OR EXISTS (
                SELECT 1 FROM turns q WHERE q.thread = t.id AND q.user = t.user AND instr(lower(q.question), ?)))
            GROUP BY t.id, t.title, t.asked ORDER BY t.asked DESC, t.id
        """
        needle = search.lower()
        return [dict(row) for row in self._rows(query, (user, needle, needle))]

    def thread(self, user: str, thread: str) -> tuple[str, list[Kept]] | None:
        """Return the title and the turns of a thread in their order, None where there is none."""
        head = self._rows("SELECT title FROM threads WHERE id = ? AND user = ?", (thread, user))
        if not head:
            return None
        query = "SELECT id, thread, question, turn, about FROM turns WHERE thread = ? AND user = ? ORDER BY number"
        return head[0]["title"], [_kept(row) for row in self._rows(query, (thread, user))]

    def questions(self, user: str, thread: str, about: str = "") -> tuple[str, ...]:
        """Return what was asked in a thread about the lake, or about a frame, in order."""
        query = "SELECT question FROM turns WHERE thread = ? AND user = ? AND about = ? ORDER BY number"
        return tuple(row["question"] for row in self._rows(query, (thread, user, about)))

    def turn(self, user: str, turn: str) -> Kept | None:
        """Return one turn of a user."""
        query = "SELECT id, thread, question, turn, about FROM turns WHERE id = ? AND user = ?"
        return next((_kept(row) for row in self._rows(query, (turn, user))), None)

    def rename(self, user: str, thread: str, title: str) -> bool:
        """Give a thread another title; tell whether there is one."""
        with self._open() as connection:
            done = connection.execute(
                "UPDATE threads SET title = ? WHERE id = ? AND user = ?", (title[:_TITLE], thread, user)
            )
            return done.rowcount > 0

    def delete(self, user: str, thread: str) -> bool:
        """Delete a thread with its turns; tell whether there was one."""
        with self._open() as connection:
            connection.execute(
                "DELETE FROM opinions WHERE user = ? AND turn IN (SELECT id FROM turns WHERE thread = ? AND user = ?)",
                (user, thread, user),
            )
            connection.execute("DELETE FROM turns WHERE thread = ? AND user = ?", (thread, user))
            done = connection.execute("DELETE FROM threads WHERE id = ? AND user = ?", (thread, user))
            return done.rowcount > 0

    def judge(self, user: str, turn: str, verdict: str, reason: str) -> None:
        """Keep what a user thinks of a turn; the last word stands."""
        with self._open() as connection:
            connection.execute("DELETE FROM opinions WHERE turn = ? AND user = ?", (turn, user))
            connection.execute(
                f"INSERT INTO opinions VALUES (?, ?, ?, ?, {_NOW})", (turn, user, verdict, reason[:2000])
            )

    def _rows(self, query: str, values: tuple[str, ...]) -> list[sqlite3.Row]:
        if not self.path.is_file():
            return []
        with self._open() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Answers hold data: nobody else on a shared machine reads them.
            self.path.touch(mode=0o600)
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o600)
            with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
                connection.row_factory = sqlite3.Row
                connection.executescript(_TABLES)
                _add_about(connection)
                yield connection
        except (OSError, sqlite3.Error) as error:
            message = f"{self.path} cannot be used: {error}."
            raise ConfigError(message, hint="Make its folder writable, or name another one with home.") from error


def _add_about(connection: sqlite3.Connection) -> None:
    """Add the column that files lack which are older than questions about frames."""
    if not any(row["name"] == "about" for row in connection.execute("PRAGMA table_info(turns)")):
        connection.execute("ALTER TABLE turns ADD COLUMN about TEXT NOT NULL DEFAULT ''")


def _writable(home: Path) -> bool:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    return os.access(there, os.W_OK | os.X_OK)


def _own_folder(home: Path) -> Path:
    from jupyter_core.paths import jupyter_data_dir

    code = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(jupyter_data_dir()) / "genie" / code


def _kept(row: sqlite3.Row) -> Kept:
    return Kept(
        id=row["id"], thread=row["thread"], question=row["question"], turn=json.loads(row["turn"]), about=row["about"]
    )  # fmt: skip


def _short(turn: Mapping[str, Any]) -> dict[str, Any]:
    """Return a turn with as many rows as are kept."""
    rows = turn["rows"]
    if rows is None or len(rows["data"]) <= KEPT_ROWS:
        return dict(turn)
    return {**turn, "rows": {**rows, "data": rows["data"][:KEPT_ROWS], "truncated": True}}
