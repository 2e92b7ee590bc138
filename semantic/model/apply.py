"""Lay what people wrote over what was mined: their word wins, what they turned down is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from semantic.facts import Dimension, Facts, Metric, MinedJoin, Note, PastQuery, Rule, Segment, Term
from semantic.mining.lookup import Lookup
from semantic.model.files import Model
from semantic.model.meaning import meaning_of
from semantic.model.noted import noted
from semantic.model.read import read_said
from semantic.model.said import Fact, Said, key_of
from semantic.types import Table

Kind = TypeVar("Kind", bound=Fact)
Named = TypeVar("Named", bound=Metric | Dimension | Segment)


def apply(facts: Facts, tables: Sequence[Table], model: Model) -> tuple[Facts, tuple[Table, ...]]:
    """Return facts and tables as the files have them.

    What people stand for comes first and takes over the sources of mined facts that say the same. A mined metric of the
    same name that says something else stays as a conflict; other mined facts of the same name go. Notes are laid on
    tables and columns: those of mining where the catalog says nothing, those of people always.

    Args:
        facts: What was mined.
        tables: Tables of the lake.
        model: The files.
    """
    said = read_said(model, Lookup(tables))
    facts = _without(facts, said.rejected)
    notes = _notes(facts.notes, said)
    lost = tuple(str(problem) for problem in said.problems if problem.level == "error")
    changed = replace(
        facts,
        metrics=_metrics(facts.metrics, said),
        dimensions=_named(facts.dimensions, _people(said, Dimension), said),
        segments=_named(facts.segments, _people(said, Segment), said),
        queries=_first(_people(said, PastQuery), facts.queries, meaning_of),
        terms=_first(_people(said, Term), facts.terms, lambda t: t.term.lower()),
        joins=_joins(_people(said, MinedJoin), facts.joins),
        rules=_first(_people(said, Rule), facts.rules, key_of),
        notes=notes,
        lost=(*facts.lost, *lost),
    )
    return changed, noted(tables, notes, said)


def _people(said: Said, kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(fact for fact in said.facts if isinstance(fact, kind))


def _without(facts: Facts, rejected: Iterable[str]) -> Facts:
    """Return the facts less those that were turned down."""
    gone = frozenset(rejected)
    if not gone:
        return facts
    kept = {
        name: tuple(fact for fact in getattr(facts, name) if key_of(fact) not in gone)
        for name in ("metrics", "dimensions", "segments", "queries", "terms", "notes", "joins", "rules")
    }
    return replace(facts, **kept)


def _metrics(mined: tuple[Metric, ...], said: Said) -> tuple[Metric, ...]:
    """Return the metrics of people, then the mined ones that say something else, conflicts marked on both sides."""
    people = _united(_people(said, Metric), mined)
    own = {meaning_of(metric) for metric in people}
    rest = tuple(_overlaid(metric, said) for metric in mined if not own or meaning_of(metric) not in own)
    found = []
    named: dict[str, list[Metric]] = {}
    for metric in (*people, *rest):
        named.setdefault(metric.name.lower(), []).append(metric)
    kept = {metric.id for metric in (*people, *rest)}
    for metric in (*people, *rest):
        rivals = [other.id for other in named[metric.name.lower()] if other.id != metric.id]
        conflicts = dict.fromkeys((*(c for c in metric.conflicts if c in kept), *rivals))
        found.append(replace(metric, conflicts=tuple(conflicts)))
    return tuple(found)


def _named(mined: tuple[Named, ...], people: tuple[Named, ...], said: Said) -> tuple[Named, ...]:
    """Return what people define, then the mined ones of other names and other meanings."""
    first = _united(people, mined)
    known = {known for fact in first for known in (meaning_of(fact), (fact.name.lower(), fact.tables[:1]))}
    rest = (f for f in mined if not first or not {meaning_of(f), (f.name.lower(), f.tables[:1])} & known)
    return (*first, *(_overlaid(fact, said) for fact in rest))


def _united(people: tuple[Named, ...], mined: tuple[Named, ...]) -> tuple[Named, ...]:
    """Return what people define with the sources and other names of the mined ones that mean the same."""
    same: dict[str, list[Named]] = {}
    for fact in mined if people else ():
        same.setdefault(meaning_of(fact), []).append(fact)
    return tuple(_with_sources(fact, same.get(meaning_of(fact), ())) for fact in people)


def _with_sources(fact: Named, same: Sequence[Named]) -> Named:
    names = (other.name for other in same if other.name.lower() != fact.name.lower())
    synonyms = tuple(dict.fromkeys((*fact.synonyms, *names)))
    sources = (*fact.sources, *(source for other in same for source in other.sources))
    authority = max((fact.authority, *(other.authority for other in same)))
    found = replace(fact, synonyms=synonyms, sources=sources, authority=authority)
    if not isinstance(found, Metric) or found.snapshot is not None:
        return found
    # A figure that is a stock stays one where the file leaves its date out; to deny it, reject the mined metric.
    return replace(found, snapshot=next((s for other in same if (s := getattr(other, "snapshot", None))), None))


def _overlaid(fact: Named, said: Said) -> Named:
    """Return a mined fact with the words that its proposal has in the files; people may have changed them."""
    waiting = said.waiting.get(fact.id)
    written = waiting.fact if waiting else None
    if not isinstance(written, type(fact)):
        return fact
    words = {name: text for name in _WORDS if (text := getattr(written, name, None))}
    return replace(fact, **words)


_WORDS = ("label", "description", "synonyms", "unit")


def _first(people: tuple[Kind, ...], mined: tuple[Kind, ...], meaning: Callable[[Kind], object]) -> tuple[Kind, ...]:
    """Return what people say, with the sources of mined facts about the same, then the mined ones about others."""
    found: dict[object, Any] = {meaning(fact): fact for fact in people}
    others: list[Kind] = []
    for fact in mined:
        known = found.get(meaning(fact))
        if known is None:
            others.append(fact)
        elif not isinstance(fact, Rule | Note):
            found[meaning(fact)] = replace(known, sources=(*known.sources, *fact.sources))
    return (*found.values(), *others)


def _joins(people: tuple[MinedJoin, ...], mined: tuple[MinedJoin, ...]) -> tuple[MinedJoin, ...]:
    uses: Mapping[str, int] = {join.id: join.relationship.uses for join in mined}
    counted = tuple(
        replace(join, relationship=replace(join.relationship, uses=uses.get(join.id, 0))) for join in people
    )
    return _first(counted, mined, lambda join: join.id)


def _notes(mined: tuple[Note, ...], said: Said) -> tuple[Note, ...]:
    """Return the notes of mining that people leave standing, then those of people."""
    people = _people(said, Note)
    taken = {(n.table, n.column, n.kind) for n in people if n.kind != "synonym"} | said.denied
    own = {n.id for n in people}
    return (*(n for n in mined if (n.table, n.column, n.kind) not in taken and n.id not in own), *people)
