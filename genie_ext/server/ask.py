"""A question as a stream: each event is sent as it happens, and who leaves stops what was asked."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from pydantic import Field
from tornado import web
from tornado.iostream import StreamClosedError

from genie_ext.display_json import to_json
from genie_ext.errors import GenieError
from genie_ext.progress import describe
from genie_ext.server.base import Fault, Form, Handler, told_of
from genie_ext.server.history import Kept
from genie_ext.server.rooms import MOST_WAITING, Rooms
from genie_ext.server.seats import Asking
from genie_ext.types import Turn
from semantic.errors import SemanticError

_LOG = logging.getLogger(__name__)
_ALIVE_S = 10.0


class Question(Form):
    """What is asked, where, and in which thread."""

    question: str
    thread: str = Field(pattern=r"^[\w.-]{1,64}$")
    lake: str = ""
    about: dict[str, Any] | None = None


class AskHandler(Handler):
    """POST ask: server-sent events until the answer."""

    asking: Asking | None = None

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Stream what happens."""
        asked = self.form(Question)
        if asked.about is not None:
            message = "A DataFrame cannot be asked about from the panel yet."
            hint = "Ask in its notebook: %genie connect NAME, with a DuckDB connection in which it is a table."
            raise Fault(HTTPStatus.NOT_IMPLEMENTED, message, hint)
        if self.rooms.under_way >= MOST_WAITING:
            message = f"{self.rooms.under_way} questions are under way on this server."
            raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, message, "Ask again in a moment.")
        lake = await self.work(lambda: self.rooms.lake(asked.lake))
        heard: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        work = _Work(self.rooms, lake, self.user, asked, lambda text: loop.call_soon_threadsafe(heard.put_nowait, text))
        self.asking = work.asking
        done = asyncio.create_task(self._answered(work, heard))
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        # A proxy that buffers would hold every event back until the last one.
        self.set_header("X-Accel-Buffering", "no")
        try:
            await self._stream(heard)
        except StreamClosedError:
            work.asking.stop()
        await done

    def on_connection_close(self) -> None:
        """Stop the question of a browser that left."""
        if self.asking is not None:
            self.asking.stop()
        super().on_connection_close()

    async def _answered(self, work: _Work, heard: asyncio.Queue[str | None]) -> None:
        """Let a question have its turn, and end the stream after it."""
        self.rooms.under_way += 1
        try:
            async with self.rooms.seat(work.lake, work.user, work.asked.thread).gate:
                if not work.asking.stopped.is_set():
                    await asyncio.get_running_loop().run_in_executor(self.rooms.pool, work.run)
        finally:
            self.rooms.under_way -= 1
            heard.put_nowait(None)

    async def _stream(self, heard: asyncio.Queue[str | None]) -> None:
        await self.flush()
        while True:
            try:
                text = await asyncio.wait_for(heard.get(), _ALIVE_S)
            except TimeoutError:
                text = ": alive\n\n"
            if text is None:
                return
            self.write(text)
            await self.flush()


class _Work:
    """The part of a question that runs beside the loop; even the JSON of an answer would hold the loop up."""

    def __init__(self, rooms: Rooms, lake: Path, user: str, asked: Question, send: Callable[[str], Any]) -> None:
        self.rooms = rooms
        self.lake = lake
        self.user = user
        self.asked = asked
        self.send = send
        self.asking = Asking(tell=lambda progress: self.push("index", {"text": describe(progress)}))

    def push(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send one event."""
        self.send(f"event: {kind}\ndata: {json.dumps(data, allow_nan=False)}\n\n")

    def run(self) -> None:
        """Send the events, then the answer or the error."""
        try:
            self._ask()
        except (GenieError, SemanticError) as error:
            self.push("error", told_of(error)[1])
        except Exception as error:  # noqa: BLE001 - the browser is told, and the server's log says what it was
            _LOG.exception("a question ended in an unexpected error")
            self.push(
                "error", {"message": f"Unexpected {type(error).__name__}.", "hint": "The server's log says more."}
            )

    def _ask(self) -> None:
        thread, user = self.asked.thread, self.user
        history = self.rooms.history(self.lake)
        seat = self.rooms.seat(self.lake, user, thread)
        for event in seat.events(self.asked.question, thread, history.questions(user, thread), self.asking):
            if event.kind != "answer" or not isinstance(event.value, Turn):
                self.push(event.kind, {"text": event.text})
                continue
            kept = Kept(id=uuid.uuid4().hex, thread=thread, question=self.asked.question, turn=to_json(event.value))
            history.keep(user, kept)
            self.push("answer", {"id": kept.id, "thread": thread, "turn": dict(kept.turn)})
