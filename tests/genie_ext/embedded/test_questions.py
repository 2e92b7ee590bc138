"""Questions over the shop: the rows of an answer are the rows of its gold SQL."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures" / "questions"


def _cases(name):
    return [json.loads(line) for line in (FIXTURES / name).read_text("utf-8").splitlines()]


def _name(case):
    return f"{case['kind']}: {case['question']}"


@pytest.fixture(scope="module")
def gold(shop_file, tmp_path_factory):
    copy = tmp_path_factory.mktemp("gold") / "shop.duckdb"
    copy.write_bytes(shop_file.read_bytes())
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@pytest.mark.parametrize("case", _cases("answered.jsonl"), ids=_name)
def test_ask_returns_the_rows_of_the_gold_sql(session, gold, case):
    thread = case["question"] if case.get("after") else ""
    for before in case.get("after", ()):
        session.ask(before, thread=thread)
    turn = session.ask(case["question"], thread=thread)
    assert turn.answer is not None, turn.refusal
    rows, wanted = _plain(_fetched(turn.rows.table)), _plain(gold(case["sql"]))
    if not case.get("ordered"):
        rows, wanted = sorted(rows, key=repr), sorted(wanted, key=repr)
    assert rows == wanted, turn.sql.text


@pytest.mark.parametrize("case", _cases("refused.jsonl"), ids=_name)
def test_ask_refuses_and_says_what_is_missing(careful, case):
    turn = careful.ask(case["question"])
    assert turn.answer is None
    assert turn.refusal is not None
    assert case["missing"].lower() in " ".join((turn.refusal.reason, *turn.refusal.missing)).lower()


def _fetched(table):
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _plain(rows):
    """Return rows with every number as a rounded float, since engines differ in how they write sums and averages."""
    return [tuple(_cell(cell) for cell in row) for row in rows]


def _cell(cell):
    is_number = isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)
    return round(float(cell), 6) if is_number else cell
