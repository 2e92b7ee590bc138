from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawJoin, RawMetric, RawNote, RawSegment
from semantic.mining.readers import metabase
from semantic.mining.readers.mbql import Clauses
from semantic.mining.readers.mbql_terms import NotCarriedError

FIXTURES = Path(__file__).parents[3] / "fixtures" / "sources" / "metabase"
ORDERS = ("shop", "orders")


def read(path: Path) -> Extract:
    file = SourceFile(path, path.name)
    assert metabase.fits(file)
    return metabase.read(file)


def test_read_returns_a_metric_of_the_export():
    found = read(FIXTURES / "export" / "paid_revenue.yaml")
    source = Source(
        kind="dashboard", place="paid_revenue.yaml", title="Paid revenue", owner="ann@example.com", last="2026-02-01",
        definition=True,
    )  # fmt: skip
    assert found.metrics == (
        RawMetric(
            name="Paid revenue", expression='SUM("amount")', relations={"": ORDERS, "orders": ORDERS}, source=source,
            filters=("\"status\" = 'paid'",), time="ordered_at", description="What paid orders brought in",
        ),
    )  # fmt: skip
    month = "DATE_TRUNC('month', \"ordered_at\")"
    (query,) = found.queries
    start = f'SELECT {month}, SUM("amount") AS "Paid revenue" FROM "shop"."orders"'
    assert query.sql == f"{start} WHERE \"status\" = 'paid' GROUP BY {month}"


def test_read_writes_a_question_of_the_older_form():
    (query,) = read(FIXTURES / "export" / "top_countries.yaml").queries
    now = "DATE_TRUNC('month', CURRENT_TIMESTAMP)"
    assert query.sql == (
        'SELECT "Customers"."country", COUNT(*), COUNT(*) FILTER (WHERE "orders"."amount" > 100) FROM "shop"."orders" '
        'JOIN "shop"."customers" AS "Customers" ON "orders"."customer_id" = "Customers"."id" '
        f'WHERE "orders"."amount" IS NOT NULL AND "orders"."ordered_at" >= {now} + INTERVAL -12 MONTH '
        f'AND "orders"."ordered_at" < {now} + INTERVAL 0 MONTH GROUP BY "Customers"."country" '
        "ORDER BY COUNT(*) DESC LIMIT 5"
    )


def test_read_returns_segments_and_what_is_said_of_columns():
    segment = Source(kind="dashboard", place="large_orders.yaml", title="Large orders", definition=True)
    assert read(FIXTURES / "export" / "large_orders.yaml").segments == (
        RawSegment(
            name="Large orders", condition='"amount" > 100', relations={"": ORDERS}, description="Orders above 100",
            source=segment,
        ),
    )  # fmt: skip
    source = Source(kind="dashboard", place="customer_id.yaml", title="customer_id", definition=True)
    assert read(FIXTURES / "export" / "customer_id.yaml") == Extract(
        notes=(
            RawNote(relation=ORDERS, column="customer_id", kind="description", text="Who ordered", source=source),
            RawNote(relation=ORDERS, column="customer_id", kind="synonym", text="Buyer", source=source),
            RawNote(relation=ORDERS, column="customer_id", kind="hidden", text="sensitive in Metabase", source=source),
        ),
        joins=(
            RawJoin(
                child=ORDERS, child_columns=("customer_id",), parent=("shop", "customers"), parent_columns=("id",),
                source=source,
            ),
        ),
    )  # fmt: skip


def test_read_resolves_the_numbers_of_the_api_through_the_file_beside_it():
    found = read(FIXTURES / "api" / "cards.json")
    native, built, above = found.queries
    assert native.sql == "SELECT ordered_at, SUM(amount) AS paid FROM shop.orders WHERE status = ?  GROUP BY 1"
    assert native.source == Source(
        kind="dashboard", place="cards.json:Paid by day", title="Paid by day", owner="bob@example.com", uses=12,
        last="2026-04-01", certified=True,
    )  # fmt: skip
    assert native.verified
    assert built.sql == 'SELECT AVG("amount") FROM "shop"."orders"'
    assert above.sql == f"SELECT COUNT(*) FROM ({built.sql}) AS source"
    assert found.lost == (
        "cards.json:Nowhere: a question over the question card__99, which no file here describes, is not carried over",
    )


def test_read_returns_what_a_database_says_of_its_tables():
    found = read(FIXTURES / "api" / "database.json")
    assert [(n.relation, n.column, n.text) for n in found.notes] == [
        (ORDERS, "", "All orders"), (ORDERS, "amount", "In euro"),
    ]  # fmt: skip
    assert [(key.relation, key.columns) for key in found.keys] == [(ORDERS, ("id",))]


def test_read_tells_which_field_nobody_explains(tmp_path: Path):
    card = {"name": "Q", "dataset_query": {"query": {"source-table": 99, "aggregation": [["count"]]}}}
    (tmp_path / "q.json").write_text(json.dumps(card))
    assert read(tmp_path / "q.json").lost == ("q.json:Q: table 99, which no file here describes, is not carried over",)


FIELD = ["field", {}, ["D", "s", "t", "x"]]


@pytest.mark.parametrize(
    ("clause", "sql"),
    [
        (["distinct", {}, FIELD], 'COUNT(DISTINCT "x")'),
        (["sum-where", {}, FIELD, [">", {}, FIELD, 1]], 'SUM("x") FILTER (WHERE "x" > 1)'),
        (
            ["share", [">", ["field", "x", {"base-type": "type/Float"}], 1]],
            'AVG(CASE WHEN "x" > 1 THEN 1.0 ELSE 0.0 END)',
        ),
        (["/", ["sum", FIELD], ["count"]], '(SUM("x") / COUNT(*))'),
        (["=", {}, FIELD, "a", "b'c"], "\"x\" IN ('a', 'b''c')"),
        (["!=", FIELD, None], '"x" <> NULL'),
        (["case", [[[">", FIELD, 1], "big"]], {"default": "small"}], "CASE WHEN \"x\" > 1 THEN 'big' ELSE 'small' END"),
        (["case", {}, [[[">", FIELD, 1], 2]], 3], 'CASE WHEN "x" > 1 THEN 2 ELSE 3 END'),
        (["does-not-contain", {}, FIELD, "a", "b"], "(\"x\" NOT ILIKE '%a%' AND \"x\" NOT ILIKE '%b%')"),
        (["field", {"temporal-unit": "day-of-week"}, ["D", "s", "t", "x"]], 'DAYOFWEEK("x")'),
        (["not", ["between", FIELD, 1, True]], 'NOT ("x" BETWEEN 1 AND TRUE)'),
    ],
)
def test_clauses_are_written_in_both_forms(clause: list[Any], sql: str):
    assert Clauses().sql(clause) == sql


def test_clauses_refuse_what_has_no_counterpart_and_what_never_ends():
    deep: list[Any] = ["count"]
    wide: list[Any] = ["count"]
    for _ in range(100):
        deep = ["not", deep]
    for _ in range(40):
        wide = ["and", wide, wide]
    for clause in (
        ["cum-sum", FIELD],
        ["field", 12, None],
        deep,
        wide,
        ["field", {"binning": 1}, ["D", "s", "t", "x"]],
    ):
        with pytest.raises(NotCarriedError):
            Clauses().sql(clause)


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"dataset_query": 3}', '{"base_type": 1}', '{"a": 1}'])
def test_fits_leaves_other_json_alone(tmp_path: Path, text: str):
    (tmp_path / "a.json").write_text(text)
    file = SourceFile(tmp_path / "a.json", "a.json")
    if text != '{"dataset_query": 3}':
        assert not metabase.fits(file)


def test_read_writes_the_join_that_a_foreign_key_says(tmp_path: Path):
    fields = tmp_path / "databases" / "Shop" / "schemas" / "shop" / "tables" / "orders" / "fields"
    fields.mkdir(parents=True)
    (fields / "customer_id.yaml").write_text((FIXTURES / "export" / "customer_id.yaml").read_text())
    path = tmp_path / "collections" / "by_country.yaml"
    path.parent.mkdir()
    path.write_text(
        "name: By country\ntype: question\ndataset_query:\n  stages:\n  - source-table: [Shop, shop, orders]\n"
        "    aggregation:\n    - [sum, {}, [field, {}, [Shop, shop, orders, amount]]]\n"
        "    breakout:\n"
        "    - [field, {source-field: [Shop, shop, orders, customer_id]}, [Shop, shop, customers, country]]\n"
        "serdes/meta:\n- {id: x, model: Card}\n"
    )
    (query,) = read(path).queries
    assert query.sql == (
        'SELECT "customers by customer_id"."country", SUM("orders"."amount") FROM "shop"."orders" '
        'LEFT JOIN "shop"."customers" AS "customers by customer_id" '
        'ON "orders"."customer_id" = "customers by customer_id"."id" GROUP BY "customers by customer_id"."country"'
    )
    (fields / "customer_id.yaml").unlink()
    assert read(path).lost == (
        "by_country.yaml: shop.customers.country through a foreign key that no file here describes is not carried over",
    )


def test_read_writes_out_metrics_segments_and_questions_it_refers_to(tmp_path: Path):
    for name in ("paid_revenue", "large_orders", "top_countries"):
        (tmp_path / f"{name}.yaml").write_text((FIXTURES / "export" / f"{name}.yaml").read_text())
    head = "type: question\ndataset_query:\n  stages:\n  - "
    tail = "serdes/meta:\n- {id: x, model: Card}\n"
    (tmp_path / "a.yaml").write_text(
        f"name: A\n{head}source-table: [Shop, shop, orders]\n"
        "    aggregation:\n    - - metric\n      - {}\n      - aaaaaaaaaaaaaaaaaaaa1\n"
        f"    filters:\n    - - segment\n      - {{}}\n      - aaaaaaaaaaaaaaaaaaaa3\n{tail}"
    )
    (query,) = read(tmp_path / "a.yaml").queries
    assert query.sql == (
        'SELECT SUM("amount") FILTER (WHERE "status" = \'paid\') FROM "shop"."orders" WHERE ("amount" > 100)'
    )
    (tmp_path / "b.yaml").write_text(
        f"name: B\n{head}source-card: aaaaaaaaaaaaaaaaaaaa2\n    aggregation:\n    - [count, {{}}]\n{tail}"
    )
    (query,) = read(tmp_path / "b.yaml").queries
    assert query.sql.startswith('SELECT COUNT(*) FROM (SELECT "Customers"."country", COUNT(*)')
    (tmp_path / "paid_revenue.yaml").unlink()
    assert "aaaaaaaaaaaaaaaaaaaa1" in read(tmp_path / "a.yaml").lost[0]
