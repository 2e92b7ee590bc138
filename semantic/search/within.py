"""What a search is restricted to."""

from __future__ import annotations

from dataclasses import dataclass

from semantic.types import TableId, TableKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What may be found, applied before anything is ranked; None stands for everything.

    Attributes:
        names: Names of catalogs or schemas, or of both as `catalog.schema`.
        catalogs: Names of catalogs.
        schemas: Names of schemas, bare or as `catalog.schema`.
        table_kinds: Kinds of tables.
        include_stale: False where copies, backups and deprecated tables are left out altogether.
    """

    names: frozenset[str] | None = None
    catalogs: frozenset[str] | None = None
    schemas: frozenset[str] | None = None
    table_kinds: frozenset[TableKind] | None = None
    include_stale: bool = True

    def allows(self, table: TableId, kind: str, *, stale: bool) -> bool:
        """Tell whether a table may be found; names are compared without regard to case."""
        schemas = (table.schema, f"{table.catalog}.{table.schema}")
        return (
            _among((table.catalog, *schemas), self.names)
            and _among((table.catalog,), self.catalogs)
            and _among(schemas, self.schemas)
            and (self.table_kinds is None or kind in self.table_kinds)
            and (self.include_stale or not stale)
        )


def _among(names: tuple[str, ...], wanted: frozenset[str] | None) -> bool:
    return wanted is None or bool({n.lower() for n in names} & {n.lower() for n in wanted})
