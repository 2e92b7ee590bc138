"""What a search found: frozen values and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from semantic.facts import Metric, PastQuery, Term
from semantic.types import Document, Relationship, TableId, Vectors

MatchKind = Literal["exact", "inflection", "abbreviation", "part", "fuzzy"]
"""How words meet a value: `part` where the value holds them among others or in another order."""
Fact = TypeVar("Fact", Metric, PastQuery, Term)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A document found for a question.

    Attributes:
        document: The document.
        score: Of tables and columns the chance that the question needs them; of others `dense` and `lexical` fused.
        dense: Cosine of its vector with that of the question.
        lexical: Of tables and columns the share of the question that they cover; of others a BM25 score.
        reasons: What speaks for it.
    """

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
class FactHit(Generic[Fact]):
    """A metric, past query or term found for a question, with its score and what speaks for it."""

    fact: Fact
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that one search found, each list best first.

    Attributes:
        tables: Tables.
        columns: Columns.
        values: Cell values the words of the question equal.
        passages: Passages of documents.
        metrics: Figures with a name; a metric that is contradicted names its rivals in `conflicts`.
        queries: Past queries about the same.
        terms: Words of the business that the question uses.
        joins: Joins between the tables found, the surest first.
        question_vector: The embedded question, shape (1, D).
    """

    tables: tuple[Hit, ...] = ()
    columns: tuple[Hit, ...] = ()
    values: tuple[ValueHit, ...] = ()
    passages: tuple[Hit, ...] = ()
    metrics: tuple[FactHit[Metric], ...] = ()
    queries: tuple[FactHit[PastQuery], ...] = ()
    terms: tuple[FactHit[Term], ...] = ()
    joins: tuple[Relationship, ...] = ()
    question_vector: Vectors | None = field(default=None, compare=False)
