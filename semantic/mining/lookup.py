"""Look tables up by the names people write: bare, dotted, in any case, with the catalog of another machine.

Models of dbt and logs of a warehouse name the database and schema of production, which a copy of its tables lacks; a
name of theirs is taken for the one table that has the rest of it. It may as well mean another database, so it is
taken for none where something speaks against it: the lake has the place that is named and no such table there, or
several names from elsewhere would come to one table. What was taken so is told (`Lookup.borrowed`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from semantic.mining.raw import Relation
from semantic.types import Table, TableId


class Lookup:
    """Finds the tables of one catalog by name.

    Args:
        tables: All tables of the lake, in the order of the catalog.
        refused: Names from elsewhere that are taken for no table, in lower case.
    """

    def __init__(self, tables: Iterable[Table], refused: Collection[Relation] = ()) -> None:
        self.tables: Mapping[TableId, Table] = {table.id: table for table in tables}
        self._by_name: dict[str, list[TableId]] = {}
        for table in self.tables:
            self._by_name.setdefault(table.name.lower(), []).append(table)
        self._catalogs = {table.catalog.lower() for table in self.tables}
        self._schemas = {table.schema.lower() for table in self.tables}
        self._refused = frozenset(refused)
        self._borrowed: dict[TableId, dict[Relation, None]] = {}

    def find(self, relation: Relation) -> TableId | None:
        """Return the table that a name means, None where there is none or more than one."""
        parts = tuple(part.lower() for part in relation[-3:])
        if not parts or parts in self._refused:
            return None
        named = self._by_name.get(parts[-1], [])
        for length in range(len(parts), 0, -1):
            if length < len(parts) and self._has(parts, len(parts) - length - 1):
                return None
            fitting = [t for t in named if _ends_with(t, parts[-length:])]
            if fitting:
                # A bare name met in several schemas means the one that is not stale, where only one is left.
                fresh = [t for t in fitting if not self.tables[t].stale]
                found = fitting[0] if len(fitting) == 1 else fresh[0] if len(fresh) == 1 else None
                if found is not None and length < len(parts):
                    self._borrowed.setdefault(found, {})[parts] = None
                return found
        return None

    def owns(self, relation: Relation) -> bool:
        """Tell whether a name begins with a catalog of the lake."""
        return len(relation) > 2 and relation[-3].lower() in self._catalogs

    def contested(self) -> frozenset[Relation]:
        """Return the names from elsewhere that were taken for a table that another such name was taken for as well."""
        several = (names for names in self._borrowed.values() if not _one(names))
        return frozenset(name for names in several for name in names)

    def borrowed(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield the places elsewhere whose names were taken for tables here: that place, the one here, the tables."""
        places: dict[tuple[str, str], dict[str, None]] = {}
        for table, names in self._borrowed.items():
            for name in names:
                places.setdefault((".".join(name[:-1]), f"{table.catalog}.{table.schema}"), {})[table.name] = None
        for (there, here), tables in sorted(places.items()):
            yield there, here, tuple(tables)

    def _has(self, parts: Relation, position: int) -> bool:
        """Tell whether a part of a name is a catalog, or a schema, that the lake has."""
        is_catalog, is_schema = position == 0, position == len(parts) - 2
        return (is_catalog and parts[position] in self._catalogs) or (is_schema and parts[position] in self._schemas)

    def column(self, table: TableId, name: str) -> str | None:
        """Return the name of a column as the catalog spells it, None where there is none."""
        column = self.tables[table].column(name)
        return column.name if column else None

    @cached_property
    def schema(self) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
        """The columns and types of all tables by catalog, schema and table, as sqlglot's optimiser wants them."""
        found: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
        for table in self.tables.values():
            columns = {column.name: column.type for column in table.columns}
            found.setdefault(table.id.catalog, {}).setdefault(table.id.schema, {})[table.id.name] = columns
        return found


def _one(names: Iterable[Relation]) -> bool:
    """Tell whether names are the same, written more or less in full."""
    longest = max(names, key=len)
    return all(longest[-len(name) :] == name for name in names)


def _ends_with(table: TableId, parts: Relation) -> bool:
    full = (table.catalog.lower(), table.schema.lower(), table.name.lower())
    # DuckDB reads two parts as schema.table, or as catalog.table in the default schema.
    return full[-len(parts) :] == parts or (len(parts) == 2 and parts == (full[0], full[2]) and full[1] == "main")
