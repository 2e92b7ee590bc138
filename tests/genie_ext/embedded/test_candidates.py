"""Candidates are complete readings of a question, compiled, those of the parser before that of the rules."""

from __future__ import annotations

import pytest

from genie_ext.agent.context import find_context
from genie_ext.embedded.candidates import MOST_PARSED, find_candidates
from genie_ext.embedded.parser.parse import Parsed
from genie_ext.embedded.plan import Planned, plan_question
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Plan, Question, Refusal, Step


@pytest.fixture
def planned_of(session):
    """Return a function that plans a question about the shop by the rules."""

    def planned(text: str) -> Planned:
        question = Question(text=text, today=session.settings.today)
        return plan_question(find_context(question, session.index, session.agent.policy), session.agent.look_up)

    return planned


def _ref(planned: Planned, name: str) -> ColumnRef:
    assert planned.draft is not None
    table, column = name.split(".")
    return ColumnRef(next(t.id for t in planned.draft.context.tables if t.id.name == table), column)


def _shown(planned: Planned, name: str) -> Dimension:
    return Dimension(column=_ref(planned, name), label=name.partition(".")[2])


def _parsed(step: Step, score: float = -1.0) -> Parsed:
    return Parsed(step=step, score=score, weakest=score / 2)


def _rows(session, sql: str) -> list[tuple]:
    return list(zip(*(column.to_pylist() for column in session.agent.read(sql).table.columns), strict=True))


def test_readings_of_the_parser_come_first_in_their_order(planned_of) -> None:
    planned = planned_of("How many orders are paid?")
    assert isinstance(planned.result, Plan)
    steps = [Step(sources=(), dimensions=(_shown(planned, f"orders.{name}"),)) for name in ("status", "total")]
    found = find_candidates(planned, [_parsed(step, score) for step, score in zip(steps, (-1.0, -2.0), strict=True)])
    assert [(c.source, c.score, c.weakest) for c in found[:2]] == [("parser", -1.0, -0.5), ("parser", -2.0, -1.0)]
    assert [c.source for c in found[2:]] == ["rules"]
    assert found[2].step == planned.result.steps[-1]
    assert found[2].score == planned.result.confidence


def test_only_so_many_readings_of_the_parser_are_looked_at(planned_of) -> None:
    planned = planned_of("How many orders are paid?")
    step = Step(sources=(), dimensions=(_shown(planned, "orders.status"),))
    found = find_candidates(planned, [_parsed(step, -float(i)) for i in range(MOST_PARSED + 4)])
    assert sum(c.source == "parser" for c in found) == MOST_PARSED


def test_what_the_rules_refuse_leaves_the_readings_of_the_parser(planned_of) -> None:
    planned = planned_of("What about the frobnication of the quuxes and the blorbs?")
    assert isinstance(planned.result, Refusal)
    found = find_candidates(planned, [_parsed(Step(sources=(), dimensions=(_shown(planned, "orders.status"),)))])
    assert [c.source for c in found] == ["parser"]
    assert not found[0].draft.missing


def test_nothing_is_proposed_where_a_question_is_settled_before_it_is_read(planned_of) -> None:
    planned = planned_of("こんにちは、注文はいくつありますか")
    assert planned.draft is None
    assert find_candidates(planned, []) == ()


def test_a_split_figure_is_sorted_with_its_largest_part_first(planned_of, session) -> None:
    planned = planned_of("Total of orders by status")
    figure = Measure(aggregate="sum", column=_ref(planned, "orders.total"), label="total")
    split = Step(sources=(), dimensions=(_shown(planned, "orders.status"),), measures=(figure,))
    found = find_candidates(planned, [_parsed(split)])[0]
    assert found.step.order == (Order(by=figure, descending=True),)
    totals = [total for _, total in _rows(session, found.sql)]
    assert totals == sorted(totals, reverse=True)
    asked = Step(
        sources=(), dimensions=split.dimensions, measures=(figure,), order=(Order(by=split.dimensions[0]),)
    )  # fmt: skip
    assert find_candidates(planned, [_parsed(asked)])[0].step.order == asked.order


def test_a_reading_takes_the_period_that_the_question_names(planned_of, session) -> None:
    planned = planned_of("How many orders were ordered in 2023?")
    orders = _ref(planned, "orders.order_id").table
    count = Step(sources=(), measures=(Measure(aggregate="count", table=orders, label="orders"),))
    found = find_candidates(planned, [_parsed(count)])[0]
    assert _rows(session, found.sql) == [(1,)]
    dated = Filter(subject=_ref(planned, "orders.ordered_on"), operator=">=", values=("2024-01-01",))
    own = Step(sources=(), measures=count.measures, filters=(dated,))
    assert [c.source for c in find_candidates(planned, [_parsed(own)])] == ["rules"]


def test_the_choice_among_several_keys_is_an_assumption_of_that_reading_alone(planned_of) -> None:
    planned = planned_of("How many orders are there?")
    assert planned.draft is not None
    before = list(planned.draft.assumptions)
    orders = _ref(planned, "orders.order_id").table
    figure = Measure(aggregate="count", table=orders, label="orders")
    cities = Step(sources=(), dimensions=(_shown(planned, "addresses.city"),), measures=(figure,))
    plain = Step(sources=(), measures=(figure,))
    found = find_candidates(planned, [_parsed(cities), _parsed(plain)])
    assert any("is reached by" in said for said in found[0].draft.assumptions)
    assert found[0].draft.doubts
    assert not found[1].draft.assumptions
    assert planned.draft.assumptions == before
