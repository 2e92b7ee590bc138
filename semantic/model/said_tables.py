"""What the Ossie file says about tables and columns: notes, keys and derived columns."""

from __future__ import annotations

from collections.abc import Iterator

from semantic.facts import Dimension, Note, NoteKind, Rule
from semantic.mining.ossie_forms import Context, Dataset, DatasetContext, Noted, OssieField
from semantic.mining.ossie_sql import ExpressionError
from semantic.model.files import MODEL_FILE, Key
from semantic.model.resolve import Resolver, find_column
from semantic.model.said import Entry, Said, Waiting
from semantic.types import TableId

_MARKS: tuple[NoteKind, ...] = ("hidden", "deprecated", "certified")
_TEXTS: tuple[tuple[NoteKind, str], ...] = (("unit", "unit"), ("personal", "personal"), ("filter", "default_filter"))
Value = tuple[NoteKind, str, Key]
"""Something that is said: its kind, its text and the way to it inside the entry."""


def say_dataset(said: Said, resolver: Resolver, dataset: Dataset, key: Key) -> None:
    """Take all that a dataset and its fields say."""
    entry = entry_of(dataset.ai_context, key)
    try:
        table = resolver.table(dataset)
    except ExpressionError as error:
        said.unusable(entry, (*key, "source"), str(error))
        return
    said.tables.setdefault(table, (int(key[1]), int(key[3])))
    _say_notes(said, entry, (table, ""), dataset.ai_context, dataset.description)
    say_instructions(said, entry, dataset.ai_context, dataset.name)
    _say_key(said, entry, table, dataset)
    if dataset.ai_context.default_filter:
        _check_filter(said, resolver, dataset, entry)
    for position, item in enumerate(dataset.fields):
        _say_field(said, resolver, dataset, item, (*key, "fields", position))


def _say_field(said: Said, resolver: Resolver, dataset: Dataset, item: OssieField, key: Key) -> None:
    from semantic.mining.naming import snake

    entry = entry_of(item.ai_context, key)
    try:
        bound = resolver.expression(item.expression, sort="row", home=dataset.name)
    except ExpressionError as error:
        said.unusable(entry, (*key, "expression"), str(error))
        return
    if bound.column and bound.tables:
        what = (bound.tables[0], bound.column)
        _say_notes(said, entry, what, item.ai_context, item.description, more=_own_names(item, bound.column))
    else:
        source = said.source(entry)
        dimension = Dimension(
            name=snake(item.name), expression=bound.sql, tables=bound.tables, description=item.description,
            synonyms=item.ai_context.synonyms, sources=(source,), standing="modelled", authority=_TRUST,
        )  # fmt: skip
        said.sort(entry, dimension)
    say_instructions(said, entry, item.ai_context, item.name)


_TRUST = 0.9
"""Authority of what people wrote and did not certify."""


def _own_names(item: OssieField, column: str) -> tuple[Value, ...]:
    """Return the names that the file gives a column beside its own."""
    named: list[Value] = []
    if item.name.lower() != column.lower():
        named.append(("synonym", item.name, ("name",)))
    if item.label and item.label.lower() not in {column.lower(), item.name.lower()}:
        named.append(("synonym", item.label, ("label",)))
    return tuple(named)


def _say_notes(
    said: Said,
    entry: Entry,
    what: tuple[TableId, str],
    context: Noted,
    description: str,
    *,
    more: tuple[Value, ...] = (),
) -> None:
    if entry.status == "rejected":
        return
    table, column = what
    said.denied |= {(table, column, mark) for mark in _MARKS if getattr(context, mark, None) is False}
    for kind, text, inner in (*more, *_values(context, description)):
        certified = isinstance(context, DatasetContext) and bool(context.certified)
        here = Entry(file=entry.file, key=(*entry.key, *inner))
        note = Note(table=table, column=column, kind=kind, text=text, source=said.source(here, certified=certified))
        if note.id in context.proposed or entry.status == "proposed":
            sources = tuple(text for text in (context.proposed.get(note.id, ""),) if text)
            waiting = Waiting(id=note.id, file=MODEL_FILE, entry=entry.key, key=here.key, fact=note, sources=sources)
            said.waiting.setdefault(note.id, waiting)
        else:
            said.facts.append(note)


def _values(context: Noted, description: str) -> Iterator[Value]:
    if description:
        yield "description", description, ("description",)
    for position, word in enumerate(context.synonyms):
        yield "synonym", word, ("ai_context", "synonyms", position)
    for mark in _MARKS:
        value = getattr(context, mark, None)
        if value not in (None, False):
            yield mark, "" if value is True else str(value), ("ai_context", mark)
    for kind, name in _TEXTS:
        if text := getattr(context, name, ""):
            yield kind, text, ("ai_context", name)


def say_instructions(said: Said, entry: Entry, context: Context, name: str) -> None:
    """Take what people want heeded as a rule for questions that name the thing."""
    if context.instructions and entry.status in {None, "accepted"}:
        words = (name, *context.synonyms) if name else ()
        said.facts.append(Rule(kind="instruct", words=words, text=context.instructions))


def _say_key(said: Said, entry: Entry, table: TableId, dataset: Dataset) -> None:
    columns: list[str] = []
    for position, name in enumerate(dataset.primary_key):
        try:
            columns.append(find_column(table, name, said.lookup))
        except ExpressionError as error:
            said.unusable(entry, (*entry.key, "primary_key", position), str(error))
            return
    if columns and entry.status in {None, "accepted"}:
        said.keys[table] = tuple(columns)


def _check_filter(said: Said, resolver: Resolver, dataset: Dataset, entry: Entry) -> None:
    try:
        resolver.bind(dataset.ai_context.default_filter, sort="row", home=dataset.name)
    except ExpressionError as error:
        said.unusable(entry, (*entry.key, "ai_context", "default_filter"), str(error))


def entry_of(context: Context, key: Key) -> Entry:
    """Return an entry of the Ossie file."""
    return Entry(file=MODEL_FILE, key=key, status=context.status, id=context.id, sources=context.sources)
