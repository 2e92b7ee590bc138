"""Puts the routes into a Jupyter server, and ends what they started with it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tornado.ioloop import PeriodicCallback

from genie_ext.server.ask import AskHandler
from genie_ext.server.handlers import (
    ChartHandler,
    NoteHandler,
    RowsHandler,
    RunHandler,
    StatusHandler,
    SuggestionsHandler,
)
from genie_ext.server.page import PageHandler, PublicHandler
from genie_ext.server.rooms import AT_ONCE, Rooms
from genie_ext.server.threads import ExportHandler, ThreadHandler, ThreadsHandler

_LOOK_MS = 60_000
STATIC = Path(__file__).resolve().parent.parent / "static"
_ID = r"(?P<thread>[\w.-]{1,64})"


def load(app: Any) -> None:
    """Add the routes to a `jupyter_server.serverapp.ServerApp`; nothing is opened before somebody asks.

    `c.Genie.at_once` in Jupyter's configuration sets how many questions are worked on at the same time.
    """
    web = app.web_app
    rooms = Rooms(Path(app.root_dir), at_once=int(app.config.get("Genie", {}).get("at_once", AT_ONCE)))
    web.settings["genie"] = rooms
    base = web.settings["base_url"].rstrip("/") + "/genie"
    api = base + "/api"
    web.add_handlers(
        ".*$",
        [
            (f"{api}/ask", AskHandler),
            (f"{api}/run", RunHandler),
            (f"{api}/status", StatusHandler),
            (f"{api}/suggestions", SuggestionsHandler),
            (f"{api}/threads", ThreadsHandler),
            (f"{api}/threads/{_ID}", ThreadHandler),
            (f"{api}/threads/{_ID}/export", ExportHandler),
            (f"{api}/(?P<kind>feedback|verify|case)", NoteHandler),
            (rf"{api}/rows/(?P<turn>[0-9a-f]{{32}})\.(?P<form>csv|parquet)", RowsHandler),
            (rf"{api}/charts/(?P<turn>[0-9a-f]{{32}})\.svg", ChartHandler),
            (f"{base}/static/(.*)", PublicHandler, {"path": str(STATIC)}),
            (f"{base}/?", PageHandler, {"static": STATIC}),
        ],
    )
    _close_with(app, rooms)


def _close_with(app: Any, rooms: Rooms) -> None:
    """Close the sessions that nobody uses, and all where the server stops its extensions."""
    before = app.cleanup_extensions
    idle = PeriodicCallback(rooms.rest_aside, _LOOK_MS)
    idle.start()

    async def cleanup() -> None:
        idle.stop()
        await asyncio.get_running_loop().run_in_executor(None, rooms.close)
        await before()

    app.cleanup_extensions = cleanup
