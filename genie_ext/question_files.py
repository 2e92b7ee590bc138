"""Files of questions: JSONL, CSV or text."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genie_ext.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a file. `thread` is empty for a question that stands alone."""

    id: str
    question: str
    thread: str = ""


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
