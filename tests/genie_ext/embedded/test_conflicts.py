"""Names with several definitions: asked back, picked by number or words, or settled by trust and told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genie_ext.agent.choice import pick
from genie_ext.display import to_html, to_json, to_text
from genie_ext.embedded.named import find_named
from genie_ext.embedded.trust import ask_which, bearers_of, outranks
from genie_ext.embedded.words import split_words
from genie_ext.types import Clarification
from semantic.facts import Metric, Source
from semantic.types import TableId

ORDERS = TableId("shop", "main", "orders")
PAID = "SELECT status, sum(total) FROM orders WHERE status = 'paid' AND NOT is_test GROUP BY ALL"
NET = (
    "SELECT status, sum(total - discount) FROM orders JOIN customers USING (customer_id) WHERE NOT is_test GROUP BY ALL"
)


def _metric(name="revenue", column="total", **changes):
    expression = f'SUM("shop"."main"."orders"."{column}")'
    place = f"{column}.sql:1"
    metric = Metric(name=name, expression=expression, tables=(ORDERS,), sources=(Source(kind="sql", place=place),))
    return replace(metric, **changes)


def _named(text, metrics):
    return find_named(text, split_words(text), metrics, ())[0]


def _sorted(rows):
    return sorted((tuple(row.values()) for row in rows.table.to_pylist()), key=repr)


def test_ask_asks_back_where_two_definitions_weigh_the_same(governed):
    turn = governed.ask("turned over by status")
    asked = turn.clarification
    assert turn.answer is None
    assert turn.refusal is None
    assert len(asked.choices) == len(asked.readings) == 2
    assert any("SUM(total) where status = 'paid'" in choice and "finance.sql" in choice for choice in asked.choices)
    assert any("discount" in choice and "marketing.sql" in choice for choice in asked.choices)


@pytest.mark.parametrize(
    ("reply", "sql"),
    [("the finance one", PAID), ("marketing", NET), ("turned over (finance.sql) by status", PAID)],
)
def test_ask_answers_with_the_choice_that_a_reply_names(governed, governed_gold, reply, sql):
    governed.forget("pick")
    governed.ask("turned over by status", thread="pick")
    turn = governed.ask(reply, thread="pick")
    assert _sorted(turn.rows) == sorted(governed_gold(sql), key=repr)


def test_ask_answers_with_the_choice_of_a_number_and_goes_on_from_it(governed, governed_gold):
    governed.forget("number")
    asked = governed.ask("turned over by status", thread="number").clarification
    turn = governed.ask("2", thread="number")
    sql = PAID if "finance" in asked.choices[1] else NET
    assert _sorted(turn.rows) == sorted(governed_gold(sql), key=repr)
    assert turn.question.text == asked.readings[1]
    after = governed.ask("only paid ones", thread="number")
    assert after.plan.steps[-1].measures == turn.plan.steps[-1].measures


def test_ask_takes_a_new_question_after_asking_back(governed):
    governed.forget("new")
    governed.ask("turned over by status", thread="new")
    assert governed.ask("How many products are there?", thread="new").rows.table.column(0).to_pylist() == [4]


def test_ask_asks_back_what_a_rule_wants_settled(governed):
    asked = governed.ask("What is the shipping time by country?").clarification
    assert asked.question == "Which shipping time is meant?"
    assert asked.readings[0] == "What is the time to shipment by country?"
    assert governed.ask("What is the delivery promise, as shipping time?").clarification is None


def test_every_display_shows_the_question_back_with_its_choices(governed):
    turn = governed.ask("turned over by status")
    texts = (to_text(turn, width=200), to_html(turn), str(to_json(turn)["clarification"]))
    assert all("finance.sql" in text and "marketing.sql" in text for text in texts)
    assert to_json(turn)["kind"] == "clarification"


def test_outranks_trusts_what_a_person_certified_before_what_was_met():
    certified = _metric(standing="certified", authority=0.9)
    once = _metric(column="discount", standing="once", authority=0.1)
    assert outranks(certified, (once,))
    assert not outranks(once, (certified,))


def test_outranks_needs_a_clear_lead_within_one_standing():
    other = _metric(column="tax", standing="used", authority=0.5)
    assert not outranks(_metric(standing="used", authority=0.6), (other,))
    assert outranks(_metric(standing="used", authority=0.5), (replace(other, standing="once", authority=0.1),))


def test_outranks_lets_a_persons_word_stand_above_what_was_mined():
    person = _metric(standing="modelled", authority=0.9, sources=(Source(kind="person", place="model.ossie.yaml:3"),))
    view = _metric(column="tax", standing="modelled", authority=0.8, sources=(Source(kind="view", place="a.b.c"),))
    dbt = replace(
        view, sources=(Source(kind="dbt", place="metrics.yml"),), expression='SUM("shop"."main"."orders"."x")'
    )
    assert outranks(person, (view, dbt))
    assert outranks(dbt, (view,))
    assert not outranks(view, (replace(view, expression="COUNT(*)"),))
    assert bearers_of(_named("revenue", (view, dbt, person)), ()) == (person, dbt, view)


def test_bearers_leave_out_a_deprecated_definition_where_another_stands():
    old, new = _metric(deprecated=True, authority=0.9), _metric(column="tax")
    assert bearers_of(_named("revenue by month", (old, new)), (old, new)) == (new,)


def test_bearers_count_rivals_that_bear_another_name():
    rival = _metric(name="sales", column="tax")
    metric = _metric(conflicts=(rival.id,))
    assert set(bearers_of(_named("revenue", (metric, rival)), (metric, rival))) == {metric, rival}


def test_ask_which_offers_names_that_pick_what_they_say():
    first, second = _metric(), _metric(column="tax")
    asked = ask_which("revenue by month", _named("revenue by month", (first, second)), (first, second))
    for fact, reading in zip((first, second), asked.readings, strict=True):
        assert _named(reading, (first, second)).metrics == (fact,)


def test_ask_which_tells_definitions_of_one_file_apart():
    same = (Source(kind="sql", place="a.sql:1"),)
    first, second = _metric(sources=same), _metric(column="tax", sources=same)
    asked = ask_which("revenue", _named("revenue", (first, second)), (first, second))
    assert [_named(reading, (first, second)).metrics for reading in asked.readings] == [(first,), (second,)]


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        ("1", "a"), ("#2", "b"), ("the second one", "b"), ("option 1.", "a"), ("last", "b"), ("net revenue", "b"),
        ("I mean the net one", "b"), ("3", None), ("how many orders are there", None), ("revenue", "a"), ("", None),
    ],
)  # fmt: skip
def test_pick_reads_numbers_and_words_of_one_choice(reply, wanted):
    asked = Clarification(question="Which?", choices=("revenue", "net revenue"), readings=("a", "b"))
    assert pick(asked, reply) == ((wanted, None) if wanted is not None else None)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Net revenues by month", ["Net revenues"]), ("revenue", ["revenue"]), ("total by month", []),
        ("the net-revenue", ["net-revenue"]), ("netrevenue", []),
        ("revenue and net revenue", ["revenue", "net revenue"]),
    ],
)  # fmt: skip
def test_find_named_takes_the_longest_name_whatever_its_endings(text, spans):
    metrics = (_metric(), _metric(name="net_revenue", column="tax"), _metric(name="total", column="x"))
    assert [named.text for named in find_named(text, split_words(text), metrics, ())] == spans


def test_find_named_leaves_words_alone_that_already_mean_something():
    text = "orders of “revenue”"
    assert find_named(text, split_words(text), (_metric(),), (), blocked=((10, 19),)) == ()
