"""Frames: a table from a notebook becomes a lake of its own, so that questions about it pass guard and worker."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from genie_ext.config import Settings
from genie_ext.errors import ConfigError, QuestionError

FOLDER = "frames"
MOST_BYTES = 24 * 2**20
_KEPT = 20
_MOST_NAME = 48


def is_frame(value: Any) -> bool:
    """Tell whether a value is a frame of pandas or polars, or a table of Arrow."""
    return hasattr(value, "__arrow_c_stream__") and hasattr(value, "shape")


def parquet_of(frame: Any) -> bytes:
    """Return a frame as a Parquet file.

    Raises:
        QuestionError: A column holds values of several types.
    """
    import pyarrow as pa
    from pyarrow import parquet

    held = io.BytesIO()
    try:
        parquet.write_table(pa.table(frame), held)
    except (pa.ArrowException, TypeError, ValueError) as error:
        hint = "Give each column one type, such as frame.convert_dtypes()."
        raise QuestionError(f"The frame cannot be written as a table: {error}", hint=hint) from error
    return held.getvalue()


def keep_frame(home: Path, name: str, content: bytes) -> Path:
    """Return the folder of a lake whose only table is a frame; the same content gets the same folder.

    The frames used last are kept, older ones are deleted.

    Args:
        home: Folder that belongs to a lake; frames stand in a subfolder of it.
        name: How the frame is called.
        content: A Parquet file.

    Raises:
        QuestionError: It is no Parquet file, or too large.
        ConfigError: It cannot be written.
    """
    _check(content)
    table = re.sub(r"\W", "_", name)[:_MOST_NAME].strip("_") or "frame"  # a lake leaves out files that begin with _
    table = f"frame_{table}" if table[0].isdigit() else table
    frames = home / FOLDER
    folder = frames / f"{table}-{hashlib.sha256(content).hexdigest()[:12]}"
    try:
        frames.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            _place(frames, folder, f"{table}.parquet", content)
        os.utime(folder)
        _prune(frames)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}."
        raise ConfigError(message, hint="Make its folder writable, or free some space.") from error
    return folder


def name_of(folder: str) -> str:
    """Return the name of the frame that a folder of this name holds."""
    return folder.rpartition("-")[0]


def settings_about(settings: Settings) -> Settings:
    """Return the settings for a frame: those of its lake, without what names tables of that lake."""
    return replace(
        settings, home=None, model=None, sources=(), allowed_tables=(), hidden_columns=(), row_filters={}
    )  # fmt: skip


def _check(content: bytes) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    if len(content) > MOST_BYTES:
        hint = "Ask about a part of it, or save it where a lake can be opened on it."
        raise QuestionError(f"The frame takes more than {MOST_BYTES // 2**20} MiB as Parquet.", hint=hint)
    try:
        columns = parquet.read_metadata(io.BytesIO(content)).num_columns
    except (pa.ArrowException, OSError, ValueError) as error:
        raise QuestionError(f"The frame is not a Parquet file: {error}", hint="Send it again.") from error
    if not columns:
        raise QuestionError("The frame has no column.", hint="Ask about one with data.")


def _place(frames: Path, folder: Path, name: str, content: bytes) -> None:
    """Write a folder as a whole or not at all; what stands in it is for its owner's eyes."""
    made = Path(tempfile.mkdtemp(prefix=".", dir=frames))
    try:
        (made / name).write_bytes(content)
        made.rename(folder)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if not folder.is_dir():  # else another question was first
            raise


def _prune(frames: Path) -> None:
    held = sorted((p for p in frames.iterdir() if not p.name.startswith(".")), key=lambda p: -p.stat().st_mtime)
    for old in held[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
