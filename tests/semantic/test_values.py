from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic.store import Store, StoreWriter
from semantic.types import Column, Table, TableId, ValueHit
from semantic.values import find_values

PEOPLE = TableId("db", "main", "people")
VALUES = [
    ("country", "France", 10), ("country", "Germany", 7), ("country", "New York", 5), ("country", "York", 3),
    ("country", "Saint-Étienne", 2), ("state", "IN", 4), ("state", "CA", 4), ("active", "Y", 9), ("active", "N", 1),
    ("kind", "Sports Cars", 3), ("kind", "dog", 2), ("name", "O'Brien", 1), ("name", "The Who", 1), ("rank", "50%", 2),
    ("city", "Aberdeen", 2), ("city", "paris", 3), ("birthplace", "Paris", 8), ("name", "Jean-Luc Picard", 1),
    ("status", "cancelled", 5), ("job", "C++", 1),
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
        ("people in CA", [("CA", "CA", "exact")]),
        ("is it 'y'", [("y", "Y", "exact")]),
        ("rank 50% only", [("50%", "50%", "exact")]),
        ("who knows C++?", [("C++", "C++", "exact")]),
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
