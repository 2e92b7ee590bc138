"""Find the joins that nobody declared: names propose them, the data confirms them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from semantic.candidates import Candidate, Candidates, core_words, entity_forms
from semantic.profile import is_unique
from semantic.types import Column, Relationship, Table, TableId

_PROBES_PER_COLUMN = 6
_WEAKEST = 0.45


class Probe(Protocol):
    """Tells how much of a column is found in another."""

    def coverage(
        self, child: TableId, columns: Sequence[str], parent: TableId, parent_columns: Sequence[str]
    ) -> float | None:
        """Return the share of distinct child values the parent holds, None where it cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class _Match:
    candidate: Candidate
    coverage: float
    score: float


def find_joins(
    tables: Sequence[Table],
    probe: Probe,
    *,
    declared: Iterable[Relationship] = (),
    changed: Collection[TableId] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Relationship]:
    """Return the inferred joins between tables, best parent per column.

    Args:
        tables: All tables, profiled.
        probe: Measures coverage on the data.
        declared: Joins that are known; their child columns are left alone.
        changed: Tables to look at, with what may point at them; all where it is None.
        progress: Called with tables done and tables in all.
    """
    known = {(r.child, name) for r in declared for name in r.child_columns if len(r.child_columns) == 1}
    proposals = Candidates(tables)
    matches: list[_Match] = []
    for done, child in enumerate(tables, start=1):
        for column in child.columns:
            if (child.id, column.name) in known:
                continue
            candidates = proposals.of(child, column)[:_PROBES_PER_COLUMN]
            if changed is not None and child.id not in changed and not any(c.parent.id in changed for c in candidates):
                continue
            if match := _verify(candidates, probe):
                matches.append(match)
        progress(done, len(tables))
    return [_relationship(m) for m in _one_way(matches)]


def _verify(candidates: Sequence[Candidate], probe: Probe) -> _Match | None:
    """Return the candidate that names and data together speak for most."""
    best: _Match | None = None
    for candidate in candidates:
        if candidate.strength < _WEAKEST or (best and candidate.strength + 0.5 <= best.score):
            continue
        coverage = _measure(candidate, probe)
        if coverage is None or coverage < _needed(candidate):
            continue
        match = _Match(candidate, coverage, candidate.strength + 0.5 * coverage)
        if best is None or match.score > best.score:
            best = match
    return best


def _measure(candidate: Candidate, probe: Probe) -> float | None:
    child, parent = candidate.child, candidate.parent
    if child.rows == 0 or parent.rows == 0:
        # Nothing to compare: only a name that leaves no doubt counts.
        return 1.0 if candidate.strength >= 1 and candidate.column.family == candidate.key.family else None
    return probe.coverage(child.id, (candidate.column.name,), parent.id, (candidate.key.name,))


def _needed(candidate: Candidate) -> float:
    """Return the coverage that makes up for what the name leaves open."""
    if candidate.strength >= 0.95:
        return 0.7
    # Small numbers are contained in any counter; only a name that says key or table makes more of it.
    if candidate.strength < 0.7 and _dense(candidate.key) and not core_words(candidate.column.name)[1]:
        return 2.0
    return 0.9 if candidate.strength >= 0.75 else 0.98


def _dense(column: Column) -> bool:
    profile = column.profile
    if column.family != "number" or profile is None or profile.minimum is None or profile.maximum is None:
        return False
    try:
        low, high = float(profile.minimum), float(profile.maximum)
    except ValueError:
        return False
    return low <= 1 and high - low <= 2 * max(profile.distinct, 1)


def _one_way(matches: Sequence[_Match]) -> list[_Match]:
    """Keep one direction of joins that hold both ways."""
    by_ends = {_ends(m): m for m in matches}
    kept: list[_Match] = []
    for match in matches:
        reverse = by_ends.get(_ends(match)[2:] + _ends(match)[:2])
        if reverse is None or _rank(match) > _rank(reverse) or (_rank(match) == _rank(reverse) and _first(match)):
            kept.append(match)
    return kept


def _ends(match: _Match) -> tuple[TableId, str, TableId, str]:
    c = match.candidate
    return c.child.id, c.column.name, c.parent.id, c.key.name


def _rank(match: _Match) -> tuple[float, float, int]:
    c = match.candidate
    core = "".join(core_words(c.key.name)[0])
    own = max((weight for form, weight in entity_forms(c.parent) if form == core), default=0.0)
    return own, match.coverage, c.parent.rows or 0


def _first(match: _Match) -> bool:
    return match.candidate.parent.id < match.candidate.child.id


def _relationship(match: _Match) -> Relationship:
    c = match.candidate
    return Relationship(
        child=c.child.id,
        child_columns=(c.column.name,),
        parent=c.parent.id,
        parent_columns=(c.key.name,),
        cardinality="one-to-one" if is_unique(c.child, c.column) else "many-to-one",
        origin="inferred",
        coverage=round(match.coverage, 4),
        confidence=round(max(0.3, min(0.95, c.strength * match.coverage)), 3),
    )
