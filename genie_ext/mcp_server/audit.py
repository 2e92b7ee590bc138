"""The audit: one line of JSON for every call, in `.genie/mcp.jsonl`."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genie_ext import disk
from genie_ext.errors import StateError

AUDIT_FILE = "mcp.jsonl"
_LONGEST = 300


class Audit:
    """Writes who called what and what became of it.

    Args:
        home: The home of the lake.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / AUDIT_FILE
        self._lock = threading.Lock()

    def add(self, *, client: str, tool: str, arguments: Mapping[str, Any], outcome: str, seconds: float) -> None:
        """Put a call on record.

        Raises:
            StateError: It cannot be written; what was found must then not be handed out.
        """
        line = {
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "client": client,
            "tool": _short(tool),
            "arguments": {_short(name): _short(value) for name, value in list(arguments.items())[:10]},
            "outcome": _short(outcome),
            "seconds": round(seconds, 3),
        }
        try:
            self._append(json.dumps(line, ensure_ascii=True) + "\n")
        except OSError as error:
            raise StateError(disk.explain("The audit cannot be written", error), hint=disk.HINT) from error

    def _append(self, line: str) -> None:
        """Add a line in one write, so that the lines of several processes do not mix; only the owner may read it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, line.encode("ascii"))
            finally:
                os.close(file)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
