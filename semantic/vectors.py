"""Nearest-neighbour search: FAISS files beside the store, as a cache that is rebuilt where it is missing or damaged."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from semantic.types import Vectors

# Up to here a flat scan over quantised rows answers in a few milliseconds.
_FLAT_LIMIT = 100_000


def build(vectors: Vectors) -> Any:
    """Return a FAISS inner-product index over the rows."""
    import faiss

    faiss.omp_set_num_threads(1)
    kind = "SQ8" if len(vectors) <= _FLAT_LIMIT else "HNSW32_SQ8"
    index: Any = faiss.index_factory(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
    if kind != "SQ8":
        index.hnsw.efSearch = 128
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    index.train(rows)
    index.add(rows)
    return index


def save(index: Any, path: Path) -> str:
    """Write an index and return the hash of its bytes."""
    import faiss

    data = faiss.serialize_index(index).tobytes()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def load(path: Path, sha256: str) -> Any | None:
    """Read an index; None where the file is missing or its bytes have changed, since FAISS itself would not notice."""
    import faiss

    if not path.is_file():
        return None
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    return faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
