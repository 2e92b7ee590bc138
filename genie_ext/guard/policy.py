"""What a query may read: the catalog it is checked against and the policy laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from semantic.types import Table, TableId


class Catalog(Protocol):
    """The tables of a lake, as far as the guard needs them; the semantic index is one."""

    def table_ids(self) -> tuple[TableId, ...]:
        """Return every table, to propose near names from."""
        ...

    def find(self, parts: tuple[str, ...]) -> tuple[TableId, ...]:
        """Return all tables that one to three name parts can mean, ignoring case."""
        ...

    def table(self, id: TableId) -> Table:  # noqa: A002
        """Return the table of that name."""
        ...

    def short_name(self, id: TableId) -> str:  # noqa: A002
        """Return the shortest dotted name that is unambiguous, unquoted parts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What of a lake may be read.

    Each table and view is governed by its own name: a view shows what its definition reads, whatever the policy of the
    tables below it, so views over governed tables need rules of their own.

    Attributes:
        allowed: Tables that may be read, None for all.
        hidden_columns: Columns that do not exist for queries, per table.
        row_filters: SQL condition that rows of a table must meet to be seen, per table.
    """

    allowed: frozenset[TableId] | None = None
    hidden_columns: Mapping[TableId, frozenset[str]] = field(default_factory=dict)
    row_filters: Mapping[TableId, str] = field(default_factory=dict)

    def allows(self, table: TableId) -> bool:
        """Say whether a table may be read at all."""
        return self.allowed is None or table in self.allowed

    def hidden(self, table: TableId) -> frozenset[str]:
        """Return the hidden columns of a table in lower case."""
        return frozenset(name.lower() for name in self.hidden_columns.get(table, frozenset()))

    def narrows(self, table: TableId) -> bool:
        """Say whether a query sees less of a table than all of it."""
        return bool(self.hidden(table)) or table in self.row_filters
