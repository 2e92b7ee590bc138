"""Prices: right to the last digit, never guessed, never zero for what is not known."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest

from genie_ext.config import Settings
from genie_ext.errors import ConfigError
from genie_ext.model_settings import ModelSettings
from genie_ext.models.base import ModelCard, Usage
from genie_ext.models.prices import SHIPPED, Price, Prices

OPENAI = "https://api.openai.com/v1"


def card(model="gpt-6-sol", *, server=OPENAI, local=False, name="m"):
    return ModelCard(name=name, provider="openai", model=model, tier="frontier", server=server, local=local)


def configured(**values):
    return Settings(models={"m": ModelSettings(provider="openai", tier="frontier", **{"model": "x", **values})})


def test_price_counts_each_kind_of_token_once():
    price = Price(input=2, output=10, cached=0.2)
    found = price.of(Usage(input=1_000_000, output=100_000, cached=400_000))
    assert math.isclose(found, 1.2 + 0.08 + 1.0, abs_tol=1e-9)


def test_price_of_cached_tokens_is_that_of_others_where_it_is_not_known():
    found = Price(input=2, output=10).of(Usage(input=1_000_000, cached=1_000_000))
    assert math.isclose(found, 2.0, abs_tol=1e-9)


def test_price_of_a_long_call_holds_for_the_whole_of_it():
    price = Price(input=2, output=10, over=1000, long=Price(input=4, output=15))
    assert math.isclose(price.of(Usage(input=1000)), 0.002, abs_tol=1e-9)
    assert math.isclose(price.of(Usage(input=1001, output=100)), 0.004004 + 0.0015, abs_tol=1e-9)


def test_prices_that_ship_name_source_and_date_of_each():
    entries = tomllib.loads(SHIPPED.read_text("utf-8"))["price"]
    assert entries
    for entry in entries:
        assert entry["source"], entry
        assert entry["date"].year >= 2026, entry
        assert 0 < entry["input"] < entry["output"], entry
        assert 0 < entry["cached"] < entry["input"], entry
    names = [(entry["server"], name) for entry in entries for name in (entry["model"], *entry.get("also", ()))]
    assert len(names) == len(set(names))


def test_prices_are_found_by_server_and_model():
    prices = Prices.load()
    assert prices.of(card(), Settings()).input == 2.0
    assert prices.of(card("claude-haiku-4-5-20251001", server="https://api.anthropic.com"), Settings()).output == 5.0
    assert prices.of(card("gpt-99"), Settings()) is None
    assert prices.of(card(server="https://gateway.example/v1"), Settings()) is None


def test_prices_of_a_local_model_are_nothing():
    assert Prices.load().of(card(local=True), Settings()).of(Usage(input=10**9, output=10**9)) == 0.0


def test_prices_of_the_settings_go_first():
    prices = Prices.load()
    both = prices.of(card(), configured(price_in=7, price_out=8))
    assert (both.input, both.output, both.cached) == (7, 8, None)
    assert prices.of(card(), configured(price_in=7)).output == 10.0
    assert prices.of(card("gpt-99"), configured(price_in=7)) is None


def test_prices_assume_the_dearest_known_one_where_none_is():
    prices = Prices.load()
    assert prices.assumed(card(), Settings()).input == 2.0
    assumed = prices.assumed(card("gpt-99"), Settings())
    assert (assumed.input, assumed.output) == (10.0, 50.0)
    dear = configured(price_in=100, price_out=900)
    assert prices.assumed(card("gpt-99", name="other"), dear).output == 900


def test_prices_assume_what_ships_where_the_file_of_the_user_is_empty(tmp_path):
    (tmp_path / "none.toml").write_text("")
    prices = Prices.load(tmp_path / "none.toml")
    assert prices.of(card(), Settings()) is None
    assert prices.assumed(card(), Settings()).output == 50.0


def test_prices_name_the_dearest_configured_frontier_model():
    models = {
        "a": ModelSettings(provider="openai", model="gpt-6-luna", tier="frontier"),
        "b": ModelSettings(provider="anthropic", model="claude-opus-5-5", tier="frontier"),
        "c": ModelSettings(provider="openai", model="gpt-6-astra", tier="open"),
        "d": ModelSettings(provider="openai", model="gpt-99", tier="frontier"),
    }
    name, price = Prices.load().dearest(Settings(models=models))
    assert (name, price.output) == ("claude-opus-5-5", 20.0)
    assert Prices.load().dearest(Settings()) is None


def test_prices_of_the_user_replace_those_that_ship(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text('[[price]]\nserver = "gateway.example:8080"\nmodel = "x"\ninput = 1\noutput = 2\n')
    prices = Prices.load(file)
    assert prices.of(card("x", server="http://gateway.example:8080/v1"), Settings()).output == 2
    assert prices.of(card(), Settings()) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[price]", "cannot be read"),
        ('[[price]]\nserver = "s"\nmodel = "m"\ninput = 1\n', r"wrong at price\.0\.output"),
        ('[[price]]\nserver = "s"\nmodel = "m"\ninput = -1\noutput = 1\n', r"wrong at price\.0\.input"),
        ('[[price]]\nserver = "s"\nmodel = "m"\ninput = nan\noutput = 1\n', r"wrong at price\.0\.input"),
    ],
)
def test_prices_say_what_is_wrong_with_a_file(tmp_path, text, said):
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        Prices.load(tmp_path / "prices.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        Prices.load(Path(tmp_path / "missing.toml"))
