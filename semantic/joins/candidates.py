"""Propose joins from names: which key of which table a column may point at, and how strongly its name says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from semantic.joins.key_names import (
    LAYERS,
    core_words,
    entity_forms,
    head_words,
    is_generic,
    joined,
    layer_word,
    name_words,
    shortens,
)
from semantic.joins.key_roles import SELF_ROLES, other_words
from semantic.joins.keys import comparable, family_of, may_point
from semantic.joins.targets import Target, Targets, is_initial
from semantic.names import STOP_WORDS, split_words
from semantic.profile import is_unique
from semantic.types import Column, Table, TableId

_PLAIN = frozenset({"main", "public", "dbo", "default"})

Proposal = tuple[Table, Column, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A join that names or values propose; `strength` is how clearly they do, 0 to 1."""

    child: Table
    column: Column
    parent: Table
    key: Column
    strength: float


class Candidates:
    """Finds what a column may point at through indexes over names, so that the cost grows with the columns only.

    Args:
        tables: All tables of the lake, profiled.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self.targets = Targets(tables)

    def of(self, child: Table, column: Column) -> list[Candidate]:
        """Return the proposals for one column, strongest first, one per parent column."""
        if not may_point(column):
            return []
        best: dict[tuple[TableId, str], Candidate] = {}
        # What is one to one across sources is two things that bear one name.
        own = is_unique(child, column)
        for table, key, strength in self._proposals(child, column):
            if not comparable(column, key) or (table.id == child.id and key.name == column.name):
                continue
            if (own and not is_near(child, table)) or (not own and _is_namesake(child, column, table, key)):
                continue
            total = strength + nearness(child, table)
            known = best.get((table.id, key.name))
            if known is None or known.strength < total:
                best[table.id, key.name] = Candidate(child, column, table, key, total)
        return sorted(best.values(), key=lambda c: -c.strength)

    def _proposals(self, child: Table, column: Column) -> Iterator[Proposal]:
        if family_of(column.type) == "date":
            for target in self.targets.calendars(child):
                if target.table.id != child.id:
                    yield from self._keys_of(target, column, 0.65)
            return
        yield from self._by_entity(child, column)
        yield from self._by_key(child, column)

    def _by_entity(self, child: Table, column: Column) -> Iterator[Proposal]:
        core, keyed = core_words(self.targets.bare(child, column))
        if not core:
            return
        if self.targets.is_own_key(child, column):
            # A table's own key points elsewhere only where another table has the very same name.
            for target in self.targets.entities(joined(core), child):
                if target.table.id != child.id and target.weight == 1:
                    yield from self._keys_of(target, column, 0.8)
            return
        if joined(core) in SELF_ROLES or core[0] in SELF_ROLES:
            yield from ((child, key, 0.75) for key in self.targets.keys_of(child, column))
        # Numbers called by a plural, such as `home_games`, are counted, not pointed at.
        counts = family_of(column.type) == "number" and not keyed and split_words(column.name)[-1:] != core[-1:]
        for first in range(1 if counts else len(core)):
            base = (1.0 if keyed else 0.75) if first == 0 else (0.85 if keyed else 0.6)
            yield from self._by_words(child, column, core[first:], base, part=first > 0)
        head = head_words(core)
        for first in range(len(head)):
            yield from self._by_words(child, column, head[first:], 0.85 if keyed else 0.6, part=first > 0)
        if len(core) == 1 and keyed and len(core[0]) == 1:
            for target in self.targets.initials(core[0], child):
                if target.table.id != child.id:
                    yield from self._keys_of(target, column, 0.55)
        if len(joined(core)) >= 3:
            yield from self._by_abbreviation(child, column, core[-1], keyed=keyed)
        yield from self._by_other_words(child, column, core, keyed=keyed)

    def _by_words(
        self, child: Table, column: Column, words: tuple[str, ...], base: float, *, part: bool
    ) -> Iterator[Proposal]:
        """Look for tables called so by the words of a column, or by a part of them."""
        form = joined(words)
        keyed = core_words(column.name)[1]
        for target in self.targets.entities(form, child):
            if target.table.id == child.id and (not part or (form, 1.0) not in entity_forms(child)):
                continue
            if target.weight < 0.9 and is_generic(form) and not keyed:
                continue
            yield from self._keys_of(target, column, base)

    def _by_abbreviation(self, child: Table, column: Column, short: str, *, keyed: bool) -> Iterator[Proposal]:
        if self.targets.entities(short, child):
            return
        for form in self.targets.abbreviated(short, child):
            base = 0.7 if keyed else 0.5
            for target in self.targets.entities(form, child):
                # In `order_items` the word "order" is no abbreviation.
                if short in name_words(target.table.id.name) or target.table.id == child.id:
                    continue
                if target.table.id.catalog == child.id.catalog:
                    yield from self._keys_of(target, column, base if form.startswith(short) else base - 0.1)

    def _by_other_words(
        self, child: Table, column: Column, core: tuple[str, ...], *, keyed: bool
    ) -> Iterator[Proposal]:
        """Look for a table of another name that the last word stands for: a synonym, a person, or glued words."""
        last = core[-1]
        if any(t.table.id.schema == child.id.schema for t in self.targets.entities(last, child)):
            return
        forms = [*other_words(core), *(last[i:] for i in range(2, len(last) - 3) if len(core) == 1)]
        for form in forms:
            near = [t for t in self.targets.entities(form, child) if t.weight >= 0.95 and _same_schema(t, child)]
            if near:
                for target in near:
                    yield from self._keys_of(target, column, 0.58 if keyed else 0.5)
                return

    def _keys_of(self, target: Target, column: Column, base: float) -> Iterator[Proposal]:
        for rank, key in enumerate(self.targets.keys_of(target.table, column)):
            if not self._belongs_elsewhere(target.table, key):
                yield target.table, key, base * target.weight - 0.08 * rank

    def _belongs_elsewhere(self, table: Table, key: Column) -> bool:
        """Tell whether a unique column is named for another table, whose rows it then points at itself."""
        core, keyed = core_words(self.targets.bare(table, key))
        name = joined(core)
        if not keyed or not core or shortens(name, table) or any(form == name for form, _ in entity_forms(table)):
            return False
        return any(t.weight >= 0.95 for t in self.targets.entities(name, table) if _same_schema(t, table))

    def _by_key(self, child: Table, column: Column) -> Iterator[Proposal]:
        words = name_words(self.targets.bare(child, column))
        for first in range(1 if self.targets.is_own_key(child, column) else len(words)):
            name = joined(words[first:])
            if len(name) < 3 or is_generic(name):
                continue
            for table, key in self.targets.keys(name, child):
                if table.id == child.id and first == 0:
                    continue
                base = self._named_alike(table, key, name, whole=first == 0)
                if base:
                    yield table, key, base if first == 0 else base - 0.1

    def _named_alike(self, table: Table, key: Column, name: str, *, whole: bool) -> float:
        """Return how much it says that a key of the table has the column's very name, 0 where nothing."""
        core, keyed = core_words(self.targets.bare(table, key))
        short = joined(core)
        primary = table.primary_key == (key.name,)
        forms = [form for form, _ in entity_forms(table)]
        related = shortens(short, table) or any(form in name or is_initial(name, form) for form in forms)
        if not related and not keyed:
            return 0.5 if whole and primary and len(name) > 3 and family_of(key.type) == "text" else 0.0
        base = 0.65 + 0.15 * primary + 0.15 * related
        if not related and any(t.weight == 1 for t in self.targets.entities(short, table)):
            # The key itself points at the table it is named for.
            base -= 0.25
        return base


def nearness(child: Table, parent: Table) -> float:
    """Prefer parents of the same place and the same layer, and originals over copies and views."""
    same = child.id.schema == parent.id.schema
    near = 0.1 if same else 0.02 if is_near(child, parent) else 0.0
    near += 0.0 if child.id.catalog == parent.id.catalog else -0.3
    near += 0.05 if layer_word(child.id.name) == layer_word(parent.id.name) else 0.0
    near -= 0.2 if parent.stale and not child.stale else 0.0
    return near - (0.05 if parent.kind == "view" and child.kind != "view" else 0.0)


def is_near(child: Table, parent: Table) -> bool:
    """Tell whether two tables are of one source: of one schema, or of layers such as `raw_shop` and `shop`."""
    if child.id.catalog != parent.id.catalog:
        places = [(t.id.catalog, "" if t.id.schema in _PLAIN else t.id.schema) for t in (child, parent)]
        return _share_words(" ".join(places[0]), " ".join(places[1]))
    return child.id.schema == parent.id.schema or _share_words(child.id.schema, parent.id.schema)


def _is_namesake(child: Table, column: Column, table: Table, key: Column) -> bool:
    """Tell whether the same column of the same table of another schema is meant, which is a copy and no parent."""
    same = child.id.name.lower() == table.id.name.lower() and column.name.lower() == key.name.lower()
    return same and child.id != table.id


@lru_cache(maxsize=65536)
def _share_words(place: str, other: str) -> bool:
    shared = set(name_words(place)) & set(name_words(other))
    return any(word.isalpha() and len(word) > 1 for word in shared - LAYERS - STOP_WORDS)


def _same_schema(target: Target, child: Table) -> bool:
    return (target.table.id.catalog, target.table.id.schema) == (child.id.catalog, child.id.schema) and (
        target.table.id != child.id
    )
