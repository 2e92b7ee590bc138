from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import read_catalog
from semantic.joins.find import find_joins
from semantic.joins.probes import Prober
from semantic.lake import Lake
from semantic.profile import read_table
from semantic.types import Relationship, Table


@contextmanager
def _engine(sql: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Table]]]:
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


ADDRESSES = "CREATE TABLE addresses AS SELECT i + 500 AS address_id, 'S' || i AS street FROM range(40) t(i);"


@pytest.mark.parametrize(
    ("parent", "roles"),
    [
        (ADDRESSES, ("ship_address_id", "bill_address_id")),
        ("CREATE TABLE teams AS SELECT i + 500 AS id, 'T' || i AS label FROM range(40) t(i);",
         ("home_team", "away_team")),
        ("CREATE TABLE people AS SELECT i + 500 AS people_id, 'P' || i AS label FROM range(40) t(i);",
         ("male_id", "female_id")),
    ],
)  # fmt: skip
def test_find_joins_gives_every_role_its_own_join(parent: str, roles: tuple[str, str]) -> None:
    child = f"CREATE TABLE events AS SELECT i AS no, 500 + i % 40 AS {roles[0]}, 500 + i * 7 % 40 AS {roles[1]}"
    found = _joins(parent + child + " FROM range(300) t(i)")
    assert {end.split(" -> ")[0] for end in found} == {f"events.{role}" for role in roles}
    assert len({end.split(" -> ")[1] for end in found}) == 1


def test_find_joins_reads_a_word_before_an_afterthought() -> None:
    found = _joins("""
        CREATE TABLE members AS SELECT i + 70 AS member_id, 'm' || i AS label FROM range(20) t(i);
        CREATE TABLE parties AS SELECT 'p' || i AS label, 70 + i % 20 AS member_in_charge_id FROM range(60) t(i)""")
    assert set(found) == {"parties.member_in_charge_id -> members.member_id"}


def test_find_joins_reads_initials_with_the_word_for_a_key() -> None:
    found = _joins("""
        CREATE TABLE aircraft AS SELECT i AS aid, 'a' || i AS label FROM range(1, 20) t(i);
        CREATE TABLE certificates AS SELECT 1 + i % 19 AS aid, i % 7 AS score FROM range(80) t(i)""")
    assert set(found) == {"certificates.aid -> aircraft.aid"}


def test_find_joins_knows_who_a_role_or_a_synonym_can_be() -> None:
    found = _joins("""
        CREATE TABLE employees AS SELECT i AS id, 'e' || i AS label FROM range(1, 9) t(i);
        CREATE TABLE clients AS SELECT i AS client_id, 'c' || i AS label, 3 + i % 3 AS support_rep_id
            FROM range(10, 60) t(i);
        CREATE TABLE visits AS SELECT 'v' || i AS label, 10 + i % 50 AS customer_id FROM range(200) t(i)""")
    assert set(found) == {"clients.support_rep_id -> employees.id", "visits.customer_id -> clients.client_id"}


def test_find_joins_prefers_the_table_that_is_named_to_one_that_may_be_meant() -> None:
    found = _joins(
        CUSTOMERS
        + """CREATE TABLE clients AS SELECT i + 100 AS client_id, 'c' || i AS label FROM range(30) t(i);
        CREATE TABLE orders AS SELECT i AS id, 100 + i % 30 AS customer_id FROM range(50) t(i)"""
    )
    assert "orders.customer_id -> customers.id" in found


def test_find_joins_joins_days_to_the_calendar_only() -> None:
    found = _joins("""
        CREATE TABLE dim_date AS SELECT DATE '2024-01-01' + i::INT AS date_day, i % 7 AS weekday FROM range(366) t(i);
        CREATE TABLE openings AS SELECT DATE '2024-01-01' + (i * 3)::INT AS opened_on, 'o' || i AS label
            FROM range(60) t(i);
        CREATE TABLE sales AS SELECT DATE '2024-01-01' + (i % 300)::INT AS sold_on, i * 0.5 AS amount
            FROM range(900) t(i)""")
    assert set(found) == {"sales.sold_on -> dim_date.date_day", "openings.opened_on -> dim_date.date_day"}


def test_find_joins_rejects_text_that_does_not_all_read_as_numbers() -> None:
    orders = "CREATE TABLE orders AS SELECT i AS id, CASE WHEN i % 50 = 49 THEN 'n/a' ELSE (100 + i % 30)::VARCHAR END"
    assert _joins(CUSTOMERS + orders + " AS customer_id FROM range(500) t(i)") == {}


@pytest.mark.parametrize("column", ["status", "year", "is_paid", "quantity", "priority", "sort_order"])
def test_find_joins_rejects_small_numbers_and_years_as_references(column: str) -> None:
    value = "2000 + i % 20" if column == "year" else "i % 2" if column == "is_paid" else "1 + i % 20"
    found = _joins(f"""
        CREATE TABLE recipes AS SELECT i AS id, 'r' || i AS label FROM range(1, 40) t(i);
        CREATE TABLE editions AS SELECT 2000 + i AS year_no, 'y' || i AS label FROM range(40) t(i);
        CREATE TABLE bills AS SELECT 'b' || i AS label, {value} AS {column} FROM range(200) t(i)""")
    assert found == {}


def test_find_joins_does_not_lead_to_a_key_that_itself_points_elsewhere() -> None:
    found = _joins("""
        CREATE TABLE tickets AS SELECT i AS ticket_id, 't' || i AS label FROM range(1, 30) t(i);
        CREATE TABLE ticket_companies AS SELECT i AS ticket_id, 1 + i % 2 AS company_id FROM range(1, 10) t(i);
        CREATE TABLE deals AS SELECT 'd' || i AS label, 1 + i % 9 AS company_id FROM range(40) t(i)""")
    assert "deals.company_id -> ticket_companies.ticket_id" not in found


def test_find_joins_looks_again_only_at_what_changed() -> None:
    sql = """
        CREATE TABLE shops AS SELECT i + 10 AS shop_id, 's' || i AS label FROM range(9) t(i);
        CREATE TABLE clubs AS SELECT i + 10 AS club_id, 'c' || i AS label FROM range(9) t(i);
        CREATE TABLE visits AS SELECT 10 + i % 9 AS shop_id, 10 + i * 2 % 9 AS club_id FROM range(40) t(i)"""
    with _engine(sql) as (con, tables):
        ids = {t.id.name: t.id for t in tables}
        found = find_joins(tables, Prober(con, tables), changed={ids["clubs"]})
        both = find_joins(tables, Prober(con, tables), changed={ids["visits"]})
    assert [r.child_columns for r in found] == [("club_id",)]
    assert sorted(r.child_columns for r in both) == [("club_id",), ("shop_id",)]


def test_find_joins_does_not_repeat_a_mined_join_and_looks_past_one_of_many_to_many() -> None:
    sql = (
        CUSTOMERS
        + """CREATE TABLE orders AS SELECT i AS id, 100 + i % 30 AS customer_id FROM range(50) t(i);
        CREATE TABLE claims AS SELECT i AS id, 100 + i % 30 AS customer_id FROM range(70) t(i)"""
    )
    with _engine(sql) as (con, tables):
        ids = {t.id.name: t.id for t in tables}
        mined = Relationship(child=ids["orders"], child_columns=("customer_id",), parent=ids["customers"],
                             parent_columns=("id",), origin="mined")  # fmt: skip
        crossed = Relationship(child=ids["claims"], child_columns=("customer_id",), parent=ids["orders"],
                               parent_columns=("customer_id",), origin="mined",
                               cardinality="many-to-many")  # fmt: skip
        found = find_joins(tables, Prober(con, tables), declared=[mined, crossed])
    assert [(r.child.name, r.parent.name) for r in found] == [("claims", "customers")]


def test_find_joins_rejects_a_large_parent_whose_key_only_a_sample_takes_for_unique() -> None:
    parents = """CREATE TABLE devices AS SELECT CASE WHEN i = 260001 THEN 260000 ELSE i END * 7 AS device_id,
        i % 3 AS kind FROM range(400000) t(i);"""
    child = "CREATE TABLE readings AS SELECT i % 900 * 7 AS device_id, i * 0.5 AS volts FROM range(5000) t(i)"
    assert _joins(parents + child) == {}
    assert set(_joins(parents.replace("260001", "-1") + child)) == {"readings.device_id -> devices.device_id"}


def test_prober_looks_at_rows_from_everywhere_in_a_large_table() -> None:
    sql = """CREATE TABLE shops AS SELECT i AS shop_id, i % 5 AS size FROM range(50000) t(i);
        CREATE TABLE sales AS SELECT CASE WHEN i < 400000 THEN i + 900000 ELSE i % 40000 END AS shop_id
            FROM range(800000) t(i)"""
    with _engine(sql) as (con, tables):
        ids = {t.id.name: t.id for t in tables}
        share = Prober(con, tables).coverage(ids["sales"], ("shop_id",), ids["shops"], ("shop_id",))
    assert share is not None
    assert 0.0 < share < 1.0


def test_find_joins_keeps_sources_apart_that_only_share_names() -> None:
    found = _joins("""
        CREATE SCHEMA zoo; CREATE SCHEMA bakery;
        CREATE TABLE zoo.products AS SELECT i AS product_id, 'z' || i AS label FROM range(1, 90) t(i);
        CREATE TABLE zoo.keepers AS SELECT i AS keeper_id, 'k' || i AS label FROM range(1, 9) t(i);
        CREATE TABLE bakery.keepers AS SELECT i AS keeper_id, 'b' || i AS label FROM range(1, 8) t(i);
        CREATE TABLE bakery.sales AS SELECT 's' || i AS label, 1 + i % 15 AS product_id FROM range(60) t(i)""")
    assert found == {}


def test_find_joins_connects_the_layers_of_one_source() -> None:
    found = _joins("""
        CREATE SCHEMA raw_shop; CREATE SCHEMA shop;
        CREATE TABLE raw_shop.products AS SELECT i AS product_id, 'z' || i AS label FROM range(1, 90) t(i);
        CREATE TABLE shop.sales AS SELECT 's' || i AS label, 1 + i % 15 AS product_id FROM range(60) t(i)""")
    assert set(found) == {"sales.product_id -> products.product_id"}


def test_find_joins_reaches_another_source_whose_keys_are_used_throughout() -> None:
    found = _joins("""
        CREATE SCHEMA core; CREATE SCHEMA marts;
        CREATE TABLE core.products AS SELECT i AS product_id, 'z' || i AS label FROM range(1, 90) t(i);
        CREATE TABLE marts.sales AS SELECT 's' || i AS label, 1 + i % 88 AS product_id FROM range(300) t(i)""")
    assert set(found) == {"sales.product_id -> products.product_id"}


def test_find_joins_takes_a_copy_in_another_schema_for_no_parent() -> None:
    found = _joins("""
        CREATE SCHEMA shop; CREATE SCHEMA shop_test;
        CREATE TABLE shop.orders AS SELECT i AS order_id, 'o' || i AS label FROM range(1, 90) t(i);
        CREATE TABLE shop_test.orders AS SELECT 1 + i % 20 AS order_id, 't' || i AS label FROM range(60) t(i)""")
    assert found == {}
