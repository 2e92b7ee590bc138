"""genie models, route and prompts: what is configured, what works, where a question goes, and what would be sent."""

from __future__ import annotations

import json
import shutil

import pytest

from genie_ext.cli.main import run
from genie_ext.models.scripted import Scripted, ScriptedServer

KEY = "sk-a-very-secret-key"


@pytest.fixture
def lake(indexed_shop, tmp_path):
    """A folder with the shop of the index and room for a genie.toml."""
    shutil.copytree(indexed_shop.parent, tmp_path / "lake")
    return tmp_path / "lake" / indexed_shop.name


def configure(lake, server, *extra):
    lines = [
        *extra, "[models.planner]", 'provider = "anthropic"', 'model = "big"', 'tier = "frontier"',
        f'base_url = "{server.anthropic_url}"', "[models.writer]", 'provider = "openai"', 'model = "small"',
        'tier = "open"', f'base_url = "{server.openai_url}"', 'key_variable = "WRITER_KEY"',
    ]  # fmt: skip
    (lake.parent / "genie.toml").write_text("\n".join(lines))


def test_models_check_says_what_works_and_how(lake, capsys, monkeypatch):
    monkeypatch.setenv("WRITER_KEY", KEY)
    with ScriptedServer([Scripted(data={"sum": 5}, usage=(30, 4), unknown_forms=("json_schema",))]) as server:
        configure(lake, server)
        assert run(["models", "check", str(lake)]) == 0
        sent = {asked.headers["authorization"] for asked in server.requests if asked.wire == "openai"}
        assert sent == {f"Bearer {KEY}"}
    shown = capsys.readouterr().out
    assert "works  planner: big" in shown
    assert "works  writer: small" in shown
    assert "tool, 30 + 4 tokens" in shown
    assert KEY not in shown


def test_models_check_prints_the_servers_own_words_and_the_role_that_is_left_empty(lake, capsys, monkeypatch):
    monkeypatch.setenv("WRITER_KEY", KEY)
    with ScriptedServer([Scripted(status=404, text="model small not found, try ollama pull")]) as server:
        configure(lake, server)
        assert run(["models", "check", str(lake), "--json"]) == 6
    found = json.loads(capsys.readouterr().out)
    assert not any(model["works"] for model in found["models"])
    assert "try ollama pull" in found["models"][0]["fault"]
    assert found["roles_without"] == ["plan", "sql", "describe"]


def test_models_list_says_roles_prices_and_where_the_key_is_looked_for(lake, capsys):
    with ScriptedServer([Scripted()]) as server:
        configure(lake, server)
        assert run(["models", "list", str(lake)]) == 0
        assert server.requests == []
    shown = capsys.readouterr().out
    assert "planner: big (frontier)" in shown
    assert "roles: plan" in shown
    assert "key: WRITER_KEY, then the keyring" in shown


def test_models_list_shows_server_and_price_of_a_model_that_is_kept_out(lake, capsys):
    (lake.parent / "genie.toml").write_text(
        'local_only = true\n[models.far]\nprovider = "anthropic"\nmodel = "big"\ntier = "frontier"\n'
        'base_url = "https://models.example.org"\nprice_in = 5.0\nprice_out = 25.0\n'
    )
    assert run(["models", "list", str(lake)]) == 0
    shown = capsys.readouterr().out
    assert "far: big (frontier) at https://models.example.org" in shown
    assert "none (local_only keeps it out)" in shown
    assert "$5 / $25 for a million tokens" in shown


@pytest.mark.parametrize("command", ["list", "check"])
def test_no_model_is_no_error(lake, capsys, command):
    assert run(["models", command, str(lake)]) == 0
    assert "No model is configured" in capsys.readouterr().out


def test_a_role_of_an_unknown_model_is_named(lake, capsys):
    with ScriptedServer([Scripted()]) as server:
        configure(lake, server, "[roles]", 'plan = ["planer"]')
    assert run(["models", "list", str(lake)]) == 2
    assert "gives the role plan to an unknown model 'planer'" in capsys.readouterr().err


def test_route_explain_says_where_a_question_goes_and_calls_nothing(lake, capsys):
    with ScriptedServer([Scripted()]) as server:
        configure(lake, server)
        assert run(["route", "explain", "Which", "flumphy", "gronks?", "--lake", str(lake), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["tier"] == "frontier"
        assert run(["route", "explain", "How many orders are there?", "--lake", str(lake)]) == 0
        assert capsys.readouterr().out.startswith("embedded tier")
        assert server.requests == []


def test_prompts_show_prints_what_would_be_sent_without_any_model(lake, capsys):
    assert run(["prompts", "show", "plan", "Which share is paid?", "--lake", str(lake)]) == 0
    shown = capsys.readouterr()
    assert "Question: Which share is paid?" in shown.out
    assert "<data>" in shown.out
    assert "tokens of at most 6,000" in shown.err
    assert run(["prompts", "show", "sql", "How many orders are there?", "--lake", str(lake)]) == 0
    assert "Step: " in capsys.readouterr().out
