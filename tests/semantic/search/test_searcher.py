from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from semantic.facts import Metric, PastQuery
from semantic.found import FactHit, Found, Hit
from semantic.index import Index, build_index
from semantic.lake import find_lake
from semantic.search.closeness import Asked, alike_words
from semantic.search.known import Known
from semantic.search.outline import schema_groups
from semantic.search.question import embedded_words
from semantic.search.searcher import Searcher
from semantic.search.within import Within
from semantic.store.reader import STORE_FILE, Store
from semantic.types import TableId
from semantic.vectors.encoders import HashingEncoder, find_encoder
from semantic.vectors.local import FaissNearest, build_flat
from semantic.vectors.nearest import FAISS, VectorHome

Make = Callable[[Path, str], Path]

CLINIC = """
CREATE TABLE doctors (doctor_id INTEGER PRIMARY KEY, full_name VARCHAR, speciality VARCHAR);
CREATE TABLE patients (patient_id INTEGER PRIMARY KEY, LName VARCHAR, hometown VARCHAR);
CREATE TABLE px9 (pid INTEGER REFERENCES patients (patient_id), did INTEGER REFERENCES doctors (doctor_id), fee INT);
CREATE TABLE rooms (room_id INTEGER PRIMARY KEY, floor INTEGER);
INSERT INTO doctors SELECT i, 'Doctor ' || i, 'surgery' FROM range(9) t(i);
INSERT INTO patients SELECT i, 'Smith ' || i, 'Lyon' FROM range(9) t(i);
INSERT INTO px9 SELECT i, i, 5.0 FROM range(9) t(i);
INSERT INTO rooms SELECT i, i FROM range(9) t(i);
"""
OTHER = """
CREATE TABLE doctors (doctor_id INTEGER, full_name VARCHAR);
CREATE TABLE lessons (lesson_id INTEGER, doctor_id INTEGER, topic VARCHAR);
INSERT INTO doctors SELECT i, 'Person ' || i FROM range(9) t(i);
INSERT INTO lessons SELECT i, i, 'algebra' FROM range(9) t(i);
"""
SALES = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, amount DOUBLE, status VARCHAR);
CREATE TABLE orders_old AS SELECT * FROM orders;
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR);
INSERT INTO orders SELECT i, i, 'open' FROM range(9) t(i);
INSERT INTO orders_old SELECT i, i, 'open' FROM range(9) t(i);
INSERT INTO customers SELECT i, 'Customer ' || i FROM range(9) t(i);
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
CREATE SCHEMA archive;
CREATE TABLE archive.orders AS SELECT * FROM orders;
"""
NEED = "names of the doctors of patients with the last name Smith 3"


def _open(folder: Path, encoder: HashingEncoder) -> Index:
    lake = find_lake(folder)
    build_index(lake, encoder=encoder)
    return Index.open(lake, encoder=encoder)


def _names(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.document.source for hit in hits]


def _hit(found: Found, source: str) -> Hit:
    return next(hit for hit in (*found.tables, *found.columns) if hit.document.source == source)


@pytest.fixture
def clinics(tmp_path: Path, make_database: Make, encoder: HashingEncoder) -> Iterator[Index]:
    make_database(tmp_path / "clinic.duckdb", CLINIC)
    for number in range(12):
        make_database(tmp_path / f"team{number}.duckdb", OTHER)
    with _open(tmp_path, encoder) as index:
        yield index


@pytest.fixture
def sales(tmp_path: Path, make_database: Make, encoder: HashingEncoder) -> Iterator[Index]:
    make_database(tmp_path / "sales.duckdb", SALES)
    with _open(tmp_path / "sales.duckdb", encoder) as index:
        yield index


def test_search_puts_the_schema_that_fits_the_whole_question_first(clinics: Index) -> None:
    found = clinics.search(NEED)
    first = {table for hit in found.tables[:3] if (table := hit.document.table)}
    assert first == {TableId("clinic", "main", name) for name in ("doctors", "patients", "px9")}
    assert any("clinic.main fits the whole question best" in hit.reasons for hit in found.tables)


def test_search_finds_the_table_between_two_that_are_named_and_says_why(clinics: Index) -> None:
    found = clinics.search(NEED)
    reasons = _hit(found, "clinic.main.px9").reasons
    assert any(reason.startswith("joined with ") and "doctors" in reason for reason in reasons)
    assert _names(found.tables).index("clinic.main.px9") < _names(found.tables).index("clinic.main.rooms")


def test_search_finds_the_columns_that_joins_need(clinics: Index) -> None:
    columns = _names(clinics.search(NEED).columns)
    assert {"clinic.main.px9.pid", "clinic.main.px9.did", "clinic.main.patients.patient_id"} <= set(columns)


@pytest.mark.parametrize(("question", "column"), [
    ("last names of patients", "LName"), ("home town of the patients", "hometown"), ("specialities", "speciality"),
])  # fmt: skip
def test_search_reads_names_that_are_glued_shortened_or_inflected(clinics: Index, question: str, column: str) -> None:
    found = clinics.search(question)
    assert column in [hit.document.column for hit in found.columns[:3]]


def test_search_of_one_schema_ranks_it_as_among_others(
    clinics: Index, tmp_path: Path, make_database: Make, encoder: HashingEncoder
) -> None:
    make_database(tmp_path / "alone.duckdb", CLINIC)
    with _open(tmp_path / "alone.duckdb", encoder) as index:
        alone = [hit.document.title for hit in index.search(NEED).tables]
    among = [hit.document.title for hit in clinics.search(NEED, within=Within(catalogs=frozenset({"clinic"}))).tables]
    assert set(alone[:3]) == set(among[:3]) == {"doctors", "patients", "px9"}


def test_search_never_puts_an_old_copy_before_its_original(sales: Index) -> None:
    for question in ("orders", "amount of orders by status", "open orders old or new"):
        names = _names(sales.search(question, within=Within(schemas=frozenset({"main"}))).tables)
        old, new = names.index("sales.main.orders_old"), names.index("sales.main.orders")
        assert (old < new) == ("old" in question.split())
    found = sales.search("orders")
    assert "looks like an old or intermediate copy" in _hit(found, "sales.main.orders_old").reasons
    columns = _names(found.columns)
    assert columns.index("sales.main.orders.order_id") < columns.index("sales.main.orders_old.order_id")


@pytest.mark.parametrize(("within", "expected"), [
    (Within(catalogs=frozenset({"SALES"}), schemas=frozenset({"archive"})), {"sales.archive.orders"}),
    (Within(schemas=frozenset({"sales.archive"})), {"sales.archive.orders"}),
    (Within(names=frozenset({"archive"})), {"sales.archive.orders"}),
    (Within(table_kinds=frozenset({"view"})), {"sales.main.open_orders"}),
    (Within(schemas=frozenset({"main"}), table_kinds=frozenset({"table"}), include_stale=False),
     {"sales.main.orders", "sales.main.customers"}),
    (Within(catalogs=frozenset({"nothing"})), set()),
])  # fmt: skip
def test_search_is_restricted_before_it_ranks(sales: Index, within: Within, expected: set[str]) -> None:
    found = sales.search("status of open orders", within=within)
    assert set(_names(found.tables)) == expected
    owners = {str(hit.document.table) for hit in found.columns} | {str(hit.table) for hit in found.values}
    assert owners <= expected


def test_search_scores_are_chances_in_order(clinics: Index) -> None:
    found = clinics.search(NEED)
    for hits in (found.tables, found.columns):
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_search_takes_bonuses_with_their_reason(sales: Index, encoder: HashingEncoder, tmp_path: Path) -> None:
    version = next((tmp_path / ".genie").rglob(STORE_FILE)).parent
    store = Store(version / STORE_FILE)
    home = VectorHome(FAISS, tmp_path)
    customers = TableId("sales", "main", "customers")
    try:
        searcher = Searcher(store, home.open(store, {"table": "", "column": ""}), encoder)
        plain = searcher.search("revenue by status")
        lifted = searcher.search(
            "revenue by status",
            bonuses={
                (customers, ""): (9.0, "used by metric revenue"),
                (customers, "name"): (9.0, "is shown"),
            },
        )
    finally:
        store.close()
        home.close()
    assert plain.tables[0].document.title != "customers"
    assert lifted.tables[0].document.title == "customers"
    assert "used by metric revenue" in lifted.tables[0].reasons
    assert (lifted.columns[0].document.column, "is shown" in lifted.columns[0].reasons) == ("name", True)


def test_known_facts_speak_for_the_tables_and_columns_they_use(sales: Index, tmp_path: Path) -> None:
    orders, customers = (TableId("sales", "main", name) for name in ("orders", "customers"))
    metric = Metric(name="revenue", expression="sum(amount)", tables=(orders, TableId("gone", "main", "lost")))
    near = PastQuery(
        text="who buys", sql="SELECT name FROM customers", tables=(customers,), columns=((customers, "name"),)
    )
    far = PastQuery(text="sales", sql="SELECT 1 FROM customers", tables=(customers,))
    known = Known(
        metrics=(FactHit(fact=metric, score=0.5),),
        queries=(FactHit(fact=near, score=0.9), FactHit(fact=far, score=0.2)),
    )
    store = Store(next((tmp_path / ".genie").rglob(STORE_FILE)))
    bonuses = known.bonuses(store)
    store.close()
    assert set(bonuses) == {(orders, ""), (customers, ""), (customers, "name")}
    assert bonuses[orders, ""][1] == "used by the metric revenue"
    assert bonuses[customers, ""] == bonuses[customers, "name"]
    assert bonuses[customers, ""][1] == "used by the past query 'who buys'"


def test_search_returns_the_joins_between_the_tables_it_found(clinics: Index) -> None:
    joins = clinics.search(NEED, tables=3).joins
    assert {(join.child.name, join.parent.name) for join in joins} == {("px9", "patients"), ("px9", "doctors")}


def test_alike_words_lead_from_the_words_of_a_question_to_those_of_names() -> None:
    encoder = find_encoder()
    titles = ["customer", "aircraft", "salary", "tonnage"]
    vectors = encoder.encode(titles)
    nearest = FaissNearest(build_flat(lambda first, last: vectors[first:last], len(titles)), [])
    words = embedded_words("How many clients earn wages?")
    asked = Asked(words, encoder.encode(["How many clients earn wages?", *words]))
    alike = alike_words(nearest, dict(enumerate(titles)), asked)
    assert {word: max(found, key=found.__getitem__) for word, found in alike.items() if word != "earn"} == {
        "client": "customer",
        "wage": "salary",
    }
    assert all(0 < strength < 1 for found in alike.values() for strength in found.values())


def test_embedded_words_leave_out_what_only_asks() -> None:
    assert embedded_words("Show the oldest singers in descending order, at most 5") == ("singers",)


def test_schemas_whose_tables_are_joined_count_as_one():
    tables = [TableId("wh", schema, "t") for schema in ("core", "metrics", "hr")] + [TableId("other", "main", "t")]
    groups, numbers = schema_groups(tables, [(("wh", "metrics"), ("wh", "core"))])
    assert groups == [(("wh", "core"), ("wh", "metrics")), (("wh", "hr"),), (("other", "main"),)]
    assert numbers["wh", "core"] == numbers["wh", "metrics"] != numbers["wh", "hr"]
