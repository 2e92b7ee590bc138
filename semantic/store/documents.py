"""Documents of an index that is being written: positions that stay, full text, and the vectors they need."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from semantic.names import split_words
from semantic.store.reader import kind_word
from semantic.types import Document, DocumentKind

# Beyond this share of empty positions an approximate index searches worse, and all positions are given anew.
_MOST_EMPTY = 0.2
_OWNED = "kind IN ('table', 'column')"


class DocumentWriter:
    """Adds and replaces documents; one whose text stays keeps its position, so that its vector index stays, too.

    Args:
        con: The store that is being written.
        fresh: True where it is empty.
    """

    def __init__(self, con: sqlite3.Connection, *, fresh: bool) -> None:
        self._con = con
        self._fresh = fresh
        self._next = dict(con.execute("SELECT kind, max(position) + 1 FROM documents GROUP BY kind").fetchall())
        self._freed: set[bytes] = set()
        con.execute("CREATE TEMP TABLE outdated (id INTEGER PRIMARY KEY)")
        con.execute(f"INSERT INTO outdated SELECT id FROM documents WHERE NOT ({_OWNED})")
        others = con.execute(f"SELECT kind, source, id FROM documents WHERE NOT ({_OWNED})")
        self._others = {(kind, source): code for kind, source, code in others}

    def outdate(self, owner: int) -> None:
        """Drop the documents of a table and of its columns at the end, unless they are added again."""
        self._con.execute(
            f"INSERT OR IGNORE INTO outdated SELECT id FROM documents WHERE table_id = ? AND {_OWNED}", (owner,)
        )

    def add(self, document: Document, code: bytes, owner: int | None) -> None:
        """Add a document, or bring the one that stands for the same thing up to date.

        Args:
            document: The document.
            code: Hash of the text that is embedded for it.
            owner: Number of its table.
        """
        known = None if self._fresh else self._known(document, code, owner)
        if known is None:
            self._insert(document, code, owner)
            return
        place, title, text = known
        self._con.execute("DELETE FROM outdated WHERE id = ?", (place,))
        if (title, text) != (document.title, document.text):
            self._unwrite(place, document.kind, title, text)
            self._con.execute("UPDATE documents SET (title, text, table_id, source) = (?, ?, ?, ?) WHERE id = ?",
                              (document.title, document.text, owner, document.source, place))  # fmt: skip
            self._write(place, document)

    def missing(self, size: int) -> Iterator[list[tuple[bytes, Document]]]:
        """Yield batches of distinct texts without a vector: tables first, then by length, so that little is padded."""
        rows = self._con.execute(
            "SELECT min(id) FROM documents d WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = d.hash) "
            "GROUP BY hash ORDER BY min(kind <> 'table'), max(length(text))"
        ).fetchall()
        for first in range(0, len(rows), size):
            marks = ",".join(str(code) for (code,) in rows[first : first + size])
            chosen = self._con.execute(f"SELECT hash, kind, text FROM documents WHERE id IN ({marks})")
            yield [(code, Document(kind=kind, table=None, text=text)) for code, kind, text in chosen]

    def finish(self) -> set[DocumentKind]:
        """Drop what is outdated and return the kinds whose positions were given anew."""
        rows = self._con.execute(
            "SELECT id, kind, title, text, hash FROM documents WHERE id IN (SELECT id FROM outdated)"
        ).fetchall()
        for place, kind, title, text, code in rows:
            self._unwrite(place, kind, title, text)
            self._freed.add(code)
        self._con.execute("DELETE FROM documents WHERE id IN (SELECT id FROM outdated)")
        self._con.executemany(
            "DELETE FROM vectors WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.hash = vectors.hash)",
            [(code,) for code in self._freed],
        )
        return set() if self._fresh else self._close_gaps()

    def _known(self, document: Document, code: bytes, owner: int | None) -> tuple[int, str, str] | None:
        """Return number, title and text of the outdated document of the same thing with the same vector."""
        if document.kind in {"table", "column"}:
            where = "table_id = ? AND column_name = ? AND kind = ?"
            parameters: Sequence[object] = (owner, document.column, document.kind)
        else:
            where, parameters = "id = ?", (self._others.get((document.kind, document.source)),)
        row = self._con.execute(
            f"SELECT id, title, text FROM documents WHERE {where} AND hash = ? AND id IN (SELECT id FROM outdated)",
            (*parameters, code),
        ).fetchone()
        return cast("tuple[int, str, str] | None", row)

    def _insert(self, document: Document, code: bytes, owner: int | None) -> None:
        position = self._next.get(document.kind, 0)
        self._next[document.kind] = position + 1
        cursor = self._con.execute(
            "INSERT INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (document.kind, position, owner, document.column, document.title, document.text, document.source, code),
        )
        self._write(cast("int", cursor.lastrowid), document)

    def _write(self, place: int, document: Document) -> None:
        self._con.execute(
            "INSERT INTO documents_text (rowid, title, body, kind) VALUES (?, ?, ?, ?)",
            (place, _searched_title(document.title), document.text, kind_word(document.kind)),
        )

    def _unwrite(self, place: int, kind: DocumentKind, title: str, text: str) -> None:
        # Full text without a copy of its own must be told what it forgets.
        self._con.execute(
            "INSERT INTO documents_text (documents_text, rowid, title, body, kind) VALUES ('delete', ?, ?, ?, ?)",
            (place, _searched_title(title), text, kind_word(kind)),
        )

    def _close_gaps(self) -> set[DocumentKind]:
        rows: Iterable[tuple[DocumentKind, int, int]] = self._con.execute(
            "SELECT kind, max(position) + 1, count(*) FROM documents GROUP BY kind"
        ).fetchall()
        sparse = {kind for kind, places, count in rows if places - count > _MOST_EMPTY * places}
        for kind in sparse:
            self._con.execute(
                "UPDATE documents SET position = dense.place FROM (SELECT id AS code, row_number() "
                "OVER (ORDER BY position) - 1 AS place FROM documents WHERE kind = ?) AS dense "
                "WHERE documents.id = dense.code",
                (kind,),
            )
        return sparse


def _searched_title(title: str) -> str:
    return f"{title} {' '.join(split_words(title))}"
