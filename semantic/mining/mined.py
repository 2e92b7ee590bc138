"""What one query or one definition yields, before equal finds are merged and ranked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp

from semantic.facts import Note, PastQuery, Source
from semantic.types import Cardinality, TableId


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An aggregate over base columns.

    Attributes:
        named: True where a person gave the name, False where it was made from the expression.
        subject: Table whose rows are aggregated.
        through: Tables on the way from the subject to those it names.
        losing: Those of them that are joined only to leave out rows without a partner, which are known to exist.
        snapshot: Date column that it must not be added over, None where it may.
        attribute: True where it describes one row of a view rather than all of its rows.
    """

    name: str
    named: bool
    expression: exp.Expr
    subject: TableId
    source: Source
    filters: tuple[exp.Expr, ...] = ()
    through: tuple[TableId, ...] = ()
    losing: frozenset[TableId] = frozenset()
    time: tuple[TableId, str] | None = None
    snapshot: tuple[TableId, str] | None = None
    attribute: bool = False
    label: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    unit: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A named expression over the columns of a row: a derived column, or a condition where `condition` is true."""

    name: str
    expression: exp.Expr
    source: Source
    condition: bool = False
    named: bool = True
    description: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinUse:
    """A join as somebody wrote it; which side is the parent is not decided yet, unless `cardinality` is known."""

    left: TableId
    left_columns: tuple[str, ...]
    right: TableId
    right_columns: tuple[str, ...]
    source: Source
    cardinality: Cardinality | None = None


@dataclass(slots=True)
class Mined:
    """All finds, in the order they were met.

    Attributes:
        queries: Past queries, each with a text that is equal for queries that differ only in how they are written.
        leans: Who leans on what, as (place or table, table).
        lost: What cannot be told, each as "place: reason".
    """

    measures: list[Measure] = field(default_factory=list)
    derived: list[Derived] = field(default_factory=list)
    joins: list[JoinUse] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    queries: list[tuple[str, PastQuery]] = field(default_factory=list)
    keys: list[tuple[TableId, tuple[str, ...]]] = field(default_factory=list)
    leans: list[tuple[Source, TableId]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def add(self, found: Mined) -> None:
        """Take over the finds of another query."""
        self.measures += found.measures
        self.derived += found.derived
        self.joins += found.joins
        self.notes += found.notes
        self.queries += found.queries
        self.keys += found.keys
        self.leans += found.leans
        self.lost += found.lost

    def said_by(self, source: Source) -> Mined:
        """Return the same finds as another source says them, without what was lost, which is told once."""
        return Mined(
            measures=[replace(m, source=source) for m in self.measures],
            derived=[replace(d, source=source) for d in self.derived],
            joins=[replace(j, source=source) for j in self.joins],
            notes=[replace(n, source=source) for n in self.notes],
            leans=[(source, table) for _, table in self.leans],
        )
