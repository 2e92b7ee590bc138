"""Trust: which of several definitions of one name is meant, or the question that must be asked back."""

from __future__ import annotations

from collections.abc import Sequence

from genie_ext.embedded.definitions import say_definition, say_sources, title_of
from genie_ext.embedded.named import Named, NamedFact, mark_of
from genie_ext.types import Clarification
from semantic.facts import Metric, SourceKind, Standing

_RANK: dict[Standing, float] = {"certified": 3, "modelled": 2, "used": 1, "recent": 1, "once": 1}
_BY_PERSON = 2.0
"""What a person wrote into the semantic model stands above all that was mined."""
_ON_PURPOSE: dict[SourceKind, float] = {"ossie": 0.5, "dbt": 0.5, "metric view": 0.5, "semantic view": 0.5}
"""Files made to define figures stand above views that happen to."""
_CLEARLY = 0.3
"""By how much the authority of a definition must be larger to settle a conflict within one standing."""
_MOST_CHOICES = 4


def bearers_of(named: Named, metrics: Sequence[Metric]) -> tuple[NamedFact, ...]:
    """Return all different definitions that a name may mean, best first, those that contradict it included.

    Args:
        named: The name and the facts that bear it.
        metrics: All metrics known for the question.
    """
    chosen: tuple[NamedFact, ...] = named.metrics or named.segments
    if named.end - named.start == len(named.text):  # a source named in brackets settles it
        rivals = {key for metric in named.metrics for key in metric.conflicts}
        chosen = (*chosen, *(metric for metric in metrics if metric.id in rivals))
    current = [fact for fact in chosen if not (isinstance(fact, Metric) and fact.deprecated)] or list(chosen)
    different = {_meaning(fact): fact for fact in sorted(current, key=_weight)}
    return tuple(sorted(different.values(), key=_weight, reverse=True))


def outranks(best: NamedFact, others: Sequence[NamedFact]) -> bool:
    """Tell whether a definition is clearly more trusted than all others of its name."""
    return all(_rank(best) > _rank(other) or best.authority - other.authority >= _CLEARLY for other in others)


def ask_which(text: str, named: Named, facts: Sequence[NamedFact]) -> Clarification:
    """Return the question back where definitions conflict and none clearly outranks the others."""
    offered = facts[:_MOST_CHOICES]
    names = [f"{named.text} ({mark_of(fact, facts)})" for fact in offered]
    choices = [
        f"{name}: {say_definition(fact)}, as defined in {say_sources(fact.sources)}"
        for name, fact in zip(names, offered, strict=True)
    ]
    return Clarification(
        question=f"“{named.text}” is defined in {len(facts)} ways. Which one is meant?",
        choices=tuple(choices),
        readings=tuple(f"{text[: named.start]}{name}{text[named.end :]}" for name in names),
    )


def say_rival(best: NamedFact, other: NamedFact) -> str:
    """Return the sentence that tells of a definition that was not used."""
    return f"{title_of(best)} is also defined as {say_definition(other)} in {say_sources(other.sources)}; not used here"


def _meaning(fact: NamedFact) -> tuple[str, ...]:
    tables = sorted(map(str, fact.tables))
    return (fact.expression, *fact.filters, *tables) if isinstance(fact, Metric) else (fact.condition,)


def _weight(fact: NamedFact) -> tuple[float, float]:
    return _rank(fact), fact.authority


def _rank(fact: NamedFact) -> float:
    kinds = {source.kind for source in fact.sources}
    purpose = max((_ON_PURPOSE.get(kind, 0.0) for kind in kinds), default=0.0)
    return _RANK[fact.standing] + (_BY_PERSON if "person" in kinds else purpose)
