"""Linked words: what each part of a question was read as, in words for people who know their data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from genie_ext.embedded.cues import Cue, plain_number
from genie_ext.embedded.dates import DatePhrase
from genie_ext.embedded.definitions import say_definition, title_of
from genie_ext.embedded.link import Link, Mention
from genie_ext.embedded.named import Named, NamedFact
from genie_ext.embedded.read import Reading
from semantic.found import ValueHit
from semantic.types import TableId

Kind = Literal["table", "column", "value", "metric", "condition", "date", "default", "instruction"]
_MOST = 3
"""Things named for one phrase."""
_CLOSE = 0.15
"""How far below the best one another thing may be found to be named as well."""
_INSTRUCTIONS: dict[tuple[str, str], str] = {
    ("aggregate", "count"): "how many", ("aggregate", "sum"): "the total", ("aggregate", "avg"): "the average",
    ("aggregate", "median"): "the median", ("aggregate", "min"): "the smallest", ("aggregate", "max"): "the largest",
    ("superlative", "up"): "the largest", ("superlative", "down"): "the smallest",
    ("superlative", "first"): "the first rows", ("order", "ascending"): "sorted, smallest first",
    ("order", "descending"): "sorted, largest first", ("compare", "="): "equal to", ("compare", "!="): "other than",
    ("compare", ">"): "more than", ("compare", ">="): "at least", ("compare", "<"): "less than",
    ("compare", "<="): "at most", ("negation", "!="): "not", ("null", "is null"): "missing, or none at all",
    ("like", "contains"): "contains a text", ("like", "starts"): "starts with a text",
    ("like", "ends"): "ends with a text", ("average_of", ">"): "above the average",
    ("average_of", "<"): "below the average",
}  # fmt: skip
_KINDS = {
    "distinct": "each value once", "group": "one row for each", "between": "between two values",
    "compare": "compared with a number", "superlative": "the first of an order", "aggregate": "a figure",
    "order": "sorted", "negation": "not", "null": "missing, or none at all", "like": "compared with a text",
    "average_of": "compared with the average",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Some words of a question and what they were read as.

    Attributes:
        words: The words as they were written.
        start: Position of their first character in the question.
        kind: What sort of thing they name.
        meaning: The thing, or what is done.
        others: Further things they may name.
    """

    words: str
    start: int
    kind: Kind
    meaning: str
    others: tuple[str, ...] = ()


def linked_words(
    reading: Reading, names: Mapping[TableId, str], read: Collection[tuple[TableId, str]] = ()
) -> tuple[Linked, ...]:
    """Return what the words of a question were read as, in their order.

    Args:
        reading: What the words were found to mean.
        names: How tables are written.
        read: Tables (with an empty column) and columns that the answer reads; of several things they come first.
    """
    named = {(one.start, one.start + len(one.text)) for one in reading.named}
    mentions = (m for m in reading.mentions if m.links and (m.start, m.end) not in named)
    return tuple(
        sorted(
            (
                *(_mention(mention, names, read) for mention in mentions),
                *(_value(group, names, read, reading.text) for group in reading.values if group),
                *(_named(one, reading.text) for one in reading.named),
                *(_date(phrase) for phrase in reading.dates),
                *_lifted(reading, names),
                *(_cue(cue, reading.text) for cue in reading.cues),
            ),
            key=lambda linked: linked.start,
        )
    )


def _mention(mention: Mention, names: Mapping[TableId, str], read: Collection[tuple[TableId, str]]) -> Linked:
    close = [link for link in mention.links if link.score >= mention.score - _CLOSE]
    used = [link for link in mention.links if (link.table, link.column) in read]
    said = list(dict.fromkeys(_place(link, names) for link in (*used[:1], *close)))[:_MOST]
    kind: Kind = "column" if (used or close)[0].column else "table"
    return Linked(words=mention.text, start=mention.start, kind=kind, meaning=said[0], others=tuple(said[1:]))


def _place(link: Link, names: Mapping[TableId, str]) -> str:
    return _written(link.table, names) + (f".{link.column}" if link.column else "")


def _value(
    group: tuple[ValueHit, ...], names: Mapping[TableId, str], read: Collection[tuple[TableId, str]], text: str
) -> Linked:
    hits = sorted(group, key=lambda hit: (hit.table, hit.column) not in read)
    said = list(dict.fromkeys(f"{_written(hit.table, names)}.{hit.column} = {hit.value!r}" for hit in hits))[:_MOST]
    start, end = group[0].start, group[0].end
    return Linked(words=text[start:end], start=start, kind="value", meaning=said[0], others=tuple(said[1:]))


def _named(named: Named, text: str) -> Linked:
    facts: tuple[NamedFact, ...] = (*named.metrics, *named.segments)
    said = list(dict.fromkeys(f"{title_of(fact)}: {say_definition(fact)}" for fact in facts))[:_MOST]
    kind: Kind = "metric" if named.metrics else "condition"
    words = text[named.start : named.end]
    return Linked(words=words, start=named.start, kind=kind, meaning=said[0], others=tuple(said[1:]))


def _date(phrase: DatePhrase) -> Linked:
    start = f"from {phrase.start}" if phrase.start else ""
    end = f"before {phrase.end}" if phrase.end else ""
    meaning = " to ".join(filter(None, (start, end))) or "any day"
    return Linked(words=phrase.text, start=phrase.at, kind="date", meaning=meaning)


def _lifted(reading: Reading, names: Mapping[TableId, str]) -> Iterator[Linked]:
    for part in reading.lifted:
        tables = " and ".join(_written(table, names) for table in part.tables)
        meaning = f"rows of {tables} that are left out by default, too"
        yield Linked(words=reading.text[part.start : part.end], start=part.start, kind="default", meaning=meaning)


def _cue(cue: Cue, text: str) -> Linked:
    return Linked(words=text[cue.start : cue.end].strip(), start=cue.start, kind="instruction", meaning=_instruct(cue))


def _instruct(cue: Cue) -> str:
    """Return what a cue asks for, with its numbers."""
    if cue.kind == "unsupported":
        return f"not computed without a model: {cue.detail}"
    if cue.kind == "grain":
        return f"by {cue.detail}" if cue.detail else "by a part of the date"
    numbers = " and ".join(f"{plain_number(number):,}" for number in cue.numbers)
    said = _INSTRUCTIONS.get((cue.kind, cue.detail)) or _KINDS[cue.kind]
    return f"{said}: {numbers}" if numbers else said


def _written(table: TableId, names: Mapping[TableId, str]) -> str:
    return names.get(table, table.name)
