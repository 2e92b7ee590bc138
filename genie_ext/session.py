"""The one assembling room: settings, index, engine and agent behind `Session.ask`."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from genie_ext.agent.agent import Agent
from genie_ext.agent.choice import pick
from genie_ext.agent.desk import Terms
from genie_ext.agent.explain import Explanation
from genie_ext.agent.open_models import open_models
from genie_ext.agent.plan import Bands
from genie_ext.config import Settings, load_settings
from genie_ext.engines.base import Engine, Limits
from genie_ext.errors import GenieError, LakeUnavailableError, QuestionError
from genie_ext.guard import Policy
from genie_ext.lakes import build_or_wait, open_index, open_lake, refresh_index
from genie_ext.models.router import Route
from genie_ext.policies import make_policy
from genie_ext.prompts.render import Prompt, Stage
from genie_ext.types import Clarification, Event, Question, Turn
from genie_ext.worker import Worker
from semantic.errors import EncoderMismatchError, IndexBrokenError, IndexNotFoundError, ModelError, SemanticError
from semantic.index import Index
from semantic.lake import Lake
from semantic.types import BuildReport, Progress

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
        books: Folder of the ledger and the budgets; the home of the lake where it is not given.

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
        books: Path | None = None,
    ) -> None:
        path = Path(lake) if isinstance(lake, str | Path) else None
        self.settings = settings or load_settings(path)
        self.report: BuildReport | None = None
        self._threads: dict[str, Turn] = {}
        self._asked: dict[str, Clarification] = {}
        self._lock = threading.RLock()
        try:
            self.lake = open_lake(lake, self.settings)
            self.index = self._open(progress)
        except SemanticError as error:
            raise LakeUnavailableError(error.message, hint=error.hint) from error
        try:
            policy = make_policy(self.settings, self.index)
        except GenieError:
            self.index.close()
            raise
        self.engine, fallback = _engine(lake, self.lake, self.settings)
        self.agent = Agent(
            index=self.index,
            engine=self.engine,
            policy=policy,
            row_limit=self.settings.row_limit,
            bands=Bands(answer=self.settings.answer_above, offer=self.settings.offer_above),
            privacy=self.settings.privacy,
            fallback=fallback,
            terms=_terms(self.settings, policy),
            thorough=self.settings.effort == "high",
        )
        self.agent = replace(self.agent, models=open_models(self.agent, self.settings, books or self.lake.home))

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

        Where the thread was asked back, a reply that picks a choice, by number or words, asks that reading.

        Raises:
            QuestionError: The question is empty or too long.
            GuardError: A policy forbids what it needs.
            EngineError: The query failed, ran too long or was stopped.
        """
        with self._lock:
            asked = self._asked.pop(thread, None)
            text, plan = (pick(asked, text) if asked is not None else None) or (text, None)
            question = self._question(text, thread)
            for event in self.agent.ask(question, self._threads.get(thread) if thread else None, plan=plan):
                if event.kind == "answer" and thread:
                    self._keep(event.value)
                yield event

    def explain(self, text: str, *, thread: str = "") -> Explanation:
        """Return how a question is read, and why one reading stands above the others; the thread is left as it is.

        Raises:
            QuestionError: The question is empty or too long.
            GuardError: A policy forbids what it needs.
        """
        with self._lock:
            return self.agent.explain(self._question(text, thread), self._threads.get(thread) if thread else None)

    def route(self, text: str, *, thread: str = "") -> Route:
        """Return which tier would answer a question, and why; nothing is sent to a model.

        Raises:
            QuestionError: The question is empty or too long.
            GuardError: A policy forbids what it needs.
        """
        with self._lock:
            return self.agent.route(self._question(text, thread), self._threads.get(thread) if thread else None)

    def prompt(self, stage: Stage, text: str) -> Prompt:
        """Return the exact prompt of a stage for a question; nothing is sent to a model.

        Raises:
            QuestionError: The question is empty or too long.
                CannotAnswerError: The stage needs a plan that there is none of.
        """
        with self._lock:
            return self.agent.prompt(stage, self._question(text, ""))

    def _question(self, text: str, thread: str) -> Question:
        return Question(text=_clean(text), thread=thread, today=self.settings.today or _today())

    def _keep(self, turn: Turn) -> None:
        """Remember an answer, or the question back, for what is asked next in its thread."""
        if turn.answer is not None:
            self._threads[turn.question.thread] = turn
        elif turn.clarification is not None:
            self._asked[turn.question.thread] = turn.clarification

    def forget(self, thread: str) -> None:
        """Start a thread anew."""
        self._threads.pop(thread, None)
        self._asked.pop(thread, None)

    def cancel(self) -> None:
        """Stop the query and the calls to models that run, from another thread."""
        if self.agent.models is not None:
            self.agent.models.cancel()
        self.engine.cancel()

    def close(self) -> None:
        """End the worker and close the index."""
        self.engine.close()
        self.index.close()
        if self.agent.models is not None:
            self.agent.models.close()

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
            index = open_index(self.lake, self.settings)
        except (IndexNotFoundError, IndexBrokenError, EncoderMismatchError) as error:
            rebuild = not isinstance(error, IndexNotFoundError)
            self.report = build_or_wait(self.lake, self.settings, progress=progress, force=rebuild)
            return open_index(self.lake, self.settings)
        if index.is_fresh(self.lake):
            return index
        try:
            self.report = refresh_index(self.lake, self.settings, progress=progress)
        except ModelError:  # what a person just wrote may hide or refuse something: never answer without it
            index.close()
            raise
        except SemanticError:
            # It cannot be refreshed now (another build runs, the folder is read-only): the last good one serves on.
            return index
        index.close()
        return open_index(self.lake, self.settings)


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


def _terms(settings: Settings, policy: Policy) -> Terms:
    """Return on what terms models are asked: what may leave, how much of it, and what is not even named."""
    barred = {table: policy.hidden(table) for table in policy.hidden_columns}
    return Terms(privacy=settings.privacy, tokens=settings.context_tokens, barred=barred)


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
