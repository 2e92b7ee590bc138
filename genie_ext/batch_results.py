"""The results of a run over a file of questions: one line each, safe on disk, written by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Literal

from genie_ext.errors import ConfigError, GenieError

Status = Literal["answered", "clarification", "refused", "guard", "error"]
RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of results.jsonl.

    Attributes:
        status: How it ended.
        text: The answer in words, or why there is none.
        rows: Number of rows.
        file: Where the rows are, relative to the run's folder, empty where there are none.
    """

    id: str
    question: str
    status: Status
    text: str = ""
    sql: str = ""
    rows: int = 0
    truncated: bool = False
    file: str = ""
    confidence: float = 0.0
    tier: str = ""
    seconds: float = 0.0


class Results:
    """An open results.jsonl.

    Attributes:
        done: The last record of every question, by id, as it was when the file was opened.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.done = _last_records(stream)
        self._stream = stream
        self._writing = threading.Lock()

    def add(self, record: Record) -> None:
        """Write a record through to the disk, from any thread.

        Raises:
            GenieError: The disk is full; what was written before is kept.
        """
        left = (json.dumps(asdict(record), ensure_ascii=False) + "\n").encode()
        with self._writing:
            try:
                # Past the buffer of the stream, which would try again and fail again when it is closed.
                while left:
                    left = left[os.write(self._stream.fileno(), left) :]
                os.fsync(self._stream.fileno())
            except OSError as error:
                raise cannot_write(f"{self._stream.name} cannot be written: {error.strerror}.") from error


@contextmanager
def open_results(folder: Path) -> Iterator[Results]:
    """Open results.jsonl for reading and appending, alone and with a torn last line removed.

    Raises:
        ConfigError: Another run is writing there, it cannot be written, or it is damaged.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / RESULTS).open("a+", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error}.", hint="Name a writable folder.") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another run is writing to {folder}."
            raise ConfigError(message, hint="Wait for it or name another folder.") from error
        _cut_torn_line(folder / RESULTS)
        yield Results(stream)


def read_records(folder: Path) -> dict[str, Record]:
    """Return the last record of every question in a run's folder."""
    with open_results(folder) as results:
        return results.done


def cannot_write(message: str) -> GenieError:
    """Return the error of a run that the disk stopped."""
    return GenieError(message, hint="Free some space and run the same command again; it goes on where this one ended.")


def _cut_torn_line(path: Path) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def _last_records(stream: IO[str]) -> dict[str, Record]:
    stream.seek(0)
    records: dict[str, Record] = {}
    for number, line in enumerate(stream, start=1):
        try:
            record = Record(**json.loads(line))
        except (ValueError, TypeError) as error:
            hint = "Mend the line, or name another folder."
            raise ConfigError(f"{stream.name} line {number} is not a result: {error}.", hint=hint) from error
        records[record.id] = record
    return records
