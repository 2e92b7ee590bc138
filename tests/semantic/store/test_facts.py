"""Facts keep their identity, and go through the store unchanged."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from semantic.fact_documents import fact_documents
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
from semantic.store.facts import SCHEMA, facts_of, read_fact, read_facts, rules_of, write_facts
from semantic.types import Relationship, TableId

ORDERS, PEOPLE = TableId("shop", "main", "orders"), TableId("shop", "main", "customers")
VIEW = Source(kind="view", place="revenue", uses=3, last="2026-11-01")
METRIC = Metric(
    name="net_revenue",
    expression='SUM("shop"."main"."orders"."orderTotal")',
    tables=(ORDERS,),
    filters=('"shop"."main"."orders"."status" <> \'cancelled\'',),
    time=(ORDERS, "placed_on"),
    synonyms=("turnover",),
    unit="EUR",
    sources=(VIEW,),
    standing="modelled",
    authority=0.5,
    conflicts=("m-1",),
)
QUERY = PastQuery(text="Who buys most?", sql="SELECT 1", tables=(ORDERS, PEOPLE), columns=((PEOPLE, "fullName"),))
FACTS = Facts(
    metrics=(METRIC,),
    dimensions=(Dimension(name="month", expression="x", tables=(ORDERS,)),),
    segments=(Segment(name="big", condition="y", tables=(ORDERS,), synonyms=("large",)),),
    queries=(QUERY,),
    terms=(Term(term="AOV", definition="Average order value"),),
    notes=(Note(table=ORDERS, column="status", kind="description", text="How far it is", source=VIEW),),
    joins=(
        MinedJoin(
            relationship=Relationship(
                child=ORDERS, child_columns=("cid",), parent=PEOPLE, parent_columns=("id",), origin="mined", uses=4
            )
        ),
    ),
    rules=(Rule(kind="refuse", words=("salary",), text="Ask HR."),),
    lost=("a.yml: a window",),
    skipped=("b.pdf: encrypted",),
)


class _Stored:
    """The two things that reading facts needs of a store."""

    def __init__(self, con: sqlite3.Connection, ids: dict[TableId, int]) -> None:
        self._con = con
        self.ids = ids

    def query(self, sql: str, parameters: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        return self._con.execute(sql, parameters).fetchall()


@pytest.fixture
def stored():
    con = sqlite3.connect(":memory:")
    con.executescript(SCHEMA)
    ids = {ORDERS: 1, PEOPLE: 2}
    write_facts(con, FACTS, ids)
    yield _Stored(con, ids)
    con.close()


def test_facts_come_back_as_they_were_written(stored):
    assert read_facts(stored) == FACTS


def test_fact_is_found_by_its_id(stored):
    assert read_fact(stored, METRIC.id) == METRIC
    assert read_fact(stored, QUERY.id) == QUERY
    assert read_fact(stored, "m-unknown") is None


def test_facts_of_a_table_leave_out_those_of_others(stored):
    assert list(facts_of(stored, "segments", [ORDERS])) == list(FACTS.segments)
    assert list(facts_of(stored, "segments", [PEOPLE])) == []
    assert list(facts_of(stored, "queries", [PEOPLE])) == [QUERY]
    assert rules_of(stored) == FACTS.rules


def test_id_follows_name_and_definition_but_not_provenance():
    assert dataclasses.replace(METRIC, sources=(), authority=0.9).id == METRIC.id
    assert dataclasses.replace(METRIC, filters=()).id != METRIC.id
    assert dataclasses.replace(METRIC, name="revenue").id != METRIC.id
    assert METRIC.id != Segment(name=METRIC.name, condition=METRIC.expression, tables=()).id


def test_documents_say_names_meaning_and_columns_in_words():
    documents = {document.source: document for document in fact_documents(FACTS)}
    metric = documents[METRIC.id]
    assert (metric.kind, metric.table, metric.title) == ("metric", ORDERS, "net revenue")
    assert "turnover" in metric.text
    assert "order total" in metric.text
    assert '"' not in metric.text
    assert "full name" in documents[QUERY.id].text
    assert documents[FACTS.terms[0].id].text.startswith("AOV: Average order value")
