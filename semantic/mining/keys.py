"""Which side of a join is the parent: the side whose columns identify a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from semantic.mining.lookup import Lookup
from semantic.names import singular, split_words
from semantic.profile import is_unique
from semantic.types import TableId

_KEY_WORDS = frozenset({"id", "key", "code", "no", "nr", "number", "uuid", "guid", "sk", "pk"})


class Keys:
    """The columns that identify the rows of each table.

    Args:
        lookup: All tables of the lake, with declared keys and profiles.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[TableId, set[frozenset[str]]] = defaultdict(set)
        for table in lookup.tables.values():
            if table.primary_key:
                self.add(table.id, table.primary_key)

    def add(self, table: TableId, columns: Iterable[str]) -> None:
        """Note that columns identify a row."""
        self._known[table].add(frozenset(c.lower() for c in columns))

    def unique(self, table: TableId, columns: Iterable[str]) -> bool:
        """Tell whether the columns identify a row, as declared, told or measured."""
        names = {c.lower() for c in columns}
        if any(key <= names for key in self._known.get(table, ())):
            return True
        entry = self._lookup.tables[table]
        found = [c for name in names if (c := entry.column(name)) is not None]
        return any(is_unique(entry, column) for column in found)

    def identifies(self, table: TableId, column: str) -> bool:
        """Tell whether one column is declared, told or measured as the key of a table."""
        return frozenset((column.lower(),)) in self._known.get(table, ())

    def parent_is_right(
        self, left: TableId, left_columns: tuple[str, ...], right: TableId, right_columns: tuple[str, ...]
    ) -> bool | None:
        """Tell which side of a join is the parent; None where nothing tells."""
        one, other = self.unique(left, left_columns), self.unique(right, right_columns)
        if one != other:
            return other
        named_left, named_right = _named_after(left, left_columns), _named_after(right, right_columns)
        if named_left != named_right:
            return named_right
        part_left, part_right = self._part_of_key(left, left_columns), self._part_of_key(right, right_columns)
        return part_right if part_left != part_right else None

    def _part_of_key(self, table: TableId, columns: Iterable[str]) -> bool:
        names = {c.lower() for c in columns}
        return any(names < key for key in self._known.get(table, ()))


def _named_after(table: TableId, columns: tuple[str, ...]) -> bool:
    """Tell whether the columns look like the key of the table: `id`, or `customer_id` of `customers`."""
    if len(columns) != 1:
        return False
    words = [w for w in split_words(columns[0]) if w not in _KEY_WORDS]
    own = [singular(w) for w in split_words(table.name)]
    ends = [singular(w) for w in words]
    return len(words) < len(split_words(columns[0])) and own[len(own) - len(ends) :] == ends
