from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic.search.lexicon import Lexicon, stem
from semantic.search.outline import Outline
from semantic.store.reader import STORE_FILE, Store
from semantic.store.writer import StoreWriter
from semantic.types import Column, Document, Table, TableId

TABLE = TableId("db", "main", "sales")
NAMES = ("performance", "perform", "hometown", "town", "cust", "customer", "customization", "id", "account", "count")


@pytest.fixture
def lexicon(tmp_path: Path) -> Iterator[Lexicon]:
    writer = StoreWriter(tmp_path / STORE_FILE)
    writer.add_table(Table(id=TABLE, kind="table", columns=tuple(Column(name=n, type="VARCHAR") for n in NAMES)))
    documents = [Document(kind="column", table=TABLE, column=n, title=n, text=n, source=n) for n in NAMES]
    documents.append(Document(kind="table", table=TABLE, title="sales", text="sales", source="sales"))
    writer.add_documents((document, document.title.encode()) for document in documents)
    writer.drop_outdated()
    writer.close()
    store = Store(tmp_path / STORE_FILE)
    yield Lexicon(Outline(store))
    store.close()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("town", {"hometown": 0.6, "town": 1.0}),
        ("performed", {"performance": 0.9, "perform": 0.9}),
        ("customer", {"cust": 0.7, "customer": 1.0}),
        ("cust", {"customer": 0.7, "customization": 0.7, "cust": 1.0}),
        ("count", {"account": 0.6, "count": 1.0}),
        ("counts", {"count": 0.9}),
        ("id", {"id": 1.0}),
        ("ide", {}),
        ("nothing", {}),
    ],
)
def test_matches_are_the_same_word_its_forms_its_beginnings_and_its_wholes(
    lexicon: Lexicon, word: str, expected: dict[str, float]
) -> None:
    found = lexicon.matches(word)
    assert dict(found) == expected
    assert [strength for _, strength in found] == sorted(expected.values())


def test_stem_drops_the_ending_of_verb_and_noun() -> None:
    assert stem("performed") == stem("performance") == "perform"
