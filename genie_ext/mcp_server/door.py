"""A door: one client's own session, narrowed to what it may do, and the five tools over it."""

from __future__ import annotations

import glob
import threading
import uuid
from dataclasses import replace
from pathlib import Path

from genie_ext.config import Settings
from genie_ext.errors import ConfigError, GenieError
from genie_ext.guard import check
from genie_ext.lakes import open_index, open_lake
from genie_ext.mcp_server.answers import say_explanation, say_rows, say_turn
from genie_ext.mcp_server.clients import Client
from genie_ext.mcp_server.forms import AskOut, CheckOut, ExplainOut, MeaningOut, QuestionIn, RowsOut, SqlIn, WordsIn
from genie_ext.mcp_server.meaning import find_meaning
from genie_ext.policies import make_policy
from genie_ext.session import Session

_MOST_THREADS = 50


class Door:
    """Serves one client; its session opens with the first call, and its threads are its own.

    Args:
        lake: Path of the lake.
        settings: Settings of the lake.
        name: Name of the client, the user of ledger and budget.
        client: What it may do.
    """

    def __init__(self, lake: Path, settings: Settings, name: str, client: Client) -> None:
        self.name = name
        self.client = client
        self._lake = lake
        self._settings = settings
        self._session: Session | None = None
        self._threads: dict[str, None] = {}
        self._lock = threading.RLock()

    def ask(self, given: QuestionIn) -> AskOut:
        """Answer a question with checked SQL: an answer, a question back with choices, or what is missing."""
        with self._lock:
            session = self._open()
            thread = given.thread or uuid.uuid4().hex
            turn = session.ask(given.question, thread=thread)
            self._remember(session, thread)
            return say_turn(turn, thread, rows=self.client.rows)

    def search_meaning(self, given: WordsIn) -> MeaningOut:
        """Look up what words mean here: tables, columns, values, metrics, joins and definitions."""
        with self._lock:
            agent = self._open().agent
            return MeaningOut(found=find_meaning(given.words, agent.index, agent.policy))

    def check_sql(self, given: SqlIn) -> CheckOut:
        """Tell whether a query may run, and what it reads, without running it."""
        with self._lock:
            agent = self._open().agent
            try:
                sql = check(given.sql, agent.index, policy=agent.policy, row_limit=self._rows())
            except GenieError as error:
                return CheckOut(passes=False, message=error.message, hint=error.hint)
            tables = [str(table) for table in sql.tables]
            return CheckOut(passes=True, sql=sql.text, tables=tables, columns=list(sql.columns))

    def run_sql(self, given: SqlIn) -> RowsOut:
        """Run one read-only query over the tables of the lake and return its first rows."""
        with self._lock:
            session = self._open()
            sql = check(given.sql, session.index, policy=session.agent.policy, row_limit=self._rows())
            return say_rows(sql, session.engine.run(sql))

    def explain_answer(self, given: QuestionIn) -> ExplainOut:
        """Explain how a question is read, which readings stood against each other, and why the first one won."""
        with self._lock:
            return say_explanation(self._open().explain(given.question, thread=given.thread))

    def cancel(self) -> None:
        """Stop what runs, from another thread."""
        if self._session is not None:
            self._session.cancel()

    def close(self) -> None:
        """Close the session."""
        self.cancel()
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _rows(self) -> int:
        return min(self.client.rows, self._settings.row_limit)

    def _open(self) -> Session:
        """Return the session; with tables of its own it is opened twice, as only an index knows what names mean."""
        if self._session is None:
            settings = replace(self._settings, user=self.name, budget_user=self._budget())
            if self.client.tables:
                Session(self._lake, settings=settings).close()
                settings = replace(settings, allowed_tables=self._tables(settings))
            self._session = Session(self._lake, settings=settings)
        return self._session

    def _budget(self) -> float | None:
        limits = [limit for limit in (self.client.budget, self._settings.budget_user) if limit is not None]
        return min(limits, default=None)

    def _tables(self, settings: Settings) -> tuple[str, ...]:
        """Return the tables that both the settings and the client's own patterns allow, each by its full name.

        Raises:
            ConfigError: There are none.
        """
        with open_index(open_lake(self._lake, settings), settings) as index:
            own = make_policy(replace(settings, allowed_tables=self.client.tables), index)
            whole = make_policy(settings, index)
            both = [table for table in index.table_ids() if own.allows(table) and whole.allows(table)]
        if not both:
            message = f"The client {self.name} may read no table: {', '.join(self.client.tables)}."
            raise ConfigError(message, hint="Name tables that the settings allow.")
        return tuple(glob.escape(str(table)) for table in both)

    def _remember(self, session: Session, thread: str) -> None:
        """Keep the newest threads and forget the oldest, each of which holds the rows of its last answer."""
        self._threads.pop(thread, None)
        self._threads[thread] = None
        while len(self._threads) > _MOST_THREADS:
            oldest = next(iter(self._threads))
            del self._threads[oldest]
            session.forget(oldest)
