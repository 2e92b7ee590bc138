from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from semantic.lake import Lake, find_lake
from semantic.vectors.encoders import HashingEncoder

SHOP = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, full_name VARCHAR NOT NULL, country VARCHAR);
COMMENT ON TABLE customers IS 'People who bought something';
COMMENT ON COLUMN customers.country IS 'Where the customer lives';
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id), status VARCHAR,
    amount DECIMAL(10, 2), ordered_on DATE);
CREATE TABLE order_items (order_id INTEGER, product_id INTEGER, quantity INTEGER);
CREATE TABLE products (id INTEGER, title VARCHAR, price DOUBLE);
CREATE TABLE orders_backup AS SELECT * FROM orders;
INSERT INTO customers VALUES (1, 'Ada Lovelace', 'France'), (2, 'Grace Hopper', 'Germany'),
    (3, 'Alan Turing', 'France'), (4, 'Émile Zola', NULL);
INSERT INTO orders SELECT i, 1 + i % 4, CASE i % 3 WHEN 0 THEN 'shipped' WHEN 1 THEN 'cancelled' ELSE 'US' END, i * 1.5,
    DATE '2024-01-01' + i::INTEGER FROM range(40) t(i);
INSERT INTO products SELECT i + 100, 'Product ' || i, i * 2.5 FROM range(12) t(i);
INSERT INTO order_items SELECT i % 40, 100 + i % 12, 1 + i % 5 FROM range(90) t(i);
CREATE VIEW shipped_orders AS SELECT * FROM orders WHERE status = 'shipped';
"""


def _make_database(path: Path, sql: str) -> Path:
    con = duckdb.connect(str(path))
    try:
        con.execute(sql)
    finally:
        con.close()
    return path


@pytest.fixture
def make_database() -> Callable[[Path, str], Path]:
    return _make_database


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def shop_file(tmp_path: Path) -> Path:
    return _make_database(tmp_path / "shop.duckdb", SHOP)


@pytest.fixture
def shop(shop_file: Path) -> Lake:
    return find_lake(shop_file)
