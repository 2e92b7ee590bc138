"""A small lake and its catalog for the tests of the guard and the engines."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from semantic.types import Column, Table, TableId

FIXTURES = Path(__file__).parents[1] / "fixtures" / "guard"


class FixtureCatalog:
    """The tables of one attached database, read from DuckDB itself."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
        rows = connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = ? AND NOT internal ORDER BY 1, 2, column_index",
            [catalog],
        ).fetchall()
        columns: dict[TableId, list[Column]] = {}
        for schema, name, column, kind in rows:
            columns.setdefault(TableId(catalog, schema, name), []).append(Column(name=column, type=kind))
        self._tables = {key: Table(id=key, kind="table", columns=tuple(found)) for key, found in columns.items()}

    def table_ids(self) -> tuple[TableId, ...]:
        return tuple(self._tables)

    def table(self, id: TableId) -> Table:  # noqa: A002
        return self._tables[id]

    def find(self, parts: tuple[str, ...]) -> tuple[TableId, ...]:
        wanted = tuple(part.lower() for part in parts)
        return tuple(key for key in self._tables if wanted in _names(key))

    def short_name(self, id: TableId) -> str:  # noqa: A002
        return next(
            ".".join(parts)
            for parts in ((id.name,), (id.schema, id.name), (id.catalog, id.schema, id.name))
            if len(self.find(parts)) == 1
        )


def _names(id: TableId) -> tuple[tuple[str, ...], ...]:  # noqa: A002
    catalog, schema, name = id.catalog.lower(), id.schema.lower(), id.name.lower()
    return ((name,), (schema, name), (catalog, name), (catalog, schema, name))


def make_database(path: Path) -> Path:
    """Write the fixture lake to a file."""
    with duckdb.connect(str(path)) as connection:
        connection.execute((FIXTURES / "lake.sql").read_text("utf-8"))
    return path


def read_cases(name: str) -> list[tuple[str, str, str]]:
    """Return (title, expected reason, SQL) for every case of a fixture file."""
    text = (FIXTURES / name).read_text("utf-8")
    parts = re.split(r"^-- title: (.*)\n", text, flags=re.MULTILINE)[1:]
    cases = []
    for heading, sql in zip(parts[::2], parts[1::2], strict=True):
        title, _, reason = heading.partition(" | ")
        cases.append((title, reason.strip(), sql.rstrip("\n")))
    return cases
