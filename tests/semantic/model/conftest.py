"""A small lake and what was mined about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from semantic.facts import (
    Dimension,
    Facts,
    Metric,
    MinedJoin,
    Note,
    PastQuery,
    Rule,
    Segment,
    Source,
    Term,
)
from semantic.model.diff import Difference, compare
from semantic.model.load import load_model
from semantic.model.read import read_said
from semantic.model.said import Said
from semantic.types import Column, Relationship, Table, TableId

ORDERS = TableId("shop", "main", "orders")
CUSTOMERS = TableId("shop", "main", "customers")
DBT = Source(kind="dbt", place="models/shop.yml:12", definition=True)
SQL = Source(kind="sql", place="reports/weekly.sql:3", uses=14)


def column(name: str, table: TableId = ORDERS) -> str:
    return f'"{table.catalog}"."{table.schema}"."{table.name}"."{name}"'


PAID = f"{column('status')} = 'paid'"
TABLES = (
    Table(
        id=ORDERS,
        kind="table",
        columns=(
            Column(name="id", type="INTEGER"),
            Column(name="customer id", type="INTEGER"),
            Column(name="amount", type="DOUBLE", comment="Gross amount"),
            Column(name="status", type="VARCHAR"),
            Column(name="order", type="DATE"),
        ),
    ),
    Table(id=CUSTOMERS, kind="table", columns=(Column(name="id", type="INTEGER"), Column(name="name", type="VARCHAR"))),
    Table(id=TableId("shop", "main", "events"), kind="table", columns=(Column(name="id", type="INTEGER"),)),
)
FACTS = Facts(
    metrics=(
        Metric(
            name="revenue", expression=f"SUM({column('amount')})", tables=(ORDERS,), filters=(PAID,),
            time=(ORDERS, "order"), description="Money that came in.\nWithout returns.", synonyms=("sales",),
            unit="EUR", sources=(DBT, SQL), standing="modelled",
        ),
        Metric(name="revenue", expression=f"SUM({column('amount')})", tables=(ORDERS,), sources=(SQL,)),
        Metric(name="order_count", expression="COUNT(*)", tables=(ORDERS,), sources=(SQL,)),
        Metric(
            name="spend_per_head", tables=(ORDERS, CUSTOMERS), sources=(SQL,),
            expression=f"SUM({column('amount')}) / COUNT(DISTINCT {column('id', CUSTOMERS)})",
        ),
    ),
    dimensions=(
        Dimension(name="month", expression=f"DATE_TRUNC('MONTH', {column('order')})", tables=(ORDERS,), sources=(SQL,)),
    ),
    segments=(Segment(name="paid", condition=PAID, tables=(ORDERS,), sources=(SQL,)),),
    queries=(
        PastQuery(
            text="Revenue by customer", tables=(ORDERS, CUSTOMERS), sources=(SQL,),
            sql='SELECT c.name, SUM(amount) FROM orders AS o JOIN customers AS c ON c.id = o."customer id" GROUP BY 1',
        ),
        PastQuery(text="", sql="SELECT * FROM orders", tables=(ORDERS,), sources=(SQL,)),
    ),
    terms=(Term(term="churn", definition="A customer who left.", sources=(DBT,)),),
    rules=(Rule(kind="clarify", words=("best",), text="Best by what?", choices=("revenue", "orders")),),
    joins=(
        MinedJoin(
            relationship=Relationship(
                child=ORDERS, child_columns=("customer id",), parent=CUSTOMERS, parent_columns=("id",), origin="mined",
                uses=3,
            ),
            sources=(SQL,),
        ),
    ),
    notes=(
        Note(table=ORDERS, column="", kind="description", text="One row: per order", source=DBT),
        Note(table=ORDERS, column="status", kind="description", text="State of the order", source=DBT),
        Note(table=ORDERS, column="status", kind="synonym", text="phase", source=DBT),
        Note(table=ORDERS, column="status", kind="synonym", text="stage", source=DBT),
        Note(table=ORDERS, column="amount", kind="description", text="Never shown: the catalog knows", source=DBT),
        Note(table=ORDERS, column="amount", kind="unit", text="EUR", source=DBT),
        Note(table=CUSTOMERS, column="name", kind="hidden", text="", source=DBT),
        Note(table=CUSTOMERS, column="", kind="deprecated", text="use clients", source=DBT),
    ),
)  # fmt: skip


@pytest.fixture
def facts() -> Facts:
    return FACTS


@pytest.fixture
def tables() -> tuple[Table, ...]:
    return TABLES


@pytest.fixture
def state(tmp_path: Path) -> Callable[..., tuple[Said, Difference]]:
    """What the files in tmp_path say, and how mining differs from that."""

    def read(facts: Facts = FACTS, tables: tuple[Table, ...] = TABLES) -> tuple[Said, Difference]:
        said = read_said(load_model(tmp_path), tables)
        return said, compare(facts, said)

    return read
