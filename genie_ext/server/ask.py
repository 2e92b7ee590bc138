"""A question as a stream: each event is sent as it happens, and who leaves stops what was asked."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from pydantic import Field
from tornado import web
from tornado.iostream import StreamClosedError

from genie_ext.display_json import to_json
from genie_ext.errors import GenieError
from genie_ext.frames import MOST_BYTES, keep_frame, name_of
from genie_ext.progress import describe
from genie_ext.server.base import Fault, Form, Handler, told_of
from genie_ext.server.history import Kept
from genie_ext.server.rooms import MOST_WAITING, Rooms
from genie_ext.server.seats import Asking, Seat
from genie_ext.types import Turn
from semantic.errors import SemanticError

_LOG = logging.getLogger(__name__)
_ALIVE_S = 10.0


class Frame(Form):
    """A frame of the user's notebook, as the bytes of a Parquet file in base64."""

    name: str = Field(min_length=1, max_length=200)
    parquet: str


class Question(Form):
    """What is asked, where, and in which thread."""

    question: str
    thread: str = Field(pattern=r"^[\w.-]{1,64}$")
    lake: str = ""
    about: Frame | None = None


class AskHandler(Handler):
    """POST ask: server-sent events until the answer."""

    asking: Asking | None = None

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Stream what happens."""
        asked = self.form(Question)
        if self.rooms.under_way >= MOST_WAITING:
            message = f"{self.rooms.under_way} questions are under way on this server."
            raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, message, "Ask again in a moment.")
        lake = await self.work(lambda: self.rooms.lake(asked.lake))
        frame = await self.work(lambda: self._frame(lake, asked.about))
        heard: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        where = _Where(self.rooms, lake, self.user, asked.thread, frame)
        work = _Work(where, asked.question, lambda text: loop.call_soon_threadsafe(heard.put_nowait, text))
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

    def _frame(self, lake: Path, frame: Frame | None) -> Path | None:
        """Return the folder of the frame that is asked about, None where it is the lake."""
        if frame is None:
            return None
        if len(frame.parquet) > 4 * (MOST_BYTES + 2) // 3:
            message = f"The frame takes more than {MOST_BYTES // 2**20} MiB as Parquet."
            raise Fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, "Ask about a part of it.")
        try:
            content = base64.b64decode(frame.parquet, validate=True)
        except ValueError as error:
            raise Fault(HTTPStatus.BAD_REQUEST, "The frame is not in base64.") from error
        return keep_frame(self.rooms.frames(lake), frame.name, content)

    async def _answered(self, work: _Work, heard: asyncio.Queue[str | None]) -> None:
        """Let a question have its turn, and end the stream after it."""
        self.rooms.under_way += 1
        try:
            async with work.where.seat().gate:
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


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a question is asked: of which lake or frame, by whom, in which thread."""

    rooms: Rooms
    lake: Path
    user: str
    thread: str
    frame: Path | None

    def seat(self) -> Seat:
        """Return who answers."""
        return self.rooms.seat(self.lake, self.user, self.thread, frame=self.frame)


class _Work:
    """The part of a question that runs beside the loop; even the JSON of an answer would hold the loop up."""

    def __init__(self, where: _Where, question: str, send: Callable[[str], Any]) -> None:
        self.where = where
        self.question = question
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
        user, thread = self.where.user, self.where.thread
        history = self.where.rooms.history(self.where.lake)
        about = self.where.frame.name if self.where.frame is not None else ""
        earlier = history.questions(user, thread, about)
        for event in self.where.seat().events(self.question, thread, earlier, self.asking):
            if event.kind != "answer" or not isinstance(event.value, Turn):
                self.push(event.kind, {"text": event.text})
                continue
            kept = Kept(
                id=uuid.uuid4().hex, thread=thread, question=self.question, turn=to_json(event.value), about=about
            )
            history.keep(user, kept)
            told = {"id": kept.id, "thread": thread, "turn": dict(kept.turn), "about": name_of(about)}
            self.push("answer", told)
