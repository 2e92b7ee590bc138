"""Nearest-neighbour search in this process: FAISS files beside the store, a cache that is rebuilt where damaged."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from semantic.store.checksums import file_hash, has_hash
from semantic.types import Vectors

# Measured on 23,601 column embeddings of MiniLM and mixtures of two of them, one thread, the 400 nearest:
#            SQ8: p95, recall@10, build    HNSW32_SQ8 (256 walked): p95, recall@10, build
#   100,000       8 ms  0.992  0.2 s           1.6 ms  0.972   19 s
#   200,000      16 ms  0.994  0.3 s           1.6 ms  0.975   42 s
#   500,000      39 ms  0.994  0.8 s           1.4 ms  0.985  124 s
FLAT_LIMIT = 200_000
"""Up to here every row is compared; beyond, a graph is walked, which takes minutes to build."""
_FLAT, _GRAPH = "SQ8", "HNSW32_SQ8"
_WALKED = 256
_CHUNK = 10_000
# Ranges of the quantiser settle long before all rows were seen.
_TRAINED_CHUNKS = 5

Reader = Callable[[int, int], Vectors]
"""Reads the rows from one position up to another, shape (N, D); rows of empty positions are zero."""


class FaissNearest:
    """Searches an index in memory; positions whose documents are gone are never found.

    Args:
        index: A FAISS inner-product index.
        empty: Positions without a document.
    """

    def __init__(self, index: Any, empty: Sequence[int] | NDArray[np.int64] = ()) -> None:
        import faiss

        # The question path stays on one thread, so that several processes do not stall each other.
        faiss.omp_set_num_threads(1)
        self._index = index
        self._parameters = _without(index, empty) if len(empty) else None

    @property
    def ntotal(self) -> int:
        """How many positions there are, empty ones included."""
        return int(self._index.ntotal)

    def search(self, vector: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """Return scores and positions of the nearest rows, best first, each of shape (N, k); -1 where there is none."""
        found = self._index.search(np.ascontiguousarray(vector, dtype=np.float32), k, params=self._parameters)
        return cast("tuple[Vectors, NDArray[np.int64]]", found)

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Return the rows at these positions, shape (N, D)."""
        return cast("Vectors", self._index.reconstruct_batch(np.asarray(places, dtype=np.int64)))

    def reconstruct(self, place: int) -> NDArray[np.float32]:
        """Return the row at one position, shape (D,)."""
        return cast("NDArray[np.float32]", self._index.reconstruct(int(place)))


def _without(index: Any, empty: Sequence[int] | NDArray[np.int64]) -> Any:
    faiss: Any = importlib.import_module("faiss")
    others = faiss.IDSelectorNot(faiss.IDSelectorBatch(np.asarray(empty, dtype=np.int64)))
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(sel=others, efSearch=_WALKED)
    return faiss.SearchParameters(sel=others)


def kind_of(count: int) -> str:
    """Return the type of FAISS index for so many rows."""
    return _FLAT if count <= FLAT_LIMIT else _GRAPH


def build(read: Reader, count: int, *, kind: str = "") -> Any:
    """Build an index over rows that are read in chunks, so that they never lie in memory all at once.

    Args:
        read: Reads rows.
        count: How many there are, one at least.
        kind: Type of index; the one for this size where it is empty.
    """
    import faiss

    sample = _sample(read, count)
    index: Any = faiss.index_factory(sample.shape[1], kind or kind_of(count), faiss.METRIC_INNER_PRODUCT)
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efSearch = _WALKED
    index.train(sample)
    extend(index, read, count)
    return index


def build_flat(read: Reader, count: int) -> Any:
    """Build the index that takes no time to build, for a reader whose file is missing or damaged."""
    return build(read, count, kind=_FLAT)


def extend(index: Any, read: Reader, count: int) -> None:
    """Add the rows that the index does not have yet."""
    with _all_cores():
        for first, last in _chunks(index.ntotal, count):
            index.add(np.ascontiguousarray(read(first, last), dtype=np.float32))


def may_grow(index: Any, count: int, dimensions: int) -> bool:
    """Tell whether an index is of the type for so many rows and has no more than these."""
    import faiss

    graph = isinstance(index, faiss.IndexHNSW)
    return bool(index.d == dimensions and index.ntotal <= count and graph == (kind_of(count) == _GRAPH))


def save(index: Any, path: Path) -> str:
    """Write an index and return the hash of its bytes."""
    import faiss

    faiss.write_index(index, str(path))
    return file_hash(path)


def load(path: Path, sha256: str) -> Any | None:
    """Read an index; None where the file is missing or its bytes have changed, since FAISS itself would not notice."""
    import faiss

    return faiss.read_index(str(path)) if is_sound(path, sha256) else None


def is_sound(path: Path, sha256: str) -> bool:
    """Tell whether a file is there with the bytes of that hash."""
    return path.is_file() and has_hash(path, sha256)


def _sample(read: Reader, count: int) -> Vectors:
    chunks = list(_chunks(0, count))
    step = max(1, len(chunks) // _TRAINED_CHUNKS)
    return np.concatenate([read(first, last) for first, last in chunks[::step]])


def _chunks(first: int, last: int) -> Iterator[tuple[int, int]]:
    for start in range(first, last, _CHUNK):
        yield start, min(start + _CHUNK, last)


@contextmanager
def _all_cores() -> Iterator[None]:
    import faiss

    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(1)
