"""A lake behind an open DuckDB connection: everything that the connection can see, tables in memory included."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from semantic.errors import LakeError
from semantic.lake import Lake, remembered

if TYPE_CHECKING:
    import duckdb


def live_lake(
    connection: duckdb.DuckDBPyConnection,
    *,
    home: Path | None = None,
    named: Sequence[Path] = (),
    model: Path | None = None,
) -> Lake:
    """Return the lake of an open connection, which stays the user's own and is never closed.

    Args:
        connection: The connection; its databases must stay attached while the lake is used.
        home: Folder that gets a subfolder for the derived files; `.genie` in the current folder where it is not given.
        named: Files and folders that say what the data means.
        model: Folder of the semantic model's files; the subfolder where it is not given.

    Raises:
        LakeError: It is no DuckDB connection, or it is closed.
    """
    if not hasattr(connection, "cursor"):
        raise LakeError(
            f"A lake is a path or an open DuckDB connection; {connection!r:.60} is a {type(connection).__name__}.",
            hint="Pass the path of a file or folder as text, or the result of duckdb.connect(…).",
        )
    try:
        databases = connection.cursor().execute(
            "SELECT database_name, coalesce(path, '') FROM duckdb_databases() WHERE NOT internal ORDER BY 1"
        ).fetchall()  # fmt: skip
    except Exception as error:
        raise LakeError(
            f"This {type(connection).__name__} is not an open DuckDB connection: {error}",
            hint="Pass the result of duckdb.connect(…), or a path.",
        ) from error
    code = hashlib.sha256(repr(databases).encode()).hexdigest()[:8]
    folder = (home or Path.cwd() / ".genie") / f"connection-{code}"
    root = next((Path(path) for _, path in databases if path), Path("connection in memory"))
    every = dict.fromkeys((*(path.expanduser().resolve() for path in named), *remembered(folder)))
    return Lake(root, folder, named=tuple(every), model=model or folder, connection=connection)
