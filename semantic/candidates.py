"""Propose joins from names: which key of which table a column may point at, and how strongly its name says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from semantic.names import singular, split_words
from semantic.profile import is_unique
from semantic.types import Column, Table, TableId

_KEY_WORDS = frozenset(
    {"id", "key", "code", "no", "nr", "num", "number", "uuid", "guid", "sk", "fk", "pk", "ref", "cd", "fid"}
)
_GLUED_KEYS = ("id", "no", "code", "key", "num", "nr", "cd")
_LAYERS = frozenset({"ref", "dim", "fct", "fact", "stg", "staging", "tbl", "lkp", "lookup", "raw", "base", "tmp",
                     "temp", "vw", "int", "t", "src", "source", "rpt", "mart", "agg"})  # fmt: skip
_TAILS = frozenset({"table", "tbl", "master", "info", "data", "list", "dim", "fact", "detail", "record", "view"})
# Names that many unrelated tables have; equality of these says nothing.
_GENERIC_WORDS = """id key code no number num nr name title type kind date year month day time status state description
    value rank position level count email phone address city country gender sex age price amount total quantity
    color colour label note comment text url version sequence seq index order rowid uuid first last firstname lastname
    fname lname size weight height rating score category language model capacity"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
_SELF_ROLES = frozenset({"manager", "mgr", "supervisor", "super", "boss", "parent", "mentor", "reportsto", "reportto",
                         "head", "previous", "prev", "next", "original", "superior", "advisor", "ssn"})  # fmt: skip
_REAL_TYPES = ("DOUBLE", "FLOAT", "REAL")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A join that the names propose; `strength` is how clearly they do, 0 to 1."""

    child: Table
    column: Column
    parent: Table
    key: Column
    strength: float


@dataclass(frozen=True, slots=True)
class _Target:
    table: Table
    weight: float


class Candidates:
    """Finds what a column may point at through indexes over names, so that the cost grows with the columns only.

    Args:
        tables: All tables of the lake, profiled.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        self._entities: dict[str, list[_Target]] = defaultdict(list)
        self._keys: dict[str, list[tuple[Table, Column]]] = defaultdict(list)
        self._initials: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._unique: dict[TableId, list[Column]] = {}
        self._prefixes = {table.id: _shared_prefix(table) for table in tables}
        for table in tables:
            self._unique[table.id] = [c for c in table.columns if _may_be_key(table, c)]
            if not self._unique[table.id]:
                continue
            for form, weight in entity_forms(table):
                self._entities[form].append(_Target(table, weight))
                self._initials[table.id.catalog, form[:1]].add(form)
            for column in self._unique[table.id]:
                self._keys[_joined(_words(self._bare(table, column)))].append((table, column))

    def of(self, child: Table, column: Column) -> list[Candidate]:
        """Return the proposals for one column, strongest first, one per parent column."""
        if not _may_point(column):
            return []
        best: dict[tuple[TableId, str], Candidate] = {}
        for table, key, strength in (*self._by_entity(child, column), *self._by_key(child, column)):
            if not _comparable(column, key) or (table.id == child.id and key.name == column.name):
                continue
            total = strength + _nearness(child, table)
            known = best.get((table.id, key.name))
            if known is None or known.strength < total:
                best[table.id, key.name] = Candidate(child, column, table, key, total)
        return sorted(best.values(), key=lambda c: -c.strength)

    def _bare(self, table: Table, column: Column) -> str:
        """Return the column's name less the prefix that all columns of the table bear."""
        return column.name.removeprefix(self._prefixes[table.id])

    def _is_own_key(self, table: Table, column: Column) -> bool:
        core = _joined(core_words(self._bare(table, column))[0])
        forms = [form for form, _ in entity_forms(table)]
        short = table.primary_key == (column.name,) and any(_abbreviates(core, form) for form in forms)
        return is_unique(table, column) and (core in forms or short)

    def _by_entity(self, child: Table, column: Column) -> Iterator[tuple[Table, Column, float]]:
        core, keyed = core_words(self._bare(child, column))
        own = {form for form, weight in entity_forms(child) if weight == 1}
        if not core:
            return
        if self._is_own_key(child, column):
            # A table's own key points elsewhere only where another table has the very same name.
            for target in self._entities[_joined(core)]:
                if target.table.id != child.id and target.weight == 1:
                    yield from self._keys_of(target, column, 0.8)
            return
        if _joined(core) in _SELF_ROLES or core[0] in _SELF_ROLES:
            yield from ((child, key, 0.75) for key in self._targets(child, column))
        # Numbers called by a plural, such as `home_games`, are counted, not pointed at.
        counts = column.family == "number" and not keyed and split_words(column.name)[-1:] != core[-1:]
        for first in range(1 if counts else len(core)):
            form = _joined(core[first:])
            base = (1.0 if keyed else 0.75) if first == 0 else (0.85 if keyed else 0.6)
            for target in self._entities.get(form, ()):
                if target.table.id == child.id and (first == 0 or form not in own):
                    continue
                if target.weight < 0.9 and form in _GENERIC and not keyed:
                    continue
                yield from self._keys_of(target, column, base)
        if len(core) == 1 and keyed and len(core[0]) == 1:
            yield from self._by_initial(child, column, core[0])
        if len(_joined(core)) >= 3:
            yield from self._by_abbreviation(child, column, _joined(core[-1:]), keyed=keyed)

    def _by_abbreviation(
        self, child: Table, column: Column, short: str, *, keyed: bool
    ) -> Iterator[tuple[Table, Column, float]]:
        if short in self._entities:
            return
        for form in self._initials.get((child.id.catalog, short[:1]), ()):
            if not _abbreviates(short, form):
                continue
            base = 0.7 if keyed else 0.5
            for target in self._entities[form]:
                # In `order_items` the word "order" is no abbreviation.
                if short in _words(target.table.id.name) or target.table.id == child.id:
                    continue
                if target.table.id.catalog == child.id.catalog:
                    yield from self._keys_of(target, column, base if form.startswith(short) else base - 0.1)

    def _by_initial(self, child: Table, column: Column, letter: str) -> Iterator[tuple[Table, Column, float]]:
        for form in self._initials.get((child.id.catalog, letter), ()):
            for target in self._entities[form]:
                if target.weight == 1 and target.table.id != child.id and target.table.id.catalog == child.id.catalog:
                    yield from self._keys_of(target, column, 0.55)

    def _keys_of(self, target: _Target, column: Column, base: float) -> Iterator[tuple[Table, Column, float]]:
        for rank, key in enumerate(self._targets(target.table, column)):
            yield target.table, key, base * target.weight - 0.08 * rank

    def _targets(self, table: Table, column: Column) -> list[Column]:
        """Return the keys of a table that a column may equal, likeliest first."""
        wanted = _joined(_words(column.name))

        def likely(key: Column) -> tuple[bool, bool, bool]:
            core, keyed = core_words(key.name)
            return _joined(_words(key.name)) != wanted, (key.name,) != table.primary_key, not keyed and bool(core)

        return sorted((k for k in self._unique[table.id] if _comparable(column, k)), key=likely)[:4]

    def _by_key(self, child: Table, column: Column) -> Iterator[tuple[Table, Column, float]]:
        words = _words(self._bare(child, column))
        for first in range(1 if self._is_own_key(child, column) else len(words)):
            name = _joined(words[first:])
            if len(name) < 3 or name in _GENERIC:
                continue
            for table, key in self._keys.get(name, ()):
                if table.id == child.id and first == 0:
                    continue
                primary = table.primary_key == (key.name,)
                core = _joined(core_words(self._bare(table, key))[0])
                related = any(form in name or _abbreviates(core, form) for form, _ in entity_forms(table))
                if not related and not core_words(key.name)[1]:
                    continue
                base = 0.65 + 0.15 * primary + 0.15 * related
                if not related and any(t.weight == 1 for t in self._entities.get(core, ())):
                    # The key itself points at the table it is named for.
                    base -= 0.25
                yield table, key, base if first == 0 else base - 0.1


@lru_cache(maxsize=65536)
def core_words(name: str) -> tuple[tuple[str, ...], bool]:
    """Return the words of a column name less its key suffix, and whether it had one."""
    words = list(_words(name))
    keyed = False
    # `club_id_1` and `club_id_2` are two roles of one key.
    if len(words) > 2 and words[-1].isdigit() and words[-2] in _KEY_WORDS:
        words.pop()
    while words and words[-1] in _KEY_WORDS:
        words.pop()
        keyed = True
    if words and not keyed:
        for ending in _GLUED_KEYS:
            if words[-1].endswith(ending) and len(words[-1]) >= len(ending) + 2:
                return (*words[:-1], singular(words[-1].removesuffix(ending))), True
    return tuple(words), keyed


def entity_forms(table: Table) -> tuple[tuple[str, float], ...]:
    """Return the names a column may call a table by, in the singular and joined, with how well each stands for it."""
    return _forms(table.id.name, table.id.schema)


@lru_cache(maxsize=65536)
def _forms(name: str, schema: str) -> tuple[tuple[str, float], ...]:
    words = list(_words(name))
    schema_words = _words(schema)
    if tuple(words[: len(schema_words)]) == schema_words and len(words) > len(schema_words):
        words = words[len(schema_words) :]
    while len(words) > 1 and words[0] in _LAYERS:
        words = words[1:]
    forms = {_joined(words): 1.0}
    if len(words) > 1 and words[-1] in _TAILS:
        words = words[:-1]
        forms.setdefault(_joined(words), 0.95)
    if len(words) > 1:
        forms.setdefault(words[-1], 0.8)
    return tuple(forms.items())


def is_generic(name: str) -> bool:
    """Tell whether a column name is one that unrelated tables share."""
    return _joined(_words(name)) in _GENERIC


@lru_cache(maxsize=65536)
def _words(name: str) -> tuple[str, ...]:
    return tuple(singular(word) for word in split_words(name)) or (name.lower(),)


def _joined(words: Iterable[str]) -> str:
    return "".join(words)


def _may_be_key(table: Table, column: Column) -> bool:
    if table.primary_key == (column.name,):
        return True
    if not is_unique(table, column) or not _is_whole(column):
        return False
    return column.family in {"number", "text"} and (table.rows or 0) >= 2


def _may_point(column: Column) -> bool:
    return column.family in {"number", "text"} and _is_whole(column) and not _is_count(column)


def _is_count(column: Column) -> bool:
    """Tell a number that counts things, such as `orders`, from one that points at a thing."""
    last = split_words(column.name)[-1:]
    return column.family == "number" and bool(last) and last[0].isalpha() and singular(last[0]) != last[0]


def _is_whole(column: Column) -> bool:
    """Tell real numbers, which are measures, from keys that are merely stored as such."""
    if not column.type.upper().startswith(_REAL_TYPES):
        return True
    seen = [value for value, _ in column.profile.frequent] if column.profile else []
    return bool(seen) and not any("." in value for value in seen)


def _comparable(child: Column, key: Column) -> bool:
    if child.family == key.family:
        return True
    if {child.family, key.family} != {"number", "text"}:
        return False
    return core_words(child.name)[1] or (child.family == "text" and _is_numeric(child))


def _is_numeric(column: Column) -> bool:
    seen = [value for value, _ in column.profile.frequent] if column.profile else []
    return bool(seen) and sum(value.isdigit() for value in seen) >= 0.8 * len(seen)


def _nearness(child: Table, parent: Table) -> float:
    """Prefer parents of the same place and the same layer, and originals over copies and views."""
    near = 0.1 if child.id.schema == parent.id.schema else 0.0
    near += 0.0 if child.id.catalog == parent.id.catalog else -0.3
    near += 0.05 if _layer(child) == _layer(parent) else 0.0
    near -= 0.2 if parent.stale and not child.stale else 0.0
    return near - (0.05 if parent.kind == "view" and child.kind != "view" else 0.0)


def _shared_prefix(table: Table) -> str:
    """Return a short prefix such as `o_` that nearly all columns of a table bear, empty where there is none."""
    first = table.columns[0].name if table.columns else ""
    prefix = first[: first.find("_") + 1]
    if not 2 <= len(prefix) <= 4 or len(table.columns) < 3:
        return ""
    return prefix if all(c.name.startswith(prefix) for c in table.columns) else ""


def _layer(table: Table) -> str:
    first = split_words(table.id.name)[:1]
    return first[0] if first and first[0] in _LAYERS else ""


def _abbreviates(short: str, long: str) -> bool:
    """Tell whether letters of `long`, in order and from its first, spell `short`."""
    if not 3 <= len(short) < len(long) or short[0] != long[0]:
        return False
    if long.startswith(short):
        return True
    rest = iter(long)
    return len(short) * 2 >= len(long) and all(letter in rest for letter in short)
