"""genie ledger: what is printed about the calls to models, without opening index or data."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from genie_ext.cli.ledger import home_of
from genie_ext.cli.main import run
from genie_ext.config import load_settings
from genie_ext.models.ledger import Call, Ledger
from genie_ext.models.state import State
from semantic.lake import find_lake

DAY = dt.datetime(2026, 11, 20, 23, 59, tzinfo=dt.UTC)
CONFIG = """
[models.big]
provider = "openai"
model = "gpt-6-sol"
tier = "frontier"
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def book(lake):
    return Ledger(State(home_of(lake, load_settings(lake)) / "state.db"))


@pytest.fixture
def used(shop):
    """The shop with four calls on two days, one of them of unknown price, one answered by the cache."""
    ledger = book(shop)
    small = {"tier": "open", "model": "small", "user": "ada", "server": "http://localhost:1"}
    big = {"tier": "frontier", "model": "gpt-6-sol", "user": "bo", "server": "https://api.openai.com"}
    ledger.add(Call(at=DAY, role="sql", tokens_in=900_000, tokens_out=0, usd=0.0, estimated=True, **small))
    late = DAY + dt.timedelta(minutes=2)
    ledger.add(Call(at=late, role="plan", tokens_in=50_000, tokens_out=50_000, usd=0.6, **big))
    ledger.add(Call(at=late, role="plan", tokens_in=0, tokens_out=0, outcome="cached", **big))
    ledger.add(Call(at=late, role="plan", tokens_in=0, tokens_out=0, outcome="down", **big))
    return shop


def ledger(capsys, *words):
    code = run(["ledger", *(str(word) for word in words)])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_ledger_prints_a_table_shares_and_savings(used, capsys):
    (used.parent / "genie.toml").write_text(CONFIG)
    code, out, _ = ledger(capsys, used)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["day", "calls", "cached", "tokens", "in", "tokens", "out", "cost", "unpriced"]
    assert lines[1].split() == ["2026-11-20", "1", "0", "900,000", "0", "$0.0000", "0"]
    assert lines[2].split() == ["2026-11-21", "3", "1", "50,000", "50,000", "$0.6000", "1"]
    assert lines[3].split() == ["total", "4", "1", "950,000", "50,000", "$0.6000", "1"]
    assert "open: 90% of the tokens, 0% of the money" in lines
    assert "frontier: 10% of the tokens, 100% of the money" in lines
    assert "Calls without a known price: 1; the money leaves them out." in lines
    # 900,000 and 50,000 tokens read at $2, the first in one call of more than 272,000 and so at $4; 50,000 at $10.
    assert "$0.6000 instead of $4.2000 with gpt-6-sol alone: $3.6000 saved, 86%." in lines
    assert len({len(line) for line in lines[:4]}) == 1


@pytest.mark.parametrize(
    ("by", "keys"),
    [("user", ["ada", "bo"]), ("model", ["gpt-6-sol", "small"]), ("role", ["plan", "sql"])],
)
def test_ledger_prints_one_json_object_by_any_key(used, capsys, by, keys):
    code, out, _ = ledger(capsys, "--lake", used, "--by", by, "--json")
    found = json.loads(out)
    assert code == 0
    assert [row["key"] for row in found["rows"]] == keys
    assert sum(row["calls"] for row in found["rows"]) == found["totals"]["calls"] == 4
    assert [tier["key"] for tier in found["tiers"]] == ["frontier", "open"]
    assert found["tiers"][0]["token_share"] == pytest.approx(0.1, abs=1e-9)
    assert found["savings"] is None


def test_ledger_counts_whole_days_and_one_user(used, capsys):
    assert json.loads(ledger(capsys, used, "--until", "2026-11-20", "--json")[1])["totals"]["calls"] == 1
    assert json.loads(ledger(capsys, used, "--since", "2026-11-21", "--json")[1])["totals"]["calls"] == 3
    found = json.loads(ledger(capsys, used, "--user", "ada", "--since", "2026-11-20", "--json")[1])
    assert (found["user"], found["since"], found["until"], found["totals"]["calls"]) == ("ada", "2026-11-20", None, 1)


def test_ledger_of_nothing_is_one_line_and_makes_nothing(shop, capsys):
    assert ledger(capsys, shop) == (0, "No call to a model is on record here.\n", "")
    assert not (shop.parent / ".genie").exists()
    found = json.loads(ledger(capsys, shop, "--json")[1])
    assert found["rows"] == []
    assert found["totals"]["calls"] == 0


def test_ledger_finds_the_lake_in_the_environment(used, capsys, monkeypatch):
    monkeypatch.setenv("GENIE_LAKE", str(used))
    assert "2026-11-20" in ledger(capsys)[1]


def test_ledger_does_not_open_the_lake(used, capsys):
    used.write_bytes(b"no database")
    assert "2026-11-20" in ledger(capsys, used)[1]


def test_ledger_says_that_there_is_no_lake(tmp_path, capsys):
    code, _, err = ledger(capsys, tmp_path / "nothing")
    assert code == 2
    assert "There is no file or folder at" in err


def test_ledger_says_that_its_file_is_damaged(shop, capsys):
    home = home_of(shop, load_settings(shop))
    home.mkdir(parents=True)
    (home / "state.db").write_bytes(b"no database" * 1000)
    code, out, _ = ledger(capsys, shop, "--json")
    assert code == 1
    assert "is damaged" in json.loads(out)["error"]
    assert "Move it away" in json.loads(out)["hint"]


def test_ledger_shows_no_character_that_steers_a_terminal(shop, capsys):
    book(shop).add(Call(role="sql", tier="open", model="x", user="\x1b[31mred\nline"))
    out = ledger(capsys, shop, "--by", "user")[1]
    assert "\x1b" not in out
    assert len(out.splitlines()) == 6


@pytest.mark.parametrize("home", [None, "derived"])
def test_home_of_is_the_home_that_the_lake_itself_has(shop, tmp_path, home):
    for lake in (shop, shop.parent):
        settings = load_settings(lake, home=home and tmp_path / home)
        assert home_of(lake, settings) == find_lake(lake, home=settings.home_of(lake)).home
