"""Look tables up by the names people write: bare, dotted, in any case, with the catalog of another machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from semantic.mining.raw import Relation
from semantic.types import Table, TableId


class Lookup:
    """Finds the tables of one catalog by name.

    Args:
        tables: All tables of the lake, in the order of the catalog.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self.tables: Mapping[TableId, Table] = {table.id: table for table in tables}
        self._by_name: dict[str, list[TableId]] = {}
        for table in self.tables:
            self._by_name.setdefault(table.name.lower(), []).append(table)

    def find(self, relation: Relation) -> TableId | None:
        """Return the table that a name means, None where there is none or more than one.

        Models name the catalog of the warehouse they were made for; the leading part is dropped where it fits nothing.
        """
        parts = tuple(part.lower() for part in relation[-3:])
        if not parts:
            return None
        named = self._by_name.get(parts[-1], [])
        for length in range(len(parts), 0, -1):
            fitting = [t for t in named if _ends_with(t, parts[-length:])]
            if fitting:
                # A bare name met in several schemas means the one that is not stale, where only one is left.
                fresh = [t for t in fitting if not self.tables[t].stale]
                return fitting[0] if len(fitting) == 1 else fresh[0] if len(fresh) == 1 else None
        return None

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


def _ends_with(table: TableId, parts: Relation) -> bool:
    full = (table.catalog.lower(), table.schema.lower(), table.name.lower())
    # DuckDB reads two parts as schema.table, or as catalog.table in the default schema.
    return full[-len(parts) :] == parts or (len(parts) == 2 and parts == (full[0], full[2]) and full[1] == "main")
