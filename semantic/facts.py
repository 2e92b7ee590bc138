"""What is known about a lake beyond its catalog: facts, each with where it is from and how far it is trusted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from semantic.types import Document, Relationship, TableId

SourceKind = Literal[
    "catalog", "view", "sql", "log", "notebook", "dashboard", "dbt", "metric view", "semantic view", "ossie",
    "document", "person",
]  # fmt: skip
Standing = Literal["certified", "modelled", "used", "recent", "once"]
"""How far a fact is trusted, best first: vouched for, defined on purpose, widely used, fresh, met once."""
NoteKind = Literal["description", "synonym", "unit", "hidden", "deprecated", "certified", "personal", "filter"]
RuleKind = Literal["clarify", "refuse", "instruct"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact is from.

    Attributes:
        kind: What sort of place.
        place: File with line or part ("reports/revenue.sql:12", "weekly.ipynb:cell 4"), or the name of a view.
        title: Name of the chart, the notebook heading or the model it stands in.
        owner: Who wrote or ran it, empty where nobody says so.
        uses: How often it was run or opened, 1 where it is not known.
        last: Day of the last change or use as YYYY-MM-DD, empty where it is not known.
        certified: True where the source itself vouches for it.
        definition: True where it defines the fact on purpose (a metric file, a dbt metric), not merely uses it.
    """

    kind: SourceKind
    place: str
    title: str = ""
    owner: str = ""
    uses: int = 1
    last: str = ""
    certified: bool = False
    definition: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure with a name: an aggregate, the rows it is taken over and where it is defined.

    Attributes:
        name: Short name in snake_case.
        expression: DuckDB aggregate; every column as "catalog"."schema"."table"."column".
        tables: Tables it reads, the one whose rows are aggregated first.
        filters: Conditions that are part of it, written like `expression`, in alphabetical order.
        time: Date column it is usually followed over, None where none is.
        snapshot: Date column that it must not be added over, None where it may.
        label: Name for people, empty where `name` serves.
        description: What it means.
        synonyms: Other words people use for it.
        unit: What it counts, such as "EUR" or "%".
        sources: All places that define or use it, most trusted first.
        standing: How far it is trusted.
        authority: The same as a number, 0 to 1, that also counts what leans on it.
        deprecated: True where another metric is to be used instead.
        conflicts: Ids of metrics that share its name and say something else.
    """

    name: str
    expression: str
    tables: tuple[TableId, ...]
    filters: tuple[str, ...] = ()
    time: tuple[TableId, str] | None = None
    snapshot: tuple[TableId, str] | None = None
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    unit: str = ""
    sources: tuple[Source, ...] = ()
    standing: Standing = "once"
    authority: float = 0.0
    deprecated: bool = False
    conflicts: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The key that stays the same while name and definition do."""
        # Rows of two tables may be counted by one expression.
        return fact_id("m", self.name, *map(str, self.tables[:1]), self.expression, *self.filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A derived column with a name: an expression over the columns of a table, such as a month or an age band."""

    name: str
    expression: str
    tables: tuple[TableId, ...]
    description: str = ""
    synonyms: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    standing: Standing = "once"
    authority: float = 0.0

    @property
    def id(self) -> str:
        """The key that stays the same while name and definition do."""
        return fact_id("d", self.name, self.expression)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A condition with a name, such as "active customers"; `condition` writes columns like `Metric.expression`."""

    name: str
    condition: str
    tables: tuple[TableId, ...]
    description: str = ""
    synonyms: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    standing: Standing = "once"
    authority: float = 0.0

    @property
    def id(self) -> str:
        """The key that stays the same while name and definition do."""
        return fact_id("s", self.name, self.condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuery:
    """A query somebody ran or wrote, with what it was about.

    Attributes:
        text: The question, title or text around it, in words; empty where nobody said.
        sql: As it was written, in DuckDB's dialect.
        tables: Tables it reads.
        columns: Columns it names, as (table, column).
        sources: Where it stands, most trusted first.
        verified: True where a person vouches that it answers `text`.
        standing: How far it is trusted.
        authority: The same as a number, 0 to 1.
    """

    text: str
    sql: str
    tables: tuple[TableId, ...]
    columns: tuple[tuple[TableId, str], ...] = ()
    sources: tuple[Source, ...] = ()
    verified: bool = False
    standing: Standing = "once"
    authority: float = 0.0

    @property
    def id(self) -> str:
        """The key that stays the same while text and query do."""
        return fact_id("q", self.text, self.sql)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word of the business and what it means."""

    term: str
    definition: str
    synonyms: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    standing: Standing = "modelled"

    @property
    def id(self) -> str:
        """The key that stays the same while term and definition do."""
        return fact_id("t", self.term, self.definition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something said about a table, or about a column of it where `column` is not empty.

    Attributes:
        table: The table.
        column: The column, empty where the table itself is meant.
        kind: What is said.
        text: The description, the synonym, the unit, the condition or the kind of personal data; for marks the reason.
        source: Where it is said.
    """

    table: TableId
    column: str
    kind: NoteKind
    text: str
    source: Source

    @property
    def id(self) -> str:
        """The key that stays the same while what is said does."""
        return fact_id("n", str(self.table), self.column, self.kind, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to do with questions that mention one of `words`: ask back with `choices`, refuse, or heed `text`."""

    kind: RuleKind
    words: tuple[str, ...]
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedJoin:
    """A join that queries use or a model defines, with its sources; `relationship.uses` counts them."""

    relationship: Relationship
    sources: tuple[Source, ...] = ()

    @property
    def id(self) -> str:
        """The key that stays the same while both ends do."""
        r = self.relationship
        return fact_id("j", str(r.child), *r.child_columns, str(r.parent), *r.parent_columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known about a lake beyond its catalog.

    Attributes:
        metrics: Figures, most trusted first.
        dimensions: Derived columns.
        segments: Named conditions.
        queries: Past queries.
        terms: Words of the business.
        notes: What is said about tables and columns.
        joins: Joins that queries and models use.
        rules: What to do with some questions.
        passages: Texts that are searched as they are.
        lost: What importers could not carry over, each as "place: what and why".
        skipped: Files that could not be read, each as "name: reason".
    """

    metrics: tuple[Metric, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    segments: tuple[Segment, ...] = ()
    queries: tuple[PastQuery, ...] = ()
    terms: tuple[Term, ...] = ()
    notes: tuple[Note, ...] = ()
    joins: tuple[MinedJoin, ...] = ()
    rules: tuple[Rule, ...] = ()
    passages: tuple[Document, ...] = ()
    lost: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def fact_id(letter: str, *parts: str) -> str:
    """Return a short key: the kind's letter, a dash, and ten digits of a hash over the parts."""
    return f"{letter}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:10]}"
