from __future__ import annotations

import datetime as dt

import pytest

from genie_ext.embedded.rules import advice, apply_rules, find_phrase, meanings
from genie_ext.embedded.traps import find_traps
from genie_ext.types import Clarification, Context, Question, Refusal, SegmentFilter, Step
from semantic.facts import Rule, Segment, Term
from semantic.found import Found
from semantic.types import Relationship, TableId


def _context(text, *rules):
    question = Question(text=text, today=dt.date(2024, 7, 15))
    return Context(question=question, found=Found(), tables=(), names={}, rules=rules)


REFUSE = Rule(kind="refuse", words=("salary", "pay grade"), text="Pay is private.")
CLARIFY = Rule(kind="clarify", words=("revenue",), text="Which?", choices=("gross revenue", "net revenue"))


@pytest.mark.parametrize("text", ["the average salary", "Salaries by city", "list pay grades"])
def test_apply_rules_refuses_what_a_rule_refuses_whatever_the_ending(text):
    assert apply_rules(_context(text, REFUSE)) == Refusal(reason="Pay is private.", settled=True)


@pytest.mark.parametrize("text", ["how many payments", "pay by grade", "orders"])
def test_apply_rules_lets_other_words_pass(text):
    assert apply_rules(_context(text, REFUSE)) is None


def test_apply_rules_asks_back_with_the_question_for_each_choice():
    asked = apply_rules(_context("Revenue by month", CLARIFY))
    assert asked == Clarification(
        question="Which?", choices=CLARIFY.choices, readings=("gross revenue by month", "net revenue by month")
    )


@pytest.mark.parametrize("text", ["net revenue by month", "Gross Revenues in 2024"])
def test_apply_rules_does_not_ask_what_the_question_says_already(text):
    assert apply_rules(_context(text, CLARIFY)) is None


def test_apply_rules_accepts_every_reading_it_offers():
    asked = apply_rules(_context("What was revenue last month?", CLARIFY))
    assert all(apply_rules(_context(reading, CLARIFY)) is None for reading in asked.readings)


def test_apply_rules_keeps_the_words_where_a_choice_is_long():
    rule = Rule(kind="clarify", words=("year",), text="", choices=("from January to December as in the law", "fiscal"))
    asked = apply_rules(_context("sales by year", rule))
    assert asked.readings[0] == "sales by year (from January to December as in the law)"
    assert apply_rules(_context(asked.readings[0], rule)) is None


def test_apply_rules_refuses_to_ask_with_a_single_choice():
    rule = Rule(kind="clarify", words=("churn",), text="Churn is not defined yet.", choices=())
    assert apply_rules(_context("churn by month", rule)).reason == "Churn is not defined yet."


def test_a_rule_without_words_refuses_every_question():
    assert apply_rules(_context("orders", Rule(kind="refuse", words=(), text="Closed."))) == Refusal(
        reason="Closed.", settled=True
    )


def test_advice_is_given_only_where_its_words_are_said():
    rule = Rule(kind="instruct", words=("country",), text="Countries are those of the customer.")
    assert list(advice(_context("revenue by country", rule))) == ["Countries are those of the customer."]
    assert list(advice(_context("revenue by month", rule))) == []


def test_meanings_tells_only_terms_that_named_something():
    terms = (Term(term="regulars", definition="seen this month"), Term(term="churn", definition="gone"))
    assert list(meanings(terms, ("Regulars",))) == ["“regulars” means seen this month"]


def test_find_phrase_prefers_the_longest_phrase():
    text = "show net revenue now"
    start, end = find_phrase(text, ("revenue", "net revenue"))
    assert text[start:end] == "net revenue"


def test_find_traps_asks_by_which_key_a_segment_is_meant():
    orders, places = TableId("c", "m", "orders"), TableId("c", "m", "places")
    joins = [
        Relationship(child=orders, child_columns=(key,), parent=places, parent_columns=("id",))
        for key in ("ship_id", "bill_id")
    ]
    segment = Segment(name="our_region", condition='"c"."m"."places"."near"', tables=(places,))
    step = Step(sources=(orders,), segments=(SegmentFilter(segment=segment, phrase="our region"),))
    assert find_traps(step, joins) == ("which of bill_id, ship_id is meant by “our region”",)
    assert find_traps(step, joins[:1]) == ()
