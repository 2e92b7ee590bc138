"""Propose joins from values alone, where names say nothing and chance is no explanation."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from semantic.joins.candidates import Candidate, nearness
from semantic.joins.key_names import core_words, is_generic, joined
from semantic.joins.keys import bound, evidence, family_of, is_dense, may_point, speaks, within
from semantic.joins.probes import Prober
from semantic.joins.targets import Targets
from semantic.profile import is_unique
from semantic.types import Column, Table, TableId

_STRENGTH = 0.5
# Keys looked at per column, tightest range first; what fits a column has a range close to its own.
_TRIED = 32
_COMPARED = 6

Key = tuple[Table, Column]
"""A key with its table."""
_Bucket = tuple[str, str, str]


class Containment:
    """Finds the keys whose values include those of a column: ranges narrow the search, sketches decide it.

    Args:
        tables: All tables of the lake, profiled.
        targets: Their keys.
        probe: Compares values.
    """

    def __init__(self, tables: Sequence[Table], targets: Targets, probe: Prober) -> None:
        self._targets = targets
        self._probe = probe
        found: dict[_Bucket, list[tuple[float | str, Key]]] = defaultdict(list)
        for table in tables:
            for key in targets.all_keys(table.id):
                if _is_known_by(table, key) and (top := bound(key, highest=True)) is not None:
                    found[_bucket(table, key)].append((top, (table, key)))
        self._keys = {bucket: sorted(keys, key=lambda pair: pair[0]) for bucket, keys in found.items()}
        self._owners = {bucket: {table.id for _, (table, _) in keys} for bucket, keys in found.items()}
        self._tops = {bucket: [top for top, _ in keys] for bucket, keys in self._keys.items()}

    def among(self, child: Table, column: Column, near: Sequence[Key]) -> list[Candidate]:
        """Return the one of the keys, if there is just one, that the column's values belong to.

        Args:
            child: Table of the column.
            column: The column, which no name has matched.
            near: Keys that come into question, likeliest first.
        """
        fitting = [
            (table, key)
            for table, key in near[:_COMPARED]
            if self._probe.may_hold(child.id, column.name, table.id, key.name)
        ]
        originals = [pair for pair in fitting if not pair[0].stale or child.stale]
        # Several keys that fit are one key and its copies, and nothing says which is which.
        if len(originals) != 1:
            return []
        table, key = originals[0]
        return [Candidate(child, column, table, key, _STRENGTH + nearness(child, table))]

    def _is_worth(self, child: Table, column: Column) -> bool:
        if child.kind == "view" or column.profile is None or not may_point(column):
            return False
        core, keyed = core_words(self._targets.bare(child, column))
        if is_generic(joined(core)) or (not core and not self._targets.is_own_key(child, column)):
            return False
        # A number is a measure unless its name says key.
        return keyed or family_of(column.type) == "text"

    def near(self, child: Table, column: Column, changed: AbstractSet[TableId] | None) -> list[Key]:
        """Return the keys of the same schema whose range includes the column's, likeliest first.

        Args:
            child: Table of the column.
            column: The column.
            changed: Only joins with one of these tables count, all where it is None.
        """
        if not self._is_worth(child, column):
            return []
        bucket = _bucket(child, column)
        top = bound(column, highest=True)
        if bucket not in self._keys or top is None:
            return []
        if changed is not None and child.id not in changed and not changed & self._owners[bucket]:
            return []
        first = bisect_left(self._tops[bucket], top)
        near: list[Key] = []
        for _, (table, key) in self._keys[bucket][first : first + _TRIED]:
            if table.id == child.id or not within(column, key) or column.profile is None:
                continue
            # As many rows with as many keys are the same rows once more.
            if is_unique(child, column) and (child.rows or 0) >= (table.rows or 0):
                continue
            if changed is not None and child.id not in changed and table.id not in changed:
                continue
            if speaks(column, key) and column.profile.distinct <= (table.rows or 0):
                near.append((table, key))
        return sorted(near, key=lambda pair: -evidence(column, pair[1]))


def _is_known_by(table: Table, key: Column) -> bool:
    """Tell whether a column is what rows of the table are called by, and no attribute that happens to be unique."""
    if table.kind == "view" or is_dense(key):
        # Any counter includes any smaller one.
        return False
    return table.primary_key == (key.name,) or core_words(key.name)[1]


def _bucket(table: Table, column: Column) -> _Bucket:
    return table.id.catalog, table.id.schema, family_of(column.type)
