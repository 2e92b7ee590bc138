"""Where the nearest vectors are searched: in this process, or on a server that several machines share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from semantic.store.reader import KINDS, STORE_FILE, Store
from semantic.types import DocumentKind, Vectors
from semantic.vectors import local
from semantic.vectors.pgvector import VectorServer

FAISS = "faiss"
"""The setting that keeps vectors in this process."""


class Nearest(Protocol):
    """Finds the rows nearest to a vector; positions are those of the documents of a kind."""

    @property
    def ntotal(self) -> int:
        """How many positions there are, empty ones included."""
        ...

    def search(self, vector: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """Return scores and positions of the nearest rows, best first, each of shape (N, k); -1 where there is none."""
        ...

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Return the rows at these positions, shape (N, D)."""
        ...


class VectorHome:
    """The vectors of one lake, wherever the setting says they are.

    Args:
        where: "faiss", or the address of a PostgreSQL server with pgvector.
        home: Home folder of the lake, which names it on a server.

    Raises:
        SemanticError: The server cannot be used.
    """

    def __init__(self, where: str, home: Path) -> None:
        self._lake = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:16]
        self._server = None if where == FAISS else VectorServer(where)

    def close(self) -> None:
        """Close what is open."""
        if self._server is not None:
            self._server.close()

    def publish(self, version: Path) -> None:
        """Bring a server up to date with a complete version; files need nothing."""
        if self._server is None:
            return
        store = Store(version / STORE_FILE)
        try:
            for kind, numbering in store.numberings().items():
                read = partial(store.vectors, kind)
                self._server.publish(self._lake, kind, numbering, read, store.places(kind))
        finally:
            store.close()

    def keep(self, version: Path) -> None:
        """Drop from a server what this version does not use, once it is the one in use."""
        if self._server is not None:
            store = Store(version / STORE_FILE)
            try:
                self._server.keep(self._lake, store.numberings())
            finally:
                store.close()

    def open(self, store: Store, hashes: Mapping[str, str]) -> dict[DocumentKind, Nearest]:
        """Return the search over each kind of document that has vectors.

        Args:
            store: The opened store.
            hashes: Hashes of the vector files beside it, by kind.
        """
        return {kind: self._open(store, kind, hashes[kind]) for kind in KINDS if kind in hashes}

    def _open(self, store: Store, kind: DocumentKind, sha256: str) -> Nearest:
        count, empty = store.places(kind), store.empty_places(kind)
        if self._server is not None:
            return self._server.open(self._lake, kind, store.numberings()[kind], count, empty.tolist())
        index = local.load(store.path.parent / f"{kind}.faiss", sha256)
        if index is None:
            index = local.build_flat(partial(store.vectors, kind), count)
        return local.FaissNearest(index, empty)
