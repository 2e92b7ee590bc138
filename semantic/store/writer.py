"""Write a stored index, from nothing or as the last one with what changed."""

from __future__ import annotations

import json
import shutil
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from semantic.facts import Facts
from semantic.names import normalise, split_words
from semantic.store.documents import DocumentWriter
from semantic.store.facts import SCHEMA as FACT_SCHEMA
from semantic.store.facts import write_facts
from semantic.store.reader import INDEXES, SCHEMA
from semantic.store.rows import describe_table, read_table, synonyms, write_table
from semantic.types import Document, DocumentKind, Relationship, Table, TableId, Vectors

# Numbers of values that are kept at hand; a lake may have more distinct values than fit into memory.
_NORMS_KEPT = 500_000
_CACHE_KIB = 64_000
# Rows looked at per index for the query planner; reading all of them takes longer than writing them.
_ANALYSED = 1_000


class StoreWriter:
    """Fills a store, table by table; `close` makes it complete.

    Args:
        path: The file to make; it must not exist.
        previous: A complete store to start from. Tables that are not added again keep their rows, values and
            documents; joins and what is not about tables must all be added again.
    """

    def __init__(self, path: Path, previous: Path | None = None) -> None:
        self._fresh = previous is None
        if previous is not None:
            shutil.copyfile(previous, path)
        self._con = sqlite3.connect(path, isolation_level=None)
        # The file is thrown away if the build dies, and synced before it is published.
        self._con.execute("PRAGMA journal_mode = OFF")
        self._con.execute("PRAGMA synchronous = OFF")
        self._con.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if previous is None:
            self._con.executescript(SCHEMA + FACT_SCHEMA)
        self._con.execute("BEGIN")
        self._con.execute("DELETE FROM relationships")
        self._con.execute("CREATE TEMP TABLE freed (norm_id INTEGER PRIMARY KEY)")
        rows = self._con.execute("SELECT id, catalog, schema, name FROM tables")
        self._ids: dict[TableId, int] = {TableId(catalog, schema, name): code for code, catalog, schema, name in rows}
        self._last = max(self._ids.values(), default=0)
        self._norms: dict[str, int] = {}
        self._documents = DocumentWriter(self._con, fresh=self._fresh)
        self.renumbered: set[DocumentKind] = set()

    def keep_only(self, tables: Collection[TableId]) -> None:
        """Drop the tables of the last store that are not among these."""
        for table in self._ids.keys() - set(tables):
            code = self._ids.pop(table)
            self._free_values(code)
            self._documents.outdate(code)
            self._con.execute("DELETE FROM columns WHERE table_id = ?", (code,))
            self._con.execute("DELETE FROM tables WHERE id = ?", (code,))

    def add_values(self, table: TableId, values: Iterable[tuple[str, str, int]]) -> None:
        """Add (column, value, count) of a table in place of what was known."""
        owner = self._id(table)
        self._free_values(owner)
        rows = [(self._norm(value), owner, column, value, count) for column, value, count in values]
        self._con.executemany("INSERT INTO vals VALUES (?, ?, ?, ?, ?)", rows)

    def add_table(self, table: Table) -> None:
        """Add a table with its columns in place of what was known."""
        write_table(self._con, self._id(table.id), table)

    def describe(self, table: Table) -> bool:
        """Bring what is said about a table that was added up to date and tell whether that changed anything."""
        return describe_table(self._con, self._ids[table.id], table)

    def table(self, table: TableId) -> Table:
        """Read a table that was added."""
        return read_table(
            lambda sql, parameters: self._con.execute(sql, parameters).fetchall(), self._ids[table], table
        )

    def add_relationships(self, relationships: Iterable[Relationship]) -> None:
        """Add joins between tables that were added."""
        self._con.executemany(
            "INSERT INTO relationships VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(self._ids[r.child], json.dumps(r.child_columns), self._ids[r.parent], json.dumps(r.parent_columns),
              r.cardinality, r.origin, r.coverage, r.confidence, r.uses) for r in relationships],
        )  # fmt: skip

    def add_facts(self, facts: Facts) -> None:
        """Keep all that is known beyond the catalog, in place of what was known; after all tables."""
        write_facts(self._con, facts, self._ids)

    def add_stamps(self, stamps: Mapping[str, str]) -> None:
        """Keep the state of each database file, by the name it is attached under."""
        self._con.execute("DELETE FROM stamps")
        self._con.executemany("INSERT INTO stamps VALUES (?, ?)", stamps.items())

    def outdate_documents(self, table: TableId) -> None:
        """Drop the documents of a table and of its columns, unless they are added again."""
        self._documents.outdate(self._ids[table])

    def add_documents(self, documents: Iterable[tuple[Document, bytes]]) -> None:
        """Add documents with the hash of the text that is embedded for them."""
        for document, code in documents:
            self._documents.add(document, code, self._ids[document.table] if document.table else None)

    def drop_outdated(self) -> None:
        """Drop the documents that were not added again; after the last of them was added."""
        self.renumbered = self._documents.finish()

    def missing(self, size: int) -> Iterator[list[tuple[bytes, Document]]]:
        """Yield batches of documents whose texts have no vector yet, one per text, with the hash of the text."""
        return self._documents.missing(size)

    def count_missing(self) -> int:
        """Return how many texts have no vector yet."""
        query = "SELECT count(DISTINCT hash) FROM documents d"
        missing = f"{query} WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = d.hash)"
        return int(self._con.execute(missing).fetchone()[0])

    def forget_vectors(self) -> None:
        """Drop all vectors, which another encoder made."""
        self._con.execute("DELETE FROM vectors")

    def add_vectors(self, hashes: Sequence[bytes], vectors: Vectors) -> None:
        """Add unit rows under the hashes of their texts, kept as half floats."""
        halves = vectors.astype(np.float16)
        rows = [(code, row.tobytes()) for code, row in zip(hashes, halves, strict=True)]
        self._con.executemany("INSERT INTO vectors (hash, vector) VALUES (?, ?)", rows)

    def close(self, *, complete: bool = True) -> None:
        """Close the file, with its search indexes where it is complete."""
        try:
            if complete:
                self._finish()
        finally:
            self._con.close()

    def _finish(self) -> None:
        self._drop_freed_norms()
        self._write_words()
        self._write_numberings()
        self._con.execute("COMMIT")
        if self._fresh:
            self._con.executescript(INDEXES)
            self._con.executescript(f"PRAGMA analysis_limit = {_ANALYSED}; ANALYZE")

    def _id(self, table: TableId) -> int:
        if table not in self._ids:
            self._last += 1
            self._ids[table] = self._last
        return self._ids[table]

    def _norm(self, value: str) -> int:
        """Return the number of a value's normal form; values are kept at hand as they are, since most come again."""
        code = self._norms.get(value)
        if code is None:
            norm = normalise(value)
            row: tuple[int] | None = self._con.execute("SELECT id FROM norms WHERE norm = ?", (norm,)).fetchone()
            code = row[0] if row else self._add_norm(norm)
            if len(self._norms) >= _NORMS_KEPT:
                self._norms.clear()
            self._norms[value] = code
        return code

    def _add_norm(self, norm: str) -> int:
        code = cast("int", self._con.execute("INSERT INTO norms (norm) VALUES (?)", (norm,)).lastrowid)
        if not self._fresh:  # a fresh store gets them all at the end
            self._con.execute("INSERT INTO norms_text (rowid, norm) VALUES (?, ?)", (code, norm))
        return code

    def _free_values(self, owner: int) -> None:
        if not self._fresh:
            self._con.execute("INSERT OR IGNORE INTO freed SELECT norm_id FROM vals WHERE table_id = ?", (owner,))
            self._con.execute("DELETE FROM vals WHERE table_id = ?", (owner,))

    def _drop_freed_norms(self) -> None:
        rows = self._con.execute(
            "SELECT n.id, n.norm FROM freed f CROSS JOIN norms n ON n.id = f.norm_id "
            "WHERE NOT EXISTS (SELECT 1 FROM vals v WHERE v.norm_id = n.id)"
        ).fetchall()
        self._con.executemany("INSERT INTO norms_text (norms_text, rowid, norm) VALUES ('delete', ?, ?)", rows)
        self._con.executemany("DELETE FROM norms WHERE id = ?", [(code,) for code, _ in rows])

    def _write_numberings(self) -> None:
        self._con.executemany("DELETE FROM numberings WHERE kind = ?", [(kind,) for kind in self.renumbered])
        kinds = self._con.execute("SELECT DISTINCT kind FROM documents").fetchall()
        self._con.executemany(
            "INSERT OR IGNORE INTO numberings VALUES (?, ?)", [(kind, uuid.uuid4().hex) for (kind,) in kinds]
        )

    def _write_words(self) -> None:
        rows = self._con.execute("SELECT name FROM tables UNION SELECT name FROM columns")
        names = {name for (name,) in rows} | synonyms(self._con)
        words = {(word,) for name in names for word in (*split_words(name), normalise(name))}
        self._con.execute("DELETE FROM words")
        self._con.executemany("INSERT OR IGNORE INTO words VALUES (?)", words)
