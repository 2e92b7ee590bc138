"""Headlines of answers."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from genie_ext.agent.headline import key_figure, say_rows
from genie_ext.types import ColumnRef, Dimension, Grain, Measure, Order, Plan, Rows, Step
from semantic.types import TableId

ORDERS = TableId("shop", "main", "orders")
TOTAL = Measure(aggregate="sum", column=ColumnRef(ORDERS, "amount"), label="total_amount")


def plan(grain: Grain | None = None, *, descending: bool | None = None) -> Plan:
    dimension = Dimension(column=ColumnRef(ORDERS, "channel"), grain=grain)
    order = () if descending is None else (Order(by=TOTAL, descending=descending),)
    step = Step(sources=(ORDERS,), dimensions=(dimension,), measures=(TOTAL,), order=order)
    return Plan(interpretation="", steps=(step,))


def rows(**columns: list[object]) -> Rows:
    return Rows(table=pa.table(columns))


def test_headline_of_one_cell_is_its_figure() -> None:
    one = rows(number_of_orders=[12345])
    assert key_figure(one) == "12,345"
    assert say_rows(one, plan()) == "Number of orders: 12,345"


def test_headline_of_a_ranking_names_its_first_row() -> None:
    ranked = rows(channel=["web", "store"], total_amount=[2000.5, 10.0])
    assert say_rows(ranked, plan(descending=True)) == "web has the largest total amount: 2,000.50 (2 rows)."
    assert say_rows(ranked, plan(descending=False)) == "web has the smallest total amount: 2,000.50 (2 rows)."
    assert say_rows(ranked, plan()) == "2 rows."


def test_headline_of_a_series_names_its_ends() -> None:
    series = rows(month=[dt.date(2026, 1, 1), dt.date(2026, 2, 1), None], total_amount=[5, 3, 9])
    said = say_rows(series, plan("month"))
    assert said == "Total amount over 3 months: lowest 3 in February 2026, highest 5 in January 2026."


@pytest.mark.parametrize("empty", [rows(channel=[], total_amount=[]), rows(number=[])])
def test_headline_of_nothing_says_so(empty: Rows) -> None:
    assert say_rows(empty, plan()) == "No row fits."


def test_headline_survives_nulls_where_figures_should_be() -> None:
    assert say_rows(rows(channel=[None, "a"], total_amount=[None, 1]), plan(descending=True)) == "2 rows."
    assert say_rows(rows(number=pa.array([None], pa.int64())), plan()) == "Number: nothing (NULL)"
