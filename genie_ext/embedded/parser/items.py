"""The items of a question: the tables, columns and values that a plan for it may point to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from genie_ext.embedded.columns import visible_columns
from genie_ext.embedded.cues import plain_number, read_number
from genie_ext.embedded.words import STOP_WORDS, name_stems, split_words
from genie_ext.types import ColumnRef, Context
from semantic.found import ValueHit
from semantic.types import Column, Table, TableId

MOST_COLUMNS = 72
"""Columns that one question is shown; of a wider context those that its words or its joins speak for."""
_MOST_VALUES = 24
_FLAG_VALUES = 3
_QUOTED = re.compile(r"\"([^\"]{1,120})\"|“([^”]{1,120})”|‘([^’]{1,120})’|(?<!\w)'([^']{1,120})'(?!\w)")
_NUMERAL = re.compile(r"(?<![\w.])[$€£]?-?\d+(?:,\d{3})*(?:\.\d+)?(?: ?(?:k|m|bn|thousand|million|billion))?(?!\w)")
_NAME = re.compile(r"(?<![\w'])[A-Z][\w&.-]*(?: (?:of|the|and|de|[A-Z0-9][\w&.-]*))* ?[A-Z0-9][\w&.-]*|\b[A-Z]\w*\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueItem:
    """Something to compare with: words of the question, or a value that a column of few values always has.

    Attributes:
        text: The words, without quotes.
        start: Position of the first character in the question; -1 for a value of a column that is not said.
        end: Position after the last character.
        number: What the words are as a number, None where they are none.
        hits: The cells that the words equal or nearly equal, best first.
        owner: The column that has the value where the question does not say it.
        quoted: True where the question quotes the words.
    """

    text: str
    start: int = -1
    end: int = -1
    number: float | None = None
    hits: tuple[ValueHit, ...] = ()
    owner: ColumnRef | None = None
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """All that an action can point to, in the order tables, columns, values."""

    tables: tuple[Table, ...]
    columns: tuple[ColumnRef, ...]
    values: tuple[ValueItem, ...]

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.tables) + len(self.columns) + len(self.values)

    def column(self, ref: ColumnRef) -> Column:
        """Return what is known of a column.

        Raises:
            KeyError: The column is not among the items.
        """
        table = next((table for table in self.tables if table.id == ref.table), None)
        column = table.column(ref.column) if table is not None else None
        if column is None:
            raise KeyError(ref)
        return column


def find_items(context: Context) -> Items:
    """Return the items of a question, tables in the order of the context."""
    columns = _choose_columns(context)
    used = {ref.table for ref in columns}
    tables = tuple(table for table in context.tables if table.id in used)
    order = {table.id: i for i, table in enumerate(tables)}
    columns.sort(key=lambda ref: order[ref.table])
    said = sorted(_said_values(context, set(columns)), key=lambda value: (value.start, value.end))
    flags = [value for ref in columns for value in _flag_values(ref, tables)]
    return Items(tables=tables, columns=tuple(columns), values=(*said, *flags)[:_MOST_VALUES])


# --- columns ---


def _choose_columns(context: Context) -> list[ColumnRef]:
    """Return the columns to show, each table's in its own order; all of them where they are few."""
    refs = [ColumnRef(table.id, column.name) for table in context.tables for column in visible_columns(table)]
    if len(refs) <= MOST_COLUMNS:
        return refs
    worth = _worth(context)
    kept = set(sorted(refs, key=lambda ref: -worth.get((ref.table, ref.column), 0.0))[:MOST_COLUMNS])
    return [ref for ref in refs if ref in kept]


def _worth(context: Context) -> dict[tuple[TableId, str], float]:
    """Return how much speaks for each column: its search score, cells and words the question has, and its joins."""
    stems = {word.stem for word in split_words(context.question.text)} - STOP_WORDS
    worth: dict[tuple[TableId, str], float] = {}
    for rank, table in enumerate(context.tables):
        for column in table.columns:
            names = name_stems(column.name)
            shared = sum(stem in stems for stem in names) / max(1, len(names))
            worth[table.id, column.name] = shared + 0.5 / (1 + rank) + (column.name in table.primary_key) * 0.6
    for hit in context.found.columns:
        if hit.document.table is not None:
            key = (hit.document.table, hit.document.column)
            worth[key] = worth.get(key, 0.0) + hit.score
    for value in context.found.values:
        worth[value.table, value.column] = worth.get((value.table, value.column), 0.0) + value.score
    for join in context.relationships:
        for table_id, names in ((join.child, join.child_columns), (join.parent, join.parent_columns)):
            for name in names:
                worth[table_id, name] = worth.get((table_id, name), 0.0) + 0.3
    return worth


# --- values ---


def _said_values(context: Context, columns: set[ColumnRef]) -> Iterator[ValueItem]:
    """Yield the words of the question that may be compared with: numbers, quoted texts, known cells, names."""
    text = context.question.text
    hits: dict[tuple[int, int], list[ValueHit]] = {}
    for hit in context.found.values:
        if ColumnRef(hit.table, hit.column) in columns:
            hits.setdefault((hit.start, hit.end), []).append(hit)
    quoted = {match.span(match.lastindex or 0) for match in _QUOTED.finditer(text)}
    spans = {*hits, *quoted, *_numbers(text), *_names(text, hits)}
    for start, end in spans:
        found = sorted(hits.get((start, end), ()), key=lambda hit: (-hit.score, -hit.count))
        said = text[start:end]
        yield ValueItem(
            text=said, start=start, end=end, number=read_number(said), hits=tuple(found),
            quoted=(start, end) in quoted,
        )  # fmt: skip


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in _NUMERAL.finditer(text) if read_number(match[0]) is not None)
    for word in split_words(text):
        if not word.text[0].isdigit() and read_number(word.text) is not None:
            yield word.start, word.end


def _names(text: str, hits: dict[tuple[int, int], list[ValueHit]]) -> Iterator[tuple[int, int]]:
    """Yield words written as names that no known cell equals; one word alone that begins the question is not one."""
    for match in _NAME.finditer(text):
        overlaps = any(start < match.end() and match.start() < end for start, end in hits)
        first, *others = match[0].casefold().split()
        begins = match.start() == 0 and (not others or first in STOP_WORDS)
        if not begins and not overlaps and match[0].casefold() not in STOP_WORDS:
            yield match.span()


def _flag_values(ref: ColumnRef, tables: tuple[Table, ...]) -> Iterator[ValueItem]:
    """Yield all values of a column that has very few, since questions imply them ("is active", "male")."""
    table = next(table for table in tables if table.id == ref.table)
    column = table.column(ref.column)
    profile = column.profile if column is not None else None
    if column is None or profile is None or not profile.exact or not 0 < profile.distinct <= _FLAG_VALUES:
        return
    if profile.rows < 2 * profile.distinct or (column.family == "number" and not _is_binary(profile.frequent)):
        return
    for text, _ in profile.frequent[:_FLAG_VALUES]:
        number = read_number(text) if column.family == "number" else None
        yield ValueItem(text=text, owner=ref, number=number)


def _is_binary(frequent: tuple[tuple[str, int], ...]) -> bool:
    return {text for text, _ in frequent} <= {"0", "1", "0.0", "1.0"}


def as_number(value: ValueItem) -> int | float | None:
    """Return the number of a value as SQL writes it, None where it is none."""
    return plain_number(value.number) if value.number is not None else None
