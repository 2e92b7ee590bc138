"""Query logs: JSON lines and CSV with a statement in each row; what ran more than once is one query with its uses."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawQuery
from semantic.mining.readers.statements import LONGEST, Unread, statements

_SQL = ("sql", "query", "statement", "query_text", "statement_text", "querytxt", "sql_text")
_TEXT = ("question", "text", "title", "prompt", "description", "comment", "label", "name")
_USER = ("user", "user_name", "username", "usename", "rolname", "owner", "email", "executed_by", "author")
_TIME = ("last", "last_used", "time", "timestamp", "ts", "date", "start_time", "started_at", "created_at",
         "query_start_time", "log_time", "executed_at", "end_time", "stats_since")  # fmt: skip
_COUNT = ("count", "calls", "uses", "executions", "execution_count", "n", "freq", "frequency", "runs")
_VERIFIED = ("verified", "is_verified", "approved")
_KEPT = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/)", re.DOTALL)
# Characters above which only the spaces of a statement are made alike; nobody writes it twice in another way.
_LONG = 20_000
_LONGEST_FIELD = 10_000_000
_SHOWN_OWNERS = 3
_MOST_LOST = 20


def fits(file: SourceFile) -> bool:
    """Tell whether the head of the file has a column or key for the statement."""
    if file.suffix in {".jsonl", ".ndjson"}:
        first = next(_rows(_first_lines(file)), None)
        return first is not None and _sql_key(first) != ""
    if file.suffix != ".csv":
        return False
    header = _lowered(next(csv.reader(_first_lines(file)), []))
    # "name" and "text" are in many tables of data; a log has more to say about a statement.
    return bool(set(header) & set(_SQL)) and bool(set(header) & {*_USER, *_TIME, *_COUNT, *_TEXT, *_VERIFIED})


def read(file: SourceFile) -> Extract:
    """Return each statement of a log once, with how often, when last and by whom it was run.

    Raises:
        SourceError: It is not text.
    """
    groups: dict[str, _Group] = {}
    written: dict[str, _Group] = {}
    lost: list[str] = []
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as lines:
            for line, row in _csv_rows(lines) if file.suffix == ".csv" else _json_rows(lines, file.place, lost):
                _count(groups, written, row, line)
    except UnicodeDecodeError as error:
        raise SourceError(f"{file.place}: not UTF-8 text (byte {error.start})") from error
    except csv.Error as error:
        raise SourceError(f"{file.place}: not CSV: {error}") from error
    queries = [query for group in groups.values() for query in _queries(group, file.place, lost)]
    more = len(lost) - _MOST_LOST
    kept = [*lost[:_MOST_LOST], f"{file.place}: {more} more statements that could not be read"] if more > 0 else lost
    return Extract(queries=tuple(queries), lost=tuple(kept))


@dataclass(slots=True)
class _Group:
    sql: str
    line: int
    uses: int = 0
    last: str = ""
    text: str = ""
    verified: bool = False
    owners: dict[str, int] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one run, or as many as the row says."""
        uses = _number(_first(row, _COUNT))
        self.uses += uses
        self.last = max(self.last, _day(_first(row, _TIME)))
        self.verified |= _first(row, _VERIFIED).lower() in {"true", "1", "yes"}
        self.text = self.text or " ".join(_first(row, _TEXT).split())
        if user := _first(row, _USER):
            self.owners[user] = self.owners.get(user, 0) + uses


def normalised(sql: str) -> str:
    """Return a statement without comments, in one case and with single spaces, quoted text as it is."""
    if len(sql) > _LONG:
        return " ".join(sql.split())
    parts = _KEPT.split(sql)
    shown = (_quoted(part) if index % 2 else re.sub(r"\s+", " ", part.lower()) for index, part in enumerate(parts))
    return re.sub(r" +", " ", "".join(shown)).strip(" ;")


def _quoted(part: str) -> str:
    return " " if part.startswith(("--", "/*")) else part


def _count(groups: dict[str, _Group], written: dict[str, _Group], row: Mapping[str, Any], line: int) -> None:
    key = _sql_key(row)
    sql = str(row.get(key) or "")
    if not sql.strip() or len(sql) > LONGEST:
        return
    # Most lines of a log repeat one before to the letter; only a new text is taken apart.
    group = written.get(sql)
    if group is None:
        group = written[sql] = groups.setdefault(normalised(sql), _Group(sql, line))
    group.add({name: value for name, value in row.items() if name != key})


def _queries(group: _Group, place: str, lost: list[str]) -> Iterator[RawQuery]:
    owners = sorted(group.owners, key=lambda name: (-group.owners[name], name))[:_SHOWN_OWNERS]
    source = Source(
        kind="log",
        place=f"{place}:{group.line}",
        owner=", ".join(owners),
        uses=group.uses,
        last=group.last,
        certified=group.verified,
    )
    for found in statements(group.sql):
        if isinstance(found, Unread):
            lost.append(f"{place}:{group.line}: {found.reason}")
        else:
            text = group.text or found.text
            yield RawQuery(sql=found.sql, dialect=found.dialect, text=text, verified=group.verified, source=source)


def _csv_rows(lines: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # Statements may be longer than the module's own limit of 128 kB a field.
    usual = csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.reader(lines)
        header = _lowered(next(reader, []))
        for row in reader:
            yield reader.line_num, dict(zip(header, row, strict=False))
    finally:
        csv.field_size_limit(usual)


def _json_rows(lines: Any, place: str, lost: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        row = next(_rows([line]), None)
        if row is not None:
            yield number, row
        elif line.strip():
            lost.append(f"{place}:{number}: not a JSON object")


def _rows(lines: list[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield {str(key).strip().lower(): value for key, value in row.items()}


def _first_lines(file: SourceFile) -> list[str]:
    try:
        with file.path.open("rb") as stream:
            head = stream.read(LONGEST).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise SourceError(f"{file.place}: {error.strerror}") from error
    return [line for line in head.splitlines()[:5] if "\0" not in line]


def _lowered(header: list[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _sql_key(row: Mapping[str, Any]) -> str:
    named = next((key for key in _SQL if isinstance(row.get(key), str) and row[key].strip()), "")
    # A log of text alone has the statement there.
    text = row.get("text")
    return named or (
        "text" if isinstance(text, str) and re.match(r"\s*(select|with|from)\b", text, re.IGNORECASE) else ""
    )


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(row[name]) for name in names if row.get(name) not in {None, ""}), "")


def _number(text: str) -> int:
    try:
        return max(1, int(float(text or 1)))
    except (ValueError, OverflowError):
        return 1


def _day(text: str) -> str:
    match = re.match(r"\d{4}-\d{2}-\d{2}", text)
    if match:
        return match.group()
    if re.fullmatch(r"\d{9,16}(\.\d+)?", text):
        seconds = float(text)
        while seconds > 1e11:
            # Milliseconds or microseconds since 1970.
            seconds /= 1000
        return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()
    return ""
