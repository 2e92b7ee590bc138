"""The persona of Jupyter AI: a question in its chat is answered by the session of the panel."""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message

from genie_ext.assistants.markdown import escaped, to_markdown
from genie_ext.assistants.places import find_lake, server_rooms
from genie_ext.display_json import to_json
from genie_ext.display_width import one_line
from genie_ext.errors import GenieError
from genie_ext.progress import describe
from genie_ext.server.history import Kept
from genie_ext.server.rooms import LOCAL, MOST_WAITING, Rooms
from genie_ext.server.seats import Asking, Seat
from genie_ext.types import Turn
from semantic.errors import SemanticError

_STATUS_WIDTH = 100
_AVATAR = Path(__file__).with_name("genie.svg")


class GeniePersona(BasePersona):
    """Answers the questions of a chat, each chat being a thread of the usual lake."""

    asking: Asking | None = None

    @property
    def defaults(self) -> PersonaDefaults:
        """Who it is."""
        return PersonaDefaults(
            name="Genie",
            description="Answers questions about the DuckDB lake of this server with checked SQL.",
            avatar_path=str(_AVATAR),
            system_prompt="",
        )

    async def process_message(self, message: Message) -> None:
        """Answer a message; what happens on the way is shown as the status."""
        loop = asyncio.get_running_loop()
        self.asking = Asking(tell=lambda progress: self._tell(loop, describe(progress)))
        self._status("is reading the question…")
        try:
            said = await self._answer(_question(message.body, self.as_user().mention_name), loop)
            self.send_message(said)
        finally:
            self.asking.stop()
            self.asking = None
            self.clear_status()

    async def cancel_response(self) -> None:
        """Stop the question under way; the chat's stop button calls this."""
        if self.asking is not None:
            self.asking.stop()

    async def _answer(self, question: str, loop: asyncio.AbstractEventLoop) -> str:
        """Return what to say, worked out beside the loop of the server."""
        rooms = server_rooms()
        if rooms.under_way >= MOST_WAITING:
            return f"{rooms.under_way} questions are under way on this server. Ask again in a moment."
        asking, thread = self.asking or Asking(), _thread(self.chat.get_id())
        try:
            lake = await loop.run_in_executor(rooms.desk, lambda: find_lake(rooms, ""))
            seat = rooms.seat(lake, LOCAL, thread)
            work = _Work(rooms, lake, seat, asking, lambda text: self._tell(loop, text))
            rooms.under_way += 1
            try:
                async with seat.gate:
                    turn = await loop.run_in_executor(rooms.pool, work.run, question, thread)
            finally:
                rooms.under_way -= 1
        except (GenieError, SemanticError) as error:
            if asking.stopped.is_set():
                return "Stopped."
            return f"**{escaped(error.message)}** {escaped(error.hint or '')}".strip()
        return to_markdown(turn) if turn is not None else "Stopped."

    def _tell(self, loop: asyncio.AbstractEventLoop, text: str) -> None:
        loop.call_soon_threadsafe(self._status, text)

    def _status(self, text: str) -> None:
        """Show a status, unless the answer is there already."""
        if self.asking is not None:
            self.set_status(one_line(text, _STATUS_WIDTH))


class _Work:
    """The part of a question that runs beside the loop."""

    def __init__(self, rooms: Rooms, lake: Path, seat: Seat, asking: Asking, tell: Callable[[str], Any]) -> None:
        self._rooms = rooms
        self._lake = lake
        self._seat = seat
        self._asking = asking
        self._tell = tell

    def run(self, question: str, thread: str) -> Turn | None:
        """Return the turn, kept in the history that the panel shows, too; None where it was stopped."""
        history = self._rooms.history(self._lake)
        earlier = history.questions(LOCAL, thread)
        for event in self._seat.events(question, thread, earlier, self._asking):
            if event.kind == "answer" and isinstance(event.value, Turn):
                turn = event.value
                history.keep(LOCAL, Kept(id=uuid.uuid4().hex, thread=thread, question=question, turn=to_json(turn)))
                return turn
            self._tell(event.text)
        return None


def _question(body: str, name: str) -> str:
    """Return the words of a message without the mention of the persona."""
    return re.sub(rf"@{re.escape(name)}(?![\w-]):?", " ", body).strip()


def _thread(chat: str) -> str:
    """Return the thread of a chat, whose name may hold anything."""
    return f"chat-{hashlib.sha256(chat.encode()).hexdigest()[:24]}"
