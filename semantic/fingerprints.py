"""Tokens that change when a lake, or one table of it, changes."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from semantic.lake import Lake
from semantic.row_tokens import row_tokens
from semantic.types import Table, TableId

if TYPE_CHECKING:
    import duckdb

_WORD = re.compile(r"\w+")


def source_token(lake: Lake) -> str:
    """Hash names, sizes and times of every file of the lake; equal tokens mean there is nothing to do."""
    parts = [_stamp(path) for path in lake.sources]
    # Changes that DuckDB has not merged into the file yet lie beside it.
    parts += [_stamp(_beside(a.path)) for a in lake.attachments]
    if lake.connection is not None:  # tables in memory leave no trace outside: look at each of them
        parts.append(str(time.time_ns()))
    return _hash([*parts, *lake.setup(), *lake.skipped])


def files_token(parts: Iterable[str], paths: Iterable[Path]) -> str:
    """Hash some texts, and names, sizes and times of some files."""
    return _hash([*parts, *map(_stamp, paths)])


def file_stamps(lake: Lake) -> dict[str, str]:
    """Return the state of each database file, by the name it is attached under."""
    return {a.alias: _hash([_stamp(a.path), _stamp(_beside(a.path))]) for a in lake.attachments}


def table_tokens(
    con: duckdb.DuckDBPyConnection, lake: Lake, tables: Iterable[Table], known: Mapping[TableId, str]
) -> dict[TableId, str]:
    """Return a token per table that covers its structure and its rows.

    Args:
        con: A connection to the lake.
        lake: The lake.
        tables: Its tables, with their structure hash.
        known: Tokens from before of tables whose database file is the same still.
    """
    tables = list(tables)
    files = {f.name: _hash([_stamp(p) for p in f.paths]) for f in lake.files}
    rows = row_tokens(con, [t.id for t in tables if t.kind == "table" and not known.get(t.id)])
    tokens: dict[TableId, str] = {}
    for table in tables:
        if table.kind == "files":
            tokens[table.id] = _hash([table.fingerprint, files[table.id.name]])
        elif table.kind == "table":
            tokens[table.id] = known.get(table.id) or _hash([table.fingerprint, rows[table.id]])
    by_name: dict[str, list[str]] = {}
    for owner, token in tokens.items():
        by_name.setdefault(owner.name.lower(), []).append(token)
    views = {t.id: t for t in tables if t.kind == "view"}
    definitions: dict[str, list[str]] = {}
    for view in views.values():
        definitions.setdefault(view.id.name.lower(), []).append(view.definition)
    return tokens | {v.id: _view_token(v, by_name, definitions) for v in views.values()}


def _view_token(view: Table, tokens: dict[str, list[str]], definitions: dict[str, list[str]]) -> str:
    """Cover every table whose name is met in the view, or in a view that is met in it."""
    seen: set[str] = set()
    todo = [view.definition]
    parts = [view.fingerprint]
    while todo:
        for word in sorted({w.lower() for w in _WORD.findall(todo.pop())} - seen):
            seen.add(word)
            parts += tokens.get(word, [])
            todo += definitions.get(word, [])
    return _hash(sorted(parts))


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except FileNotFoundError:
        return f"{path}: absent"
    return f"{path}: {status.st_size} {status.st_mtime_ns}"


def _hash(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]
