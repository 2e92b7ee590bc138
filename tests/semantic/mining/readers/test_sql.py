from __future__ import annotations

from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, Lineage, RawQuery
from semantic.mining.readers import sql

FIXTURES = Path(__file__).parents[3] / "fixtures" / "sources" / "sql"


def read(name: str) -> Extract:
    file = SourceFile(FIXTURES / name, name)
    assert sql.fits(file)
    return sql.read(file)


def source(line: int, title: str = "", owner: str = "") -> Source:
    return Source(kind="sql", place=f"revenue.sql:{line}", title=title, owner=owner)


def test_read_returns_each_query_with_its_comment_and_line():
    archive, view = source(14, "shop.archive"), source(10, "shop.active_customers")
    assert read("revenue.sql") == Extract(
        queries=(
            RawQuery(
                sql="SELECT date_trunc('month', o.ordered_at) AS month, sum(o.amount) AS revenue\nFROM shop.orders o\n"
                "WHERE o.status = 'paid'\nGROUP BY 1",
                text="Net revenue by month",
                source=source(5, owner="ann"),
            ),
            RawQuery(
                sql="SELECT DISTINCT customer_id FROM shop.orders WHERE ordered_at > current_date - 90", source=view
            ),
            RawQuery(sql="SELECT id, amount FROM shop.orders", text="Load of the archive", source=archive),
            RawQuery(sql="SELECT * FROM shop.customers", source=source(15)),
        ),
        lineage=(
            Lineage(name=("shop", "active_customers"), inputs=(("shop", "orders"),), source=view),
            Lineage(name=("shop", "archive"), inputs=(("shop", "orders"),), source=archive),
        ),
        lost=("revenue.sql:18: Expected table name but got 'WHERE'",),
    )


def test_read_takes_a_template_as_the_model_named_after_its_file():
    found = read("stg_orders.sql")
    assert [q.sql for q in found.queries] == [
        "select id, amount\nfrom raw_orders r\njoin crm.people p on p.id = r.person_id\nwhere r.created_at > ?"
    ]
    assert found.queries[0].text == "One row per order"
    assert [(entry.name, entry.inputs) for entry in found.lineage] == [
        (("stg_orders",), (("raw_orders",), ("crm", "people")))
    ]
    assert found.lost == ()


def test_read_refuses_binary(tmp_path: Path):
    path = tmp_path / "a.sql"
    path.write_bytes(b"\x00\xff\xfeSELECT")
    with pytest.raises(SourceError, match=r"a\.sql: not UTF-8 text"):
        sql.read(SourceFile(path, "a.sql"))
