"""What can be asked of a lake: its tables as topics, with the part that each column can play in a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.train.synthetic_names import WORDINGS, column_words, is_person, is_sayable, noun_words
from genie_ext.embedded.columns import display_columns, has_name, holds_dates, holds_numbers, is_key, visible_columns
from genie_ext.embedded.words import name_stems
from semantic.index import Index
from semantic.names import is_opaque
from semantic.types import Column, Relationship, Table, TableId

_LOOSE = frozenset(WORDINGS["stems"]["loose"].split())
"""Last words of columns that describe rows and do not sort them into kinds."""
_UNMEASURED = frozenset(WORDINGS["stems"]["unmeasured"].split())
_FLAGS = frozenset({"is", "has"})
_MOST_KINDS = 60
_LONGEST = 32
_YEARS = (1500, 2100)
_TRUSTED = 0.6
_LEAST_VALUES = 4
_OWN_VALUES = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A table that questions are asked about.

    Attributes:
        table: The table.
        noun: What one of its rows is called, as words.
        named: The columns its rows are known by, none where they have no name.
        shown: Columns that can be listed.
        figures: Columns of numbers that can be computed with.
        kinds: Columns of few texts.
        years: Columns of year numbers.
        dates: Columns of dates that can be spoken of.
        days: All columns of dates, which a period may be about.
    """

    table: Table
    noun: tuple[str, ...]
    named: tuple[Column, ...] = ()
    shown: tuple[Column, ...] = ()
    figures: tuple[Column, ...] = ()
    kinds: tuple[Column, ...] = ()
    years: tuple[Column, ...] = ()
    dates: tuple[Column, ...] = ()
    days: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The only join between two topics, by one column each."""

    child: Topic
    parent: Topic
    child_column: str
    parent_column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """All that can be asked of a lake.

    Attributes:
        topics: Tables, by their order in the lake.
        links: Joins between them.
        relationships: All joins of the lake, those between other tables included.
        columns: How many columns of the lake have a name of these stems.
        stems: All stems of names in the lake.
    """

    topics: tuple[Topic, ...]
    links: tuple[Link, ...]
    relationships: tuple[Relationship, ...]
    columns: Counter[frozenset[str]]
    stems: frozenset[str]


def read_topics(index: Index) -> Asked:
    """Return what can be asked of an indexed lake."""
    tables = [index.table(table) for table in sorted(index.table_ids())]
    joins = index.relationships([table.id for table in tables])
    nouns = Counter(frozenset(name_stems(" ".join(noun_words(table)))) for table in tables if not table.stale)
    topics = [
        _topic(table, joins)
        for table in tables
        if _is_askable(table) and nouns[frozenset(name_stems(" ".join(noun_words(table))))] == 1
    ]
    columns = [frozenset(name_stems(column.name)) for table in tables for column in visible_columns(table)]
    stems = {stem for table in tables for stem in name_stems(table.id.name)} | {s for own in columns for s in own}
    kept = tuple(topic for topic in topics if topic.shown)
    return Asked(
        topics=kept,
        links=_links(kept, joins),
        relationships=joins,
        columns=Counter(columns),
        stems=frozenset(stems),
    )


def _is_askable(table: Table) -> bool:
    return not (table.hidden or table.stale or table.rows in (0, 1)) and bool(noun_words(table))


def _topic(table: Table, joins: Sequence[Relationship]) -> Topic:
    keys = {name for join in joins if join.child == table.id for name in join.child_columns}
    keys |= {name for join in joins if join.parent == table.id for name in join.parent_columns}
    known = [c for c in visible_columns(table) if _is_known(c)]
    spoken = Counter(column_words(c) for c in known)
    free = [c for c in known if c.name not in keys and not _is_key(table, c) and spoken[column_words(c)] == 1]
    named = display_columns(table) if has_name(table) else ()
    titled = is_person(noun_words(table)) and any(name_stems(c.name)[-1] == "title" for c in named)
    if titled or not all(c in known and c.family == "text" and _tells_apart(c) for c in named):
        named = ()  # the title of a person is an office
    return Topic(
        table=table,
        noun=noun_words(table),
        named=named,
        shown=tuple(c for c in free if column_words(c)[0] not in _FLAGS),
        figures=tuple(c for c in free if _is_figure(c)),
        kinds=tuple(c for c in free if _is_kind(c) and c not in named),
        years=tuple(c for c in free if _is_year(c)),
        dates=tuple(c for c in free if _is_date(c)),
        days=tuple(c for c in visible_columns(table) if _is_date(c)),
    )


def _tells_apart(column: Column) -> bool:
    """Tell whether most rows have a value of their own."""
    return column.profile is not None and column.profile.distinct >= column.profile.rows * _OWN_VALUES


def _is_known(column: Column) -> bool:
    """Tell whether a column has a name to say and cells that mean something to people."""
    profile = column.profile
    if profile is None or column.hidden or column.deprecated or not is_sayable(column.name):
        return False
    texts = [text for text, _ in profile.frequent]
    if column.family in ("other", "time") or profile.distinct == 0 or profile.nulls > 1 - 1 / 20:
        return False
    return not any(is_opaque(text) or text[:1] in {"{", "["} or len(text) > 4 * _LONGEST for text in texts)


def _is_key(table: Table, column: Column) -> bool:
    return is_key(table, column) or column.name.lower().endswith(("id", "key", "code", "_no", "uuid"))


def _is_figure(column: Column) -> bool:
    stems = name_stems(column.name)
    if column.family != "number" or column.profile is None or _is_year(column) or _is_participle(column):
        return False
    return column.profile.distinct >= _LEAST_VALUES and stems[-1] not in _UNMEASURED


def _is_kind(column: Column) -> bool:
    profile = column.profile
    if column.family != "text" or profile is None or holds_dates(column) or holds_numbers(column):
        return False
    if name_stems(column.name)[-1] in _LOOSE or column_words(column)[0] in _FLAGS or _is_participle(column):
        return False
    texts = [text for text, _ in profile.frequent]
    short = all(len(text) <= _LONGEST and any(c.isalpha() for c in text) for text in texts)
    few = profile.distinct <= max(3, min(_MOST_KINDS, profile.rows * 3 // 4))
    return short and few and profile.distinct > 1


def _is_date(column: Column) -> bool:
    return column.family == "date" or holds_dates(column)


def _is_participle(column: Column) -> bool:
    """Tell whether a name ends like “approved” or “killed”, which is no noun to speak of."""
    return column_words(column)[-1].endswith("ed")


def _is_year(column: Column) -> bool:
    profile = column.profile
    if column.family != "number" or profile is None or "year" not in name_stems(column.name):
        return False
    low, high = as_float(profile.minimum), as_float(profile.maximum)
    return low is not None and high is not None and _YEARS[0] <= low <= high <= _YEARS[1]


def as_float(text: str | None) -> float | None:
    """Return a bound of a profile as a number, None where it is none."""
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _links(topics: Sequence[Topic], joins: Sequence[Relationship]) -> tuple[Link, ...]:
    """Return the joins between topics that leave no choice: of one column, trusted and the only ones of their pair."""
    known = {topic.table.id: topic for topic in topics}
    pairs: Counter[frozenset[TableId]] = Counter(frozenset((join.child, join.parent)) for join in joins)
    return tuple(
        Link(
            child=known[join.child],
            parent=known[join.parent],
            child_column=join.child_columns[0],
            parent_column=join.parent_columns[0],
        )
        for join in joins
        if join.child in known and join.parent in known and join.child != join.parent
        if pairs[frozenset((join.child, join.parent))] == 1 and len(join.child_columns) == 1
        if join.cardinality == "many-to-one" and min(join.confidence, join.coverage) >= _TRUSTED
    )
