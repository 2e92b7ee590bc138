"""The response cache: what a model said to the very same prompt over the very same index."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import asdict

from genie_ext.errors import StateError
from genie_ext.models.base import ChatRequest, ModelCard, Reply, Usage
from genie_ext.models.state import State

ROWS = 5000
BYTES = 64 * 1024 * 1024


class ResponseCache:
    """Replies by the hash of all that they depend on; prompts themselves are not kept.

    It only saves money: where its file cannot be used it knows nothing and keeps nothing, and what writes the same file
    after it (budget and ledger) says what is wrong.

    Args:
        state: The file it is in.
        rows: Replies kept at most, the oldest go first.
        bytes_kept: Bytes kept at most.
    """

    def __init__(self, state: State, *, rows: int = ROWS, bytes_kept: int = BYTES) -> None:
        self._state = state
        self._rows = rows
        self._bytes = bytes_kept

    def get(self, key: str) -> Reply | None:
        """Return the reply to a key, None where there is none."""
        try:
            found = self._state.rows("SELECT reply FROM replies WHERE key = ?", (key,))
        except StateError:
            return None
        if not found:
            return None
        values = json.loads(found[0]["reply"])
        return Reply(**{**values, "usage": Usage(**values["usage"])})

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply; one that was cut off, held back or is larger than the whole cache is not kept."""
        text = json.dumps(asdict(reply))
        size = len(text)
        if reply.finish != "stop" or size > self._bytes:
            return
        try:
            with self._state.write() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO replies (key, reply, bytes) VALUES (?, ?, ?)", (key, text, size)
                )
                self._trim(connection)
        except StateError:
            return

    def _trim(self, connection: sqlite3.Connection) -> None:
        count, total = connection.execute("SELECT COUNT(*), SUM(bytes) FROM replies").fetchone()
        old = connection.execute("SELECT id, bytes FROM replies ORDER BY id")
        while count > self._rows or total > self._bytes:
            oldest, size = old.fetchone()
            connection.execute("DELETE FROM replies WHERE id = ?", (oldest,))
            count, total = count - 1, total - size


def cache_key(card: ModelCard, request: ChatRequest, index_version: str) -> str:
    """Return the hash of all that a reply depends on: model, prompt, schema, sampling and index.

    The form in which JSON is asked for is left out: it changes how a reply comes, not what it says.
    """
    parts = {
        "server": card.server,
        "model": card.model,
        "messages": [asdict(message) for message in request.messages],
        "schema": request.schema,
        "temperature": request.temperature,
        "seed": request.seed,
        "index": index_version,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=dict).encode()).hexdigest()
