from __future__ import annotations

import pytest

from genie_ext.embedded.follow_up import is_follow_up, merge
from genie_ext.types import ColumnRef, Filter, Measure, Plan, Step
from semantic.types import TableId

ORDERS = TableId("c", "main", "orders")
COUNT = Measure(aggregate="count", table=ORDERS)


def _filter(column, value):
    return Filter(subject=ColumnRef(ORDERS, column), operator="=", values=(value,))


def _plan(**parts):
    return Plan(interpretation="", steps=(Step(sources=(ORDERS,), measures=(COUNT,), **parts),))


@pytest.mark.parametrize("text", ["and in 2024?", "only the paid ones", "what about Lyon?", "sort them by price"])
def test_is_follow_up_knows_a_question_that_leans_on_another(text):
    assert is_follow_up(text)


def test_is_follow_up_leaves_a_whole_question_alone():
    assert not is_follow_up("How many orders were placed by customers from France in 2024?")


def test_merge_replaces_a_filter_on_the_same_column_and_keeps_the_others():
    before = _plan(filters=(_filter("status", "paid"), _filter("city", "Rome")))
    merged = merge(before, Step(sources=(ORDERS,), filters=(_filter("city", "Lyon"),)))
    assert merged.filters == (_filter("status", "paid"), _filter("city", "Lyon"))
    assert merged.measures == (COUNT,)


def test_merge_understands_nothing_where_nothing_new_was_said():
    assert merge(_plan(), Step(sources=(ORDERS,))) is None
    assert merge(_plan(), None) is None
