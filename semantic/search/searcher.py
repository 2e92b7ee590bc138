"""Search a lake for a question: schemas first, then their tables and columns, each with what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from semantic.facts import Metric, PastQuery, Term
from semantic.found import Found, Hit, ValueHit
from semantic.search.closeness import Asked, alike_words
from semantic.search.coverage import cover
from semantic.search.evidence import Evidence, gather
from semantic.search.hits import Report
from semantic.search.known import Known, fact_hits
from semantic.search.lexicon import Lexicon
from semantic.search.outline import Outline
from semantic.search.question import embedded_words, question_words, said_words
from semantic.search.ranking import rank_documents
from semantic.search.standing import Bonuses, rank
from semantic.search.within import Within
from semantic.stale import stale_words
from semantic.store.reader import Store
from semantic.types import DocumentKind, Encoder, Relationship, Vectors
from semantic.values.find import choose, find_values
from semantic.vectors.blas import one_thread
from semantic.vectors.nearest import Nearest

_VALUES_WEIGHED = 200
_WORDS_KEPT = 20_000
_RESTRICTIONS_KEPT = 16


class Searcher:
    """Searches an opened index; the outline of the lake is read when it is made.

    Args:
        store: The store.
        nearest: The vectors of each kind of document that there is.
        encoder: Turns questions into vectors.
    """

    def __init__(self, store: Store, nearest: Mapping[DocumentKind, Nearest], encoder: Encoder) -> None:
        self.outline = Outline(store)
        self._lexicon = Lexicon(self.outline)
        self._store = store
        self._nearest = nearest
        self._encoder = encoder
        self._words: dict[str, Vectors] = {}
        self._allowed = lru_cache(maxsize=_RESTRICTIONS_KEPT)(self._allow)
        self._names = {place: document.title for place, document in store.documents("kind = 'word'").items()}

    def ask(self, question: str) -> Asked:
        """Return a question with its vectors."""
        words = embedded_words(question)
        # Short texts share a batch of their own: beside the question they would be padded to its length.
        if len(self._words) > _WORDS_KEPT:
            self._words.clear()
        if new := [word for word in words if word not in self._words]:
            self._words.update(zip(new, self._encoder.encode(new), strict=True))
        vectors = [self._encoder.encode([question]), *(self._words[word][None] for word in words)]
        return Asked(words, np.concatenate(vectors))

    def search(
        self,
        question: str,
        *,
        tables: int = 10,
        columns: int = 25,
        values: int = 20,
        passages: int = 5,
        within: Within | None = None,
        facts: int = 5,
        bonuses: Bonuses | None = None,
    ) -> Found:
        """Return what fits a question: at most so many of each kind, best first.

        Args:
            question: The question.
            tables: Most tables.
            columns: Most columns.
            values: Most values.
            passages: Most passages.
            within: What may be found.
            facts: Most metrics, past queries and terms, each.
            bonuses: What else speaks for tables and columns.
        """
        with one_thread():
            asked = self.ask(question)
            said = said_words(question)
            allowed = self._allowed(within)
            matched = self._values(question, allowed)
            evidence = self.gather(question, asked, matched, allowed)
            known = self.known(question, asked, limit=facts, within=within)
            others = {**known.bonuses(self._store), **(bonuses or {})}
            standing = rank(evidence, others, wants_stale=stale_words(said))
            report = Report(self._store, evidence, standing, said, matched, others)
            order = standing.chosen.tables[standing.table_order].tolist()
            tables_found = report.tables(tables)
            return Found(
                tables=tables_found,
                columns=report.columns(columns),
                values=choose(matched, {self.outline.tables[t]: n for n, t in enumerate(order)}, limit=values),
                passages=self.documents("passage", question, asked, limit=passages, within=within),
                metrics=known.metrics,
                queries=known.queries,
                terms=known.terms,
                joins=self._joins(tables_found),
                question_vector=asked.vectors[:1],
            )

    def known(self, question: str, asked: Asked, *, limit: int, within: Within | None = None) -> Known:
        """Return the metrics, past queries and terms that fit a question."""

        def documents(kind: DocumentKind) -> tuple[Hit, ...]:
            return self.documents(kind, question, asked, limit=limit, within=within)

        return Known(
            metrics=fact_hits(self._store, documents("metric"), Metric),
            queries=fact_hits(self._store, documents("query"), PastQuery),
            terms=fact_hits(self._store, documents("term"), Term),
        )

    def _joins(self, hits: Sequence[Hit]) -> tuple[Relationship, ...]:
        """Return the joins between tables that were found, the surest first."""
        tables = {hit.document.table for hit in hits if hit.document.table is not None}
        joins = [j for j in self._store.relationships(tables) if j.child in tables and j.parent in tables]
        return tuple(sorted(joins, key=lambda join: (-join.confidence, -join.uses)))

    def documents(
        self, kind: DocumentKind, question: str, asked: Asked, *, limit: int, within: Within | None = None
    ) -> tuple[Hit, ...]:
        """Return the documents of any other kind that fit a question, best first."""
        if not limit or kind not in self._nearest:
            return ()
        words = said_words(question)
        allowed = self._allowed(within)
        sunk = set() if stale_words(words) else self._store.stale
        hidden = {self.outline.tables[t] for t in np.flatnonzero(~allowed).tolist()}
        nearest = self._nearest[kind]
        return rank_documents(self._store, nearest, kind, asked, words, limit=limit, hidden=hidden, sunk=sunk)

    def gather(
        self, question: str, asked: Asked, values: Sequence[ValueHit], allowed: NDArray[np.bool_] | None = None
    ) -> Evidence:
        """Return what speaks for the tables of the lake."""
        words = self._nearest.get("word")
        alike = {} if words is None else alike_words(words, self._names, asked)
        spoken = question_words(question)
        coverage = cover(self._store, self.outline, self._lexicon, spoken, values=values, alike=alike)
        return gather(self.outline, coverage, asked, self._nearest, self._allowed(None) if allowed is None else allowed)

    def _values(self, question: str, allowed: NDArray[np.bool_]) -> tuple[ValueHit, ...]:
        found = find_values(self._store, question, limit=_VALUES_WEIGHED)
        return tuple(hit for hit in found if allowed[self.outline.number(hit.table)])

    def _allow(self, within: Within | None) -> NDArray[np.bool_]:
        outline = self.outline
        found = np.ones(len(outline.tables), dtype=bool)
        if within is not None:
            for number, table in enumerate(outline.tables):
                found[number] = within.allows(table, outline.kinds[number], stale=bool(outline.stale[number]))
        found.setflags(write=False)
        return found
