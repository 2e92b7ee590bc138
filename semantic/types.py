"""The vocabulary of the semantic layer: frozen values and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Embeddings, shape (N, D), dtype float32, rows of unit length."""

TableKind = Literal["table", "view", "files"]
Cardinality = Literal["many-to-one", "one-to-one", "many-to-many"]
Origin = Literal["declared", "mined", "inferred"]
DocumentKind = Literal["table", "column", "passage", "metric", "query", "term", "word"]


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
    """One column of a table.

    Attributes:
        name: As in the catalog.
        type: DuckDB's type text.
        comment: What it means, empty where nobody said so.
        nullable: False where nulls are forbidden.
        profile: What its values look like, None where they were not read.
        synonyms: Other words people use for it.
        unit: What its numbers count, such as "EUR" or "ms", empty where it is not known.
        personal: Kind of personal data it holds, such as "e-mail", empty where it holds none.
        hidden: True where the semantic model keeps it from people and models.
        deprecated: True where another column is to be used instead.
    """

    name: str
    type: str
    comment: str = ""
    nullable: bool = True
    profile: ColumnProfile | None = None
    synonyms: tuple[str, ...] = ()
    unit: str = ""
    personal: str = ""
    hidden: bool = False
    deprecated: bool = False

    @property
    def family(self) -> Family:
        """The coarse kind of the type: what operations make sense on it."""
        return _family(self.type)


@lru_cache(maxsize=4096)
def _family(kind: str) -> Family:
    """Return the family of a type; there are few types and many columns."""
    kind = kind.upper()
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
        stale: True where the name marks a copy, a backup or a staging table beside a better one, or the semantic
            model calls it deprecated.
        synonyms: Other words people use for it.
        certified: True where a person vouches for it.
        hidden: True where the semantic model keeps it from people and models.
        default_filter: Condition in SQL that holds unless a question asks otherwise, empty where there is none.
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
    synonyms: tuple[str, ...] = ()
    certified: bool = False
    hidden: bool = False
    default_filter: str = ""

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
        uses: How often queries of the lake join this way.
    """

    child: TableId
    child_columns: tuple[str, ...]
    parent: TableId
    parent_columns: tuple[str, ...]
    cardinality: Cardinality = "many-to-one"
    origin: Origin = "declared"
    coverage: float = 1.0
    confidence: float = 1.0
    uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that is embedded and searched.

    Attributes:
        kind: What it describes.
        table: The table it describes or belongs to, None where there is none.
        column: The column it describes, else empty.
        title: Short name.
        text: What is searched.
        source: Where it is from; the id of the fact for metrics, past queries and terms.
    """

    kind: DocumentKind
    table: TableId | None
    column: str = ""
    title: str = ""
    text: str = ""
    source: str = ""


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
