"""Read the catalog of a lake in bulk: tables, columns, types, comments, constraints and view definitions."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb

from semantic.errors import LakeError
from semantic.lake import FileTable, Lake, quote_text
from semantic.types import Column, Relationship, Table, TableId, TableKind

_TABLES = """
SELECT database_name, schema_name, table_name, 'table', coalesce(comment, ''), ''
FROM duckdb_tables() WHERE NOT internal AND NOT temporary
UNION ALL
SELECT database_name, schema_name, view_name, 'view', coalesce(comment, ''), coalesce(sql, '')
FROM duckdb_views() WHERE NOT internal AND NOT temporary
ORDER BY 1, 2, 3
"""
_COLUMNS = """
SELECT database_name, schema_name, table_name, column_name, data_type, coalesce(comment, ''), is_nullable
FROM duckdb_columns() WHERE NOT internal ORDER BY 1, 2, 3, column_index
"""
_CONSTRAINTS = """
SELECT database_name, schema_name, table_name, constraint_type, constraint_column_names,
    referenced_table, referenced_column_names
FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
"""


# Bounds what the engine keeps of the files it has read, however much memory the machine has.
_MEMORY = "512MB"
_PART = 10_000


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the engine knows without reading rows: tables without profiles, and the declared joins."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...]


def connect(lake: Lake) -> tuple[duckdb.DuckDBPyConnection, Lake]:
    """Open the lake read-only in a fresh engine.

    Returns:
        The connection, to be closed by the caller, and the lake less the parts that cannot be opened.

    Raises:
        LakeError: No part of it can be opened.
    """
    if lake.connection is not None:
        return lake.connection.cursor(), lake
    con = duckdb.connect()
    # In a kernel without ipywidgets DuckDB has no bar to draw and refuses to have it switched off.
    with contextlib.suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar = false")
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"SET memory_limit = '{_MEMORY}'")
    # What does not fit goes where everything derived goes, not into the folder the user happens to be in.
    con.execute(f"SET temp_directory = {quote_text(str(lake.home / 'spill'))}")
    names = [*(a.alias for a in lake.attachments), *(f.name for f in lake.files)]
    broken: dict[str, str] = {}
    for name, statement in zip(names, lake.setup(), strict=True):
        try:
            con.execute(statement)
        except duckdb.Error as error:
            broken[name] = explain(error)
    usable = lake.without(broken)
    if not usable.attachments and not usable.files:
        con.close()
        raise LakeError(
            f"{lake.root} cannot be read: {'; '.join(usable.skipped)}.",
            hint="Close the program that writes to it, or restore the file, and try again.",
        )
    return con, usable


def explain(error: duckdb.Error) -> str:
    """Return one plain line for an error of the engine."""
    text = str(error).strip()
    if "lock" in text.lower() and "conflicting" in text.lower():
        return "the file is open for writing in another process"
    if "unique file handle conflict" in text.lower():
        return "the file is open for writing in this very process"
    line = text.splitlines()[0] if text else type(error).__name__
    return line.split("Error: ", 1)[-1][:200]


def read_catalog(con: duckdb.DuckDBPyConnection, lake: Lake) -> Catalog:
    """Read everything the engine knows about the lake's tables, in three queries whatever their number."""
    catalogs = {"memory", *(a.alias for a in lake.attachments)}
    files = {f.name: f for f in lake.files}
    columns = _read_columns(con)
    keys, joins = _read_constraints(con)
    tables: list[Table] = []
    for row in con.execute(_TABLES).fetchall():
        database, schema, name = row[:3]
        if database in catalogs or lake.connection is not None:
            tables.append(
                _make_table(
                    TableId(database, schema, name), row[3:], columns[TableId(database, schema, name)], keys, files
                )
            )
    known = {table.id for table in tables}
    return Catalog(tuple(tables), tuple(j for j in joins if j.child in known and j.parent in known))


def _read_columns(con: duckdb.DuckDBPyConnection) -> dict[TableId, list[Column]]:
    """Read the columns of all tables, a part at a time and each distinct name once, since there may be many."""
    columns: dict[TableId, list[Column]] = defaultdict(list)
    result = con.execute(_COLUMNS)
    while rows := result.fetchmany(_PART):
        for database, schema, table, name, kind, comment, nullable in rows:
            column = Column(name=sys.intern(name), type=sys.intern(kind), comment=comment, nullable=bool(nullable))
            columns[TableId(database, schema, table)].append(column)
    return columns


def _make_table(
    table: TableId,
    row: tuple[str, str, str],
    columns: list[Column],
    keys: dict[TableId, tuple[str, ...]],
    files: dict[str, FileTable],
) -> Table:
    kind, comment, definition = row
    is_file = table.catalog == "memory" and table.name in files
    real: TableKind = "files" if is_file else "view" if kind == "view" else "table"
    return Table(
        id=table,
        kind=real,
        columns=tuple(columns),
        comment=comment,
        definition="" if is_file else definition,
        primary_key=keys.get(table, ()),
        fingerprint=structure_hash(kind, columns, comment, definition),
    )


def structure_hash(kind: str, columns: list[Column], comment: str, definition: str) -> str:
    """Hash what a table looks like, without its rows."""
    parts: list[Any] = [kind, comment, definition]
    parts += [(c.name, c.type, c.comment, c.nullable) for c in columns]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _read_constraints(con: duckdb.DuckDBPyConnection) -> tuple[dict[TableId, tuple[str, ...]], list[Relationship]]:
    rows = con.execute(_CONSTRAINTS).fetchall()
    keys: dict[TableId, tuple[str, ...]] = {}
    unique: set[tuple[TableId, frozenset[str]]] = set()
    for database, schema, table, kind, names, _, _ in rows:
        owner = TableId(database, schema, table)
        if kind != "FOREIGN KEY":
            unique.add((owner, frozenset(names)))
        if kind == "PRIMARY KEY":
            keys[owner] = tuple(names)
    joins: dict[tuple[TableId, tuple[str, ...], TableId], Relationship] = {}
    for database, schema, table, kind, names, parent, parent_names in rows:
        # DuckDB lists a foreign key at both ends; the referenced end names no table.
        if kind != "FOREIGN KEY" or not parent or not parent_names:
            continue
        child, target = TableId(database, schema, table), TableId(database, schema, parent)
        single = (child, frozenset(names)) in unique
        joins[child, tuple(names), target] = Relationship(
            child=child,
            child_columns=tuple(names),
            parent=target,
            parent_columns=tuple(parent_names),
            cardinality="one-to-one" if single else "many-to-one",
        )
    return keys, list(joins.values())
