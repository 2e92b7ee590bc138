"""The stored index: one SQLite file with tables, values, documents, full text and vectors."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from semantic.errors import IndexBrokenError
from semantic.names import normalise, split_words
from semantic.types import (
    Column,
    ColumnProfile,
    Document,
    DocumentKind,
    Relationship,
    Table,
    TableId,
    Vectors,
)

FORMAT = 1
REBUILD = "Build it again: genie index LAKE --force."
STORE_FILE = "meta.db"
KINDS: tuple[DocumentKind, ...] = ("table", "column", "passage")
_SCHEMA = """
CREATE TABLE tables (id INTEGER PRIMARY KEY, catalog TEXT, schema TEXT, name TEXT, kind TEXT, rows INTEGER,
    comment TEXT, definition TEXT, primary_key TEXT, fingerprint TEXT, stale INTEGER);
CREATE TABLE columns (table_id INTEGER, position INTEGER, name TEXT, type TEXT, comment TEXT, nullable INTEGER,
    profile TEXT, PRIMARY KEY (table_id, position)) WITHOUT ROWID;
CREATE TABLE relationships (id INTEGER PRIMARY KEY, child INTEGER, child_columns TEXT, parent INTEGER,
    parent_columns TEXT, cardinality TEXT, origin TEXT, coverage REAL, confidence REAL);
CREATE INDEX relationships_child ON relationships (child);
CREATE INDEX relationships_parent ON relationships (parent);
CREATE TABLE norms (id INTEGER PRIMARY KEY, norm TEXT UNIQUE);
CREATE TABLE vals (norm_id INTEGER, table_id INTEGER, column_name TEXT, value TEXT, count INTEGER);
CREATE TABLE documents (id INTEGER PRIMARY KEY, kind TEXT, position INTEGER, table_id INTEGER, column_name TEXT,
    title TEXT, text TEXT, source TEXT, hash BLOB);
CREATE TABLE vectors (hash BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID;
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE norms_text USING fts5(norm, content='norms', content_rowid='id', tokenize='trigram');
CREATE VIRTUAL TABLE documents_text USING fts5(title, body, content='',
    tokenize='porter unicode61 remove_diacritics 2');
"""
_INDEXES = """
CREATE INDEX vals_norm ON vals (norm_id);
CREATE INDEX vals_table ON vals (table_id);
CREATE INDEX documents_place ON documents (kind, position);
CREATE INDEX documents_owner ON documents (table_id, column_name, kind, position);
INSERT INTO norms_text (norms_text) VALUES ('rebuild');
"""


class StoreWriter:
    """Fills a new store, table by table; `close` makes it complete.

    Args:
        path: The file to make; it must not exist.
    """

    def __init__(self, path: Path) -> None:
        self._con = sqlite3.connect(path, isolation_level=None)
        # The file is thrown away if the build dies, and synced before it is published.
        self._con.execute("PRAGMA journal_mode = OFF")
        self._con.execute("PRAGMA synchronous = OFF")
        self._con.executescript(_SCHEMA)
        self._con.execute("BEGIN")
        self._ids: dict[TableId, int] = {}
        self._norms: dict[str, int] = {}
        self._positions: dict[str, int] = {}

    def add_values(self, table: TableId, values: Iterable[tuple[str, str, int]]) -> None:
        """Add (column, value, count) of a table."""
        owner = self._id(table)
        rows = [(self._norm(normalise(value)), owner, column, value, count) for column, value, count in values]
        self._con.executemany("INSERT INTO vals VALUES (?, ?, ?, ?, ?)", rows)

    def add_table(self, table: Table) -> None:
        """Add a table with its columns."""
        owner = self._id(table.id)
        key = json.dumps(table.primary_key)
        self._con.execute(
            "INSERT INTO tables VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (owner, table.id.catalog, table.id.schema, table.id.name, table.kind, table.rows, table.comment,
             table.definition, key, table.fingerprint, table.stale),
        )  # fmt: skip
        self._con.executemany(
            "INSERT INTO columns VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(owner, i, c.name, c.type, c.comment, c.nullable, json.dumps(asdict(c.profile)) if c.profile else None)
             for i, c in enumerate(table.columns)],
        )  # fmt: skip
        names = [table.id.name, *(c.name for c in table.columns)]
        words = {(word,) for name in names for word in (*split_words(name), normalise(name))}
        self._con.executemany("INSERT OR IGNORE INTO words VALUES (?)", words)

    def add_relationships(self, relationships: Iterable[Relationship]) -> None:
        """Add joins between tables that were added."""
        self._con.executemany(
            "INSERT INTO relationships VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(self._ids[r.child], json.dumps(r.child_columns), self._ids[r.parent], json.dumps(r.parent_columns),
              r.cardinality, r.origin, r.coverage, r.confidence) for r in relationships],
        )  # fmt: skip

    def add_documents(self, documents: Sequence[tuple[Document, bytes]]) -> None:
        """Add documents with the hash of the text that is embedded for them."""
        for document, code in documents:
            position = self._positions.get(document.kind, 0)
            self._positions[document.kind] = position + 1
            owner = self._ids[document.table] if document.table else None
            cursor = self._con.execute(
                "INSERT INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
                (document.kind, position, owner, document.column, document.title, document.text, document.source, code),
            )
            title = f"{document.title} {' '.join(split_words(document.title))}"
            self._con.execute(
                "INSERT INTO documents_text (rowid, title, body) VALUES (?, ?, ?)",
                (cursor.lastrowid, title, document.text),
            )

    def add_vectors(self, hashes: Sequence[bytes], vectors: Vectors) -> None:
        """Add unit rows under the hashes of their texts, kept as half floats."""
        halves = vectors.astype(np.float16)
        rows = [(code, row.tobytes()) for code, row in zip(hashes, halves, strict=True)]
        self._con.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def close(self, *, complete: bool = True) -> None:
        """Close the file, with its search indexes where it is complete."""
        try:
            if complete:
                self._con.execute("COMMIT")
                self._con.executescript(_INDEXES)
                self._con.execute("ANALYZE")
        finally:
            self._con.close()

    def _id(self, table: TableId) -> int:
        return self._ids.setdefault(table, len(self._ids) + 1)

    def _norm(self, norm: str) -> int:
        code = self._norms.get(norm)
        if code is None:
            code = self._norms[norm] = len(self._norms) + 1
            self._con.execute("INSERT INTO norms VALUES (?, ?)", (code, norm))
        return code


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
        rows = self.query("SELECT id, catalog, schema, name, stale, rows FROM tables ORDER BY id")
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
        code = self.ids[table]
        row = self.query(
            "SELECT kind, rows, comment, definition, primary_key, fingerprint, stale FROM tables WHERE id = ?", (code,)
        )[0]
        columns = self.query(
            "SELECT name, type, comment, nullable, profile FROM columns WHERE table_id = ? ORDER BY position", (code,)
        )
        return Table(
            id=table, kind=row[0], rows=row[1], comment=row[2], definition=row[3],
            primary_key=tuple(json.loads(row[4])),
            fingerprint=row[5], stale=bool(row[6]), columns=tuple(_column(*c) for c in columns),
        )  # fmt: skip

    def values(self, table: TableId) -> list[tuple[str, str, int]]:
        """Read (column, value, count) of one table."""
        rows = self.query(
            "SELECT column_name, value, count FROM vals WHERE table_id = ? ORDER BY rowid", (self.ids[table],)
        )
        return cast("list[tuple[str, str, int]]", rows)

    def relationships(self, tables: Collection[TableId] | None = None) -> tuple[Relationship, ...]:
        """Read the joins that touch one of the tables, or all of them."""
        query = "SELECT id, child, child_columns, parent, parent_columns, cardinality, origin, coverage, confidence"
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

    def vectors(self, kind: DocumentKind) -> Vectors:
        """Read the vectors of all documents of a kind, in their order, shape (N, D)."""
        rows = self.query(
            "SELECT v.vector FROM documents d JOIN vectors v ON v.hash = d.hash WHERE d.kind = ? ORDER BY d.position",
            (kind,),
        )
        data = np.frombuffer(b"".join(row[0] for row in rows), dtype=np.float16)
        return data.reshape(len(rows), -1).astype(np.float32) if rows else np.zeros((0, 1), dtype=np.float32)

    def known_vectors(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield (hash, half floats) of every stored vector."""
        try:
            yield from self._con.execute("SELECT hash, vector FROM vectors")
        except sqlite3.DatabaseError as error:
            raise IndexBrokenError(f"The index file {self.path} cannot be read: {error}.", hint=REBUILD) from error

    def _relationship(self, row: tuple[Any, ...]) -> Relationship:
        _, child, child_columns, parent, parent_columns, cardinality, origin, coverage, confidence = row
        return Relationship(
            child=self.names[child], child_columns=tuple(json.loads(child_columns)), parent=self.names[parent],
            parent_columns=tuple(json.loads(parent_columns)), cardinality=cardinality, origin=origin,
            coverage=coverage, confidence=confidence,
        )  # fmt: skip


def _column(name: str, kind: str, comment: str, nullable: int, profile: str | None) -> Column:
    column = Column(name=name, type=kind, comment=comment, nullable=bool(nullable))
    if profile is None:
        return column
    stored = json.loads(profile)
    stored["frequent"] = tuple((value, count) for value, count in stored["frequent"])
    return replace(column, profile=ColumnProfile(**stored))
