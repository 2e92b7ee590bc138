"""Servers that speak both wires from a script."""

from __future__ import annotations

import pytest

from genie_ext.models.scripted import ScriptedServer


@pytest.fixture
def serve():
    """Start servers that end with the test."""
    started = []

    def start(script):
        started.append(ScriptedServer(script))
        return started[-1].__enter__()

    yield start
    for server in started:
        server.__exit__(None, None, None)
