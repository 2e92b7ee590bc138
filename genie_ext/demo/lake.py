"""Writes the demo lake: a DuckDB file, Parquet folders, CSV files, documents and a notebook."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genie_ext.errors import ConfigError

if TYPE_CHECKING:
    import duckdb

DEMO_DAY = dt.date(2026, 11, 20)
"""The day the demo lake ends on unless told otherwise; relative dates in its questions count from it."""

MARKER = ".genie-demo.json"
_GENERATOR = "genie-ext demo lake"
_FOLDERS = ("web_events", "shipments_log")
_CSV_FILES = ("budget_targets", "store_visits")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """What was written.

    Attributes:
        folder: The lake.
        tables: Tables of the database and tables made of files.
        views: Views of the database, the metrics.
        rows: Rows over all tables, views not counted.
        bytes: Size on disk.
        seconds: Wall time.
        seed: What the content was drawn from.
        scale: 1 is about 20 000 orders.
        today: Last day in the data.
    """

    folder: Path
    tables: int
    views: int
    rows: int
    bytes: int
    seconds: float
    seed: int
    scale: float
    today: dt.date


def build_demo_lake(folder: Path, *, seed: int = 7, scale: float = 1.0, today: dt.date | None = None) -> DemoReport:
    """Write the demo lake into `folder`; the same arguments give the same content.

    An earlier demo lake there is replaced; what else lies in its folder, like `.genie`, is kept.

    Args:
        folder: Where to write; it must not exist, be empty, or hold an earlier demo lake.
        seed: Draws another lake of the same shape.
        scale: Multiplies the rows, 0.01 to 100.
        today: Last day in the data, `DEMO_DAY` where it is not given.

    Raises:
        ConfigError: The folder holds something else, cannot be written, or the scale is out of range.
    """
    started = time.perf_counter()
    day = today or DEMO_DAY
    if not (math.isfinite(scale) and 0.01 <= scale <= 100):
        raise ConfigError(f"The scale of the demo lake is {scale}.", hint="Give a number from 0.01 to 100.")
    target = folder.expanduser().resolve()
    _require_free(target)
    with _swapped_in(target) as draft:
        tables, views, rows = _write(draft, seed, scale, day)
        about = {"generator": _GENERATOR, "seed": seed, "scale": scale, "today": day.isoformat()}
        about["entries"] = [*sorted(entry.name for entry in draft.iterdir()), MARKER]
        (draft / MARKER).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    seconds = time.perf_counter() - started
    return DemoReport(
        folder=target,
        tables=tables,
        views=views,
        rows=rows,
        bytes=size,
        seconds=seconds,
        seed=seed,
        scale=scale,
        today=day,
    )


def _require_free(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise ConfigError(f"{target} is a file.", hint="Name a folder for the demo lake.")
    if _about(target) or not any(target.iterdir()):
        return
    raise ConfigError(
        f"{target} is not empty and is not a demo lake, so it is left as it is.", hint="Name a new folder."
    )


@contextmanager
def _swapped_in(target: Path) -> Iterator[Path]:
    """Give a draft folder beside `target` that takes its place when all is written, or vanishes."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{target.name}-", dir=target.parent, ignore_cleanup_errors=True
        ) as work:
            draft = Path(work) / "new"
            draft.mkdir()
            yield draft
            _replace(target, draft, Path(work) / "old")
    except OSError as error:
        raise ConfigError(
            f"The demo lake cannot be written to {target}: {error.strerror or error}.",
            hint="Name a folder you may write to, on a disk with room.",
        ) from error


def _replace(target: Path, draft: Path, old: Path) -> None:
    if not target.exists():
        draft.rename(target)
        return
    kept = _foreign_entries(target)
    target.rename(old)
    moved: list[Path] = []
    try:
        for name in kept:
            (old / name).rename(draft / name)
            moved.append(draft / name)
        draft.rename(target)
    except OSError:
        for path in moved:
            path.rename(old / path.name)
        old.rename(target)
        raise


def _foreign_entries(target: Path) -> list[str]:
    """Return the names in an earlier demo lake that the generator did not write."""
    ours = set(_about(target).get("entries", ()))
    return sorted(entry.name for entry in target.iterdir() if entry.name not in ours)


def _about(target: Path) -> dict[str, Any]:
    """Return what an earlier build noted about itself, empty where the folder is not a demo lake."""
    try:
        noted = json.loads((target / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) and noted.get("generator") == _GENERATOR else {}


def _write(draft: Path, seed: int, scale: float, today: dt.date) -> tuple[int, int, int]:
    """Fill the draft and return its tables, views and rows."""
    import duckdb

    try:
        return _fill(draft, seed, scale, today)
    except (duckdb.IOException, duckdb.TransactionException) as error:
        raise OSError(str(error)) from error


def _fill(draft: Path, seed: int, scale: float, today: dt.date) -> tuple[int, int, int]:
    import duckdb

    with duckdb.connect() as con:
        # one thread, so that rows come in the same order every time
        con.execute("SET threads = 1")
        con.execute(f"ATTACH '{_quoted(draft / 'warehouse.duckdb')}' AS warehouse (STORAGE_VERSION 'v1.5.0')")
        con.execute("USE warehouse")
        con.execute(f"SET VARIABLE seed = {int(seed)}")
        con.execute(f"SET VARIABLE scale = {float(scale)!r}::DOUBLE")
        con.execute(f"SET VARIABLE today = DATE '{today.isoformat()}'")
        for script in sorted(p.name for p in (files("genie_ext.demo") / "sql").iterdir() if p.name.endswith(".sql")):
            con.execute((files("genie_ext.demo") / "sql" / script).read_text(encoding="utf-8"))
        _write_files(con, draft)
        counts = _count(con)
    with as_file(files("genie_ext.demo") / "files") as documents:
        shutil.copytree(documents, draft, dirs_exist_ok=True)
    return counts


def _write_files(con: duckdb.DuckDBPyConnection, draft: Path) -> None:
    for name in _FOLDERS:
        where = _quoted(draft / name)
        con.execute(f"COPY {name} TO '{where}' (FORMAT parquet, PARTITION_BY (day), COMPRESSION zstd)")
    for name in _CSV_FILES:
        con.execute(f"COPY {name} TO '{_quoted(draft / name)}.csv' (FORMAT csv, HEADER)")


def _count(con: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """Return tables, views and rows of the lake."""
    stored = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'warehouse' AND NOT temporary"
    ).fetchall()
    names = [f"{schema}.{table}" for schema, table in stored] + [*_FOLDERS, *_CSV_FILES]
    rows = con.execute("SELECT " + " + ".join(f"(SELECT count(*) FROM {name})" for name in names)).fetchall()[0][0]
    views = con.execute(
        "SELECT count(*) FROM duckdb_views() WHERE database_name = 'warehouse' AND NOT internal"
    ).fetchall()[0][0]
    return len(names), int(views), int(rows)


def _quoted(path: Path) -> str:
    return os.fspath(path).replace("'", "''")
