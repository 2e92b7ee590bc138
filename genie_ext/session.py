"""The one assembling room: settings, index, engine and agent behind `Session.ask`."""

from __future__ import annotations

import contextlib
import datetime as dt
import fnmatch
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from genie_ext.agent.agent import Agent
from genie_ext.config import Settings, load_settings
from genie_ext.engines.base import Engine, Limits
from genie_ext.errors import ConfigError, GenieError, LakeUnavailableError, QuestionError
from genie_ext.guard import Policy
from genie_ext.types import Event, Question, Turn
from genie_ext.worker import Worker
from semantic.encoders import find_encoder
from semantic.errors import EncoderMismatchError, IndexBrokenError, IndexNotFoundError, SemanticError
from semantic.index import Index, build_index
from semantic.lake import Lake, find_lake
from semantic.types import BuildReport, Encoder, Progress, TableId

if TYPE_CHECKING:
    import duckdb

LONGEST_QUESTION = 4_000
"""Characters; longer texts are documents, not questions."""


class Session:
    """Answers questions about one lake and remembers the threads.

    Args:
        lake: A DuckDB file, a data file, a folder of them, or an open DuckDB connection.
        settings: Read from defaults, genie.toml and the environment where not given.
        progress: Called while the index is built.

    Raises:
        LakeUnavailableError: There is no lake, or it cannot be read.
        ConfigError: A policy names a table or column that does not exist.
    """

    def __init__(
        self,
        lake: str | Path | duckdb.DuckDBPyConnection,
        *,
        settings: Settings | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        path = Path(lake) if isinstance(lake, str | Path) else None
        self.settings = settings or load_settings(path)
        self.report: BuildReport | None = None
        self._threads: dict[str, Turn] = {}
        self._lock = threading.RLock()
        try:
            self.lake = _find(lake, self.settings)
            self._encoder: Encoder = find_encoder(self.settings.encoder)
            self.index = self._open(progress)
        except SemanticError as error:
            raise LakeUnavailableError(error.message, hint=error.hint) from error
        try:
            policy = make_policy(self.settings, self.index)
        except GenieError:
            self.index.close()
            raise
        self.engine, fallback = _engine(lake, self.lake, self.settings)
        self._agent = Agent(
            index=self.index,
            engine=self.engine,
            policy=policy,
            row_limit=self.settings.row_limit,
            answer_above=self.settings.answer_above,
            privacy=self.settings.privacy,
            fallback=fallback,
        )

    def ask(self, text: str, *, thread: str = "") -> Turn:
        """Return the turn of a question; in a named thread it may lean on the questions before.

        Raises:
            QuestionError: The question is empty or too long.
            GuardError: A policy forbids what it needs.
            EngineError: The query failed, ran too long or was stopped.
        """
        *_, last = self.events(text, thread=thread)
        return last.value  # type: ignore[no-any-return]

    def events(self, text: str, *, thread: str = "") -> Iterator[Event]:
        """Yield what happens on the way to the answer; the last event is "answer" and carries the turn.

        Raises:
            QuestionError: The question is empty or too long.
            GuardError: A policy forbids what it needs.
            EngineError: The query failed, ran too long or was stopped.
        """
        question = Question(text=_clean(text), thread=thread, today=self.settings.today or _today())
        with self._lock:
            for event in self._agent.ask(question, self._threads.get(thread) if thread else None):
                if event.kind == "answer" and thread and event.value.answer is not None:
                    self._threads[thread] = event.value
                yield event

    def forget(self, thread: str) -> None:
        """Start a thread anew."""
        self._threads.pop(thread, None)

    def cancel(self) -> None:
        """Stop the query that runs, from another thread."""
        self.engine.cancel()

    def close(self) -> None:
        """End the worker and close the index."""
        self.engine.close()
        self.index.close()

    def __enter__(self) -> Self:
        """Return the session itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        self.close()

    def _open(self, progress: Callable[[Progress], None] | None) -> Index:
        """Open the index; build it where there is none or it is damaged, and refresh it where the lake has changed."""
        try:
            index = Index.open(self.lake, encoder=self._encoder)
        except (IndexNotFoundError, IndexBrokenError, EncoderMismatchError) as error:
            rebuild = not isinstance(error, IndexNotFoundError)
            self.report = build_index(self.lake, encoder=self._encoder, progress=progress, force=rebuild)
            return Index.open(self.lake, encoder=self._encoder)
        if index.is_fresh(self.lake):
            return index
        # Where it cannot be refreshed now (another build runs, the folder is read-only) the last good one serves on.
        with contextlib.suppress(SemanticError):
            self.report = build_index(self.lake, encoder=self._encoder, progress=progress)
        index.close()
        return Index.open(self.lake, encoder=self._encoder)


def _find(lake: str | Path | duckdb.DuckDBPyConnection, settings: Settings) -> Lake:
    if isinstance(lake, str | Path):
        return find_lake(lake, home=settings.home_of(lake))
    from semantic.live import live_lake

    return live_lake(lake, home=settings.home)


def _engine(source: str | Path | duckdb.DuckDBPyConnection, lake: Lake, settings: Settings) -> tuple[Engine, str]:
    """Return what runs queries, and what to say where that is the user's own connection."""
    limits = Limits(
        timeout_s=settings.timeout_s,
        rows=settings.row_limit,
        bytes=settings.byte_limit,
        memory_mb=settings.memory_mb,
        threads=settings.threads,
    )
    if isinstance(source, str | Path):
        return Worker(lake, limits), ""
    from genie_ext.engines.live import LiveEngine

    return LiveEngine(source, limits), LiveEngine.fallback


def _today() -> dt.date:
    """Return the day it is where the user is."""
    return dt.datetime.now().astimezone().date()


def _clean(text: str) -> str:
    text = " ".join(text.replace("\x00", " ").split())
    if not text:
        raise QuestionError("The question is empty.", hint="Ask something, such as “How many orders are there?”")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(text):,} characters; {LONGEST_QUESTION:,} are the limit.",
            hint="Ask for one thing at a time.",
        )
    return text


def make_policy(settings: Settings, index: Index) -> Policy:
    """Return the settings' rules as a policy over the tables of the index.

    Raises:
        ConfigError: A rule names a table or column that the lake does not have.
    """
    return Policy(
        allowed=_allowed(settings.allowed_tables, index) if settings.allowed_tables else None,
        hidden_columns=_hidden(settings.hidden_columns, index),
        row_filters={
            table: condition
            for name, condition in settings.row_filters.items()
            for table in _named(name, index, "row_filters")
        },
    )


def _allowed(patterns: tuple[str, ...], index: Index) -> frozenset[TableId]:
    found = frozenset(table for table in index.table_ids() if any(_matches(table, p, index) for p in patterns))
    if not found:
        message = f"allowed_tables matches no table: {', '.join(patterns)}."
        raise ConfigError(message, hint="See `genie doctor` for the tables.")
    return found


def _hidden(entries: tuple[str, ...], index: Index) -> dict[TableId, frozenset[str]]:
    hidden: dict[TableId, frozenset[str]] = {}
    for entry in entries:
        name, _, column = entry.rpartition(".")
        for table in _named(name, index, "hidden_columns"):
            if index.table(table).column(column) is None:
                message = f"hidden_columns names {entry}, but {name} has no column {column}."
                raise ConfigError(message, hint="Correct genie.toml.")
            hidden[table] = hidden.get(table, frozenset()) | {column}
    return hidden


def _matches(table: TableId, pattern: str, index: Index) -> bool:
    names = (index.short_name(table), table.name, f"{table.schema}.{table.name}", str(table))
    return any(fnmatch.fnmatch(name.lower(), pattern.lower()) for name in names)


def _named(name: str, index: Index, key: str) -> tuple[TableId, ...]:
    found = index.find(tuple(name.split(".")))
    if not found:
        raise ConfigError(f"{key} names the table {name}, which the lake does not have.", hint="Correct genie.toml.")
    return found
