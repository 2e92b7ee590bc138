"""Verified queries: a question that somebody answered and vouched for is answered by that very SQL."""

from __future__ import annotations

from genie_ext.embedded.definitions import say_sources
from genie_ext.embedded.named import normalised
from genie_ext.types import Context, Plan, Step
from semantic.facts import PastQuery

_SURE = 0.95


def find_verified(context: Context) -> Plan | None:
    """Return the plan of the verified query whose text is the question, word for word; None where there is none."""
    asked = normalised(context.question.text)
    for hit in context.found.queries:
        if hit.fact.verified and asked and normalised(hit.fact.text) == asked:
            return _plan(hit.fact)
    return None


def _plan(query: PastQuery) -> Plan:
    source = query.sources[0] if query.sources else None
    owner = f" by {source.owner}" if source and source.owner else ""
    day = f" on {source.last}" if source and source.last else ""
    return Plan(
        interpretation=f"The verified query for “{query.text}”.",
        steps=(Step(sources=query.tables),),
        assumptions=(f"answered by the query in {say_sources(query.sources)}",),
        confidence=_SURE,
        reasons=(f"the query was verified{owner}{day}",),
        query=query,
    )
