"""Rows as files: CSV, Parquet and JSON lines, each written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from genie_ext import disk
from genie_ext.errors import ConfigError


def write_rows(table: pa.Table, path: Path) -> None:
    """Write rows to a .csv, .parquet, .json or .jsonl file; a file of that name is replaced at the end.

    Raises:
        ConfigError: The suffix is another one or the file cannot be written.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ConfigError(f"Rows cannot be written as {path.name}.", hint=f"Use one of {', '.join(_WRITERS)}.")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            writer(table, stream)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except (OSError, pa.ArrowException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        hint = disk.HINT if disk.is_full(error) else "Name a file in a writable folder."
        raise ConfigError(f"{path} cannot be written: {reason}.", hint=hint) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def to_bytes(table: pa.Table, form: str) -> bytes:
    """Return rows as a file of a form: "csv", "parquet", "json" or "jsonl"."""
    stream = io.BytesIO()
    _WRITERS[f".{form}"](table, stream)
    return stream.getvalue()


def write_csv(table: pa.Table, stream: IO[str]) -> None:
    """Write rows as CSV with a header; nested values as JSON, nulls as nothing."""
    lines = csv.writer(stream, lineterminator="\n")
    lines.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [map(_cell, column.to_pylist()) for column in batch.columns]
        lines.writerows(zip(*columns, strict=True))


def _cell(value: Any) -> Any:
    if isinstance(value, pa.MonthDayNano):
        return _interval(value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value


def _csv(table: pa.Table, stream: IO[bytes]) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    write_csv(table, text)
    text.flush()
    text.detach()


def _json_lines(table: pa.Table, stream: IO[bytes]) -> None:
    for batch in table.to_batches(max_chunksize=10_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            item = dict(zip(table.column_names, row, strict=True))
            stream.write(json.dumps(item, ensure_ascii=False, default=str).encode() + b"\n")


def _parquet(table: pa.Table, stream: IO[bytes]) -> None:
    from pyarrow import parquet

    # Parquet has no intervals, and its readers look columns up by name, so a repeated name gets a number.
    columns = [_as_text(column) if pa.types.is_interval(column.type) else column for column in table.columns]
    parquet.write_table(pa.table(columns, names=_distinct(table.column_names)), stream)


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if value is None else _interval(value) for value in column.to_pylist()], pa.string())


def _interval(value: pa.MonthDayNano) -> str:
    return f"{value.months} months {value.days} days {value.nanoseconds / 1e9:g} seconds"


def _distinct(names: list[str]) -> list[str]:
    result: list[str] = []
    for name in names:
        number, free = 1, name
        while free in result:
            number += 1
            free = f"{name}_{number}"
        result.append(free)
    return result


_WRITERS: dict[str, Callable[[pa.Table, IO[bytes]], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json_lines,
    ".jsonl": _json_lines,
}
