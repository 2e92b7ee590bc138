"""What knowledge.yaml says: verified queries, named filters, terms and rules."""

from __future__ import annotations

from semantic.facts import PastQuery, Rule, Segment, Term
from semantic.mining.ossie_sql import ExpressionError
from semantic.model.files import KNOWLEDGE_FILE, Key
from semantic.model.knowledge import GlossaryTerm, Item, NamedFilter, QuestionRule, VerifiedQuery
from semantic.model.queries import QueryReader, one_line
from semantic.model.resolve import Resolver
from semantic.model.said import Entry, Said


def say_query(said: Said, reader: QueryReader, item: VerifiedQuery, key: Key) -> None:
    """Take a verified query, once for each wording of its question."""
    entry = _entry(item, key)
    try:
        query = reader.read(item)
    except ExpressionError as error:
        said.unusable(entry, (*key, "sql"), str(error))
        return
    source = said.source(entry, owner=item.verified_by, day=item.verified_at, certified=bool(item.verified_by))
    # Mined queries stand on many lines in the file and on one in the facts.
    sql = one_line(query.sql) if item.status == "proposed" else query.sql
    for text in (item.question, *item.variants):
        said.sort(
            entry,
            PastQuery(
                text=text, sql=sql, tables=query.tables, columns=query.columns, sources=(source,), verified=True,
                standing="certified" if item.verified_by else "modelled", authority=1.0 if item.verified_by else 0.9,
            ),
        )  # fmt: skip


def say_segment(said: Said, resolver: Resolver, item: NamedFilter, key: Key) -> None:
    """Take a named filter."""
    from semantic.mining.naming import snake

    entry = _entry(item, key)
    try:
        bound = resolver.bind(item.condition, sort="row")
    except ExpressionError as error:
        said.unusable(entry, (*key, "condition"), str(error))
        return
    said.sort(
        entry,
        Segment(
            name=snake(item.name), condition=bound.sql, tables=bound.tables, description=item.description,
            synonyms=item.synonyms, sources=(said.source(entry, certified=item.certified),),
            standing="certified" if item.certified else "modelled", authority=1.0 if item.certified else 0.9,
        ),
    )  # fmt: skip


def say_term(said: Said, item: GlossaryTerm, key: Key) -> None:
    """Take a word of the business."""
    entry = _entry(item, key)
    term = Term(term=item.term, definition=item.definition, synonyms=item.synonyms, sources=(said.source(entry),))
    said.sort(entry, term)


def say_rule(said: Said, item: QuestionRule, key: Key) -> None:
    """Take a rule."""
    said.sort(_entry(item, key), Rule(kind=item.kind, words=item.words, text=item.text, choices=item.choices))


def _entry(item: Item, key: Key) -> Entry:
    return Entry(file=KNOWLEDGE_FILE, key=key, status=item.status, id=item.id, sources=item.sources)
