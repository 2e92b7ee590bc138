"""genie explain: what is printed about how a question was read."""

from __future__ import annotations

import json

import pytest

from genie_ext.cli.main import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def explain(shop, question, *options):
    return run(["explain", question, "--lake", str(shop), *options])


def test_explain_shows_words_readings_and_what_becomes_of_them(indexed_shop, capsys):
    assert explain(indexed_shop, "How many orders are there?") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "How many orders are there?"
    assert any(line.split() == ["orders", "table", "orders"] for line in lines)
    assert "1. The number of rows in orders." in lines
    assert any("result: 4" in line for line in lines)
    assert "   FROM orders" in lines
    assert any(line.startswith("   ") and "by rules" in line for line in lines)
    assert any(line.startswith("Answered") for line in lines)


def test_explain_prints_one_json_object(indexed_shop, capsys):
    assert explain(indexed_shop, "How many orders are there?", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["question"] == "How many orders are there?"
    assert found["readings"][0]["result"] == "4"
    assert {"words": "orders", "start": 9, "kind": "table", "meaning": "orders", "others": []} in found["words"]


def test_explain_says_what_settles_a_question_and_what_is_missing(indexed_shop, capsys):
    assert explain(indexed_shop, "What percentage of orders is paid?") == 0
    out = capsys.readouterr().out
    assert "Settled: It cannot be answered here" in out
    assert "a way to compute “percentage” without a model" in out
    assert "Words not used" in out


def test_explain_shows_no_character_that_steers_a_terminal(indexed_shop, capsys):
    assert explain(indexed_shop, "What percentage of \x1b[31morders is paid?") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_explain_refuses_an_empty_question(indexed_shop, capsys):
    assert explain(indexed_shop, "  ", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"] == "The question is empty."


def test_explain_says_why_the_first_reading_won(indexed_shop, capsys):
    assert explain(indexed_shop, "How many flumphy orders are there?") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Why the first: ") for line in lines)
    assert any("flumphy" in line for line in lines if line.startswith("Words not used"))
