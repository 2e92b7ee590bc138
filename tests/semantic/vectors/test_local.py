from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

from semantic.types import Vectors
from semantic.vectors import local as vectors
from semantic.vectors.local import FaissNearest


def _unit(count: int, dimensions: int = 32, seed: int = 0) -> Vectors:
    # A few hundred themes with variations, as the texts of a lake have.
    rng = np.random.default_rng(seed)
    themes = np.random.default_rng(7).normal(size=(300, dimensions))
    rows = themes[rng.integers(0, 300, count)] + 0.6 * rng.normal(size=(count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _reader(rows: Vectors, asked: list[int] | None = None) -> Callable[[int, int], Vectors]:
    def read(first: int, last: int) -> Vectors:
        if asked is not None:
            asked.append(last - first)
        return rows[first:last]

    return read


@pytest.fixture
def graph_from_2000(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "FLAT_LIMIT", 2_000)


def _is_graph(index: object) -> bool:
    return isinstance(index, faiss.IndexHNSW)


def test_kind_of_index_follows_the_number_of_rows() -> None:
    assert vectors.kind_of(vectors.FLAT_LIMIT) == "SQ8"
    assert vectors.kind_of(vectors.FLAT_LIMIT + 1) == "HNSW32_SQ8"


@pytest.mark.usefixtures("graph_from_2000")
def test_build_compares_all_rows_of_few_and_walks_a_graph_of_many() -> None:
    rows = _unit(2_001)
    assert not _is_graph(vectors.build(_reader(rows), 2_000))
    assert _is_graph(vectors.build(_reader(rows), 2_001))
    assert not _is_graph(vectors.build_flat(_reader(rows), 2_001))


@pytest.mark.usefixtures("graph_from_2000")
@pytest.mark.parametrize("count", [1_500, 4_000])
def test_search_agrees_with_comparing_all_rows(count: int) -> None:
    rows, questions = _unit(count), _unit(200, seed=1)
    nearest = FaissNearest(vectors.build(_reader(rows), count))
    scores, places = nearest.search(questions, 10)
    exact = np.argsort(-(questions @ rows.T), axis=1)[:, :10]
    found = [len(set(a) & set(b)) / 10 for a, b in zip(places.tolist(), exact.tolist(), strict=True)]
    assert np.mean(found) >= 0.95
    assert np.allclose(scores[:, 0], (questions * rows[places[:, 0]]).sum(axis=1), atol=0.03)


def test_build_reads_rows_in_bounded_chunks() -> None:
    rows, asked = _unit(45_000, 8), list[int]()
    index = vectors.build(_reader(rows, asked), len(rows))
    assert index.ntotal == 45_000
    assert max(asked) <= 10_000


def test_rows_are_those_of_the_positions_asked_for() -> None:
    rows = _unit(500)
    nearest = FaissNearest(vectors.build(_reader(rows), 500))
    assert nearest.ntotal == 500
    assert np.allclose(nearest.rows([7, 3]), rows[[7, 3]], atol=0.02)
    assert np.array_equal(nearest.reconstruct(3), nearest.rows([3])[0])


@pytest.mark.usefixtures("graph_from_2000")
@pytest.mark.parametrize("count", [500, 2_500])
def test_search_never_finds_empty_positions(count: int) -> None:
    rows = _unit(count)
    rows[[5, 9]] = 0
    nearest = FaissNearest(vectors.build(_reader(rows), count), [5, 9, 20])
    places = nearest.search(np.vstack([rows[20], rows[21]]), count)[1]
    assert not {5, 9, 20} & set(places.ravel().tolist())
    assert places[1, 0] == 21


@pytest.mark.usefixtures("graph_from_2000")
@pytest.mark.parametrize("count", [500, 2_500])
def test_extend_adds_only_rows_that_came(count: int) -> None:
    rows, asked = _unit(count + 40), list[int]()
    index = vectors.build(_reader(rows), count)
    assert vectors.may_grow(index, count + 40, 32)
    vectors.extend(index, _reader(rows, asked), count + 40)
    assert sum(asked) == 40
    assert FaissNearest(index).search(rows[-1:], 1)[1][0, 0] == count + 39


@pytest.mark.usefixtures("graph_from_2000")
def test_index_grows_only_into_its_own_size_and_form() -> None:
    rows = _unit(1_990)
    index = vectors.build(_reader(rows), 1_990)
    assert vectors.may_grow(index, 2_000, 32)
    assert not vectors.may_grow(index, 2_001, 32)
    assert not vectors.may_grow(index, 1_989, 32)
    assert not vectors.may_grow(index, 2_000, 16)


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_load_refuses_a_file_whose_bytes_changed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "column.faiss"
    code = vectors.save(vectors.build(_reader(_unit(300)), 300), path)
    kept = vectors.load(path, code)
    assert kept is not None
    assert kept.ntotal == 300
    data = bytearray(path.read_bytes())
    if damage == "delete":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data if damage == "flip" else data[:-10])
    assert vectors.load(path, code) is None
    assert not vectors.is_sound(path, code)
