from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from semantic.store.reader import Store
from semantic.store.writer import StoreWriter
from semantic.types import Column, Table, TableId
from semantic.values.find import find_values
from semantic.values.near import near_values

TABLE = TableId("db", "main", "things")
WORDS = ("paris", "berlin", "harbour", "timetable", "national park", "settlement fees")


def _store(folder: Path, values: list[str]) -> Store:
    writer = StoreWriter(folder / "meta.db")
    writer.add_table(Table(id=TABLE, kind="table", columns=(Column(name="label", type="VARCHAR"),)))
    writer.add_values(TABLE, [("label", value, 1) for value in values])
    writer.close()
    return Store(folder / "meta.db")


def _slips(word: str) -> Iterator[str]:
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
        yield word[:place] + "x" + word[place:]
        yield word[:place] + "x" + word[place + 1 :]
        yield word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = _store(tmp_path_factory.mktemp("near"), sorted({slip for word in WORDS for slip in _slips(word)}))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("word", "edits"), [*((word, 1) for word in WORDS), *((word, 2) for word in WORDS if len(word) > 12)]
)
def test_near_values_are_all_that_are_one_slip_away_and_share_three_letters(
    store: Store, word: str, edits: int
) -> None:
    grams = {word[i : i + 3] for i in range(len(word) - 2)}
    everything = [norm for (norm,) in store.query("SELECT norm FROM norms") if any(gram in norm for gram in grams)]
    wanted = {norm for norm in everything if OSA.distance(word, norm) == 1}
    assert len(wanted) > 2 * len(word)
    assert wanted <= {value for _, value in near_values(store, word, edits)}


def test_near_values_of_four_letters_may_have_one_more_behind_the_first(tmp_path: Path) -> None:
    store = _store(tmp_path, ["axbcd", "abcxd", "zzbcd"])
    assert {value for _, value in near_values(store, "abcd", 1)} >= {"axbcd", "abcxd"}
    store.close()


def test_find_values_finds_a_slip_where_many_other_values_share_more_letters(tmp_path: Path) -> None:
    store = _store(tmp_path, ["Settlement", *(f"settleman {number}" for number in range(40))])
    hits = find_values(store, "cases about Settlemant", limit=5)
    assert [(hit.value, hit.match) for hit in hits] == [("Settlement", "fuzzy")]
    store.close()
