"""Starts the real server, and asks it with the client of the official SDK."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager

import anyio
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

GENIE = ("-c", "from genie_ext.cli import main; main()", "mcp")


def over_stdio(lake, *options, work):
    """Return what a piece of work on a client returns."""

    async def go():
        command = [*GENIE, "--lake", str(lake), *options]
        server = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
        async with Client(stdio_client(server)) as client:
            return await work(client)

    return anyio.run(go)


@contextmanager
def http_server(lake, *options, env=None):
    """Yield the address and what was told before it; the server ends with the block."""
    command = [sys.executable, *GENIE, "--lake", str(lake), "--http", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    )
    told = ""
    try:
        for line in process.stderr:
            told += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/mcp", line):
                yield found[0], told
                break
        else:
            pytest.fail(told)
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert out == ""


def over_http(address, token, work):
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    @asynccontextmanager
    async def opened():
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):
            yield client

    async def go():
        async with opened() as client:
            return await work(client)

    return anyio.run(go)


def text_of(result):
    return result.content[0].text


def audit_of(lake):
    lines = (lake.parent / ".genie" / lake.name / "mcp.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]
