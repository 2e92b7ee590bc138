"""The texts that are searched: one per table, one per column, and passages of Markdown and text files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from semantic.folders import DOCUMENT_SUFFIXES
from semantic.names import is_opaque, name_words, split_words
from semantic.types import Column, Document, Table

_COLUMNS_IN_TABLE_TEXT = 60
_VALUES_IN_COLUMN_TEXT = 4
_VALUE_LENGTH = 30
_COMMENT_LENGTH = 400
_SAMPLES = " Such as "
_PASSAGE_LENGTH = 1200
_LARGEST_FILE = 2_000_000
# Shorter words of names are mostly abbreviations, and their vectors mean nothing.
_WORD_LENGTH = 3
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
# Schemas every database has; their names say nothing.
_PLAIN_SCHEMAS = frozenset({"main", "public", "dbo"})


def table_document(table: Table) -> Document:
    """Describe a table by its name in words, its comment and its columns."""
    words = _words(table.id.name)
    schema = "" if table.id.schema in _PLAIN_SCHEMAS else f" in {_words(table.id.schema)}"
    columns = ", ".join(_words(c.name) for c in table.columns[:_COLUMNS_IN_TABLE_TEXT])
    comment = f" {_shorten(table.comment)}" if table.comment else ""
    also = _also(table.synonyms)
    text = f"{words} {'view' if table.kind == 'view' else 'table'}{schema}.{comment}{also} Columns: {columns}."
    return Document(kind="table", table=table.id, title=table.id.name, text=text, source=str(table.id))


def word_documents(tables: Iterable[Table]) -> Iterator[Document]:
    """Yield the distinct words that the names of tables and columns are made of, for questions in other words."""
    names = {name for table in tables for name in (table.id.name, *(column.name for column in table.columns))}
    for word in sorted({word for name in names for word in name_words(name)}):
        if len(word) >= _WORD_LENGTH and word.isalpha():
            yield Document(kind="word", table=None, title=word, text=word, source=word)


def column_document(table: Table, column: Column) -> Document:
    """Describe a column by its table, its name in words, its comment and a few of its values."""
    profile = column.profile
    shown: list[str] = []
    if profile and column.family == "text" and not column.personal:
        told = [v for v, _ in profile.frequent if len(v) <= _VALUE_LENGTH and not is_opaque(v)]
        shown = told[:_VALUES_IN_COLUMN_TEXT]
    comment = f" {_shorten(column.comment)}" if column.comment else ""
    values = f"{_SAMPLES}{', '.join(shown)}." if shown else ""
    text = f"{_words(table.id.name)}: {_words(column.name)} ({column.family}).{comment}{_also(column.synonyms)}{values}"
    return Document(
        kind="column",
        table=table.id,
        column=column.name,
        title=column.name,
        text=text,
        source=f"{table.id}.{column.name}",
    )


def passages(sources: Iterable[Path], root: Path, skipped: list[str]) -> Iterator[Document]:
    """Split the text files of a lake at their headings; what cannot be read is named in `skipped`."""
    for path in sources:
        if path.suffix.lower() not in DOCUMENT_SUFFIXES:
            continue
        name = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
        if path.stat().st_size > _LARGEST_FILE:
            skipped.append(f"{name}: the document is larger than 2 MB")
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            skipped.append(f"{name}: {error}")
            continue
        yield from _split(text, name)


def embedded_text(document: Document) -> str:
    """Return what is embedded of a document; sample values are found by their words and would blur the vector."""
    return document.text.split(_SAMPLES, 1)[0] if document.kind == "column" else document.text


def text_hash(text: str) -> bytes:
    """Return the key under which the vector of a text is kept."""
    return hashlib.sha256(text.encode()).digest()[:16]


def _split(text: str, name: str) -> Iterator[Document]:
    title, start, lines = Path(name).stem, 1, list[str]()
    for number, line in enumerate([*text.splitlines(), "# "], start=1):
        heading = _HEADING.match(line) if line != "# " else None
        full = sum(map(len, lines)) > _PASSAGE_LENGTH and not line.strip()
        if heading or full or line == "# ":
            if body := "\n".join(lines).strip():
                yield Document(
                    kind="passage", table=None, title=title, text=f"{title}. {body}"[:4000], source=f"{name}:{start}"
                )
            title, start, lines = (heading.group(1) if heading else title), number, []
        if not heading:
            lines.append(line)


def _also(synonyms: Sequence[str]) -> str:
    return f" Also called {', '.join(synonyms)}." if synonyms else ""


def _words(name: str) -> str:
    return " ".join(split_words(name)) or name


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _COMMENT_LENGTH else text[:_COMMENT_LENGTH].rsplit(" ", 1)[0]
