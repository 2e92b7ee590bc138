"""Where an assistant asks: in the rooms of the server that it runs in, so that a lake is open once for all of them."""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path

from jupyter_server.serverapp import ServerApp

from genie_ext.server.rooms import Rooms


def server_rooms() -> Rooms:
    """Return the rooms of this server's own extension; own ones where that is switched off."""
    server = ServerApp.instance() if ServerApp.initialized() else None
    found = getattr(getattr(server, "web_app", None), "settings", {}).get("genie")
    if isinstance(found, Rooms):
        return found
    return _own_rooms(Path(getattr(server, "root_dir", "") or Path.cwd()))


def find_lake(rooms: Rooms, wanted: str) -> Path:
    """Return a lake that this server may ask, by its path or by its path below the server's folder.

    Raises:
        LakeUnavailableError: It is not one that may be asked, or there is none.
    """
    return rooms.lake(str(rooms.root / wanted) if wanted else "")


@cache
def _own_rooms(root: Path) -> Rooms:
    rooms = Rooms(root)
    atexit.register(rooms.close)
    return rooms
