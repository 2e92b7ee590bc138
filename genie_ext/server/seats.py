"""A session and who uses it right now: one question at a time, each of which can be stopped alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from genie_ext.config import load_settings
from genie_ext.errors import GenieError
from genie_ext.frames import settings_about
from genie_ext.lakes import open_lake
from genie_ext.server.lakes import home_of
from genie_ext.session import Session
from genie_ext.threads import REPLAYED
from genie_ext.types import Event
from semantic.errors import SemanticError
from semantic.meaning import lake_token
from semantic.types import Progress

Tell = Callable[[Progress], None]
"""Hears how far an index is that is built."""


@dataclass(slots=True, kw_only=True)
class Asking:
    """One question under way.

    Attributes:
        tell: Called while an index is built for it.
    """

    tell: Tell | None = None
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
        frame: Folder of the frame that is asked about in place of the lake, whose settings and budgets hold for it.
    """

    def __init__(self, lake: Path, user: str = "", *, frame: Path | None = None) -> None:
        # Who waits here takes no thread of the pool from others, and comes in the order of asking.
        self.gate = asyncio.Lock()
        self._lake = lake
        self._path = frame or lake
        self._user = user or None
        self._turn = threading.Lock()
        # Opening may build an index and take minutes, so that stopping, which comes from the server's loop, has a lock
        # of its own that is only ever held for a moment.
        self._opening = threading.Lock()
        self._state = threading.Lock()
        self._current: Asking | None = None
        self._session: Session | None = None
        self._used = time.monotonic()
        self._told: list[Tell] = []
        self._known: set[str] = set()
        self._tried = ""

    @property
    def about_frame(self) -> bool:
        """True where a frame is asked about in place of the lake."""
        return self._path != self._lake

    def session(self, tell: Tell | None = None) -> Session:
        """Return the session, opened at the first use; for what does not search its index or run a query.

        Raises:
            GenieError: There is no lake, or it cannot be read.
        """
        with self._listening(tell), self._opening:
            self._used = time.monotonic()
            if self._session is None:
                self._session = self._open()
            return self._session

    @contextmanager
    def held(self, tell: Tell | None = None) -> Iterator[Session]:
        """Hold the session alone, over the lake as it is now.

        Raises:
            GenieError: There is no lake, or it cannot be read.
        """
        # Who waits for another question that builds the index hears of it, too.
        with self._listening(tell), self._turn:
            try:
                yield self._fresh()
            finally:
                self._used = time.monotonic()

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

    def rest(self, idle_s: float) -> bool:
        """Close the session where nobody used it for so many seconds; tell whether it was closed."""
        if time.monotonic() - self._used < idle_s or not self._turn.acquire(blocking=False):
            return False
        try:
            if not self._opening.acquire(blocking=False):
                return False
            try:
                session, self._session = self._session, None
                self._known.clear()
            finally:
                self._opening.release()
            if session is not None:
                session.close()
            return session is not None
        finally:
            self._turn.release()

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

    def _open(self) -> Session:
        settings = load_settings(self._lake, user=self._user)
        if not self.about_frame:
            return Session(self._path, settings=settings, progress=self._tell)
        books = home_of(self._lake)
        return Session(self._path, settings=settings_about(settings), progress=self._tell, books=books)

    @contextmanager
    def _listening(self, tell: Tell | None) -> Iterator[None]:
        """Let somebody hear how far the index is, whosever question it is built for."""
        heard = [tell] if tell is not None else []
        self._told += heard
        try:
            yield
        finally:
            for own in heard:
                self._told.remove(own)

    def _tell(self, progress: Progress) -> None:
        for tell in tuple(self._told):
            tell(progress)

    def _fresh(self) -> Session:
        """Return the session, opened anew where the lake or what is said about it has changed since."""
        session = self.session()
        lake = open_lake(self._path, session.settings)
        # A change that cannot be read now, such as one that is still being written, is tried once.
        if session.index.is_fresh(lake) or (token := lake_token(lake)) == self._tried:
            return session
        with self._opening:
            found = self._open()
            with self._state:
                self._session, self._tried = found, token
            self._known.clear()
        session.close()
        return found
