"""Find what a bridge connects when its two columns bear no telling names: both lie in the key of one table only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from semantic.joins.candidates import Candidate
from semantic.joins.key_names import is_generic, name_words
from semantic.joins.key_roles import is_people
from semantic.joins.keys import family_of, may_point, within
from semantic.joins.probes import Prober
from semantic.profile import is_unique
from semantic.types import Column, Relationship, Table, TableId

_STRENGTH = 0.5
_MOST_COLUMNS = 5
# More keys than this hold any small number.
_MOST_KEYS = 8

_Place = tuple[str, str]
_Key = tuple[Table, Column]


def find_bridges(
    tables: Sequence[Table],
    known: Sequence[Relationship],
    probe: Prober,
    *,
    changed: Collection[TableId] | None = None,
) -> list[Candidate]:
    """Return the joins of tables that do nothing but connect rows of one other table, such as who follows whom.

    Args:
        tables: All tables, profiled.
        known: The joins that are known; their columns are left alone.
        probe: Measures uniqueness and coverage on the data.
        changed: Tables to look at, all where it is None.
    """
    pointing = {(r.child, name.lower()) for r in known for name in r.child_columns}
    parents = {(r.child, r.parent) for r in known}
    keys: dict[_Place, list[_Key]] = defaultdict(list)
    for table in tables:
        key = table.column(table.primary_key[0]) if len(table.primary_key) == 1 else None
        if key is not None and table.kind != "view" and is_unique(table, key):
            keys[table.id.catalog, table.id.schema].append((table, key))
    found: list[Candidate] = []
    for child in tables:
        pair = _pair(child, pointing) if changed is None or child.id in changed else None
        if pair is not None and _connects(child, pair, probe):
            near = [k for k in keys[child.id.catalog, child.id.schema] if (child.id, k[0].id) not in parents]
            found += _ends(child, pair, near, probe)
    return found


def _pair(child: Table, pointing: Collection[tuple[TableId, str]]) -> tuple[Column, Column] | None:
    """Return the two columns of a small table that may point and do not yet, None where there are not just two."""
    if child.kind == "view" or not 2 <= len(child.columns) <= _MOST_COLUMNS or (child.rows or 0) < 3:
        return None
    free = [c for c in child.columns if may_point(c) and (child.id, c.name.lower()) not in pointing]
    if len(free) != 2 or family_of(free[0].type) != family_of(free[1].type) or family_of(free[0].type) == "date":
        return None
    # Low and high scores, days and months are pairs of numbers, too.
    if any(is_generic(word) for column in free for word in name_words(column.name)):
        return None
    return None if any(is_unique(child, column) for column in free) else (free[0], free[1])


def _connects(child: Table, pair: tuple[Column, Column], probe: Prober) -> bool:
    counted = probe.distinct(child.id, [column.name for column in pair])
    return counted is not None and counted[0] == counted[1] == child.rows


def _ends(child: Table, pair: tuple[Column, Column], near: Sequence[_Key], probe: Prober) -> Iterator[Candidate]:
    """Yield the two joins to the one table that fits, or to the one of people where several do."""
    likely = [
        (table, key)
        for table, key in near
        if table.id != child.id and all(family_of(c.type) == family_of(key.type) and within(c, key) for c in pair)
    ]
    if len(likely) > _MOST_KEYS:
        return
    fitting = [
        (table, key)
        for table, key in likely
        if all(probe.coverage(child.id, (column.name,), table.id, (key.name,)) == 1.0 for column in pair)
    ]
    if len(fitting) > 1:
        fitting = [(table, key) for table, key in fitting if is_people(name_words(table.id.name))]
    if len(fitting) == 1:
        table, key = fitting[0]
        yield from (Candidate(child, column, table, key, _STRENGTH) for column in pair)
