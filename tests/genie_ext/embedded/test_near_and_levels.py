"""Governed figures split by the column that is nearest, and levels such as recurring revenue, over a small lake."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.session import Session

SHOP = """
CREATE TABLE countries (code VARCHAR PRIMARY KEY, name VARCHAR NOT NULL);
INSERT INTO countries VALUES ('DE', 'Germany'), ('FR', 'France');
CREATE TABLE stores (store_id INTEGER PRIMARY KEY, name VARCHAR, city VARCHAR, code VARCHAR REFERENCES countries);
INSERT INTO stores VALUES (1, 'Spree', 'Berlin', 'DE'), (2, 'Seine', 'Paris', 'FR');
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR, country VARCHAR, city VARCHAR);
INSERT INTO customers VALUES (1, 'Ada', 'Germany', 'Berlin'), (2, 'Bo', 'Denmark', 'Aarhus'),
    (3, 'Cleo', 'France', 'Lyon');
CREATE TABLE carriers (carrier_id INTEGER PRIMARY KEY, name VARCHAR, city VARCHAR);
INSERT INTO carriers VALUES (1, 'Fast', 'Ghent'), (2, 'Slow', 'Aarhus');
CREATE TABLE products (product_id INTEGER PRIMARY KEY, title VARCHAR, launched_on DATE, unit_cost DECIMAL(8, 2));
INSERT INTO products VALUES (1, 'Lamp', '2024-01-05', 10), (2, 'Desk', '2023-03-01', 100), (3, 'Pen', '2022-01-01', 1);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id),
    store_id INTEGER REFERENCES stores (store_id), carrier_id INTEGER REFERENCES carriers (carrier_id),
    order_date DATE, channel VARCHAR, amount DECIMAL(10, 2)
);
INSERT INTO orders VALUES
    (1, 1, NULL, 1, '2023-12-30', 'web', 80), (2, 1, 2, 2, '2024-01-05', 'shop', 400),
    (3, 2, NULL, 1, '2024-02-11', 'web', 20),
    (4, 2, NULL, 1, '2024-02-28', 'web', 48), (5, 3, NULL, 2, '2024-03-15', 'web', 440),
    (6, 3, 1, 2, '2024-03-20', 'shop', 60);
CREATE TABLE order_items (
    order_id INTEGER REFERENCES orders (order_id), product_id INTEGER REFERENCES products (product_id),
    quantity INTEGER, price DECIMAL(8, 2), PRIMARY KEY (order_id, product_id)
);
INSERT INTO order_items VALUES (1, 1, 2, 40), (2, 2, 1, 400), (3, 3, 10, 2), (4, 1, 1, 48), (5, 2, 1, 440),
    (6, 3, 30, 2);
CREATE TABLE subscriptions (
    subscription_id INTEGER PRIMARY KEY, plan VARCHAR, started_on DATE, ended_on DATE, mrr DECIMAL(8, 2)
);
INSERT INTO subscriptions VALUES
    (1, 'Team', '2024-01-03', NULL, 10), (2, 'Team', '2024-02-10', '2024-04-15', 30),
    (3, 'Solo', '2024-01-20', '2024-03-02', 5),
    (4, 'Solo', '2024-05-01', NULL, 7), (5, 'Free', '2024-01-01', '2024-02-20', 1);
CREATE VIEW recurring AS
WITH months AS (
    SELECT unnest(generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-05-01', INTERVAL 1 MONTH))::DATE AS month
)
SELECT m.month, s.plan, count(*) AS seats_taken, sum(s.mrr) AS recurring_fee
FROM months AS m
JOIN subscriptions AS s ON s.started_on <= last_day(m.month) AND (s.ended_on IS NULL OR s.ended_on > last_day(m.month))
GROUP BY m.month, s.plan;
"""
QUERIES = {
    "revenue.sql": """-- Revenue by buyer
SELECT c.country, SUM(o.amount) AS takings FROM orders AS o JOIN customers AS c ON c.customer_id = o.customer_id
GROUP BY c.country;
""",
    "profit.sql": """-- Profit per product
SELECT p.title, SUM(i.quantity * (i.price - p.unit_cost)) AS gross_profit
FROM order_items AS i JOIN products AS p ON p.product_id = i.product_id JOIN orders AS o ON o.order_id = i.order_id
GROUP BY p.title;
""",
}
AT_END = "started_on <= {0} AND (ended_on IS NULL OR ended_on > {0})"
MAY, MARCH = "DATE '2024-05-31'", "DATE '2024-03-31'"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("near")
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(SHOP)
    for name, text in QUERIES.items():
        (folder / name).write_text(text, "utf-8")
    sources = tuple(folder / name for name in QUERIES)
    settings = load_settings(
        folder / "shop.duckdb", encoder="hashing", answer_above=0.0, today=dt.date(2024, 6, 15), sources=sources
    )
    with Session(folder / "shop.duckdb", settings=settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def gold():
    with duckdb.connect() as connection:
        connection.execute(SHOP)
        yield lambda sql: connection.execute(sql).fetchall()


def _plain(rows):
    return [tuple(round(float(c), 6) if isinstance(c, int | float | Decimal) else c for c in row) for row in rows]


def _rows(turn):
    assert turn.answer is not None, turn.refusal or turn.clarification
    return _plain(zip(*(column.to_pylist() for column in turn.rows.table.columns), strict=True))


BY_COUNTRY = "SELECT country, sum(amount) AS n FROM orders JOIN customers USING (customer_id) GROUP BY country"
CASES = {
    "takings by country": BY_COUNTRY,
    "takings by country, highest first": f"{BY_COUNTRY} ORDER BY n DESC",
    "takings by country, lowest first": f"{BY_COUNTRY} ORDER BY n",
    "takings by country sorted by takings descending": f"{BY_COUNTRY} ORDER BY n DESC",
    "which country has the highest takings?": f"{BY_COUNTRY} ORDER BY n DESC LIMIT 1",
    "takings in Germany": "SELECT sum(amount) FROM orders JOIN customers USING (customer_id) WHERE country = 'Germany'",
    "takings by channel and country": (
        "SELECT channel, country, sum(amount) FROM orders JOIN customers USING (customer_id) GROUP BY ALL"
    ),
    "takings by channel and month in 2024": (
        "SELECT channel, date_trunc('month', order_date)::DATE, sum(amount) FROM orders "
        "WHERE year(order_date) = 2024 GROUP BY ALL"
    ),
    "gross profit in 2024": (
        "SELECT sum(quantity * (price - unit_cost)) FROM order_items JOIN products USING (product_id) "
        "JOIN orders USING (order_id) WHERE year(order_date) = 2024"
    ),
    "recurring fee": f"SELECT sum(mrr) FROM subscriptions WHERE {AT_END.format(MAY)}",
    "recurring fee by plan": f"SELECT plan, sum(mrr) FROM subscriptions WHERE {AT_END.format(MAY)} GROUP BY plan",
    "recurring fee by plan in the first quarter of 2024": (
        f"SELECT plan, sum(mrr) FROM subscriptions WHERE {AT_END.format(MARCH)} GROUP BY plan"
    ),
    "recurring fee and seats taken by plan": (
        f"SELECT plan, sum(mrr), count(*) FROM subscriptions WHERE {AT_END.format(MAY)} GROUP BY plan"
    ),
    "recurring fee by month": "SELECT month, sum(recurring_fee) FROM recurring GROUP BY month ORDER BY month",
    "recurring fee by quarter": (
        f"SELECT DATE '2024-01-01', sum(mrr) FROM subscriptions WHERE {AT_END.format(MARCH)} "
        f"UNION ALL SELECT DATE '2024-04-01', sum(mrr) FROM subscriptions WHERE {AT_END.format(MAY)}"
    ),
    "Which month had the highest recurring fee?": (
        "SELECT month, sum(recurring_fee) AS n FROM recurring GROUP BY month ORDER BY n DESC LIMIT 1"
    ),
    "total recurring_fee of recurring": f"SELECT sum(mrr) FROM subscriptions WHERE {AT_END.format(MAY)}",
}


@pytest.mark.parametrize("question", CASES)
def test_ask_returns_the_rows_of_the_hand_written_sql(shop, gold, question):
    turn = shop.ask(question)
    rows, wanted = _rows(turn), _plain(gold(CASES[question]))
    ordered = "ORDER BY" in CASES[question]
    assert (rows if ordered else sorted(rows, key=repr)) == (wanted if ordered else sorted(wanted, key=repr)), turn.sql


def test_ask_asks_back_where_two_columns_are_equally_near(shop, gold):
    asked = shop.ask("takings by city").clarification
    assert asked is not None
    assert set(asked.choices) == {"customers city", "carriers city"}
    reading = next(text for text in asked.readings if "carriers" in text)
    wanted = gold("SELECT c.city, sum(amount) FROM orders JOIN carriers AS c USING (carrier_id) GROUP BY ALL")
    assert sorted(_rows(shop.ask(reading))) == sorted(_plain(wanted))


def test_ask_tells_of_a_join_that_most_rows_lack(shop):
    turn = shop.ask("takings by store")
    assert any("many rows have no stores" in text for text in turn.plan.assumptions)


def test_ask_refuses_a_level_beside_a_figure_that_is_none(shop):
    refused = shop.ask("recurring fee and number of rows in recurring by plan")
    assert refused.answer is None


def test_answer_says_that_a_level_is_of_the_last_month(shop):
    plan = shop.ask("recurring fee by plan").plan
    assert any("not added over month: that of the last month in the data" in text for text in plan.assumptions)
