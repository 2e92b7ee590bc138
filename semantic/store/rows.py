"""Tables and columns as rows of the stored index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from semantic.types import Column, ColumnProfile, Table, TableId

_TABLE_MEANING = ("synonyms", "certified", "hidden", "default_filter")
_COLUMN_MEANING = ("synonyms", "unit", "personal", "hidden", "deprecated")
_PROFILE = tuple(field.name for field in fields(ColumnProfile))

Query = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
"""Runs a query with its parameters and returns all rows."""


def write_table(con: sqlite3.Connection, code: int, table: Table) -> None:
    """Write a table with its columns in place of what stands under its number."""
    con.execute("DELETE FROM columns WHERE table_id = ?", (code,))
    con.execute(
        "INSERT OR REPLACE INTO tables VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (code, table.id.catalog, table.id.schema, table.id.name, table.kind, table.rows, table.comment,
         table.definition, json.dumps(table.primary_key), table.fingerprint, table.stale,
         _meaning(table, _TABLE_MEANING)),
    )  # fmt: skip
    con.executemany(
        "INSERT INTO columns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(code, i, c.name, c.type, c.comment, c.nullable, _profile(c.profile), _meaning(c, _COLUMN_MEANING))
         for i, c in enumerate(table.columns)],
    )  # fmt: skip


def read_table(query: Query, code: int, table: TableId) -> Table:
    """Read the table that stands under a number, with its columns."""
    row = query(
        "SELECT kind, rows, comment, definition, primary_key, fingerprint, stale, meaning FROM tables WHERE id = ?",
        (code,),
    )[0]
    columns = query(
        "SELECT name, type, comment, nullable, profile, meaning FROM columns WHERE table_id = ? ORDER BY position",
        (code,),
    )
    return Table(
        id=table, kind=row[0], rows=row[1], comment=row[2], definition=row[3], primary_key=tuple(json.loads(row[4])),
        fingerprint=row[5], stale=bool(row[6]), columns=tuple(_column(c) for c in columns), **_read_meaning(row[7]),
    )  # fmt: skip


def describe_table(con: sqlite3.Connection, code: int, table: Table) -> bool:
    """Bring what is said about a stored table and its columns up to date and tell whether that changed anything."""
    said = (table.comment, json.dumps(table.primary_key), int(table.stale), _meaning(table, _TABLE_MEANING))
    stored = con.execute("SELECT comment, primary_key, stale, meaning FROM tables WHERE id = ?", (code,)).fetchone()
    if stored != said:
        con.execute("UPDATE tables SET (comment, primary_key, stale, meaning) = (?, ?, ?, ?) WHERE id = ?",
                    (*said, code))  # fmt: skip
    query = "SELECT comment, meaning FROM columns WHERE table_id = ? ORDER BY position"
    before = con.execute(query, (code,)).fetchall()
    after = [(c.comment, _meaning(c, _COLUMN_MEANING)) for c in table.columns]
    con.executemany(
        "UPDATE columns SET (comment, meaning) = (?, ?) WHERE table_id = ? AND position = ?",
        [(*new, code, i) for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new],
    )
    return stored != said or before != after


def synonyms(con: sqlite3.Connection) -> set[str]:
    """Return all other words that people use for tables and columns."""
    rows = con.execute("SELECT DISTINCT meaning FROM tables WHERE meaning IS NOT NULL "
                       "UNION SELECT DISTINCT meaning FROM columns WHERE meaning IS NOT NULL")  # fmt: skip
    return {word for (text,) in rows for word in _read_meaning(text).get("synonyms", ())}


def _meaning(thing: Table | Column, names: tuple[str, ...]) -> str | None:
    """Keep what was said about a table or column; most have nothing."""
    said = {name: value for name in names if (value := getattr(thing, name))}
    return json.dumps(said) if said else None


def _read_meaning(text: str | None) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(text) if text else {}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


def _profile(profile: ColumnProfile | None) -> str | None:
    return json.dumps({name: getattr(profile, name) for name in _PROFILE}) if profile else None


def _column(row: tuple[Any, ...]) -> Column:
    name, kind, comment, nullable, profile, meaning = row
    column = Column(name=name, type=kind, comment=comment, nullable=bool(nullable), **_read_meaning(meaning))
    if profile is None:
        return column
    stored = json.loads(profile)
    stored["frequent"] = tuple((value, count) for value, count in stored["frequent"])
    return replace(column, profile=ColumnProfile(**stored))
