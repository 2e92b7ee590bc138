"""The packages of the extra, real ones, or a loud reason why their tests are skipped."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

NEEDED = ("jupyter_server_mcp", "jupyter_ai_persona_manager")


@pytest.fixture
def extra():
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"NOT TESTED with {' and '.join(missing)}: pip install -e '.[assistants]'")


@pytest.fixture
def lake(extra, indexed_shop, monkeypatch, tmp_path):
    """The usual lake of a process that stands in a folder without one."""
    folder = tmp_path / "lake"
    shutil.copytree(indexed_shop.parent, folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("GENIE_LAKE", str(folder / indexed_shop.name))
    return folder / indexed_shop.name
