"""Words of the schema stay plain words, whatever views call what they compute, until a person says otherwise."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.session import Session

LAKE = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR, tier VARCHAR);
INSERT INTO customers VALUES (1, 'Ada', 'Gold'), (2, 'Bo', 'Silver'), (3, 'Cy', 'Gold');
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id), placed_at TIMESTAMP,
    amount DECIMAL(10, 2), tax DECIMAL(10, 2), status VARCHAR
);
INSERT INTO orders VALUES
    (1, 1, '2024-01-05 10:00', 100, 10, 'paid'), (2, 1, '2024-02-05 11:00', 50, 5, 'open'),
    (3, 2, '2024-02-25 12:00', 70, 7, 'paid'), (4, 3, '2024-03-01 00:00', 30, 3, 'void');
CREATE VIEW takings AS
SELECT date_trunc('month', placed_at) AS month, sum(amount - tax) AS net, sum(amount) AS amount,
    count(*) AS order_count, avg(amount) AS avg_amount
FROM orders WHERE status = 'paid' GROUP BY 1;
"""
MODEL = """
version: "0.1.1"
semantic_model:
  - name: shop
    datasets:
      - name: orders
        source: main.orders
        ai_context: {default_filter: "status <> 'void'"}
      - {name: customers, source: main.customers}
    metrics:
      - name: amount
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(orders.amount)}]}
        ai_context: {filters: ["orders.status = 'paid'"], time: orders.placed_at}
      - name: number of orders
        expression: {dialects: [{dialect: ANSI_SQL, expression: COUNT(orders.order_id)}]}
        ai_context: {filters: ["orders.status = 'paid'"]}
      - name: tax total
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(orders.tax)}]}
"""


def _session(folder, model):
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(LAKE)
    if model:
        (folder / "model.ossie.yaml").write_text(model, "utf-8")
    settings = load_settings(path, encoder="hashing", answer_above=0.0, today=dt.date(2024, 7, 15), model=folder)
    return Session(path, settings=settings)


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    """A lake where only a view says what its columns are."""
    with _session(tmp_path_factory.mktemp("mined"), "") as session:
        yield session


@pytest.fixture(scope="module")
def modelled(tmp_path_factory):
    """The same lake where a person defines "amount" and "number of orders"."""
    with _session(tmp_path_factory.mktemp("modelled"), MODEL) as session:
        yield session


def _cells(turn):
    assert turn.answer is not None, turn.refusal or turn.clarification
    rows = zip(*(column.to_pylist() for column in turn.rows.table.columns), strict=True)
    return [tuple(float(c) if not isinstance(c, str | dt.date | None) else c for c in row) for row in rows]


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("How many orders are there?", [(4,)]),
        ("What are the amounts of orders from Ada?", [(50,), (100,)]),
        ("List the amount of all orders", [(30,), (50,), (70,), (100,)]),
        ("What is the largest amount of an order?", [(100,)]),
    ],
)
def test_a_view_does_not_take_the_words_of_the_schema(mined, question, rows):
    turn = mined.ask(question)
    assert sorted(_cells(turn)) == rows
    assert turn.answer.label == "generated"


def test_a_view_defines_a_figure_under_a_name_of_its_own(mined):
    turn = mined.ask("What is the net?")
    assert _cells(turn) == [(153,)]
    assert any("takings" in text for text in turn.plan.assumptions)
    assert turn.plan.steps[-1].measures[0].metric.time is not None


def test_an_answer_tells_that_a_view_means_something_else_by_a_word(mined):
    turn = mined.ask("How many orders are there?")
    assert any("means what the data calls so" in text and "'paid'" in text for text in turn.plan.assumptions)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("What is the total amount?", [(170,)]),
        ("amount by tier", [("Gold", 100), ("Silver", 70)]),
        ("number of orders", [(2,)]),
        ("How many orders are there?", [(2,)]),
        ("customers with amount over 60", [("Ada",), ("Bo",)]),
        ("customers by amount descending", [("Ada", 100), ("Bo", 70)]),
    ],
)
def test_what_a_person_defines_takes_the_words_of_the_schema_as_a_figure(modelled, question, rows):
    turn = modelled.ask(question)
    assert _cells(turn) == rows
    assert turn.answer.label == "governed"


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("What are the amounts of orders from Ada?", [(50,), (100,)]),
        ("List the amount and status of orders", [(50, "open"), (70, "paid"), (100, "paid")]),
        ("What is the maximum amount?", [(100,)]),
    ],
)
def test_what_a_person_defines_leaves_the_cells_of_a_column_alone(modelled, question, rows):
    assert sorted(_cells(modelled.ask(question))) == rows


def test_an_answer_tells_of_the_rival_that_a_person_outranks(modelled):
    turn = modelled.ask("amount by tier")
    assert "amount is as defined in the semantic model" in str(turn.plan.assumptions)


def test_a_default_is_lifted_where_the_only_figure_says_which_rows_count(modelled):
    assert any("is not applied" in text for text in modelled.ask("What is the total amount?").plan.assumptions)


def test_figures_that_disagree_about_a_default_are_not_shown_side_by_side(modelled):
    turn = modelled.ask("amount and tax total by tier")
    assert turn.answer is None
    assert "ask for one at a time" in str(turn.refusal.missing)


def test_a_figure_is_not_what_another_is_split_by(modelled):
    turn = modelled.ask("tax total by number of orders")
    assert turn.answer is None
    assert "is a figure itself" in str(turn.refusal.missing)


def test_a_ranking_of_rows_that_are_not_shown_is_refused(modelled):
    turn = modelled.ask("the highest amount of all, sorted by amount")
    assert turn.answer is None or turn.plan.steps[-1].dimensions
