"""A session and who uses it right now: one question at a time, each of which can be stopped alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from genie_ext.config import load_settings
from genie_ext.errors import GenieError
from genie_ext.lakes import open_lake
from genie_ext.session import Session
from genie_ext.threads import REPLAYED
from genie_ext.types import Event
from semantic.errors import SemanticError
from semantic.meaning import lake_token
from semantic.types import Progress


@dataclass(slots=True, kw_only=True)
class Asking:
    """One question under way.

    Attributes:
        tell: Called while an index is built for it.
    """

    tell: Callable[[Progress], None] | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    seat: Seat | None = None

    def stop(self) -> None:
        """Stop it, and nothing else that its session does; returns at once."""
        self.stopped.set()
        if self.seat is not None:
            self.seat.stop(self)


class Seat:
    """A session of one user and one lake.

    Args:
        lake: Where the lake is.
        user: Who asks, for ledger and budgets; empty for the user of the operating system.
    """

    def __init__(self, lake: Path, user: str = "") -> None:
        # Who waits here takes no thread of the pool from others, and comes in the order of asking.
        self.gate = asyncio.Lock()
        self._path = lake
        self._user = user or None
        self._turn = threading.Lock()
        # Opening may build an index and take minutes, so that stopping, which comes from the server's loop, has a lock
        # of its own that is only ever held for a moment.
        self._opening = threading.Lock()
        self._state = threading.Lock()
        self._current: Asking | None = None
        self._session: Session | None = None
        self._known: set[str] = set()
        self._tried = ""

    def session(self, tell: Callable[[Progress], None] | None = None) -> Session:
        """Return the session, opened at the first use; for what does not search its index or run a query.

        Raises:
            GenieError: There is no lake, or it cannot be read.
        """
        with self._opening:
            if self._session is None:
                self._session = self._open(tell)
            return self._session

    @contextmanager
    def held(self, tell: Callable[[Progress], None] | None = None) -> Iterator[Session]:
        """Hold the session alone, over the lake as it is now.

        Raises:
            GenieError: There is no lake, or it cannot be read.
        """
        with self._turn:
            yield self._fresh(tell)

    def events(self, question: str, thread: str, earlier: Sequence[str], asking: Asking) -> Iterator[Event]:
        """Yield what happens until the answer, or until it is stopped.

        Args:
            question: What is asked.
            thread: Name of its thread.
            earlier: What was asked there before; asked again where this session does not know it.
            asking: Stops it.

        Raises:
            GenieError: As `Session.events` does.
        """
        asking.seat = self
        if asking.stopped.is_set():
            return
        with self.held(asking.tell) as session:
            with self._state:
                self._current = asking
            try:
                self._replay(session, thread, earlier, asking)
                with closing(session.events(question, thread=thread)) as events:  # type: ignore[type-var]
                    for event in events:
                        if asking.stopped.is_set():
                            return
                        yield event
            finally:
                with self._state:
                    self._current = None

    def stop(self, asking: Asking) -> None:
        """Stop a question where it is the one that runs."""
        with self._state:
            if self._current is asking and self._session is not None:
                self._session.cancel()

    def forget(self, thread: str) -> None:
        """Drop what the session remembers of a thread."""
        self._known.discard(thread)
        if self._session is not None:
            self._session.forget(thread)

    def close(self) -> None:
        """Stop what runs and close the session."""
        if (current := self._current) is not None:
            current.stop()
        with self._turn, self._opening:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _replay(self, session: Session, thread: str, earlier: Sequence[str], asking: Asking) -> None:
        """Ask the questions of a thread again that this session never heard."""
        if thread in self._known:
            return
        for text in earlier[-REPLAYED:]:
            if asking.stopped.is_set():
                return
            try:
                session.ask(text, thread=thread)
            except (GenieError, SemanticError):
                # What can no longer be asked is nothing to follow up on; the questions around it may be.
                continue
        self._known.add(thread)

    def _open(self, tell: Callable[[Progress], None] | None) -> Session:
        return Session(self._path, settings=load_settings(self._path, user=self._user), progress=tell)

    def _fresh(self, tell: Callable[[Progress], None] | None) -> Session:
        """Return the session, opened anew where the lake or what is said about it has changed since."""
        session = self.session(tell)
        lake = open_lake(self._path, session.settings)
        # A change that cannot be read now, such as one that is still being written, is tried once.
        if session.index.is_fresh(lake) or (token := lake_token(lake)) == self._tried:
            return session
        with self._opening:
            found = self._open(tell)
            with self._state:
                self._session, self._tried = found, token
            self._known.clear()
        session.close()
        return found
