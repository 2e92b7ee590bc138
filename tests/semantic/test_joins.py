from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import pytest

from semantic.catalog import read_catalog
from semantic.joins import find_joins
from semantic.lake import Lake
from semantic.probes import Prober
from semantic.profile import read_table
from semantic.types import Relationship, Table


@contextmanager
def _engine(sql: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Table]]]:
    from pathlib import Path

    con = duckdb.connect()
    try:
        con.execute(sql)
        tables = read_catalog(con, Lake(Path(), Path())).tables
        yield con, [read_table(con, replace(t, primary_key=())).table for t in tables]
    finally:
        con.close()


def _joins(sql: str) -> dict[str, Relationship]:
    with _engine(sql) as (con, tables):
        found = find_joins(tables, Prober(con, tables))
    return {f"{r.child.name}.{r.child_columns[0]} -> {r.parent.name}.{r.parent_columns[0]}": r for r in found}


CUSTOMERS = "CREATE TABLE customers AS SELECT i + 100 AS id, 'n' || i AS name FROM range(30) t(i);"


@pytest.mark.parametrize("column", ["customer_id", "customerID", "CustomerId", "cust_id", "customer", "customerid"])
def test_find_joins_reads_the_usual_spellings_of_a_foreign_key(column: str) -> None:
    found = _joins(CUSTOMERS + f"CREATE TABLE orders AS SELECT i AS id, 100 + i % 30 AS {column} FROM range(500) t(i)")
    assert list(found) == [f"orders.{column} -> customers.id"]
    join = found[f"orders.{column} -> customers.id"]
    assert (join.cardinality, join.origin, join.coverage) == ("many-to-one", "inferred", 1.0)
    assert 0 < join.confidence < 1


def test_find_joins_keeps_roles_apart() -> None:
    found = _joins("""
        CREATE TABLE airports AS SELECT 'AP' || i AS code, 'City ' || i AS city FROM range(20) t(i);
        CREATE TABLE flights AS SELECT i AS flight_no, 'AP' || (i % 20) AS origin_airport,
            'AP' || (i * 7 % 20) AS dest_airport FROM range(200) t(i)""")
    assert set(found) == {"flights.origin_airport -> airports.code", "flights.dest_airport -> airports.code"}


def test_find_joins_reads_a_bridge_table() -> None:
    found = _joins("""
        CREATE TABLE students AS SELECT i + 1000 AS student_id, 's' || i AS name FROM range(20) t(i);
        CREATE TABLE courses AS SELECT 'C' || i AS course_id, 't' || i AS title FROM range(8) t(i);
        CREATE TABLE enrolments AS SELECT i % 20 + 1000 AS student_id, 'C' || (i % 8) AS course_id
            FROM range(90) t(i)""")
    assert set(found) == {
        "enrolments.student_id -> students.student_id", "enrolments.course_id -> courses.course_id"
    }  # fmt: skip


def test_find_joins_reads_keys_with_a_table_prefix() -> None:
    found = _joins("""
        CREATE TABLE customer AS SELECT i AS c_custkey, 'n' || i AS c_name, 1 AS c_x FROM range(20) t(i);
        CREATE TABLE orders AS SELECT i AS o_orderkey, i % 20 AS o_custkey, 1.5 AS o_total FROM range(60) t(i)""")
    assert set(found) == {"orders.o_custkey -> customer.c_custkey"}


def test_find_joins_reads_a_reference_to_the_same_table() -> None:
    found = _joins("""CREATE TABLE employees AS SELECT i AS employee_id, 'n' || i AS name,
        CASE WHEN i > 1 THEN i // 3 END AS manager_id FROM range(30) t(i)""")
    assert set(found) == {"employees.manager_id -> employees.employee_id"}


def test_find_joins_marks_one_to_one() -> None:
    found = _joins(
        CUSTOMERS + "CREATE TABLE passports AS SELECT 'P' || i AS number, 100 + i AS customer_id FROM range(25) t(i)"
    )
    assert found["passports.customer_id -> customers.id"].cardinality == "one-to-one"


def test_find_joins_rejects_equal_ids_of_unrelated_tables() -> None:
    found = _joins("""
        CREATE TABLE planets AS SELECT i AS id, 'p' || i AS name, i * 3 AS moons FROM range(20) t(i);
        CREATE TABLE recipes AS SELECT i AS id, 'r' || i AS name, i % 9 AS steps FROM range(20) t(i)""")
    assert found == {}


def test_find_joins_rejects_names_that_the_data_contradict() -> None:
    found = _joins(CUSTOMERS + "CREATE TABLE orders AS SELECT i AS id, i + 5000 AS customer_id FROM range(50) t(i)")
    assert found == {}


def test_find_joins_prefers_the_original_to_the_backup() -> None:
    sql = (
        CUSTOMERS
        + """CREATE TABLE customers_backup AS FROM customers;
        CREATE TABLE orders AS SELECT i AS id, 100 + i % 30 AS customer_id FROM range(50) t(i)"""
    )
    assert "orders.customer_id -> customers.id" in _joins(sql)


def test_find_joins_tolerates_a_few_orphans_under_a_clear_name() -> None:
    sql = CUSTOMERS + "CREATE TABLE orders AS SELECT i AS id, 98 + i % 31 AS customer_id FROM range(500) t(i)"
    join = _joins(sql)["orders.customer_id -> customers.id"]
    assert 0.9 < join.coverage < 1


def test_find_joins_leaves_declared_columns_alone() -> None:
    sql = CUSTOMERS + "CREATE TABLE orders AS SELECT i AS id, 100 + i % 30 AS customer_id FROM range(50) t(i)"
    with _engine(sql) as (con, tables):
        found = find_joins(tables, Prober(con, tables))
        assert find_joins(tables, Prober(con, tables), declared=found) == []


def test_prober_asks_the_engine_about_large_tables() -> None:
    sql = """CREATE TABLE big AS SELECT i AS big_id FROM range(500000) t(i);
        CREATE TABLE child AS SELECT i * 5 AS big_id FROM range(100000, 300000) t(i)"""
    with _engine(sql) as (con, tables):
        ids = {t.id.name: t.id for t in tables}
        share = Prober(con, tables).coverage(ids["child"], ("big_id",), ids["big"], ("big_id",))
    assert share == pytest.approx(0.0)
    assert "child.big_id -> big.big_id" in _joins(sql.replace("range(100000, 300000)", "range(90000)"))


def test_find_joins_takes_a_short_own_key_for_what_it_is() -> None:
    found = _joins("""
        CREATE TABLE continents AS SELECT i AS cont_id, 'c' || i AS label FROM range(1, 6) t(i);
        CREATE TABLE countries AS SELECT i AS country_id, 'n' || i AS label, 1 + i % 5 AS continent
            FROM range(1, 16) t(i)""")
    assert set(found) == {"countries.continent -> continents.cont_id"}


def test_find_joins_compares_numbers_that_are_stored_as_text() -> None:
    found = _joins(
        CUSTOMERS + "CREATE TABLE orders AS SELECT i AS id, (100 + i % 30)::VARCHAR AS customer FROM range(50) t(i)"
    )
    assert set(found) == {"orders.customer -> customers.id"}


def test_find_joins_does_not_take_counts_for_references() -> None:
    found = _joins("""
        CREATE TABLE games AS SELECT i AS id, 'g' || i AS label FROM range(1, 60) t(i);
        CREATE TABLE stadiums AS SELECT 's' || i AS label, 1 + i % 20 AS home_games FROM range(30) t(i)""")
    assert found == {}


def test_find_joins_reads_numbered_roles_of_one_key() -> None:
    found = _joins("""
        CREATE TABLE clubs AS SELECT i + 10 AS club_id, 'c' || i AS label FROM range(9) t(i);
        CREATE TABLE results AS SELECT 10 + i % 9 AS club_id_1, 10 + i * 2 % 9 AS club_id_2 FROM range(40) t(i)""")
    assert set(found) == {"results.club_id_1 -> clubs.club_id", "results.club_id_2 -> clubs.club_id"}


def test_find_joins_takes_a_count_of_things_for_no_key() -> None:
    found = _joins("""
        CREATE TABLE orders AS SELECT i AS order_id, i % 9 AS store FROM range(900) t(i);
        CREATE TABLE monthly AS SELECT i AS month_no, 300 + i AS orders FROM range(24) t(i)""")
    assert not found
