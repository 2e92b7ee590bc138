"""Markdown and plain text: passages under their headings, terms it explains, and queries in its code."""

from __future__ import annotations

from collections.abc import Iterable

from semantic.facts import Source, SourceKind
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawPassage, RawQuery, RawTerm
from semantic.mining.readers.glossary import terms
from semantic.mining.readers.sections import Code, Section, at, front_matter, passages, sections
from semantic.mining.readers.statements import Unread, statements
from semantic.mining.readers.templates import is_template, plain

_SUFFIXES = frozenset({".md", ".markdown", ".mdx", ".qmd", ".txt", ".rst"})


def fits(file: SourceFile) -> bool:
    """Tell whether this is a text for people."""
    return file.suffix in _SUFFIXES


def read(file: SourceFile) -> Extract:
    """Return the passages, terms and queries of a text.

    Raises:
        SourceError: It is not text.
    """
    settings, lines = front_matter(file.text)
    title = str(settings.get("title") or file.path.stem)
    return extract(sections(lines, title), file.place, owner=str(settings.get("author") or ""))


def extract(found: Iterable[Section], place: str, owner: str = "") -> Extract:
    """Return what the sections of one document say."""
    texts, known, result = list[RawPassage](), list[RawTerm](), Extract()
    for section in found:
        texts.extend(passages(section, place, owner=owner))
        known.extend(terms(section, place))
        for code in section.code:
            result += queries(code, section, place, owner)
    return Extract(passages=tuple(texts), terms=tuple(known), queries=result.queries, lost=result.lost)


def queries(code: Code, section: Section, place: str, owner: str = "", kind: SourceKind = "document") -> Extract:
    """Return the queries of a block of SQL, with the heading and the line above it as their text."""
    if not is_sql(code.info):
        return Extract()
    text = plain(code.text) if is_template(code.text) else code.text
    found, lost = list[RawQuery](), list[str]()
    for statement in statements(text):
        line = code.line + statement.line - 1
        if isinstance(statement, Unread):
            lost.append(f"{at(place, line)}: {statement.reason}")
            continue
        source = Source(kind=kind, place=at(place, line), title=section.title, owner=statement.owner or owner)
        said = statement.text or _line_above(section, code) or section.title
        found.append(RawQuery(sql=statement.sql, dialect=statement.dialect, text=said, source=source))
    return Extract(queries=tuple(found), lost=tuple(lost))


def is_sql(info: str) -> bool:
    """Tell whether the words after a fence call its text SQL."""
    word = info.strip("{}. ").split(" ")[0].split(",")[0].lower().removeprefix(".")
    return word in {"sql", "duckdb", "postgresql", "postgres", "pgsql", "sqlite", "snowflake", "spark-sql", "bigquery"}


def _line_above(section: Section, code: Code) -> str:
    # A line that ends with a colon or a question mark announces the code below it.
    above = [line for line in section.lines if line.number < code.line and line.text.strip()]
    last = above[-1].text.strip() if above else ""
    near = bool(above) and code.line - above[-1].number <= 3
    return last.rstrip(":").lstrip("-*#> ") if near and last.endswith((":", "?")) else ""
