"""Names of tables as people write them, and names that mean another database."""

from __future__ import annotations

import pytest

from semantic.facts import Facts, Source
from semantic.mining.lookup import Lookup
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, RawQuery
from semantic.types import Column, Table, TableId


def table(catalog: str, schema: str, name: str) -> Table:
    columns = (Column(name="id", type="INTEGER"), Column(name="amount", type="DOUBLE"))
    return Table(id=TableId(catalog, schema, name), kind="table", columns=columns)


TABLES = (
    table("shop", "main", "orders"),
    table("shop", "marts", "sales"),
    table("crm", "main", "people"),
    table("shop", "main", "notes"),
    table("crm", "main", "notes"),
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("orders", "shop.main.orders"),
        ("MAIN.Orders", "shop.main.orders"),
        ("shop.orders", "shop.main.orders"),
        ("shop.main.orders", "shop.main.orders"),
        ("crm.notes", "crm.main.notes"),
        # The database, or database and schema, of production.
        ("analytics.marts.sales", "shop.marts.sales"),
        ("dev.main.orders", "shop.main.orders"),
        ("analytics.prod.people", "crm.main.people"),
        ("dbt_prod.people", "crm.main.people"),
        # Two tables, or a place that the lake has without such a table.
        ("notes", None),
        ("analytics.main.notes", None),
        ("crm.main.orders", None),
        ("crm.orders", None),
        ("marts.orders", None),
        ("prod.marts.orders", None),
        ("gone", None),
        ("", None),
    ],
)
def test_find_leaves_out_of_a_name_only_what_the_lake_has_not(name: str, found: str | None) -> None:
    known = Lookup(TABLES).find(tuple(part for part in name.split(".") if part))
    assert (str(known) if known else None) == found


def mined(*statements: str) -> Facts:
    queries = (
        RawQuery(sql=sql, source=Source(kind="log", place=f"log.jsonl:{line}")) for line, sql in enumerate(statements)
    )
    return mine(Extract(queries=tuple(queries)), TABLES)


def test_mine_tells_which_names_of_another_place_it_took() -> None:
    facts = mined("SELECT sum(amount) AS revenue FROM dev.main.orders", "SELECT sum(amount) AS s FROM dev.marts.sales")
    assert [metric.name for metric in facts.metrics] == ["revenue"]
    assert facts.lost == (
        "dev.main: the lake has no such place, orders are read in shop.main",
        "dev.marts: the lake has no such place, sales are read in shop.marts",
    )


def test_mine_takes_one_table_written_more_or_less_in_full() -> None:
    facts = mined("SELECT sum(amount) AS paid FROM dev.prod.orders", "SELECT sum(amount) AS paid FROM prod.orders")
    assert [(metric.name, len(metric.sources)) for metric in facts.metrics] == [("paid", 1)]
    assert len(facts.lost) == 2


def test_mine_takes_neither_of_two_places_for_one_table() -> None:
    facts = mined(
        "SELECT sum(amount) AS paid FROM dev.main.orders",
        "SELECT sum(amount) AS refunds FROM other_db.main.orders",
        "SELECT max(amount) AS largest FROM main.orders",
    )
    assert [metric.name for metric in facts.metrics] == ["largest"]
    assert facts.lost[0] == "dev.main.orders, other_db.main.orders: several would be one table of the lake"
    assert any("no table dev.main.orders" in line for line in facts.lost)
    assert not any("no such place" in line for line in facts.lost)


def test_mine_takes_no_foreign_name_beside_one_of_the_lake() -> None:
    sql = "SELECT sum(o.amount) AS paid FROM crm.main.people p JOIN other_db.main.orders o ON o.id = p.id"
    facts = mined(sql)
    assert facts.metrics == ()
    assert facts.joins == ()
    assert facts.lost == ("log.jsonl:0: no table other_db.main.orders (nearest: shop.main.orders)",)
