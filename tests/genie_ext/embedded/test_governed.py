"""Questions over the governed shop: what the semantic model defines decides the rows, the label and the refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures" / "governed"


def _cases(name):
    return [json.loads(line) for line in (FIXTURES / name).read_text("utf-8").splitlines()]


def _name(case):
    return f"{case['kind']}: {case['question']}"


def _ask(session, case):
    thread = case["question"] if case.get("after") else ""
    session.forget(thread)
    for before in case.get("after", ()):
        session.ask(before, thread=thread)
    return session.ask(case["question"], thread=thread)


@pytest.mark.parametrize("case", _cases("answered.jsonl"), ids=_name)
def test_ask_returns_the_rows_of_the_hand_written_sql(governed, governed_gold, case):
    turn = _ask(governed, case)
    assert turn.answer is not None, turn.refusal or turn.clarification
    rows, wanted = _plain(_fetched(turn.rows.table)), _plain(governed_gold(case["sql"]))
    if not case.get("ordered"):
        rows, wanted = sorted(rows, key=repr), sorted(wanted, key=repr)
    assert rows == wanted, turn.sql.text
    assert turn.answer.label == case["label"]


@pytest.mark.parametrize("case", _cases("refused.jsonl"), ids=_name)
def test_ask_refuses_rather_than_count_twice_or_guess(governed, case):
    turn = _ask(governed, case)
    assert turn.answer is None, turn.sql.text
    assert turn.refusal is not None
    assert case["missing"].lower() in " ".join((turn.refusal.reason, *turn.refusal.missing)).lower()


def test_answer_says_what_a_metric_means_and_where_it_is_defined(governed):
    plan = governed.ask("net revenue by country").plan
    assert "SUM(total) - SUM(discount) where status <> 'cancelled'" in plan.interpretation
    assert any("net revenue is as defined in the semantic model, model.ossie.yaml" in text for text in plan.assumptions)
    assert any("NOT is_test, the default of orders" in text for text in plan.assumptions)
    assert any("those of the customer" in text for text in plan.assumptions)


def test_answer_says_what_a_segment_means(governed):
    plan = governed.ask("How many active customers are there?").plan
    assert "last_seen >= '2024-06-01'" in plan.interpretation
    assert "“active customers” means seen in the shop since June" in plan.assumptions


def test_answer_leaves_out_words_that_decided_nothing(governed):
    assert governed.ask("How many products are there?").plan.assumptions == ()


def test_answer_of_a_verified_query_says_who_vouched_for_it(governed):
    answer = governed.ask("Which product was sold most last year?").answer
    assert "the query was verified by Mia on 2024-07-01" in answer.reasons


def test_answer_tells_of_a_default_that_is_lifted(governed):
    plan = governed.ask("How many orders are there including test orders?").plan
    assert any("is not applied" in text for text in plan.assumptions)


def test_parts_of_a_metric_add_up_to_the_whole(governed):
    whole = governed.ask("What is the net revenue?").rows.table.column(0).to_pylist()
    parts = governed.ask("net revenue by country").rows.table.column(1).to_pylist()
    assert sum(parts) == whole[0]


def test_an_answer_tells_of_rows_that_a_denied_value_leaves_out(governed):
    turn = governed.ask("net revenue by country excluding Germany")
    lost = [finding.message for finding in turn.findings if finding.severity == "warning"]
    assert "1 of 9 rows of orders have no customers and are left out." in lost


def test_a_hidden_column_is_neither_shown_nor_named(governed):
    turn = governed.ask("Show all customers")
    assert "is_internal" not in turn.rows.table.column_names
    assert "is_internal" not in str(governed.ask("internal customers by country").refusal)


def _fetched(table):
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _plain(rows):
    return [tuple(round(float(c), 6) if isinstance(c, int | float | Decimal) else c for c in row) for row in rows]
