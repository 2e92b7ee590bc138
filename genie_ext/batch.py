"""Files of questions, answered one after the other or side by side, every answer safe on disk before the next."""

from __future__ import annotations

import hashlib
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genie_ext import disk
from genie_ext.batch_results import Record, Results, Status, cannot_write, open_results
from genie_ext.errors import CannotAnswerError, ConfigError, GenieError, GuardError, QueryCancelledError
from genie_ext.export import write_rows
from genie_ext.question_files import Item
from genie_ext.session import Session
from genie_ext.types import Turn
from semantic.errors import SemanticError


def run_batch(
    items: Sequence[Item], folder: Path, sessions: Sequence[Session], *, as_csv: bool = False, retry: bool = False
) -> Iterator[Record]:
    """Ask what the folder has no result for yet and yield one record per question asked.

    The questions of a thread are asked in order, by one session.

    Args:
        items: The questions.
        folder: Where results.jsonl and rows/ are written; made where it is missing.
        sessions: Who answers; several ask side by side, and their records come in the order of answering.
        as_csv: True to write the rows as CSV beside the Parquet files.
        retry: True to ask questions again that ended in an error.

    Raises:
        ConfigError: Another run is writing there, or results.jsonl is damaged.
        GenieError: The disk is full; what was written before is kept.
    """
    with open_results(folder) as results:
        run = _Run(results, folder, as_csv=as_csv)
        talks = _talks(items, results, retry=retry)
        if len(sessions) == 1:
            for talk in talks:
                yield from run.ask(talk, sessions[0])
        else:
            yield from _SideBySide(run, talks, sessions).records()


@dataclass(frozen=True, slots=True)
class _Talk:
    """A thread up to its last open question, or a question that stands alone."""

    items: tuple[Item, ...]
    open_ids: frozenset[str]


def _talks(items: Sequence[Item], results: Results, *, retry: bool) -> tuple[_Talk, ...]:
    """Return what there is to ask, in the order of the first question of each thread."""
    threads: dict[str, list[Item]] = {}
    for item in items:
        # The prefix keeps the name of a thread from being the id of a question.
        threads.setdefault(f"t{item.thread}" if item.thread else f"i{item.id}", []).append(item)
    talks = []
    for thread in threads.values():
        done = [_is_done(results.done.get(item.id), item, retry=retry) for item in thread]
        left = [place for place, settled in enumerate(done) if not settled]
        if left:
            talks.append(_Talk(tuple(thread[: left[-1] + 1]), frozenset(thread[place].id for place in left)))
    return tuple(talks)


def _is_done(record: Record | None, item: Item, *, retry: bool) -> bool:
    return record is not None and record.question == item.question and not (retry and record.status == "error")


class _Run:
    """Answers talks and keeps the results."""

    def __init__(self, results: Results, folder: Path, *, as_csv: bool) -> None:
        self._results = results
        self._folder = folder
        self._as_csv = as_csv

    def ask(self, talk: _Talk, session: Session) -> Iterator[Record]:
        """Ask the open questions; those that are done are asked again before a follow-up, so that it knows them."""
        for item in talk.items:
            if item.id not in talk.open_ids:
                _answer(item, session)
                continue
            record = _record(item, _answer(item, session), self._folder, as_csv=self._as_csv)
            self._results.add(record)
            yield record


class _SideBySide:
    """Answers talks with several sessions, a thread each; the first failure ends all of them."""

    def __init__(self, run: _Run, talks: Sequence[_Talk], sessions: Sequence[Session]) -> None:
        self._run = run
        self._sessions = sessions
        self._waiting: queue.SimpleQueue[_Talk] = queue.SimpleQueue()
        for talk in talks:
            self._waiting.put(talk)
        self._heard: queue.SimpleQueue[Record | BaseException | None] = queue.SimpleQueue()
        self._stop = threading.Event()

    def records(self) -> Iterator[Record]:
        """Yield the records as they come."""
        threads = [threading.Thread(target=self._work, args=(session,), daemon=True) for session in self._sessions]
        for thread in threads:
            thread.start()
        try:
            working = len(threads)
            while working:
                heard = self._heard.get()
                if isinstance(heard, BaseException):
                    raise heard
                if heard is None:
                    working -= 1
                else:
                    yield heard
        finally:
            self._end(threads)

    def _work(self, session: Session) -> None:
        try:
            while not self._stop.is_set():
                for record in self._run.ask(self._waiting.get_nowait(), session):
                    self._heard.put(record)
                    if self._stop.is_set():
                        return
        except queue.Empty:
            self._heard.put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the records are read
            self._heard.put(error)

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        """Stop what still runs, and wait for it."""
        self._stop.set()
        for thread, session in zip(threads, self._sessions, strict=True):
            # A question that is only just beginning has nothing to cancel yet.
            while thread.is_alive():
                session.cancel()
                thread.join(0.2)


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


def _record(item: Item, turn: Turn | Record, folder: Path, *, as_csv: bool) -> Record:
    """Return what is noted of an answer, its rows saved."""
    if isinstance(turn, Record):
        return turn
    status, text = _status(turn)
    try:
        file = _save(item, turn, folder, as_csv=as_csv) if status == "answered" else ""
    except ConfigError as error:
        if disk.is_full(error.__cause__):
            raise cannot_write(error.message) from error
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
