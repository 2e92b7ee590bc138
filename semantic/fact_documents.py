"""The texts that are searched for facts: one per metric, past query and term of the business."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semantic.facts import Facts, Metric, PastQuery, Term
from semantic.names import split_words
from semantic.types import Document, DocumentKind, TableId

_TITLE_LENGTH = 120
_TEXT_LENGTH = 1200
_COLUMN = re.compile(r'(?:"[^"]*"\.){2,3}"([^"]*)"')


def fact_documents(facts: Facts) -> Iterator[Document]:
    """Yield what is searched for every metric, past query and term, `source` being its id, and the passages."""
    yield from map(metric_document, facts.metrics)
    yield from map(query_document, facts.queries)
    yield from map(term_document, facts.terms)
    yield from facts.passages


def metric_document(metric: Metric) -> Document:
    """Describe a metric by its names, its meaning and the columns it is computed from."""
    name = metric.label or _words(metric.name)
    parts = [
        f"{name}.",
        metric.description,
        f"Also called {', '.join(metric.synonyms)}." if metric.synonyms else "",
        f"In {metric.unit}." if metric.unit else "",
        f"Computed as {_in_words(metric.expression)} from {_tables(metric.tables)}.",
        f"Where {' and '.join(map(_in_words, metric.filters))}." if metric.filters else "",
    ]
    return _document("metric", metric.tables[0] if metric.tables else None, name, parts, metric.id)


def query_document(query: PastQuery) -> Document:
    """Describe a past query by what it was about and what it reads."""
    columns = ", ".join(dict.fromkeys(_words(column) for _, column in query.columns))
    title = query.text or f"query of {_tables(query.tables)}"
    parts = [f"{query.text}." if query.text else "", f"Reads {_tables(query.tables)}.", columns and f"Uses {columns}."]
    return _document("query", query.tables[0] if query.tables else None, title[:_TITLE_LENGTH], parts, query.id)


def term_document(term: Term) -> Document:
    """Describe a word of the business by its definition."""
    also = f"Also called {', '.join(term.synonyms)}." if term.synonyms else ""
    return _document("term", None, term.term, [f"{term.term}: {term.definition}", also], term.id)


def _document(kind: DocumentKind, table: TableId | None, title: str, parts: list[str], source: str) -> Document:
    text = " ".join(part for part in parts if part)[:_TEXT_LENGTH]
    return Document(kind=kind, table=table, title=title, text=text, source=source)


def _words(name: str) -> str:
    return " ".join(split_words(name)) or name


def _tables(tables: tuple[TableId, ...]) -> str:
    return ", ".join(dict.fromkeys(_words(table.name) for table in tables))


def _in_words(expression: str) -> str:
    """Write columns as words, without the table they stand in."""
    return _COLUMN.sub(lambda found: _words(found.group(1)), expression)
