"""Find the metrics, past queries and terms that fit a question, and what they say for tables and columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from semantic.facts import Metric, PastQuery, Term
from semantic.found import FactHit, Hit
from semantic.search.standing import Bonuses
from semantic.store.facts import read_fact
from semantic.store.reader import Store
from semantic.types import TableId

Fact = TypeVar("Fact", Metric, PastQuery, Term)
# Below this cosine a fact that shares no word with the question is only the nearest of strangers.
_LEAST_COSINE = 0.4
# Log odds, times how close the fact is to the question; a query that answers nearly the same one decides.
_METRIC = 3.0
_QUERY = 4.0


@dataclass(frozen=True, slots=True)
class Known:
    """What people have defined, asked and explained that fits a question, each best first."""

    metrics: tuple[FactHit[Metric], ...] = ()
    queries: tuple[FactHit[PastQuery], ...] = ()
    terms: tuple[FactHit[Term], ...] = ()

    def bonuses(self, store: Store) -> Bonuses:
        """Return what metrics and past queries say for the tables and columns they use."""
        found: dict[tuple[TableId, str], tuple[float, str]] = {}
        for table, column, odds, reason in (*self._of_metrics(), *self._of_queries()):
            if table in store.ids and odds > found.get((table, column), (0.0, ""))[0]:
                found[table, column] = (odds, reason)
        return found

    def _of_metrics(self) -> Iterator[tuple[TableId, str, float, str]]:
        for hit in self.metrics:
            for table in hit.fact.tables:
                yield table, "", _METRIC * hit.score, f"used by the metric {hit.fact.name}"

    def _of_queries(self) -> Iterator[tuple[TableId, str, float, str]]:
        for hit in self.queries:
            reason = f"used by the past query '{hit.fact.text}'" if hit.fact.text else "used by a past query"
            for table, column in (*((table, "") for table in hit.fact.tables), *hit.fact.columns):
                yield table, column, _QUERY * hit.score, reason


def fact_hits(store: Store, hits: Sequence[Hit], kind: type[Fact]) -> tuple[FactHit[Fact], ...]:
    """Return the facts behind hits, with their cosine as the score; strangers to the question are left out."""
    found: list[FactHit[Fact]] = []
    for hit in hits:
        fact = read_fact(store, hit.document.source)
        if isinstance(fact, kind) and (hit.lexical > 0 or hit.dense >= _LEAST_COSINE):
            found.append(FactHit(fact=fact, score=max(0.0, hit.dense), reasons=hit.reasons))
    return tuple(found)
