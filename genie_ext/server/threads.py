"""The routes of threads: list, read, rename, delete, and take away as a notebook."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from pydantic import Field
from tornado import web

from genie_ext.frames import name_of
from genie_ext.lakes import plain_setup
from genie_ext.server.base import Fault, Form, Handler
from genie_ext.server.export import to_notebook
from genie_ext.server.history import History, Kept


class TitleForm(Form):
    """Another title."""

    title: str = Field(min_length=1, max_length=200)


class ThreadsHandler(Handler):
    """GET threads: those of the user, over all lakes."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List them."""
        search = self.get_query_argument("search", "")
        await self.answer(lambda: {"threads": self._listed(search)})

    def _listed(self, search: str) -> list[dict[str, Any]]:
        found = [thread for _, history in self.rooms.histories() for thread in history.threads(self.user, search)]
        return sorted(found, key=lambda thread: thread["asked"], reverse=True)


class _OfThread(Handler):
    def history(self, thread: str) -> tuple[Path, History]:
        """Return the lake that a thread is about, and its history."""
        for lake, history in self.rooms.histories():
            if history.thread(self.user, thread) is not None:
                return lake, history
        raise Fault(HTTPStatus.NOT_FOUND, "There is no such thread.", "List the threads again.")

    def kept(self, thread: str) -> tuple[Path, str, list[Kept]]:
        """Return the lake, the title and the turns of a thread."""
        lake, history = self.history(thread)
        title, turns = history.thread(self.user, thread) or ("", [])
        return lake, title, turns


class ThreadHandler(_OfThread):
    """GET, PATCH and DELETE of one thread."""

    @web.authenticated
    @authorized
    async def get(self, thread: str) -> None:
        """Send its turns."""
        await self.answer(lambda: self._told(thread))

    def _told(self, thread: str) -> dict[str, Any]:
        _, title, turns = self.kept(thread)
        return {"id": thread, "title": title, "turns": [_told(kept) for kept in turns]}

    @web.authenticated
    @authorized
    async def patch(self, thread: str) -> None:
        """Rename it."""
        form = self.form(TitleForm)
        await self.answer(lambda: self._renamed(thread, form.title))

    def _renamed(self, thread: str, title: str) -> dict[str, Any]:
        self.history(thread)[1].rename(self.user, thread, title)
        return {"message": "Renamed."}

    @web.authenticated
    @authorized
    async def delete(self, thread: str) -> None:
        """Delete it, here and in the memory of its session."""
        await self.answer(lambda: self._deleted(thread))

    def _deleted(self, thread: str) -> dict[str, Any]:
        lake, history = self.history(thread)
        history.delete(self.user, thread)
        self.rooms.seat(lake, self.user, thread).forget(thread)
        return {"message": "Deleted."}


class ExportHandler(_OfThread):
    """GET threads/ID/export: a notebook that runs without this project."""

    @web.authenticated
    @authorized
    async def get(self, thread: str) -> None:
        """Send it as a file."""
        body = await self.work(lambda: self._notebook(thread))
        self.set_header("Content-Disposition", f'attachment; filename="{quote(thread)}.ipynb"')
        self.finish(body, set_content_type="application/x-ipynb+json")

    def _notebook(self, thread: str) -> str:
        lake, title, turns = self.kept(thread)
        with self.rooms.seat(lake, self.user, thread).held() as session:
            opened = plain_setup(session.lake, session.index)
        return json.dumps(to_notebook(opened, title, turns))


def _told(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, "turn": kept.turn, "about": name_of(kept.about)}
