from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from semantic.catalog import read_catalog
from semantic.joins.find import find_joins
from semantic.joins.probes import Prober
from semantic.lake import Lake
from semantic.profile import read_table
from semantic.types import Relationship


def _composites(sql: str) -> dict[str, Relationship]:
    con = duckdb.connect()
    try:
        con.execute(sql)
        tables = [read_table(con, t).table for t in read_catalog(con, Lake(Path(), Path())).tables]
        found = find_joins(tables, Prober(con, tables))
    finally:
        con.close()
    return {
        f"{r.child.name}({', '.join(sorted(r.child_columns))}) -> {r.parent.name}": r
        for r in found
        if len(r.child_columns) > 1
    }


LINES = """
    CREATE TABLE orders AS SELECT i + 100 AS order_id, 'o' || i AS label FROM range(40) t(i);
    CREATE TABLE order_lines AS SELECT o + 100 AS order_id, n AS line_no, n * 2.5 AS price
        FROM range(40) a(o), range(1, 4) b(n);
"""


def test_find_composites_joins_details_to_the_lines_they_belong_to() -> None:
    returns = """CREATE TABLE returns AS SELECT 'r' || i AS label, 100 + i % 40 AS order_id, 1 + i % 3 AS line_no
        FROM range(300) t(i)"""
    found = _composites(LINES + returns)
    assert list(found) == ["returns(line_no, order_id) -> order_lines"]
    join = found["returns(line_no, order_id) -> order_lines"]
    assert (join.cardinality, join.origin, join.coverage) == ("many-to-one", "inferred", 1.0)
    pairs = set(zip(join.child_columns, join.parent_columns, strict=True))
    assert pairs == {("order_id", "order_id"), ("line_no", "line_no")}


def test_find_composites_keeps_the_key_as_small_as_it_is() -> None:
    found = _composites("""
        CREATE TABLE stores AS SELECT i + 10 AS store_id, 's' || i AS label FROM range(6) t(i);
        CREATE TABLE store_days AS SELECT 10 + s AS store_id, DATE '2024-01-01' + d::INT AS date,
            's' || (s + d % 2) AS shift FROM range(6) a(s), range(20) b(d);
        CREATE TABLE receipts AS SELECT 'r' || i AS label, 10 + i % 6 AS store_id,
            DATE '2024-01-01' + (i % 20)::INT AS date, 's' || (i % 6 + i % 20 % 2) AS shift FROM range(500) t(i)""")
    assert list(found) == ["receipts(date, store_id) -> store_days"]


def test_find_composites_joins_to_a_bridge() -> None:
    found = _composites("""
        CREATE TABLE customers AS SELECT i + 100 AS customer_id, 'c' || i AS label FROM range(20) t(i);
        CREATE TABLE policies AS SELECT i + 900 AS policy_id, 'p' || i AS label FROM range(15) t(i);
        CREATE TABLE customer_policies AS SELECT DISTINCT 100 + i % 20 AS customer_id, 900 + i * 7 % 15 AS policy_id
            FROM range(55) t(i);
        CREATE TABLE claims AS SELECT 'k' || i AS label, 100 + i % 20 AS customer_id, 900 + i * 7 % 15 AS policy_id
            FROM range(50) t(i)""")
    assert set(found) == {"claims(customer_id, policy_id) -> customer_policies"}


def test_find_composites_rejects_keys_the_data_contradict() -> None:
    returns = """CREATE TABLE returns AS SELECT 'r' || i AS label, 100 + i % 40 AS order_id, 7 + i % 3 AS line_no
        FROM range(90) t(i)"""
    assert _composites(LINES + returns) == {}


def test_find_composites_rejects_periods_that_two_facts_happen_to_share() -> None:
    found = _composites("""
        CREATE TABLE rainfall AS SELECT 2000 + i // 12 AS year, 1 + i % 12 AS month, i * 0.5 AS millimetres
            FROM range(60) t(i);
        CREATE TABLE turnover AS SELECT 2000 + i // 12 AS year, 1 + i % 12 AS month, i * 9.5 AS amount
            FROM range(48) t(i)""")
    assert found == {}


def test_find_composites_leaves_tables_with_a_key_of_their_own_to_it() -> None:
    found = _composites("""
        CREATE TABLE drivers AS SELECT i + 100 AS driver_id, 'd' || i AS label FROM range(20) t(i);
        CREATE TABLE races AS SELECT i + 900 AS race_id, 'r' || i AS label FROM range(15) t(i);
        CREATE TABLE standings AS SELECT 1 + row_number() OVER () AS standing_id, 100 + d AS driver_id,
            900 + r AS race_id FROM range(20) a(d), range(15) b(r);
        CREATE TABLE results AS SELECT 5000 + i AS result_id, 100 + i % 20 AS driver_id, 900 + i * 7 % 15 AS race_id
            FROM range(50) t(i)""")
    assert found == {}


@pytest.mark.parametrize("declared", [True, False])
def test_find_composites_does_not_repeat_a_declared_join(declared: bool) -> None:
    returns = """CREATE TABLE returns AS SELECT 'r' || i AS label, 100 + i % 40 AS order_id, 1 + i % 3 AS line_no
        FROM range(90) t(i)"""
    con = duckdb.connect()
    try:
        con.execute(LINES + returns)
        tables = [read_table(con, t).table for t in read_catalog(con, Lake(Path(), Path())).tables]
        ids = {t.id.name: t.id for t in tables}
        known = Relationship(child=ids["returns"], child_columns=("line_no", "order_id"), parent=ids["order_lines"],
                             parent_columns=("line_no", "order_id"))  # fmt: skip
        found = find_joins(tables, Prober(con, tables), declared=[known] if declared else [])
    finally:
        con.close()
    assert any(r.parent == ids["order_lines"] for r in found) is not declared
