"""The stored index: one SQLite file with tables, values, documents, full text and vectors."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from semantic.errors import IndexBrokenError
from semantic.store.rows import read_table
from semantic.types import Document, DocumentKind, Relationship, Table, TableId, Vectors

FORMAT = 2
REBUILD = "Build it again: genie index LAKE --force."
STORE_FILE = "meta.db"
KINDS: tuple[DocumentKind, ...] = ("table", "column", "passage", "metric", "query", "term", "word")
SCHEMA = """
CREATE TABLE tables (id INTEGER PRIMARY KEY, catalog TEXT, schema TEXT, name TEXT, kind TEXT, rows INTEGER,
    comment TEXT, definition TEXT, primary_key TEXT, fingerprint TEXT, stale INTEGER, meaning TEXT);
CREATE TABLE columns (table_id INTEGER, position INTEGER, name TEXT, type TEXT, comment TEXT, nullable INTEGER,
    profile TEXT, meaning TEXT, PRIMARY KEY (table_id, position)) WITHOUT ROWID;
CREATE TABLE relationships (id INTEGER PRIMARY KEY, child INTEGER, child_columns TEXT, parent INTEGER,
    parent_columns TEXT, cardinality TEXT, origin TEXT, coverage REAL, confidence REAL, uses INTEGER);
CREATE INDEX relationships_child ON relationships (child);
CREATE INDEX relationships_parent ON relationships (parent);
CREATE TABLE norms (id INTEGER PRIMARY KEY, norm TEXT UNIQUE);
CREATE TABLE vals (norm_id INTEGER, table_id INTEGER, column_name TEXT, value TEXT, count INTEGER);
CREATE TABLE documents (id INTEGER PRIMARY KEY, kind TEXT, position INTEGER, table_id INTEGER, column_name TEXT,
    title TEXT, text TEXT, source TEXT, hash BLOB);
CREATE TABLE vectors (id INTEGER PRIMARY KEY, hash BLOB UNIQUE, vector BLOB);
CREATE TABLE stamps (name TEXT PRIMARY KEY, stamp TEXT);
CREATE TABLE numberings (kind TEXT PRIMARY KEY, numbering TEXT);
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE norms_text USING fts5(norm, content='norms', content_rowid='id', tokenize='trigram');
CREATE VIRTUAL TABLE documents_text USING fts5(title, body, kind, content='',
    tokenize='porter unicode61 remove_diacritics 2');
"""
INDEXES = """
CREATE INDEX vals_norm ON vals (norm_id, count DESC);
CREATE INDEX vals_table ON vals (table_id);
CREATE INDEX documents_place ON documents (kind, position);
CREATE INDEX documents_hash ON documents (hash);
CREATE INDEX documents_owner ON documents (table_id, column_name, kind, position);
INSERT INTO norms_text (norms_text) VALUES ('rebuild');
"""


def kind_word(kind: DocumentKind) -> str:
    """Return the word that stands for a kind of document in the full text; no question says it."""
    return f"kind0{kind}"


class Store:
    """Reads a stored index; nothing is written through it.

    Args:
        path: The SQLite file.

    Raises:
        IndexBrokenError: It is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise IndexBrokenError(f"The index file {path} is missing.", hint=REBUILD)
        self.path = path
        # Published files never change, so no lock and no check for other writers is needed.
        self._con = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        rows = self.query("SELECT id, catalog, schema, name, stale, rows FROM tables ORDER BY catalog, schema, name")
        self.ids = {TableId(c, s, n): code for code, c, s, n, _, _ in rows}
        self.names = {code: table for table, code in self.ids.items()}
        self.stale = {TableId(c, s, n) for _, c, s, n, stale, _ in rows if stale}
        self.empty = {TableId(c, s, n) for _, c, s, n, _, count in rows if count == 0}

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query.

        Raises:
            IndexBrokenError: The file is damaged.
        """
        try:
            return self._con.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise IndexBrokenError(f"The index file {self.path} cannot be read: {error}.", hint=REBUILD) from error

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    def table(self, table: TableId) -> Table:
        """Read one table with its columns."""
        return read_table(self.query, self.ids[table], table)

    def count_personal(self) -> int:
        """Return how many columns hold personal data."""
        query = "SELECT count(*) FROM columns WHERE json_extract(meaning, '$.personal') IS NOT NULL"
        return int(self.query(query)[0][0])

    def hidden(self) -> tuple[tuple[TableId, str], ...]:
        """Read the tables and columns that are marked as hidden; the column is empty for a whole table."""
        rows = self.query(
            "SELECT id, '' FROM tables WHERE json_extract(meaning, '$.hidden') "
            "UNION ALL SELECT table_id, name FROM columns WHERE json_extract(meaning, '$.hidden')"
        )
        return tuple((self.names[code], column) for code, column in rows)

    def fingerprints(self) -> dict[TableId, str]:
        """Read the fingerprints of all tables."""
        return {self.names[code]: text for code, text in self.query("SELECT id, fingerprint FROM tables")}

    def stamps(self) -> dict[str, str]:
        """Read the state each database file was in, by the name it is attached under."""
        return dict(self.query("SELECT name, stamp FROM stamps"))

    def numberings(self) -> dict[DocumentKind, str]:
        """Read, by kind of document, the token that changes whenever positions are given anew."""
        return dict(self.query("SELECT kind, numbering FROM numberings"))

    def values(self, table: TableId) -> list[tuple[str, str, int]]:
        """Read (column, value, count) of one table."""
        rows = self.query(
            "SELECT column_name, value, count FROM vals WHERE table_id = ? ORDER BY rowid", (self.ids[table],)
        )
        return cast("list[tuple[str, str, int]]", rows)

    def relationships(self, tables: Collection[TableId] | None = None) -> tuple[Relationship, ...]:
        """Read the joins that touch one of the tables, or all of them."""
        query = (
            "SELECT id, child, child_columns, parent, parent_columns, cardinality, origin, coverage, confidence, uses"
        )
        if tables is None:
            rows = self.query(f"{query} FROM relationships ORDER BY id")
        else:
            codes = json.dumps([self.ids[t] for t in tables if t in self.ids])
            wanted = "(SELECT value FROM json_each(?))"
            rows = self.query(
                f"{query} FROM relationships WHERE child IN {wanted} OR parent IN {wanted} ORDER BY id", (codes, codes)
            )
        return tuple(self._relationship(row) for row in rows)

    def documents(self, where: str, parameters: Sequence[Any] = ()) -> dict[int, Document]:
        """Read documents by a condition, keyed by their position among those of their kind."""
        rows = self.query(
            f"SELECT position, kind, table_id, column_name, title, text, source FROM documents WHERE {where}",
            parameters,
        )
        return {
            row[0]: Document(
                kind=cast("DocumentKind", row[1]), table=self.names.get(row[2]), column=row[3], title=row[4],
                text=row[5], source=row[6],
            )
            for row in rows
        }  # fmt: skip

    def places(self, kind: DocumentKind) -> int:
        """Return how many positions documents of a kind have; some may be empty."""
        rows = self.query("SELECT max(position) + 1 FROM documents WHERE kind = ?", (kind,))
        return int(rows[0][0] or 0)

    def count_documents(self) -> int:
        """Return about how many documents there are, of all kinds together."""
        return int(self.query("SELECT coalesce(max(id), 0) FROM documents")[0][0])

    def empty_places(self, kind: DocumentKind) -> NDArray[np.int64]:
        """Return the positions of documents that are no more, in order."""
        places = self.places(kind)
        if self.query("SELECT count(*) FROM documents WHERE kind = ?", (kind,))[0][0] == places:
            return np.zeros(0, dtype=np.int64)
        used = np.array(self.query("SELECT position FROM documents WHERE kind = ?", (kind,)), dtype=np.int64)
        return np.setdiff1d(np.arange(places, dtype=np.int64), used.ravel())

    def dimensions(self) -> int:
        """Return the length of the vectors, 0 where there are none."""
        rows = self.query("SELECT length(vector) / 2 FROM vectors LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def vectors(self, kind: DocumentKind, first: int = 0, last: int | None = None) -> Vectors:
        """Read the vectors of the documents of a kind from one position up to another, shape (N, D).

        Rows of empty positions are zero.
        """
        last = self.places(kind) if last is None else last
        rows = self.query(
            "SELECT d.position, v.vector FROM documents d JOIN vectors v ON v.hash = d.hash "
            "WHERE d.kind = ? AND d.position >= ? AND d.position < ?",
            (kind, first, last),
        )
        vectors = np.zeros((last - first, self.dimensions()), dtype=np.float32)
        for position, halves in rows:
            vectors[position - first] = np.frombuffer(halves, dtype=np.float16)
        return vectors

    def _relationship(self, row: tuple[Any, ...]) -> Relationship:
        _, child, child_columns, parent, parent_columns, cardinality, origin, coverage, confidence, uses = row
        return Relationship(
            child=self.names[child], child_columns=tuple(json.loads(child_columns)), parent=self.names[parent],
            parent_columns=tuple(json.loads(parent_columns)), cardinality=cardinality, origin=origin,
            coverage=coverage, confidence=confidence, uses=uses,
        )  # fmt: skip
