"""A Jupyter server with the extension, and one lake below its root."""

from __future__ import annotations

import json
import shutil

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403 - only these tests run a server

from genie_ext.server import seats
from genie_ext.session import Session


@pytest.fixture
def jp_server_config():
    return {"ServerApp": {"jpserver_extensions": {"genie_ext": True}}}


@pytest.fixture
def lake(indexed_shop, jp_root_dir):
    """The shop with its index, in the folder that the server shows."""
    folder = jp_root_dir / "data"
    shutil.copytree(indexed_shop.parent, folder)
    return folder / "shop.duckdb"


@pytest.fixture
def opened(monkeypatch):
    """The sessions that the server opened, as (lake, user of the settings)."""
    found = []

    class Counted(Session):
        def __init__(self, path, **given):
            found.append((path, given["settings"].user))
            super().__init__(path, **given)

    monkeypatch.setattr(seats, "Session", Counted)
    return found


@pytest.fixture
def call(jp_fetch, lake):
    """Send a request below genie/api and return its status and its JSON."""

    async def send(path, method="GET", body=None, **given):
        sent = None if body is None else json.dumps(body)
        response = await jp_fetch(
            "genie", "api", *path.split("/"), method=method, body=sent, raise_error=False, request_timeout=120,
            allow_nonstandard_methods=True, **given,
        )  # fmt: skip
        return response.code, json.loads(response.body)

    return send


@pytest.fixture
def ask(jp_fetch, lake):
    """Ask, and return the events as (kind, data), in their order."""

    async def send(question, thread="t", **more):
        body = json.dumps({"question": question, "thread": thread, **more})
        response = await jp_fetch("genie", "api", "ask", method="POST", body=body, request_timeout=120)
        assert response.headers["Content-Type"].startswith("text/event-stream")
        return read_events(response.body.decode())

    return send


def read_events(text):
    blocks = [block.split("\n") for block in text.split("\n\n") if block and not block.startswith(":")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in blocks]
