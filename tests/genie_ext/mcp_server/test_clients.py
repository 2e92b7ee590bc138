from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from genie_ext.cli.main import run
from genie_ext.config import load_settings
from genie_ext.errors import ConfigError
from genie_ext.mcp_server.clients import Client, read_clients, read_tokens
from genie_ext.mcp_server.door import Door

VARIABLE = "A_TOKEN"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no client"),
        ('[a]\ntools = ["drop"]', "a.tools.0"),
        ("[a]\nbudget = -1", "a.budget"),
        ("[a]\ntoken = 'secret'", "a.token"),
        ("['a b']", "no name of a client"),
        ("[a", "cannot be read"),
    ],
)
def test_read_clients_says_what_is_wrong_in_the_file(tmp_path, text, said):
    file = tmp_path / "clients.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=said):
        read_clients(file)


def test_read_tokens_wants_a_long_token_of_its_own_for_each_client(monkeypatch):
    with pytest.raises(ConfigError, match="no token"):
        read_tokens({"a": Client(token_variable=VARIABLE)})
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(ConfigError, match="fewer than"):
        read_tokens({"a": Client(token_variable=VARIABLE)})
    monkeypatch.setenv(VARIABLE, "long enough to be one")
    with pytest.raises(ConfigError, match="same token"):
        read_tokens({"a": Client(token_variable=VARIABLE), "b": Client(token_variable=VARIABLE)})
    tokens = read_tokens({"a": Client(token_variable=VARIABLE)})
    assert (tokens.client_of("long enough to be one"), tokens.client_of("long"), tokens.client_of("")) == (
        "a",
        None,
        None,
    )
    assert "long enough" not in repr(tokens)


@pytest.mark.parametrize(("own", "whole", "expected"), [(1.0, None, 1.0), (5.0, 2.0, 2.0), (None, 3.0, 3.0)])
def test_a_client_spends_under_its_name_and_within_the_lesser_budget(indexed_shop, own, whole, expected):
    model = {"provider": "openai", "model": "m", "tier": "open", "base_url": "http://127.0.0.1:9/v1"}
    settings = load_settings(indexed_shop, budget_user=whole, models={"m": model})
    door = Door(indexed_shop, settings, "desktop", Client(budget=own))
    try:
        session = door._open()
        assert session.settings.budget_user == expected
        assert session.agent.models.user == "desktop"
    finally:
        door.close()


def test_mcp_says_what_to_install_where_it_is_missing(indexed_shop, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mcp" else find(name))
    assert run(["mcp", "--lake", str(indexed_shop)]) == 2
    assert "pip install 'genie-ext[mcp]'" in capsys.readouterr().err


def test_other_commands_do_not_import_the_sdk():
    code = "import sys; import genie_ext.cli.main; sys.exit('mcp' in sys.modules or 'uvicorn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_stdin_and_stdout_are_one_clients(indexed_shop, tmp_path, capsys):
    file = tmp_path / "clients.toml"
    file.write_text("[a]\n[b]\n", "utf-8")
    assert run(["mcp", "--lake", str(indexed_shop), "--clients", str(file)]) == 2
    assert "--client" in capsys.readouterr().err
