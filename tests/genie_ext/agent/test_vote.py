"""Readings with equal results stand together; what fails, is refused or repeats costs nothing more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from genie_ext.agent.context import find_context
from genie_ext.agent.vote import MOST_EXECUTED, vote
from genie_ext.embedded.candidates import Candidate, Source
from genie_ext.embedded.plan import plan_question
from genie_ext.errors import EngineError, GuardError, QueryCancelledError
from genie_ext.types import ColumnRef, Dimension, Order, Question, Rows, Step

Make = Callable[..., Candidate]


@pytest.fixture(scope="module")
def make(session) -> Make:
    """Return a function that makes a candidate of SQL and a score."""
    context = find_context(Question(text="How many orders are paid?"), session.index, session.agent.policy)
    draft = plan_question(context, session.agent.look_up).draft
    assert draft is not None
    table = next(table for table in context.tables if table.id.name == "orders")
    shown = Dimension(column=ColumnRef(table.id, "status"))
    plain = Step(sources=(), dimensions=(shown,))
    sorted_ = Step(sources=(), dimensions=(shown,), order=(Order(by=shown),))

    def candidate(
        sql: str, score: float, *, source: Source = "parser", ordered: bool = False, top: int | None = None
    ) -> Candidate:
        step = replace(sorted_, limit=top) if ordered or top else plain
        return Candidate(step=step, sql=sql, draft=draft, source=source, score=score)

    return candidate


@pytest.fixture
def run(session):
    """Return a function that executes through guard and engine, and the list of what it was given."""
    given: list[str] = []

    def execute(sql: str) -> Rows:
        given.append(sql)
        return session.agent.read(sql)

    return execute, given


def _log(chance: float) -> float:
    return math.log(chance)


def test_equal_results_stand_together_with_the_sum_of_their_shares(make, run) -> None:
    one = make("SELECT count(*) FROM orders", _log(0.3))
    other = make("SELECT max(order_id) FROM orders", _log(0.2))
    apart = make("SELECT 11", _log(0.4))
    groups = vote([apart, one, other], run[0])
    assert [group.candidates for group in groups] == [(one, other), (apart,)]
    assert [round(group.share, 6) for group in groups] == [round(5 / 9, 6), round(4 / 9, 6)]
    assert groups[0].rows == ((10,),)


def test_the_order_of_rows_counts_only_where_one_is_asked_for(make, run) -> None:
    up, down = "SELECT status FROM orders ORDER BY 1", "SELECT status FROM orders ORDER BY 1 DESC"
    assert len(vote([make(up, -1.0), make(down, -2.0)], run[0])) == 1
    assert len(vote([make(up, -1.0, ordered=True), make(down, -2.0, ordered=True)], run[0])) == 2


@pytest.mark.parametrize("error", [GuardError, EngineError])
def test_what_the_guard_or_the_engine_refuses_drops_out(make, run, error: type[Exception]) -> None:
    refused = "DELETE FROM orders" if error is GuardError else "SELECT status::INTEGER FROM orders"
    with pytest.raises(error):
        run[0](refused)
    fine = make("SELECT count(*) FROM orders", _log(0.01))
    groups = vote([make(refused, _log(0.98)), fine], run[0])
    assert [group.candidates for group in groups] == [(fine,)]
    assert groups[0].share == pytest.approx(1.0)


def test_a_stopped_question_is_not_a_failed_reading(make) -> None:
    def stopped(_: str) -> Rows:
        raise QueryCancelledError("The query was stopped.")

    with pytest.raises(QueryCancelledError):
        vote([make("SELECT count(*) FROM orders", -1.0)], stopped)


def test_a_result_that_is_cut_says_so_and_stands_apart(make, run) -> None:
    cut, whole = "SELECT range FROM range(2000)", "SELECT range FROM range(1000)"
    groups = vote([make(cut, -1.0), make(whole, -2.0)], run[0])
    assert [(len(group.rows), group.cut) for group in groups] == [(1000, True), (1000, False)]


def test_a_first_row_by_chance_is_marked(make, run) -> None:
    orders = "SELECT order_id FROM orders ORDER BY {} LIMIT 1"
    tied, sure = (
        make(orders.format("status = 'paid' DESC"), -1.0, top=1),
        make(orders.format("order_id DESC"), -2.0, top=1),
    )
    groups = vote([tied, sure], run[0])
    assert [(group.candidates, group.tied) for group in groups] == [((tied,), True), ((sure,), False)]
    assert [len(group.rows[0]) for group in groups] == [1, 1]  # the sort key is not part of what is shown
    assert groups[1].rows == ((run[0](sure.sql).table.column(0)[0].as_py(),),)


def test_a_row_by_chance_does_not_stand_with_the_same_row_for_a_reason(make, run) -> None:
    chosen = run[0]("SELECT order_id FROM orders ORDER BY status = 'paid' DESC LIMIT 1").table.column(0)[0].as_py()
    tied = make("SELECT order_id FROM orders ORDER BY status = 'paid' DESC LIMIT 1", -1.0, top=1)
    sure = make(f"SELECT order_id FROM orders WHERE order_id = {chosen}", -2.0)
    assert [group.candidates for group in vote([tied, sure], run[0])] == [(tied,), (sure,)]


def test_nothing_is_left_where_everything_fails(make, run) -> None:
    assert vote([make("SELECT nothing FROM orders", -1.0), make("DROP TABLE orders", -2.0)], run[0]) == ()
    assert vote([], run[0]) == ()


def test_equal_sql_runs_once_though_it_fails(make, run) -> None:
    execute, given = run
    good, bad = "SELECT count(*) FROM orders", "SELECT nothing FROM orders"
    candidates = [make(bad, _log(0.3)), make(good, _log(0.3)), make(bad, _log(0.2)), make(good, _log(0.1))]
    rules = make(good, 0.9, source="rules")
    groups = vote([*candidates, rules], execute)
    assert given == [bad, good]
    assert [group.candidates for group in groups] == [(candidates[1], candidates[3], rules)]


def test_only_so_many_readings_of_the_parser_are_executed(make, run) -> None:
    execute, given = run
    candidates = [make(f"SELECT {i}", _log(0.1)) for i in range(MOST_EXECUTED + 3)]
    assert len(vote(candidates, execute)) == MOST_EXECUTED
    assert given == [candidate.sql for candidate in candidates[:MOST_EXECUTED]]


def test_the_reading_of_the_rules_is_always_executed(make, run) -> None:
    execute, given = run
    rules = make("SELECT 99", 0.5, source="rules")
    groups = vote([*(make(f"SELECT {i}", _log(0.1)) for i in range(MOST_EXECUTED)), rules], execute)
    assert given[-1] == rules.sql
    assert groups[-1].candidates == (rules,)
    assert groups[-1].share == 0


def test_no_more_is_executed_where_the_parser_is_sure(make, run) -> None:
    execute, given = run
    sure, doubt = make("SELECT 1", _log(0.99)), make("SELECT 2", _log(0.005))
    rules = make("SELECT 3", 0.5, source="rules")
    assert [g.candidates[0] for g in vote([sure, doubt, rules], execute)] == [sure, rules]
    assert given == [sure.sql, rules.sql]


def test_a_sure_reading_that_fails_leaves_the_word_to_the_others(make, run) -> None:
    other = make("SELECT 2", _log(0.005))
    groups = vote([make("SELECT nothing FROM orders", _log(0.99)), other], run[0])
    assert [group.candidates for group in groups] == [(other,)]


def test_readings_too_unlikely_for_a_number_are_still_executed(make, run) -> None:
    groups = vote([make("SELECT 1", -2000.0), make("SELECT 2", -2001.0)], run[0])
    assert [group.candidates[0].sql for group in groups] == ["SELECT 1", "SELECT 2"]
    assert [group.share for group in groups] == [0, 0]
