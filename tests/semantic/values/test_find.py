from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from semantic.found import ValueHit
from semantic.index import Index, build_index
from semantic.lake import Lake, find_lake
from semantic.store.reader import Store
from semantic.store.writer import StoreWriter
from semantic.types import Column, Table, TableId
from semantic.values.find import find_values
from semantic.vectors.encoders import HashingEncoder

PEOPLE = TableId("db", "main", "people")
VALUES = [
    ("country", "France", 10), ("country", "Germany", 7), ("country", "New York", 5), ("country", "York", 3),
    ("country", "Saint-Étienne", 2), ("state", "IN", 4), ("state", "CA", 4), ("active", "Y", 9), ("active", "N", 1),
    ("kind", "Sports Cars", 3), ("kind", "dog", 2), ("name", "O'Brien", 1), ("name", "The Who", 1), ("rank", "50%", 2),
    ("city", "Aberdeen", 2), ("city", "paris", 3), ("birthplace", "Paris", 8), ("name", "Jean-Luc Picard", 1),
    ("status", "cancelled", 5), ("job", "C++", 1), ("country", "United States", 4), ("nation_code", "USA", 6),
    ("sex", "F", 8), ("sex", "M", 9), ("company", "Acme Corporation Ltd", 2), ("company", "Globex", 3),
    ("company", "Initech Parts of Texas", 1), ("agency", "National Aeronautics and Space Administration", 1),
    ("name", "Smith John", 1), ("department", "Comp. Sci.", 2), ("department", "Human Resources", 2),
    ("home_state", "California", 3), ("month", "May", 2), ("model", "wagon estate (sw)", 1), ("town", "Bern", 4),
    ("first_name", "Ada", 2), ("last_name", "Moore", 2), ("nickname", "Ada", 7), ("show", "Home Makers", 1),
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    writer = StoreWriter(tmp_path / "meta.db")
    names = dict.fromkeys(column for column, _, _ in VALUES)
    writer.add_table(Table(id=PEOPLE, kind="table", columns=tuple(Column(name=n, type="VARCHAR") for n in names)))
    writer.add_values(PEOPLE, VALUES)
    writer.close()
    opened = Store(tmp_path / "meta.db")
    yield opened
    opened.close()


def _found(store: Store, question: str) -> list[tuple[str, str, str]]:
    return [(hit.phrase, hit.value, hit.match) for hit in find_values(store, question, limit=20)]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("people in FRANCE", [("FRANCE", "France", "exact")]),
        ("how many live in New York?", [("New York", "New York", "exact")]),
        ("people from saint-etienne", [("saint-etienne", "Saint-Étienne", "exact")]),
        ("which sports car is red", [("sports car", "Sports Cars", "inflection")]),
        ("how many dogs", [("dogs", "dog", "inflection")]),
        ("people in Aberden", [("Aberden", "Aberdeen", "fuzzy")]),
        ("people in Gemrany", [("Gemrany", "Germany", "fuzzy")]),
        ("canceled ones", [("canceled", "cancelled", "fuzzy")]),
        ("France's people", [("France", "France", "exact")]),
        ("what does O'Brien do", [("O'Brien", "O'Brien", "exact")]),
        ('songs by "the who"', [("the who", "The Who", "exact")]),
        ("songs by 'the who' please", [("the who", "The Who", "exact")]),
        ("people in CA", [("CA", "CA", "exact"), ("CA", "California", "abbreviation")]),
        ("is it 'y'", [("y", "Y", "exact")]),
        ("rank 50% only", [("50%", "50%", "exact")]),
        ("who knows C++?", [("C++", "C++", "exact")]),
        ("how many French people", [("French", "France", "abbreviation")]),
        ("people in california", [("california", "California", "exact"), ("california", "CA", "abbreviation")]),
        ("how many women", [("women", "F", "abbreviation")]),
        ("orders of Acme", [("Acme", "Acme Corporation Ltd", "part")]),
        ("orders of acme corp", [("acme corp", "Acme Corporation Ltd", "part")]),
        ("what does NASA do", [("NASA", "National Aeronautics and Space Administration", "abbreviation")]),
        ("where is John Smith", [("John Smith", "Smith John", "part")]),
        ("people of the computer science department", [("computer science", "Comp. Sci.", "abbreviation")]),
        ("who works in HR", [("HR", "Human Resources", "abbreviation")]),
        ("all of May please", [("May", "May", "exact")]),
        ("speed of wagon estate (sw)", [("wagon estate (sw)", "wagon estate (sw)", "exact")]),
        ("what did Jean-Luc Picard say", [("Jean-Luc Picard", "Jean-Luc Picard", "exact")]),
    ],
)
def test_find_values_matches(store: Store, question: str, expected: list[tuple[str, str, str]]) -> None:
    assert _found(store, question) == expected


@pytest.mark.parametrize(
    "question",
    ["who lives in a city", "the kind of people", "is it in or ca", "yes or no, y or n", "states and countries", "",
     "???",     "average rank by birthplace", "dig a hole"],
)  # fmt: skip
def test_find_values_leaves_plain_words_alone(store: Store, question: str) -> None:
    assert _found(store, question) == []


def test_find_values_gives_the_place_of_the_words(store: Store) -> None:
    question = "Do people in  new york drink?"
    hit = find_values(store, question, limit=5)[0]
    assert question[hit.start : hit.end] == hit.phrase == "new york"
    assert (hit.table, hit.column, hit.count, hit.score) == (PEOPLE, "country", 5, 1.0)


def test_find_values_orders_equal_matches_by_count(store: Store) -> None:
    assert [(h.column, h.value) for h in find_values(store, "PARIS", limit=5)] == [
        ("birthplace", "Paris"),
        ("city", "paris"),
    ]


def test_find_values_gives_every_phrase_its_share(store: Store) -> None:
    found: list[ValueHit] = list(find_values(store, "Paris or Germany", limit=2))
    assert {hit.value for hit in found} == {"Paris", "Germany"}


@pytest.mark.parametrize(
    "question",
    [
        "show id and name", "names that contain 'home'", "all home owners", "parts of a texan toast",
        "which names have moores in it", "nasa budgets",
    ],
)  # fmt: skip
def test_find_values_takes_no_chances_with_parts_and_codes(store: Store, question: str) -> None:
    kinds = {hit.match for hit in find_values(store, question, limit=20)}
    assert not kinds & {"part", "abbreviation", "fuzzy"}


def test_find_values_reads_names_over_columns_together(tmp_path: Path) -> None:
    pets = TableId("db", "main", "pets")
    writer = StoreWriter(tmp_path / "meta.db")
    for table, values in ((PEOPLE, [("first", "Ada", 2), ("last", "Moore", 2)]), (pets, [("called", "Ada", 7)])):
        columns = tuple(Column(name=column, type="VARCHAR") for column, _, _ in values)
        writer.add_table(Table(id=table, kind="table", columns=columns))
        writer.add_values(table, values)
    writer.close()
    with closing(Store(tmp_path / "meta.db")) as opened:
        beside = find_values(opened, "where is Ada Moore", limit=20)
        alone = find_values(opened, "where is Ada, and where Moore", limit=20)
    assert [h.table for h in beside if h.phrase == "Ada"] == [PEOPLE, pets]
    assert [h.table for h in alone if h.phrase == "Ada"] == [pets, PEOPLE]


def test_find_values_tells_the_two_ways_to_write_a_country(store: Store) -> None:
    hits = find_values(store, "people from the United States", limit=20)
    assert {(h.column, h.value, h.match) for h in hits} == {
        ("country", "United States", "exact"), ("nation_code", "USA", "abbreviation"),
    }  # fmt: skip


def test_find_values_sees_new_data_after_a_build(tmp_path: Path, encoder: HashingEncoder) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE orders AS SELECT 1 AS id, 'lost' AS state")
        con.execute("CREATE TABLE staff AS SELECT 1 AS id, 'Ada' AS name")
    lake = find_lake(path, home=tmp_path / "home")
    build_index(lake, encoder=encoder)
    assert _values_of(lake, "lost orders", encoder) == {"lost"}
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE orders SET state = 'delivered'")
    report = build_index(lake, encoder=encoder)
    assert report.changed == 1
    assert _values_of(lake, "lost orders", encoder) == set()
    assert _values_of(lake, "delivered orders of Ada", encoder) == {"delivered", "Ada"}


def _values_of(lake: Lake, question: str, encoder: HashingEncoder) -> set[str]:
    with Index.open(lake, encoder=encoder) as index:
        return {hit.value for hit in index.search(question).values}
