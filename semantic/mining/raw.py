"""What readers take from files, before names are looked up in the catalog and queries are mined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic.facts import NoteKind, RuleKind, Source
from semantic.types import Cardinality

Relation = tuple[str, ...]
"""Parts of a table name as the source writes it, unquoted, up to three; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawQuery:
    """A query as it was written.

    Attributes:
        sql: One statement.
        dialect: sqlglot's name of the dialect it is written in.
        text: What it answers in words: a question, a chart's title, the text above a cell. Empty where nobody said.
        source: Where it stands.
        verified: True where a person vouches that it answers `text`.
    """

    sql: str
    source: Source
    dialect: str = "duckdb"
    text: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMetric:
    """A metric as a model defines it.

    Attributes:
        name: As written.
        expression: Aggregate expression; columns are bare (of the relation named "") or carry a name of `relations`.
        relations: Tables by the name that the expression uses; "" is the table whose rows are aggregated.
        filters: Conditions, written like `expression`.
        time: Date column it is followed over, bare or with a name of `relations`, empty where none is.
        snapshot: Date column that it must not be added over, written like `time`, empty where it may.
    """

    name: str
    expression: str
    relations: Mapping[str, Relation]
    source: Source
    dialect: str = "duckdb"
    filters: tuple[str, ...] = ()
    time: str = ""
    snapshot: str = ""
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    unit: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDimension:
    """A derived column as a model defines it; `expression` and `relations` as in `RawMetric`."""

    name: str
    expression: str
    relations: Mapping[str, Relation]
    source: Source
    dialect: str = "duckdb"
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSegment:
    """A named condition as a model defines it; `condition` and `relations` as in `RawMetric`."""

    name: str
    condition: str
    relations: Mapping[str, Relation]
    source: Source
    dialect: str = "duckdb"
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawJoin:
    """A join as a model defines it; both column lists have the same length and order."""

    child: Relation
    child_columns: tuple[str, ...]
    parent: Relation
    parent_columns: tuple[str, ...]
    source: Source
    cardinality: Cardinality | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNote:
    """Something said about a table, or about a column of it where `column` is not empty."""

    relation: Relation
    kind: NoteKind
    text: str
    source: Source
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawKey:
    """Columns whose values identify a row, as a model or a test of it says."""

    relation: Relation
    columns: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTerm:
    """A word of the business and what it means, as a document says."""

    term: str
    definition: str
    source: Source
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPassage:
    """A part of a document that is searched as it is."""

    title: str
    text: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRule:
    """What to do with some questions, as a model says."""

    kind: RuleKind
    words: tuple[str, ...]
    text: str
    source: Source
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """That one thing is made from others: a model from its sources, a dashboard from tables."""

    name: Relation
    inputs: tuple[Relation, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """All that one file says.

    Attributes:
        lost: What could not be carried over, each as "place: what and why"; nothing is dropped without a line here.
    """

    queries: tuple[RawQuery, ...] = ()
    metrics: tuple[RawMetric, ...] = ()
    dimensions: tuple[RawDimension, ...] = ()
    segments: tuple[RawSegment, ...] = ()
    joins: tuple[RawJoin, ...] = ()
    notes: tuple[RawNote, ...] = ()
    keys: tuple[RawKey, ...] = ()
    terms: tuple[RawTerm, ...] = ()
    passages: tuple[RawPassage, ...] = ()
    rules: tuple[RawRule, ...] = ()
    lineage: tuple[Lineage, ...] = ()
    lost: tuple[str, ...] = field(default=())

    def __add__(self, other: Extract) -> Extract:
        """Return both, this one's parts first."""
        return Extract(**{name: getattr(self, name) + getattr(other, name) for name in Extract.__slots__})
