"""Whatever a question names and a step does not use is counted against it."""

from __future__ import annotations

import pytest

from genie_ext.agent.context import find_context
from genie_ext.embedded.figures import count_of
from genie_ext.embedded.left import names_left, numbers_left, values_left, years_left
from genie_ext.embedded.plan import plan_question
from genie_ext.types import ColumnRef, Dimension, Filter, Question, Step


@pytest.fixture(scope="module")
def read(session):
    """Return a function that reads a question as a draft, and the ids of the tables by name."""

    def draft_of(text):
        context = find_context(Question(text=text), session.index, session.agent.policy)
        draft = plan_question(context, session.agent.look_up).draft
        return draft, {table.id.name: table.id for table in context.tables}

    return draft_of


def test_a_number_is_used_by_a_condition_a_limit_or_a_text(read):
    draft, tables = read("List the first 5 products with a price above 20")
    price = ColumnRef(tables["products"], "price")
    shown = Step(sources=(tables["products"],))
    assert numbers_left(draft, shown) == 1
    assert numbers_left(draft, Step(sources=(tables["products"],), limit=5)) == 0.5
    above = Filter(subject=price, operator=">", values=(20,))
    assert numbers_left(draft, Step(sources=(tables["products"],), filters=(above,), limit=5)) == 0


def test_a_number_of_a_date_is_no_number(read):
    draft, tables = read("How many orders were placed in March 2024?")
    assert numbers_left(draft, Step(sources=(tables["orders"],))) == 0


def test_a_year_is_used_by_a_cell_of_years_or_of_dates_and_a_month_is_no_year(read):
    draft, tables = read("How many orders were placed in 2023 or 2024?")
    plain = Step(sources=(tables["orders"],))
    assert [phrase.text for phrase in years_left(draft, plain)] == ["in 2023 or 2024"]
    for value in (2024, "2023-05-01", "%2024%"):
        compared = Filter(subject=ColumnRef(tables["orders"], "status"), operator="=", values=(value,))
        assert years_left(draft, Step(sources=(), filters=(compared,))) == ()
    assert years_left(read("How many orders were placed in March 2024?")[0], plain) == ()


def test_a_value_is_used_wherever_it_is_compared_with(read):
    draft, tables = read("How many orders are paid?")
    counted = Step(sources=(), measures=(count_of(tables["orders"]),))
    paid = Filter(subject=ColumnRef(tables["orders"], "status"), operator="=", values=("paid",))
    nested = Filter(
        subject=ColumnRef(tables["orders"], "order_id"),
        operator="in",
        step=Step(
            sources=(),
            dimensions=(Dimension(column=ColumnRef(tables["orders"], "order_id")),),
            filters=(paid,),
        ),
    )
    assert values_left(draft, counted) == 1
    assert values_left(draft, Step(sources=(), measures=counted.measures, filters=(paid,))) == 0
    assert values_left(draft, Step(sources=(), measures=counted.measures, filters=(nested,))) == 0


def test_a_name_is_used_by_the_step_that_reads_it(read):
    draft, tables = read("Show the price and the stock of products")
    price, stock = (Dimension(column=ColumnRef(tables["products"], name)) for name in ("price", "stock"))
    assert names_left(draft, Step(sources=(), dimensions=(price, stock))) == 0
    assert names_left(draft, Step(sources=(), dimensions=(price,))) == 0.5
    assert names_left(draft, Step(sources=(tables["orders"],))) == 1
