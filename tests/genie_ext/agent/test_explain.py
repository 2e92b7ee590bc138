"""How a question was read, and why one reading stands above the others."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb
import pytest

from genie_ext.agent.context import find_context
from genie_ext.agent.explain import explain_question
from genie_ext.agent.plan import Bands
from genie_ext.config import load_settings
from genie_ext.embedded.preference import SHARED, TOPICS
from genie_ext.session import Session
from genie_ext.types import Question

GOVERNED = Path(__file__).parents[2] / "fixtures" / "governed"
WEIGHTS = {name: 0.0 for topic in TOPICS for name in topic.features} | dict.fromkeys(SHARED, 0.0)
WEIGHTS |= {"by rules": 4.0, "bias": -1.0}
"""Whatever the rules say is likely, and nothing else is."""


@pytest.fixture(scope="module")
def governed(tmp_path_factory):
    """A session over a shop whose semantic model defines figures, rules and a verified query."""
    path = tmp_path_factory.mktemp("explained") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute((GOVERNED / "shop.sql").read_text("utf-8"))
    settings = load_settings(path, encoder="hashing", answer_above=0.0, today=dt.date(2024, 7, 15), model=GOVERNED)
    with Session(path, settings=settings) as opened:
        yield opened


def explain(session, parser, text, *, run=None, bands=None):
    agent = session.agent
    context = find_context(Question(text=text, today=session.settings.today), agent.index, agent.policy)
    look_up = cache(agent.look_up)
    return explain_question(context, look_up, parser, run or agent.read, bands=bands or agent.bands, weights=WEIGHTS)


def test_explain_question_says_who_proposed_the_first_reading_its_chance_result_and_sql(session, untrained):
    explanation = explain(session, untrained, "How many flumphy customers are there?")
    first = explanation.readings[0]
    assert first.sentence == "The number of rows in customers."
    assert "rules" in first.proposed_by
    assert first.chance == pytest.approx(0.953, abs=0.001)
    assert first.result == "6"
    assert first.sql.split() == ["SELECT", "count(*)", "AS", "number_of_customers", "FROM", "customers"]
    assert explanation.settled == ""
    assert explanation.outcome.startswith("Answered if its rows pass the checks: 95% sure")


def test_explain_question_says_which_words_were_not_used(session, untrained):
    explanation = explain(session, untrained, "How many flumphy customers are there?")
    assert explanation.unused == ("flumphy",)
    assert "flumphy" not in [linked.words for linked in explanation.words]


def test_explain_question_says_that_nothing_else_could_be_run_where_one_reading_is_left(session, untrained):
    agent = session.agent

    def run(sql):
        return agent.read(
            sql if sql.startswith("SELECT count(*) AS number_of_customers\nFROM customers") else "nothing"
        )

    explanation = explain(session, untrained, "How many flumphy customers are there?", run=run)
    assert len(explanation.readings) == 1
    assert explanation.reasons == ("every reading that could be run gives this result",)


def test_explain_question_says_that_a_result_was_not_read_to_its_end(session, untrained):
    agent = session.agent

    def run(sql):
        return replace(agent.read(sql), truncated=True)

    explanation = explain(session, untrained, "List the names of all customers", run=run)
    assert explanation.readings[0].result == "6 rows or more"


def test_explain_question_says_why_it_is_not_answered(session, untrained):
    explanation = explain(
        session, untrained, "How many flumphy customers are there?", bands=Bands(answer=0.99, offer=0.98)
    )
    assert explanation.outcome.startswith("Refused: I am only 95% sure of this.")


@pytest.mark.parametrize(
    ("text", "settled", "by"),
    [
        ("Which product was sold most last year?", "A verified query answers it as it stands.", "verified query"),
        ("What is the net revenue?", "“net revenue” is defined, and a definition is not guessed at.", "rules"),
    ],
)
def test_explain_question_shows_the_one_reading_that_is_settled(governed, untrained, text, settled, by):
    explanation = explain(governed, untrained, text)
    assert explanation.settled == settled
    (reading,) = explanation.readings
    assert reading.proposed_by == (by,)
    assert reading.sql
    assert not reading.result.startswith("cannot be run")
    assert explanation.reasons == ()


def test_explain_question_says_that_a_rule_refuses(governed, untrained):
    explanation = explain(governed, untrained, "What is the average salary?")
    assert explanation.settled == "It cannot be answered here, whatever else its words may mean."
    assert explanation.readings == ()
    assert explanation.outcome.startswith("Refused: Pay is not part of this lake")


def test_explain_question_names_the_choices_that_a_rule_asks_for(governed, untrained):
    explanation = explain(governed, untrained, "What is the average shipping time?")
    assert explanation.settled == "It means several things of equal right, so it is asked back."
    assert "time to shipment / delivery promise" in explanation.outcome


def test_explain_shows_what_ask_answers_and_ranks_by_chance(session):
    text = "What is the average flumphy price of products by category?"
    explanation = session.explain(text)
    chances = [reading.chance for reading in explanation.readings]
    assert chances == sorted(chances, reverse=True)
    assert session.ask(text).plan.interpretation == explanation.readings[0].sentence
    assert explanation.reasons
    assert len({reading.sql for reading in explanation.readings}) == len(explanation.readings)


def test_explain_leaves_the_thread_as_it_is(session):
    session.forget("explained")
    session.ask("How many customers are there?", thread="explained")
    followed = session.explain("and how many of them are from Austria?", thread="explained")
    assert followed.settled == "It continues the question before."
    session.explain("How many products are there?", thread="explained")
    turn = session.ask("and how many of them are from Austria?", thread="explained")
    assert turn.plan.interpretation == followed.readings[0].sentence
    session.forget("explained")
