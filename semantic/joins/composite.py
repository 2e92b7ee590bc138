"""Find joins over several columns: names that two tables share, unique in one of them, and met in the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from semantic.joins.candidates import nearness
from semantic.joins.key_names import core_words, is_generic, joined, name_words
from semantic.joins.keys import comparable, family_of, is_whole
from semantic.joins.probes import Prober
from semantic.profile import is_unique
from semantic.types import Column, Relationship, Table, TableId

# More tables than this share a name only if it says nothing about any of them.
_CROWD = 40
_PARENTS = 4
_MOST_COLUMNS = 8
_NEEDED = 0.9
# Generic words that are parts of keys all the same.
_PARTS = frozenset({"no", "number", "num", "nr", "code", "date", "day", "month", "year", "sequence", "seq", "line",
                    "version", "time"})  # fmt: skip

_DAYS = frozenset({"date", "day", "week", "month", "period"})

_Place = tuple[str, str, str]
_Parts = dict[str, Column]


@dataclass(frozen=True, slots=True)
class _Fit:
    child: Table
    parent: Table
    names: tuple[str, ...]
    coverage: float
    one_to_one: bool


def find_composites(
    tables: Sequence[Table],
    single: Iterable[Relationship],
    probe: Prober,
    *,
    changed: Collection[TableId] | None = None,
) -> list[Relationship]:
    """Return the joins over two or more columns that the names suggest and the data confirms.

    Args:
        tables: All tables, profiled.
        single: The joins that are known; tables they connect by a key need no other.
        probe: Measures uniqueness and coverage on the data.
        changed: Tables to look at, with those that share names with them; all where it is None.
    """
    joins = list(single)
    linked = {(r.child, r.parent) for r in joins} | {(r.parent, r.child) for r in joins}
    pointing = {(r.child, name) for r in joins for name in r.child_columns}
    parts = {table.id: _parts(table, pointing) for table in tables if table.kind != "view"}
    search = _Search(parts, probe, pointing)
    by_name = _by_name(tables, parts)
    new = by_name if changed is None else _by_name([t for t in tables if t.id in changed], parts)
    found: list[_Fit] = []
    for child in tables:
        if child.id not in parts:
            continue
        fits = [
            fit
            for parent, names in _neighbours(
                child, parts[child.id], by_name if changed is None or child.id in changed else new
            )
            if (child.id, parent.id) not in linked and (fit := search.fit(child, parent, names))
        ]
        found += _best(fits)
    return [_relationship(fit, parts) for fit in _one_way(found)]


class _Search:
    """Looks for the smallest key of a parent within the names that it shares with a child."""

    def __init__(self, parts: dict[TableId, _Parts], probe: Prober, pointing: Collection[tuple[TableId, str]]) -> None:
        self._parts = parts
        self._probe = probe
        self._pointing = pointing

    def fit(self, child: Table, parent: Table, names: tuple[str, ...]) -> _Fit | None:
        """Return how the child meets the parent, None where it does not."""
        ours, theirs = self._parts[child.id], self._parts[parent.id]
        shared = [n for n in names if comparable(ours[n], theirs[n])]
        # A single column that is unique is a key by itself, and a join that was looked for before.
        if any(is_unique(parent, theirs[n]) for n in shared) or not _may_identify(parent, [theirs[n] for n in shared]):
            return None
        key = self._smallest(parent, shared)
        if key is None or not self._says_who(child, parent, key):
            return None
        coverage = self._probe.coverage(child.id, [ours[n].name for n in key], parent.id, [theirs[n].name for n in key])
        if coverage is None or coverage < _NEEDED:
            return None
        return _Fit(child, parent, key, coverage, self._is_key(child, key))

    def _smallest(self, parent: Table, names: Sequence[str]) -> tuple[str, ...] | None:
        """Return a key of two or more columns that loses uniqueness with any of them, None where there is none."""
        if len(names) < 2 or not self._is_key(parent, names):
            return None
        kept = list(names)
        for name in sorted(names, key=lambda n: core_words(n)[1]):
            fewer = [n for n in kept if n != name]
            if len(fewer) >= 2 and self._is_key(parent, fewer):
                kept = fewer
        return tuple(kept)

    def _is_key(self, table: Table, names: Sequence[str]) -> bool:
        columns = [self._parts[table.id][n] for n in names]
        if not _may_identify(table, columns):
            return False
        counted = self._probe.distinct(table.id, [c.name for c in columns])
        return counted is not None and counted[0] == counted[1] == table.rows

    def _says_who(self, child: Table, parent: Table, key: Sequence[str]) -> bool:
        """Tell whether a shared key is the identity of the parent, and not the grain that two facts happen to have."""
        columns = {n: self._parts[parent.id][n] for n in key}
        references = {
            n for n in key if any((t.id, self._parts[t.id][n].name) in self._pointing for t in (child, parent))
        }
        if len(references) == len(key):
            # Bridges are known by what they connect; a table with a key of its own would be pointed at by that.
            return not parent.primary_key
        keyed = any(core_words(c.name)[1] and core_words(c.name)[0] for c in columns.values())
        own = (_identifies(columns[n], n, bare=not parent.primary_key) for n in key if n not in references)
        return (bool(references) or keyed) and all(own)


def _identifies(column: Column, name: str, *, bare: bool) -> bool:
    """Tell whether a column may number the rows within a key: a code, a date, and any name where there is no key."""
    if core_words(column.name)[1] or (bare and not is_generic(name)):
        return True
    return family_of(column.type) == "date" and bool(_DAYS & {column.type.lower(), *name_words(column.name)[-1:]})


def _parts(table: Table, pointing: Collection[tuple[TableId, str]]) -> _Parts:
    """Return the columns that may be parts of a key, by name; measures are none."""
    parts: _Parts = {}
    for column in table.columns:
        profile = column.profile
        if profile is None or profile.distinct < 1 or profile.nulls > 0.5 or not is_whole(column):
            continue
        name = joined(name_words(column.name))
        keyed = core_words(column.name)[1] or (table.id, column.name) in pointing
        usual = family_of(column.type) == "date" or not is_generic(name) or name in _PARTS
        if family_of(column.type) in {"number", "text", "date"} and (keyed or usual):
            parts.setdefault(name, column)
    return parts


def _may_identify(table: Table, columns: Sequence[Column]) -> bool:
    """Tell whether there are enough combinations for every row to have its own."""
    combinations = 1
    for column in columns:
        if column.profile is None or column.profile.nulls:
            return False
        combinations *= column.profile.distinct
    return 2 <= (table.rows or 0) <= combinations


def _by_name(tables: Iterable[Table], parts: Mapping[TableId, _Parts]) -> dict[_Place, list[Table]]:
    found: dict[_Place, list[Table]] = defaultdict(list)
    for table in tables:
        for name in parts.get(table.id, ()):
            found[table.id.catalog, table.id.schema, name].append(table)
    return found


def _neighbours(
    child: Table, parts: _Parts, by_name: dict[_Place, list[Table]]
) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """Yield the tables of the same schema that share a few telling names, those that share most first."""
    shared: dict[TableId, list[str]] = defaultdict(list)
    known: dict[TableId, Table] = {}
    for name in parts:
        others = by_name.get((child.id.catalog, child.id.schema, name), [])
        if len(others) <= _CROWD:
            for other in others:
                shared[other.id].append(name)
                known[other.id] = other
    likely = [t for t, names in shared.items() if t != child.id and 2 <= len(names) <= _MOST_COLUMNS]
    likely.sort(key=lambda t: (known[t].stale, -len(shared[t]), t))
    yield from ((known[t], tuple(shared[t])) for t in likely[:_PARENTS])


def _best(fits: Sequence[_Fit]) -> list[_Fit]:
    """Keep one parent per key of the child."""
    best: dict[frozenset[str], _Fit] = {}
    for fit in sorted(fits, key=_rank, reverse=True):
        best.setdefault(frozenset(fit.names), fit)
    return list(best.values())


def _rank(fit: _Fit) -> tuple[float, float, int]:
    return fit.coverage, nearness(fit.child, fit.parent), fit.parent.rows or 0


def _one_way(fits: Sequence[_Fit]) -> list[_Fit]:
    """Keep one direction of joins between two tables of the same grain: the fuller one is the parent."""
    by_ends = {(f.child.id, f.parent.id, frozenset(f.names)): f for f in fits}
    kept: list[_Fit] = []
    for fit in fits:
        reverse = by_ends.get((fit.parent.id, fit.child.id, frozenset(fit.names)))
        if reverse is None or (_rank(fit), fit.child.id) > (_rank(reverse), reverse.child.id):
            kept.append(fit)
    return kept


def _relationship(fit: _Fit, parts: dict[TableId, _Parts]) -> Relationship:
    return Relationship(
        child=fit.child.id,
        child_columns=tuple(parts[fit.child.id][n].name for n in fit.names),
        parent=fit.parent.id,
        parent_columns=tuple(parts[fit.parent.id][n].name for n in fit.names),
        cardinality="one-to-one" if fit.one_to_one else "many-to-one",
        origin="inferred",
        coverage=round(fit.coverage, 4),
        confidence=round(0.85 * fit.coverage, 3),
    )
