"""What every engine does, and the limits it keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from genie_ext.errors import EngineError, QueryError, ResourceLimitError
from genie_ext.types import Rows, Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one query may use.

    Attributes:
        timeout_s: Seconds until it is stopped.
        rows: Rows fetched at most; a smaller limit of the query itself wins.
        bytes: Size of the result in memory at most.
        memory_mb: Memory of the engine in MiB.
        threads: Threads of the engine.
    """

    timeout_s: float = 30.0
    rows: int = 10_000
    bytes: int = 256 * 2**20
    memory_mb: int = 1024
    threads: int = 2


class Engine(Protocol):
    """Runs checked queries, one at a time."""

    def run(self, sql: Sql, *, timeout_s: float | None = None) -> Rows:
        """Return the rows of a query."""
        ...

    def cancel(self) -> None:
        """Stop the query that runs, from another thread; nothing happens where none does."""
        ...

    def close(self) -> None:
        """Release everything; a later `run` starts afresh where that is possible."""
        ...


_EXCERPT = re.compile(r"\n+(?:LINE \d+:|Possible solutions)")
_FULL_NAME = re.compile(r'"[^"]+"\."[^"]+"\.("[^"]+")')


def engine_error(kind: str, message: str, sql: Sql) -> EngineError:
    """Return the error of this package for what DuckDB said; `kind` is the name of DuckDB's exception."""
    text = _readable(message)
    if is_memory_error(kind, message) or kind == "SizeError":
        return ResourceLimitError(text, hint="Ask for fewer rows or columns, or raise the limit.", sql=sql.text)
    return QueryError(text, sql=sql.text)


def is_memory_error(kind: str, message: str) -> bool:
    """Say whether an exception means that memory ran out; some of DuckDB's say so only in their text."""
    return kind in {"OutOfMemoryException", "MemoryError", "ArrowMemoryError"} or message.startswith("Out of Memory")


def _readable(message: str) -> str:
    """Return the first part of DuckDB's message, without the rewritten query text."""
    first = _EXCERPT.split(message, maxsplit=1)[0].strip()
    first = _FULL_NAME.sub(r"\1", " ".join(first.split()))
    return first if first.endswith((".", "!", "?")) else f"{first}."
