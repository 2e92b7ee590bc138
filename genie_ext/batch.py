"""Files of questions: asked one after the other, every answer safe on disk before the next question."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

from genie_ext import disk
from genie_ext.errors import CannotAnswerError, ConfigError, GenieError, GuardError, QueryCancelledError
from genie_ext.export import write_rows
from genie_ext.session import Session
from genie_ext.types import Turn
from semantic.errors import SemanticError

Status = Literal["answered", "clarification", "refused", "guard", "error"]
RESULTS = "results.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a file. `thread` is empty for a question that stands alone."""

    id: str
    question: str
    thread: str = ""


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


def read_questions(path: Path) -> tuple[Item, ...]:
    """Return the questions of a .jsonl, .csv or text file, in order.

    Questions without an id are numbered: in JSONL by line, in CSV by row, in text by question. Text has one question a
    line; blank lines and lines that begin with # do not count.

    Raises:
        ConfigError: The file cannot be read, holds a line that is no question, or one id twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", hint="Name a JSONL, CSV or text file in UTF-8."
        ) from error
    reader = {".jsonl": _json_objects, ".csv": _csv_objects}.get(path.suffix.lower(), _text_objects)
    items = [_item(path, number, found) for number, found in reader(path, text)]
    counts = Counter(item.id for item in items)
    if twice := next((name for name, count in counts.items() if count > 1), None):
        raise ConfigError(f"{path} holds the id {twice!r} twice.", hint="Give every question an id of its own.")
    if not items:
        raise ConfigError(f"{path} holds no question.", hint="Write one question a line.")
    return tuple(items)


def run_batch(
    items: Sequence[Item], folder: Path, session: Session, *, as_csv: bool = False, retry: bool = False
) -> Iterator[Record]:
    """Ask what the folder has no result for yet and yield one record per question asked.

    Args:
        items: The questions.
        folder: Where results.jsonl and rows/ are written; made where it is missing.
        session: Who answers.
        as_csv: True to write the rows as CSV beside the Parquet files.
        retry: True to ask questions again that ended in an error.

    Raises:
        ConfigError: Another run is writing there, or results.jsonl is damaged.
        GenieError: The disk is full; what was written before is kept.
    """
    with _results(folder) as stream:
        done = _last_records(stream)
        open_items = [item for item in items if not _is_done(done.get(item.id), item, retry=retry)]
        threads: set[str] = set()
        for item in open_items:
            if item.thread and item.thread not in threads:
                threads.add(item.thread)
                _replay(items[: items.index(item)], item.thread, session)
            record = _ask(item, folder, session, as_csv=as_csv)
            _append(stream, record)
            yield record


def read_records(folder: Path) -> dict[str, Record]:
    """Return the last record of every question in a run's folder."""
    with _results(folder) as stream:
        return _last_records(stream)


def _json_objects(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except json.JSONDecodeError as error:
            hint = 'Write one object a line: {"id": "1", "question": "…"}.'
            raise ConfigError(f"{path} line {number} is not JSON: {error}.", hint=hint) from error
        yield number, {"question": found} if isinstance(found, str) else found


def _csv_objects(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    if "question" not in (reader.fieldnames or ()):
        raise ConfigError(f"{path} has no column named question.", hint="Name the columns in the first line.")
    for number, row in enumerate(reader, start=1):
        if (row["question"] or "").strip():
            yield number, row


def _text_objects(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:  # noqa: ARG001 - one signature
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    for number, line in enumerate(lines, start=1):
        yield number, {"question": line}


def _item(path: Path, number: int, found: Any) -> Item:
    question = found.get("question") if isinstance(found, dict) else None
    if not isinstance(question, str) or not question.strip():
        raise ConfigError(f"{path} line {number} has no question.", hint='Each line needs a "question".')
    name = found.get("id")
    return Item(
        id=str(number) if name is None or name == "" else str(name),
        question=question.strip(),
        thread=str(found.get("thread") or ""),
    )


@contextmanager
def _results(folder: Path) -> Iterator[IO[str]]:
    """Open results.jsonl for reading and appending, alone and with a torn last line removed."""
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
        yield stream


def _append(stream: IO[str], record: Record) -> None:
    left = (json.dumps(asdict(record), ensure_ascii=False) + "\n").encode()
    try:
        # Past the buffer of the stream, which would try again and fail again when it is closed.
        while left:
            left = left[os.write(stream.fileno(), left) :]
        os.fsync(stream.fileno())
    except OSError as error:
        raise _stopped(f"{stream.name} cannot be written: {error.strerror}.") from error


def _stopped(message: str) -> GenieError:
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


def _is_done(record: Record | None, item: Item, *, retry: bool) -> bool:
    return record is not None and record.question == item.question and not (retry and record.status == "error")


def _replay(earlier: Sequence[Item], thread: str, session: Session) -> None:
    """Ask the earlier questions of a thread again, so that a resumed follow-up knows what it follows."""
    for item in earlier:
        if item.thread == thread:
            _answer(item, session)


def _answer(item: Item, session: Session) -> Turn | Record:
    try:
        return session.ask(item.question, thread=item.thread)
    except GuardError as error:
        return Record(id=item.id, question=item.question, status="guard", text=str(error), sql=error.sql)
    except CannotAnswerError as error:
        return Record(id=item.id, question=item.question, status="refused", text=str(error))
    except QueryCancelledError as error:
        # Ctrl-C during a query stops the run, not only the query.
        raise KeyboardInterrupt from error
    except (GenieError, SemanticError) as error:
        return Record(id=item.id, question=item.question, status="error", text=str(error))
    except Exception as error:  # noqa: BLE001 - a long run records a defect and goes on with the next question
        return Record(id=item.id, question=item.question, status="error", text=repr(error))


def _ask(item: Item, folder: Path, session: Session, *, as_csv: bool) -> Record:
    turn = _answer(item, session)
    if isinstance(turn, Record):
        return turn
    status, text = _status(turn)
    try:
        file = _save(item, turn, folder, as_csv=as_csv) if status == "answered" else ""
    except ConfigError as error:
        if disk.is_full(error.__cause__):
            raise _stopped(error.message) from error
        return Record(id=item.id, question=item.question, status="error", text=str(error))
    return Record(
        id=item.id,
        question=item.question,
        status=status,
        text=text,
        sql=turn.sql.text if turn.sql else "",
        rows=turn.rows.table.num_rows if turn.rows else 0,
        truncated=turn.rows.truncated if turn.rows else False,
        file=file,
        confidence=turn.answer.confidence if turn.answer else 0.0,
        tier=turn.tier,
        seconds=round(turn.seconds, 4),
    )


def _status(turn: Turn) -> tuple[Status, str]:
    if turn.answer:
        return "answered", turn.answer.text
    if turn.clarification:
        return "clarification", " ".join((turn.clarification.question, *turn.clarification.choices))
    return "refused", turn.refusal.reason if turn.refusal else ""


def _save(item: Item, turn: Turn, folder: Path, *, as_csv: bool) -> str:
    if turn.rows is None:
        return ""
    name = _file_name(item.id)
    for suffix in (".parquet", ".csv") if as_csv else (".parquet",):
        write_rows(turn.rows.table, folder / "rows" / f"{name}{suffix}")
    return f"rows/{name}.parquet"


def _file_name(identifier: str) -> str:
    """Return the id where it is a safe file name, else a safe one that is as unique as the id."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", identifier)[:80].lstrip(".")
    if safe == identifier:
        return safe
    return f"{safe}-{hashlib.sha256(identifier.encode()).hexdigest()[:8]}"
