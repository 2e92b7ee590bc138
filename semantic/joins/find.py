"""Find the joins that nobody declared: names and values propose them, the data confirms them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from semantic.joins.bridges import find_bridges
from semantic.joins.candidates import Candidate, Candidates, is_near
from semantic.joins.composite import find_composites
from semantic.joins.containment import Containment
from semantic.joins.key_names import core_words, entity_forms, joined
from semantic.joins.keys import family_of, is_dense, spans
from semantic.joins.probes import Prober
from semantic.profile import is_unique
from semantic.types import Cardinality, Column, Relationship, Table, TableId

_PROBES_PER_COLUMN = 6
_WEAKEST = 0.45


@dataclass(frozen=True, slots=True)
class _Match:
    candidate: Candidate
    coverage: float
    score: float


def find_joins(
    tables: Sequence[Table],
    probe: Prober,
    *,
    declared: Iterable[Relationship] = (),
    changed: Collection[TableId] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Relationship]:
    """Return the inferred joins between tables, best parent per column, then those over several columns.

    Args:
        tables: All tables, profiled.
        probe: Measures coverage on the data.
        declared: Joins that are known, declared or mined; what they say is neither repeated nor contradicted.
        changed: Tables to look at, with what may point at them; all where it is None.
        progress: Called with tables done and tables in all.
    """
    known = list(declared)
    taken = {(r.child, r.child_columns[0].lower()) for r in known if len(r.child_columns) == 1 and _settles(r)}
    search = _Search(tables, probe, None if changed is None else frozenset(changed))
    matches: list[_Match] = []
    for done, child in enumerate(tables, start=1):
        matches += search.best(child, [c for c in child.columns if (child.id, c.name.lower()) not in taken])
        progress(done, len(tables))
    ends = {_either_way(r) for r in known}
    single = [r for r in map(_relationship, _one_way(matches)) if _either_way(r) not in ends]
    bridges = find_bridges(tables, [*known, *single], probe, changed=changed)
    single += [_relationship(_Match(candidate, 1.0, candidate.strength)) for candidate in bridges]
    composite = find_composites(tables, [*known, *single], probe, changed=changed)
    return [*single, *(r for r in composite if _either_way(r) not in ends)]


def measure(relationship: Relationship, tables: Mapping[TableId, Table], probe: Prober) -> Relationship:
    """Return the join with cardinality and coverage as the data has them, over one column or several.

    A side that is unknown, empty or too slow to ask leaves what the join says of itself. A join that is one-to-many as
    written is turned round, so that `child` is the side that points.

    Args:
        relationship: A join that is known from elsewhere, such as one mined from queries.
        tables: The lake's tables by name.
        probe: Asks the data.
    """
    if relationship.child not in tables or relationship.parent not in tables:
        return relationship
    one_child = _unique_in(probe, tables[relationship.child], relationship.child_columns)
    one_parent = _unique_in(probe, tables[relationship.parent], relationship.parent_columns)
    if one_child is None or one_parent is None:
        return relationship
    if one_child and not one_parent:
        relationship = replace(
            relationship, child=relationship.parent, child_columns=relationship.parent_columns,
            parent=relationship.child, parent_columns=relationship.child_columns,
        )  # fmt: skip
        one_child, one_parent = one_parent, one_child
    kind: Cardinality = "many-to-many" if not one_parent else "one-to-one" if one_child else "many-to-one"
    coverage = probe.coverage(
        relationship.child, relationship.child_columns, relationship.parent, relationship.parent_columns
    )
    return replace(
        relationship, cardinality=kind, coverage=relationship.coverage if coverage is None else round(coverage, 4)
    )


def _unique_in(probe: Prober, table: Table, columns: tuple[str, ...]) -> bool | None:
    """Tell whether no two rows share a key, None where it cannot be told."""
    column = table.column(columns[0])
    if len(columns) == 1 and column is not None and column.profile is not None and column.profile.exact and table.rows:
        return column.profile.distinct >= round(table.rows * (1 - column.profile.nulls))
    counted = probe.distinct(table.id, columns)
    return counted[0] == counted[1] if counted and counted[1] else None


def _settles(known: Relationship) -> bool:
    """Tell whether a known join leaves no room for another of the same column; two sides of many do not."""
    return known.origin == "declared" or known.cardinality != "many-to-many"


class _Search:
    """Looks for the best parent of a column: by names first, by values where names say nothing."""

    def __init__(self, tables: Sequence[Table], probe: Prober, changed: AbstractSet[TableId] | None) -> None:
        self._probe = probe
        self._changed = changed
        self._names = Candidates(tables)
        self._values = Containment(tables, self._names.targets, probe)
        # What no changed table could answer to is settled without a look at all the others.
        self._new = None if changed is None else Candidates([t for t in tables if t.id in changed])

    def best(self, child: Table, columns: Sequence[Column]) -> list[_Match]:
        """Return the parents of the columns of a table that have one, or have one that has changed."""
        named = {c.name: found for c in columns if (found := self._named(child, c)) is not None}
        likely = [name for name, found in named.items() if any(c.strength >= _WEAKEST for c in found)]
        self._probe.prepare(child.id, likely)
        matches = {name: match for name, found in named.items() if (match := _verify(found, self._probe))}
        silent = [c for c in columns if c.name in named and c.name not in matches]
        near = {c.name: keys for c in silent if (keys := self._values.near(child, c, self._changed))}
        self._probe.prepare(child.id, list(near))
        for column in silent:
            held = self._values.among(child, column, near.get(column.name, ()))
            if match := _verify(held, self._probe):
                matches[column.name] = match
        return [matches[c.name] for c in columns if c.name in matches]

    def _named(self, child: Table, column: Column) -> list[Candidate] | None:
        """Return what the names propose for a column, None where no table that has changed can be its parent."""
        old = self._changed is not None and child.id not in self._changed
        if old and not self._is_near_news(child, column):
            return None
        candidates = self._names.of(child, column)[:_PROBES_PER_COLUMN]
        if old and candidates and not any(self._changed and c.parent.id in self._changed for c in candidates):
            return None
        return candidates

    def _is_near_news(self, child: Table, column: Column) -> bool:
        """Tell whether a changed table may be what the column of an unchanged one points at."""
        return self._new is not None and bool(
            self._new.of(child, column) or self._values.near(child, column, self._changed)
        )


def _verify(candidates: Sequence[Candidate], probe: Prober) -> _Match | None:
    """Return the candidate that its proposal and the data together speak for most."""
    best: _Match | None = None
    for candidate in candidates:
        if candidate.strength < _WEAKEST or (best and candidate.strength + 0.5 <= best.score):
            continue
        coverage = _measure(candidate, probe)
        if coverage is None or coverage < _needed(candidate):
            continue
        match = _Match(candidate, coverage, candidate.strength + 0.5 * coverage)
        if (best is None or match.score > best.score) and _is_key(candidate, probe):
            best = match
    return best


def _is_key(candidate: Candidate, probe: Prober) -> bool:
    """Tell whether the parent's column is unique in all rows, where its profile has seen some of them."""
    profile = candidate.key.profile
    if profile is None or profile.exact or candidate.parent.kind == "view":
        return True
    counted = probe.distinct(candidate.parent.id, (candidate.key.name,))
    return counted is None or counted[0] == counted[1]


def _measure(candidate: Candidate, probe: Prober) -> float | None:
    child, parent = candidate.child, candidate.parent
    if child.rows == 0 or parent.rows == 0:
        # Nothing to compare: only a name that leaves no doubt counts.
        same = family_of(candidate.column.type) == family_of(candidate.key.type)
        return 1.0 if candidate.strength >= 1 and same else None
    return probe.coverage(child.id, (candidate.column.name,), parent.id, (candidate.key.name,))


def _needed(candidate: Candidate) -> float:
    """Return the coverage that makes up for what the name leaves open."""
    if family_of(candidate.column.type) != family_of(candidate.key.type):
        return 0.98
    if is_dense(candidate.key) and not is_near(candidate.child, candidate.parent):
        # Sources that have nothing to do with each other all count from one.
        return 0.98 if spans(candidate.column, candidate.key) else 2.0
    if candidate.strength >= 0.95:
        return 0.7
    # Small numbers are contained in any counter; only a name that says key or table makes more of it.
    if candidate.strength < 0.7 and is_dense(candidate.key) and not core_words(candidate.column.name)[1]:
        return 2.0
    return 0.9 if candidate.strength >= 0.75 else 0.98


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


def _either_way(r: Relationship) -> frozenset[tuple[TableId, str, TableId, str]]:
    pairs = zip(r.child_columns, r.parent_columns, strict=True)
    flat = ((r.child, a.lower(), r.parent, b.lower()) for a, b in pairs)
    return frozenset(end if end[:2] <= end[2:] else end[2:] + end[:2] for end in flat)


def _rank(match: _Match) -> tuple[float, float, int]:
    c = match.candidate
    core = joined(core_words(c.key.name)[0])
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
