"""An index over the names of tables and of their keys, asked once per column of a lake."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from semantic.joins.key_names import abbreviates, core_words, entity_forms, joined, name_words, shared_prefix, shortens
from semantic.joins.keys import comparable, family_of, may_be_key
from semantic.profile import is_unique
from semantic.types import Column, Table, TableId

# A name that more tables bear is looked for near the column only, so that no column meets all tables.
_CROWD = 40
_OF_CROWD = 12
_Place = tuple[str, str]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Target:
    """A table that a name may mean, and how well the name stands for it."""

    table: Table
    weight: float


class Targets:
    """Finds the tables and keys that bear a name.

    Args:
        tables: All tables of the lake, profiled.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self._entities: dict[str, dict[_Place, list[Target]]] = {}
        self._keys: dict[str, dict[_Place, list[tuple[Table, Column]]]] = {}
        self._unique: dict[TableId, list[Column]] = {}
        self._calendars: dict[_Place, list[Target]] = defaultdict(list)
        self._prefixes: dict[TableId, str] = {}
        initials: dict[tuple[str, str], set[str]] = defaultdict(set)
        for table in tables:
            self._unique[table.id] = [c for c in table.columns if may_be_key(table, c)]
            if not self._unique[table.id]:
                continue
            place = _place(table)
            for form, weight in entity_forms(table):
                self._entities.setdefault(form, {}).setdefault(place, []).append(Target(table, weight))
                initials[table.id.catalog, form[:1]].add(form)
            for column in self._unique[table.id]:
                if family_of(column.type) == "date":
                    self._calendars[place].append(Target(table, 1.0))
                name = joined(name_words(self.bare(table, column)))
                self._keys.setdefault(name, {}).setdefault(place, []).append((table, column))
        self._initials = {key: sorted(forms) for key, forms in initials.items()}
        self._short: dict[tuple[str, str], tuple[str, ...]] = {}

    def bare(self, table: Table, column: Column) -> str:
        """Return the column's name less the prefix that all columns of the table bear."""
        if table.id not in self._prefixes:
            self._prefixes[table.id] = shared_prefix(table)
        return column.name.removeprefix(self._prefixes[table.id])

    def entities(self, form: str, near: Table) -> list[Target]:
        """Return the tables called so."""
        return _nearest(self._entities.get(form), near)

    def keys(self, name: str, near: Table) -> list[tuple[Table, Column]]:
        """Return the keys whose name is these words, joined."""
        return _nearest(self._keys.get(name), near)

    def calendars(self, near: Table) -> list[Target]:
        """Return the tables of days in the same schema."""
        return self._calendars.get(_place(near), [])

    def initials(self, letter: str, near: Table) -> Iterator[Target]:
        """Yield the tables of the same catalog whose whole name starts with the letter."""
        for form in self._initials.get((near.id.catalog, letter), ()):
            yield from (t for t in self.entities(form, near) if t.weight == 1 and t.table.id.catalog == near.id.catalog)

    def abbreviated(self, short: str, near: Table) -> tuple[str, ...]:
        """Return the names of tables of the same catalog that a word may be short for."""
        key = near.id.catalog, short
        if key not in self._short:
            forms = self._initials.get((near.id.catalog, short[:1]), [])
            self._short[key] = tuple(form for form in _plausible(short, forms) if abbreviates(short, form))
        return self._short[key]

    def keys_of(self, table: Table, column: Column) -> list[Column]:
        """Return the keys of a table that a column may equal, likeliest first."""
        wanted = joined(name_words(column.name))

        def likely(key: Column) -> tuple[bool, bool, bool]:
            core, keyed = core_words(key.name)
            return joined(name_words(key.name)) != wanted, (key.name,) != table.primary_key, not keyed and bool(core)

        return sorted((k for k in self.all_keys(table.id) if comparable(column, k)), key=likely)[:4]

    def all_keys(self, table: TableId) -> Sequence[Column]:
        """Return the columns of a table that others may point at."""
        return self._unique.get(table, [])

    def is_own_key(self, table: Table, column: Column) -> bool:
        """Tell whether a column is the key that its table is known by."""
        if not is_unique(table, column):
            return False
        core = joined(core_words(self.bare(table, column))[0])
        forms = [form for form, _ in entity_forms(table)]
        if core in forms:
            return True
        short = shortens(core, table) or any(is_initial(core, form) for form in forms)
        return short and table.primary_key == (column.name,)


def is_initial(name: str, form: str) -> bool:
    """Tell whether a name such as `aid` is the initial of a table called so with the word for a key."""
    return name in {f"{form[:1]}id", f"{form[:1]}no", f"{form[:1]}code"}


def _plausible(short: str, forms: Sequence[str]) -> Iterator[str]:
    """Narrow sorted names to those a long word can start, or of which a short one can be the letters."""
    first = bisect_left(forms, short)
    while first < len(forms) and forms[first].startswith(short):
        yield forms[first]
        first += 1
    if len(short) <= 6:
        yield from (f for f in forms if len(short) < len(f) <= 2.5 * len(short) and not f.startswith(short))


def _nearest(groups: dict[_Place, list[_Item]] | None, near: Table) -> list[_Item]:
    if groups is None:
        return []
    if sum(map(len, groups.values())) <= _CROWD:
        return [item for group in groups.values() for item in group]
    return groups.get(_place(near), [])[:_OF_CROWD]


def _place(table: Table) -> _Place:
    return table.id.catalog, table.id.schema
