"""Nearest-neighbour search on a PostgreSQL server with pgvector, for lakes that several machines share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semantic.errors import SemanticError
from semantic.types import DocumentKind, Vectors
from semantic.vectors.local import Reader

_CHUNK = 10_000
# Below this many rows the server compares them all, which is exact and quick.
_INDEXED_FROM = 20_000
_WALKED_LEAST, _WALKED_MOST = 128, 1_000
_REGISTRY = """
CREATE TABLE IF NOT EXISTS genie_vector_sets (name text PRIMARY KEY, lake text NOT NULL, kind text NOT NULL,
    numbering text NOT NULL, places integer NOT NULL, indexed boolean NOT NULL DEFAULT false)
"""


class VectorServer:
    """A connection to the server; each kind of each lake has a table of half floats there, keyed by position.

    Args:
        url: Address such as "postgresql://user@host/database", or key words as libpq takes them.

    Raises:
        SemanticError: It cannot be reached, or has no pgvector of release 0.7 or later.
    """

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise SemanticError(
                "Vectors on a PostgreSQL server need the package psycopg.", hint="pip install 'genie-ext[pgvector]'"
            ) from error
        self._errors = psycopg.Error
        try:
            self._con = psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="genie")
        except psycopg.Error as error:
            raise SemanticError(
                f"The vector server cannot be reached: {_line(error)}.",
                hint="Check the setting vectors and the server.",
            ) from error
        try:
            with self._explained():
                self._prepare()
        except SemanticError:
            self._con.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._con.close()

    def publish(self, lake: str, kind: DocumentKind, numbering: str, read: Reader, count: int) -> None:
        """Bring the rows of a kind up to date: those from the first position that is not there yet.

        Args:
            lake: Key of the lake.
            kind: Kind of the documents.
            numbering: Changes whenever positions are given anew; the rows of another numbering stay until `keep`.
            read: Reads rows.
            count: How many positions there are.
        """
        name = _name(lake, kind, numbering)
        with self._explained(), self._con.transaction():
            places, indexed = self._places(name)
            if places is None:
                dimensions = read(0, 1).shape[1]
                self._con.execute(f"CREATE TABLE {name} (position integer PRIMARY KEY, vector halfvec({dimensions}))")
                self._con.execute("INSERT INTO genie_vector_sets VALUES (%s, %s, %s, %s, 0)",
                                  (name, lake, kind, numbering))  # fmt: skip
            for first in range(places or 0, count, _CHUNK):
                self._copy(name, first, read(first, min(first + _CHUNK, count)))
            if count >= _INDEXED_FROM and not indexed:
                self._con.execute(f"CREATE INDEX ON {name} USING hnsw (vector halfvec_ip_ops)")
            self._con.execute("UPDATE genie_vector_sets SET (places, indexed) = (%s, %s) WHERE name = %s",
                              (max(count, places or 0), indexed or count >= _INDEXED_FROM, name))  # fmt: skip

    def keep(self, lake: str, numberings: Mapping[DocumentKind, str]) -> None:
        """Drop the rows of a lake that belong to none of these numberings, by kind."""
        kept = [_name(lake, kind, numbering) for kind, numbering in numberings.items()]
        with self._explained(), self._con.transaction():
            rows = self._con.execute("DELETE FROM genie_vector_sets WHERE lake = %s AND name <> ALL(%s) RETURNING name",
                                     (lake, kept)).fetchall()  # fmt: skip
            for (name,) in rows:
                self._con.execute(f"DROP TABLE IF EXISTS {name}")

    def open(self, lake: str, kind: DocumentKind, numbering: str, count: int, empty: Sequence[int]) -> PgNearest:
        """Return the search over the first `count` rows of a kind, less the empty positions.

        Raises:
            SemanticError: They are not on the server.
        """
        name = _name(lake, kind, numbering)
        with self._explained():
            places, _ = self._places(name)
        if places is None or places < count:
            raise SemanticError(
                f"The vector server does not hold the {kind} vectors of this index.", hint="Build the index again."
            )
        return PgNearest(self, name, count, empty)

    def query(self, sql: str, parameters: Sequence[Any], *, walked: int = _WALKED_LEAST) -> list[tuple[Any, ...]]:
        """Run a query and return its rows, values in binary form."""
        with self._explained(), self._con.transaction(), self._con.cursor(binary=True) as cursor:
            cursor.execute(f"SET LOCAL hnsw.ef_search = {min(max(walked, _WALKED_LEAST), _WALKED_MOST)}")
            return cursor.execute(sql, parameters).fetchall()

    def _prepare(self) -> None:
        self._con.execute("SET client_min_messages = warning")
        self._con.execute("CREATE EXTENSION IF NOT EXISTS vector")
        row = self._con.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
        if row is None or tuple(int(part) for part in row[0].split(".")[:2]) < (0, 7):
            raise SemanticError("The vector server needs pgvector 0.7 or later.", hint="ALTER EXTENSION vector UPDATE")
        self._con.execute(_REGISTRY)

    def _places(self, name: str) -> tuple[int | None, bool]:
        row = self._con.execute("SELECT places, indexed FROM genie_vector_sets WHERE name = %s", (name,)).fetchone()
        return (int(row[0]), bool(row[1])) if row else (None, False)

    def _copy(self, name: str, first: int, rows: Vectors) -> None:
        with self._con.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_binary(first, rows))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise SemanticError(
                f"The vector server failed: {_line(error)}.",
                hint="It needs the extension vector (pgvector) and the right to create tables.",
            ) from error


class PgNearest:
    """Searches one table of vectors on a server; `VectorServer.open` makes it."""

    def __init__(self, server: VectorServer, name: str, count: int, empty: Sequence[int]) -> None:
        self._server = server
        self._name = name
        self._count = count
        self._empty = [int(place) for place in empty]

    @property
    def ntotal(self) -> int:
        """How many positions there are, empty ones included."""
        return self._count

    def search(self, vector: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """Return scores and positions of the nearest rows, best first, each of shape (N, k); -1 where there is none."""
        scores = np.full((len(vector), k), -np.inf, dtype=np.float32)
        places = np.full((len(vector), k), -1, dtype=np.int64)
        for i, row in enumerate(vector):
            found = self._nearest(row, k)
            for j, (place, distance) in enumerate(found):
                scores[i, j], places[i, j] = -distance, place
        return scores, places

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Return the rows at these positions, shape (N, D); zero where a position is empty."""
        wanted = [int(place) for place in places]
        sql = f"SELECT position, halfvec_send(vector) FROM {self._name} WHERE position = ANY(%s)"
        found = {
            place: np.frombuffer(data, dtype=">f2", offset=4) for place, data in self._server.query(sql, (wanted,))
        }
        length = len(next(iter(found.values()))) if found else 1
        nothing = np.zeros(length, dtype=np.float32)
        return np.stack([found.get(place, nothing) for place in wanted]).astype(np.float32)

    def reconstruct(self, place: int) -> NDArray[np.float32]:
        """Return the row at one position, shape (D,)."""
        row: NDArray[np.float32] = self.rows([place])[0]
        return row

    def _nearest(self, row: NDArray[np.float32], k: int) -> list[tuple[Any, ...]]:
        text = f"[{','.join(f'{number:.6g}' for number in row.tolist())}]"
        # Empty positions are few; asking for so many more leaves k when they are dropped.
        number = k + len(self._empty)
        sql = (
            f"SELECT position, distance FROM (SELECT position, vector <#> %s::halfvec AS distance FROM {self._name} "
            "ORDER BY distance LIMIT %s) f WHERE position < %s AND position <> ALL(%s) ORDER BY distance LIMIT %s"
        )
        return self._server.query(sql, (text, number, self._count, self._empty, k), walked=number)


def _name(lake: str, kind: str, numbering: str) -> str:
    return f"genie_{kind}_{hashlib.sha256(f'{lake} {numbering}'.encode()).hexdigest()[:24]}"


def _binary(first: int, rows: Vectors) -> bytes:
    """Return the rows that are not empty in PostgreSQL's binary form for COPY, with their positions."""
    used = np.flatnonzero(rows.any(axis=1))
    dimensions = rows.shape[1]
    form = np.dtype([("fields", ">i2"), ("four", ">i4"), ("position", ">i4"), ("bytes", ">i4"), ("dimensions", ">i2"),
                     ("unused", ">i2"), ("vector", ">f2", (dimensions,))])  # fmt: skip
    data = np.zeros(len(used), dtype=form)
    data["fields"], data["four"], data["position"] = 2, 4, first + used
    data["bytes"], data["dimensions"], data["vector"] = 4 + 2 * dimensions, dimensions, rows[used]
    return b"PGCOPY\n\xff\r\n\x00" + bytes(8) + data.tobytes() + b"\xff\xff"


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
