"""Questions whose obvious SQL would be silently wrong: answered rightly, or refused with what is unclear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.session import Session
from genie_ext.types import Turn

TABLES = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR, country VARCHAR);
INSERT INTO customers VALUES (1, 'Ann Lee', 'France'), (2, 'Ann Lee', 'Germany'), (3, 'Bob Ray', NULL),
    (4, 'Cy Dow', 'France'), (5, 'Dee Fox', 'Spain');
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers, order_date DATE,
    status VARCHAR, amount DOUBLE);
INSERT INTO orders VALUES (1, 1, '2025-01-05', 'shipped', 10), (2, 1, '2025-02-05', 'cancelled', 20),
    (3, 2, '2025-03-05', 'shipped', 5), (4, 2, '2025-04-05', 'shipped', 10), (5, 3, '2025-05-05', 'shipped', 7),
    (6, 4, '2024-06-05', 'shipped', 8), (7, NULL, '2025-07-05', 'cancelled', 5);
CREATE TABLE products (product_id INTEGER PRIMARY KEY, title VARCHAR);
INSERT INTO products VALUES (1, 'Desk_A'), (2, 'DeskXA'), (3, 'Lamp 50%');
CREATE TABLE airports (airport_id INTEGER PRIMARY KEY, airport_name VARCHAR);
INSERT INTO airports VALUES (1, 'Alpha'), (2, 'Beta'), (3, 'Gamma');
CREATE TABLE flights (flight_id INTEGER, source_airport INTEGER REFERENCES airports,
    destination_airport INTEGER REFERENCES airports);
INSERT INTO flights VALUES (1, 1, 2), (2, 1, 2), (3, 1, 3), (4, 3, 2);
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    path: Path = tmp_path_factory.mktemp("traps") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
    with Session(path, settings=load_settings(path, encoder="hashing", answer_above=0.0)) as session:
        yield session


def cells(turn: Turn) -> list[object]:
    assert turn.rows is not None, turn.refusal
    return sorted(turn.rows.table.column(0).to_pylist(), key=str)


def unclear(turn: Turn) -> str:
    assert turn.refusal is not None, turn.sql
    return " ".join(turn.refusal.missing)


def test_a_count_asked_for_in_a_follow_up_replaces_the_figure_before(shop: Session) -> None:
    shop.ask("What is the total amount of orders?", thread="count")
    assert cells(shop.ask("and how many customers are there?", thread="count")) == [5]


@pytest.mark.parametrize(
    "question",
    [
        "Which customers have at least 2 shipped orders?",
        "Which customers have no orders in 2025?",
        "Which customers have fewer than 2 orders in 2025?",
    ],
)
def test_a_count_narrowed_by_another_condition_is_refused(shop: Session, question: str) -> None:
    assert "meet the other conditions" in unclear(shop.ask(question))


def test_a_period_of_related_rows_does_not_repeat_the_listed_ones(shop: Session) -> None:
    turn = shop.ask("Which customers have orders in 2025?")
    assert cells(turn) == ["Ann Lee", "Ann Lee", "Bob Ray"]


def test_the_fewest_is_refused_where_those_with_none_would_be_left_out(shop: Session) -> None:
    assert "without any orders" in unclear(shop.ask("Which customer has the fewest orders?"))


def test_rows_that_point_by_two_keys_are_refused(shop: Session) -> None:
    assert "destination_airport" in unclear(shop.ask("Which airports have no flights?"))


def test_a_denied_value_names_the_rows_that_have_none(shop: Session) -> None:
    turn = shop.ask("How many customers are not from France?")
    assert cells(turn) == [2]
    assert "1 rows of customers have no country and are left out." in [finding.message for finding in turn.findings]


@pytest.mark.parametrize(
    ("text", "found"), [("k_A", ["Desk_A"]), ("50%", ["Lamp 50%"]), ("Desk", ["DeskXA", "Desk_A"])]
)
def test_text_to_look_for_holds_no_wildcards(shop: Session, text: str, found: list[str]) -> None:
    assert cells(shop.ask(f'Which products have a title containing "{text}"?')) == found


def test_a_count_of_them_counts_what_was_asked_about_before(shop: Session) -> None:
    shop.ask("How many orders are shipped?", thread="them")
    assert cells(shop.ask("and how many of them are from customers in France?", thread="them")) == [2]
