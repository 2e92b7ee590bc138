"""The vocabulary of the semantic layer: frozen values and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Embeddings, shape (N, D), dtype float32, rows of unit length."""

TableKind = Literal["table", "view", "files"]
Cardinality = Literal["many-to-one", "one-to-one", "many-to-many"]
Origin = Literal["declared", "inferred"]
DocumentKind = Literal["table", "column", "passage"]
MatchKind = Literal["exact", "inflection", "abbreviation", "fuzzy"]


Family = Literal["number", "text", "date", "time", "boolean", "other"]
_FAMILIES: dict[Family, tuple[str, ...]] = {
    "boolean": ("BOOL",),
    "date": ("DATE", "TIMESTAMP"),
    "time": ("TIME", "INTERVAL"),
    "text": ("VARCHAR", "TEXT", "CHAR", "BPCHAR", "STRING", "UUID", "ENUM"),
    "number": (
        "TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
        "UHUGEINT", "DECIMAL", "NUMERIC", "FLOAT", "DOUBLE", "REAL", "BIGNUM",
    ),
}  # fmt: skip


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def identity(self) -> str:
        """Name and content hash of the model; equal identities give equal vectors."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, in order, shape (len(texts), D)."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class TableId:
    """The full name of a table inside a lake."""

    catalog: str
    schema: str
    name: str

    def __str__(self) -> str:
        """Return the dotted name, unquoted, for display."""
        return f"{self.catalog}.{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What the values of one column look like.

    Attributes:
        rows: Rows looked at.
        nulls: Share of nulls among them, 0 to 1.
        distinct: Number of distinct values, estimated for the whole table.
        minimum: Smallest value as text, None where the type has no order.
        maximum: Largest value as text.
        frequent: Most frequent values as (text, count), most frequent first, at most 10.
        exact: True where every row was looked at.
    """

    rows: int
    nulls: float
    distinct: int
    minimum: str | None = None
    maximum: str | None = None
    frequent: tuple[tuple[str, int], ...] = ()
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table. `type` is DuckDB's type text, `comment` is empty where there is none."""

    name: str
    type: str
    comment: str = ""
    nullable: bool = True
    profile: ColumnProfile | None = None

    @property
    def family(self) -> Family:
        """The coarse kind of the type: what operations make sense on it."""
        kind = self.type.upper()
        if kind.endswith("]"):
            return "other"
        word = kind.split("(")[0].split(" ")[0]
        return next((family for family, names in _FAMILIES.items() if word.startswith(names)), "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, view or folder of files, with its columns in their order.

    Attributes:
        rows: Row count, None where it is not known cheaply (views that were not counted).
        definition: The SQL of a view, else empty.
        primary_key: Declared or measured key columns, empty where there is none.
        fingerprint: Changes whenever structure or data change.
        stale: True where the name marks a copy, a backup or a staging table beside a better one.
    """

    id: TableId
    kind: TableKind
    columns: tuple[Column, ...]
    comment: str = ""
    rows: int | None = None
    definition: str = ""
    primary_key: tuple[str, ...] = ()
    fingerprint: str = ""
    stale: bool = False

    def column(self, name: str) -> Column | None:
        """Return the column of that name, ignoring case, or None."""
        wanted = name.lower()
        return next((column for column in self.columns if column.name.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """A join between two tables; rows of `child` point at rows of `parent`.

    Attributes:
        child_columns: Columns of the pointing side, in key order.
        parent_columns: Columns they equal, same order and length.
        cardinality: Read from child to parent; "many-to-one" means a parent row is met once per child row.
        coverage: Share of non-null child values that have a parent, 0 to 1.
        confidence: 1 for declared constraints, less for inferred ones.
    """

    child: TableId
    child_columns: tuple[str, ...]
    parent: TableId
    parent_columns: tuple[str, ...]
    cardinality: Cardinality = "many-to-one"
    origin: Origin = "declared"
    coverage: float = 1.0
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that is embedded and searched; `column` is empty for tables and passages, `source` is where it is from."""

    kind: DocumentKind
    table: TableId | None
    column: str = ""
    title: str = ""
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A document found for a question; `score` fuses `dense`, a cosine, and `lexical`, a BM25 score."""

    document: Document
    score: float
    dense: float = 0.0
    lexical: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueHit:
    """Words of a question that equal, or nearly equal, a cell value.

    Attributes:
        phrase: The words of the question.
        start: Position of the first character in the question.
        end: Position after the last character.
        table: Where the value lives.
        column: Column it lives in.
        value: The cell's own text, to be used in a filter.
        count: Rows that hold it, as far as known.
        match: How it was found.
        score: 1 for exact, less otherwise, 0 to 1.
    """

    phrase: str
    start: int
    end: int
    table: TableId
    column: str
    value: str
    count: int
    match: MatchKind
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that one search found, each list best first."""

    tables: tuple[Hit, ...] = ()
    columns: tuple[Hit, ...] = ()
    values: tuple[ValueHit, ...] = ()
    passages: tuple[Hit, ...] = ()
    question_vector: Vectors | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a build is: `done` of `total` units in the named phase."""

    phase: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What one index build did.

    Attributes:
        tables: Tables in the index.
        columns: Columns in the index.
        changed: Tables that were read again.
        embedded: Texts that were embedded anew.
        relationships: Joins found, declared and inferred.
        skipped: What could not be read, each as "name: reason".
        seconds: Wall time.
        version: Name of the index version that is now in use.
    """

    tables: int
    columns: int
    changed: int
    embedded: int
    relationships: int
    skipped: tuple[str, ...]
    seconds: float
    version: str
