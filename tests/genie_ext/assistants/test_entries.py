from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from genie_ext.assistants.entries import TOOLS

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
EXTRA = ("fastmcp", "jupyter_server_mcp", "jupyter_ai_persona_manager", "jupyterlab_chat", "genie_ext.assistants")


def test_the_package_declares_the_entry_points_that_these_packages_read():
    assert PROJECT["entry-points"] == {
        "jupyter_server_mcp.tools": {"genie": "genie_ext.assistants.entries:TOOLS"},
        "jupyter_ai.personas": {"genie": "genie_ext.assistants.persona:GeniePersona"},
    }


def test_the_names_of_the_tools_load_without_the_extra_and_without_the_server():
    code = "import sys, genie_ext.assistants.entries; print('jupyter_server' in sys.modules, 'mcp' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.split() == ["False", "False"]
    assert len(TOOLS) == 5


def test_command_magic_and_server_load_nothing_of_the_extra():
    code = (
        "import sys, genie_ext.cli.main, genie_ext.magic, genie_ext.server.app, genie_ext.mcp_server.server\n"
        f"print([name for name in {EXTRA!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


def test_the_installed_entry_points_load_with_the_real_packages(extra):
    found = {
        group: [one.load() for one in entry_points(group=group) if one.value.startswith("genie_ext.")]
        for group in PROJECT["entry-points"]
    }
    from jupyter_ai_persona_manager import BasePersona

    assert found["jupyter_server_mcp.tools"] == [TOOLS]
    assert [issubclass(one, BasePersona) for one in found["jupyter_ai.personas"]] == [True]
