from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic.store import fulltext
from semantic.store.fulltext import match_words
from semantic.store.reader import STORE_FILE, Store
from semantic.store.writer import StoreWriter
from semantic.types import Document, Table, TableId

TABLE = TableId("db", "main", "sales")
NAMES = ["net_amount", "gross_amount", "net_price", "city", "net_amount_city"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    writer = StoreWriter(tmp_path / STORE_FILE)
    writer.add_table(Table(id=TABLE, kind="table", columns=()))
    documents = [
        Document(kind="column", table=TABLE, column=name, title=name, text=name.replace("_", " "), source=name)
        for name in [*NAMES, *(f"filler_{i}" for i in range(20))]
    ]
    documents.append(Document(kind="passage", table=None, title="Net", text="The net amount by city.", source="a.md:1"))
    writer.add_documents((document, str(i).encode()) for i, document in enumerate(documents))
    writer.drop_outdated()
    writer.close()
    opened = Store(tmp_path / STORE_FILE)
    yield opened
    opened.close()


def test_match_words_ranks_documents_of_the_kind_only(store: Store) -> None:
    found = match_words(store, "column", ["net", "amounts", "city"], limit=10)
    assert NAMES[next(iter(found))] == "net_amount_city"
    assert set(found) == {0, 1, 2, 3, 4}
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert match_words(store, "passage", ["net", "amounts"], limit=10).keys() == {0}


def test_match_words_asks_two_words_of_documents_where_too_many_say_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "_SCANNED", 3)
    assert match_words(store, "column", ["city", "net", "amount"], limit=10).keys() == {0, 3, 4}
    assert match_words(store, "column", ["net"], limit=10).keys() == {0, 2, 4}


def test_match_words_takes_no_words_unknown_words_and_hostile_ones(store: Store) -> None:
    assert match_words(store, "column", [], limit=10) == {}
    assert match_words(store, "column", ["zebra"], limit=10) == {}
    assert match_words(store, "column", ['"', 'net" OR kind : "kind0passage', "kind0column"], limit=10).keys() <= set(
        range(25)
    )


def test_match_words_respects_its_limit(store: Store) -> None:
    assert len(match_words(store, "column", ["net"], limit=2)) == 2
