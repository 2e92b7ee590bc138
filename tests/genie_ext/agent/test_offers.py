"""Where no reading is sure enough, a few are offered with their figures, and a reply picks one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from genie_ext.config import load_settings
from genie_ext.embedded.figures import count_of
from genie_ext.embedded.parser.parse import Parsed, Parser
from genie_ext.session import Session
from genie_ext.types import ColumnRef, Context, Dimension, Filter, Step

QUESTION = "How many flumphy orders are paid?"


class Scripted(Parser):
    """A parser that reads every question as the number of orders, of paid orders, and of nothing that exists."""

    def parse(self, context: Context) -> tuple[Parsed, ...]:
        (orders,) = (table.id for table in context.tables if table.id.name == "orders")
        counted = Step(sources=(), measures=(count_of(orders),))
        paid = Filter(subject=ColumnRef(orders, "status"), operator="=", values=("paid",), phrase="paid")
        lost = Step(sources=(), dimensions=(Dimension(column=ColumnRef(orders, "lost")),))
        return tuple(
            Parsed(step=step, score=score, weakest=score)
            for step, score in ((counted, -0.5), (replace(counted, filters=(paid,)), -1.5), (lost, -2.0))
        )


@pytest.fixture
def unsure(shop_file):
    settings = load_settings(
        shop_file, encoder="hashing", answer_above=1.0, offer_above=0.0, today=dt.date(2024, 7, 15)
    )
    with Session(shop_file, settings=settings) as session:
        session.agent = replace(session.agent, parser=Scripted())
        yield session


def test_readings_are_offered_with_their_figures(unsure):
    turn = unsure.ask(QUESTION, thread="t")
    assert turn.answer is None
    assert len(turn.clarification.choices) == 2
    assert sorted(choice.rpartition("(")[2] for choice in turn.clarification.choices) == ["10)", "5)"]


@pytest.mark.parametrize("number", [1, 2])
def test_a_picked_reading_is_answered_as_it_was_offered(unsure, number):
    offered = unsure.ask(QUESTION, thread="t").clarification
    answer = unsure.ask(str(number), thread="t").answer
    assert offered.choices[number - 1].endswith(f"({answer.key_figure})")
    assert "you chose this reading" in answer.reasons


def test_nothing_is_offered_where_only_one_reading_is_likely_enough(unsure):
    unsure.agent = replace(unsure.agent, bands=replace(unsure.agent.bands, offer=1.0))
    turn = unsure.ask(QUESTION)
    assert turn.clarification is None
    assert "sure of this" in turn.refusal.reason
