"""SQL files: every query with the comment above it, and which table it fills from which."""

from __future__ import annotations

from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, Lineage, RawQuery
from semantic.mining.readers.statements import Statement, Unread, statements
from semantic.mining.readers.templates import is_template, plain


def fits(file: SourceFile) -> bool:
    """Tell whether this is a file of SQL."""
    return file.suffix in {".sql", ".ddl"}


def read(file: SourceFile) -> Extract:
    """Return the queries of a file.

    Raises:
        SourceError: It is not text.
    """
    template = is_template(file.text)
    queries, lineage, lost = list[RawQuery](), list[Lineage](), list[str]()
    for found in statements(plain(file.text) if template else file.text):
        if isinstance(found, Unread):
            lost.append(f"{file.place}:{found.line}: {found.reason}")
            continue
        # A template that only reads is a model named after its file.
        fills = found.fills or ((file.path.stem,) if template else ())
        source = _source(file, found, ".".join(fills))
        queries.append(RawQuery(sql=found.sql, dialect=found.dialect, text=found.text, source=source))
        if fills and found.inputs:
            lineage.append(Lineage(name=fills, inputs=found.inputs, source=source))
    return Extract(queries=tuple(queries), lineage=tuple(lineage), lost=tuple(lost))


def _source(file: SourceFile, found: Statement, title: str) -> Source:
    return Source(kind="sql", place=f"{file.place}:{found.line}", title=title, owner=found.owner)
