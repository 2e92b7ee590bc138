"""Execution accuracy of the agent over files of questions with gold SQL or gold answers."""

from __future__ import annotations

import csv
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genie_ext.config import Settings, load_settings
from genie_ext.errors import ConfigError, GenieError, QueryCancelledError
from genie_ext.lakes import open_lake, plain_setup
from genie_ext.models.capability import Capability
from genie_ext.models.state import STATE_FILE, State
from genie_ext.scoring import Row, calibration, holds_answer, order_matters, same_rows, table_rows, wilson
from genie_ext.session import Session
from genie_ext.types import Tier, Turn
from semantic.errors import SemanticError

if TYPE_CHECKING:
    import duckdb

# What is kept of an outcome in the file of details.
_RECORDED = ("answered", "right", "confidence", "planned", "sql", "reason", "error", "tier", "usd", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question with its gold.

    Attributes:
        suite: Name of the set it belongs to.
        database: Name of its database, without suffix.
        schema: The schema asked where the database keeps the same tables in several; empty for all of it.
        history: Questions asked before it in the same thread.
        gold: SQL texts, any of which is right; empty where `answer` is given.
        answer: Values a right result holds, as (name, value).
        ordered: True where the order of rows counts; None where it is to be read from the gold SQL.
        answerable: False where the right reaction is not to answer.
    """

    id: str
    suite: str
    database: str
    question: str
    schema: str = ""
    history: tuple[str, ...] = ()
    gold: tuple[str, ...] = ()
    answer: tuple[tuple[str, str], ...] = ()
    ordered: bool | None = None
    answerable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one question went.

    Attributes:
        answered: True where rows came back; False for refusals, questions back and errors.
        right: True where the rows are the gold rows, or where a question without an answer got none.
        error: Message of the error that ended the question, empty where there was none.
        tier: Which tier answered or refused, empty where an error ended it.
        usd: What calls to models cost, as far as prices are known.
        tokens: Tokens that models read and wrote.
        warm: False for the first question of a session, whose time includes start-up.
        seconds: Wall time of the question alone.
    """

    case: Case
    answered: bool
    right: bool
    confidence: float = 0.0
    planned: float = 0.0
    sql: str = ""
    reason: str = ""
    error: str = ""
    tier: Tier | Literal[""] = ""
    usd: float = 0.0
    tokens: int = 0
    warm: bool = True
    seconds: float = 0.0


def read_cases(path: Path, *, suite: str = "", only: frozenset[str] | None = None) -> tuple[Case, ...]:
    """Return the usable cases of a questions.jsonl, in order.

    Args:
        path: The file, one JSON object a line.
        suite: Name for its set; the folder's name where it is empty.
        only: Ids to keep, None for all.

    Raises:
        ConfigError: The file is missing or a line is not a question.
    """
    cases = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            item = json.loads(line)
            if item.get("usable", True) and (only is None or item["id"] in only):
                cases.append(_case(item, suite or path.resolve().parent.name))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path} line {number} is not a question: {error!r}."
            raise ConfigError(message, hint="Each line needs id, db, question and sql_duckdb or answer.") from error
    return tuple(cases)


def read_bench(folder: Path, listing: Path) -> tuple[Case, ...]:
    """Return the cases that a list of (set, id) lines names, from the sets under a folder."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in csv.reader(_lines(listing), delimiter="\t"):
        if len(row) != 2:
            raise ConfigError(f"{listing} has a line that is not set and id: {row}.", hint="Separate the two by a tab.")
        wanted[row[0]].add(row[1])
    return tuple(
        case
        for suite, ids in wanted.items()
        for case in read_cases(folder / suite / "questions.jsonl", suite=suite, only=frozenset(ids))
    )


def read_only_list(path: Path) -> frozenset[str]:
    """Return the ids a list names: the last field of each tab-separated line."""
    return frozenset(line.split("\t")[-1] for line in _lines(path))


def evaluate(cases: Sequence[Case], databases: Sequence[Path], home: Path, **settings: Any) -> Iterator[Outcome]:
    """Ask each case and judge it, database by database; one session serves all questions of a database.

    Args:
        cases: The questions.
        databases: Folders searched in order for `<database>.duckdb`; one that has a sub-folder named for the set and
            `db` in it is searched there first. Where none has such a file, a folder of that name is the lake.
        home: Folder that keeps one index per database.
        settings: Settings that differ from the defaults.
    """
    grouped: dict[tuple[Path, str], list[Case]] = defaultdict(list)
    for case in cases:
        grouped[find_database(case, databases), case.schema].append(case)
    for (path, schema), group in grouped.items():
        folder = home / f"{path.parent.parent.name}-{path.stem}"
        only = {"allowed_tables": (f"{schema}.*",)} if schema else {}
        yield from _evaluate_database(path, group, load_settings(path, home=folder, **(only | settings)))


def find_database(case: Case, folders: Sequence[Path]) -> Path:
    """Return the lake of a case: a database file, or else a folder of that name.

    Raises:
        ConfigError: No folder holds it.
    """
    name = f"{case.database}.duckdb"
    for folder in folders:
        for place in (folder / case.suite / "db" / name, folder / name):
            if place.is_file():
                return place
    for folder in folders:
        if case.database and (folder / case.database).is_dir():
            return (folder / case.database).resolve()
    searched = ", ".join(map(str, folders))
    raise ConfigError(f"{name} of question {case.id} is in none of: {searched}.", hint="Name its folder as well.")


def judge(case: Case, turn: Turn, gold: Iterable[list[Row]]) -> bool:
    """Return True where the turn answers the case as its gold does."""
    answered = turn.answer is not None and turn.rows is not None
    if not case.answerable or not answered or turn.rows is None:
        return not case.answerable and not answered
    found = table_rows(turn.rows.table)
    if case.answer:
        return holds_answer(case.answer, found)
    return any(
        same_rows(rows, found, ordered=order_matters(sql) if case.ordered is None else case.ordered)
        for sql, rows in zip(case.gold, gold, strict=True)
    )


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the figures over all outcomes and, under "suites", those of each set."""
    suites: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        suites[outcome.case.suite].append(outcome)
    return {**_figures(outcomes), "suites": {name: _figures(group) for name, group in suites.items()}}


def detail(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as one flat JSON object."""
    case = outcome.case
    gold: Any = list(case.gold) or list(case.answer)
    own = {name: getattr(outcome, name) for name in _RECORDED}
    key = {"id": case.id, "set": case.suite, "db": case.database, "question": case.question}
    return {**key, **own, "gold": gold, "seconds": round(outcome.seconds, 4)}


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", hint="Name an existing file.") from error


def _case(item: dict[str, Any], suite: str) -> Case:
    several = item.get("sqls_duckdb") or item.get("sql_duckdb_alternatives") or ()
    own = [item["sql_duckdb"]] if "answer" not in item else []
    return Case(
        id=str(item["id"]),
        suite=suite,
        database=item["db"],
        question=item["question"],
        schema=str((item.get("variants") or [""])[0]),
        history=tuple(item.get("history") or ()),
        gold=tuple(dict.fromkeys([*own, *several])),
        answer=tuple((str(name), str(value)) for name, value in item.get("answer") or ()),
        ordered=item.get("order_matters"),
        answerable=not item.get("unanswerable"),
    )


def _evaluate_database(path: Path, cases: Sequence[Case], settings: Settings) -> Iterator[Outcome]:
    try:
        session = Session(path, settings=settings)
    except (GenieError, SemanticError) as error:
        # A database that cannot be opened is the outcome of each of its questions, not the end of the run.
        yield from (Outcome(case=case, answered=False, right=False, error=str(error), warm=False) for case in cases)
        return
    with closing(_connection(path, session)) as connection, session:
        if cases[0].schema:
            connection.execute("SET schema = '{}'".format(cases[0].schema.replace("'", "''")))
        outcomes = []
        for number, case in enumerate(cases):
            outcomes.append(replace(_evaluate_case(case, session, connection), warm=number > 0))
            yield outcomes[-1]
        if session.agent.models is not None:  # without models there is nothing to choose among
            _note_capability(path, outcomes)


def _connection(path: Path, session: Session) -> duckdb.DuckDBPyConnection:
    """Return a connection that gold SQL can be run on, as people write it."""
    import duckdb

    if path.is_file():
        return duckdb.connect(str(path), read_only=True)
    connection = duckdb.connect()
    for statement in plain_setup(session.lake, session.index):
        connection.execute(statement)
    return connection


def _evaluate_case(case: Case, session: Session, connection: Any) -> Outcome:
    start = time.perf_counter()
    try:
        for question in case.history:
            session.ask(question, thread=case.id)
        start = time.perf_counter()
        turn = session.ask(case.question, thread=case.id if case.history else "")
        seconds = time.perf_counter() - start
        gold = [table_rows(connection.sql(sql).to_arrow_table()) for sql in case.gold if case.answerable]
    except QueryCancelledError as error:
        # Ctrl-C during a query stops the run, not only the query.
        raise KeyboardInterrupt from error
    except (GenieError, SemanticError) as error:
        return Outcome(case=case, answered=False, right=False, error=str(error), seconds=time.perf_counter() - start)
    except Exception as error:  # noqa: BLE001 - a long run records a defect and goes on with the next question
        return Outcome(case=case, answered=False, right=False, error=repr(error), seconds=time.perf_counter() - start)
    return _outcome(case, turn, right=judge(case, turn, gold), seconds=seconds)


def _note_capability(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Put on record in the lake's own home how the tiers did that its questions went to, so that the router knows."""
    capability = Capability(State(open_lake(path, load_settings(path)).home / STATE_FILE))
    for outcome in outcomes:
        if outcome.tier:
            capability.record(outcome.tier, "", right=outcome.right)


def _outcome(case: Case, turn: Turn, *, right: bool, seconds: float) -> Outcome:
    reason = turn.refusal.reason if turn.refusal else turn.clarification.question if turn.clarification else ""
    return Outcome(
        case=case,
        answered=turn.answer is not None,
        right=right,
        confidence=turn.answer.confidence if turn.answer else 0.0,
        planned=turn.plan.confidence if turn.plan else 0.0,
        sql=turn.sql.text if turn.sql else "",
        reason=reason,
        tier=turn.tier,
        usd=turn.spent.usd,
        tokens=turn.spent.tokens_in + turn.spent.tokens_out,
        seconds=seconds,
    )


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    total, right = len(outcomes), sum(outcome.right for outcome in outcomes)
    answered = [outcome for outcome in outcomes if outcome.answered]
    errors = sum(bool(outcome.error) for outcome in outcomes)
    hits = sum(outcome.right for outcome in answered)
    return {
        "n": total,
        "answered": len(answered),
        "right": right,
        "wrong": len(answered) - hits,
        "refused": total - len(answered) - errors,
        "errors": errors,
        "accuracy": right / total if total else 0.0,
        "interval": wilson(right, total),
        "precision": hits / len(answered) if answered else 0.0,
        "calibration": calibration((outcome.confidence, outcome.right) for outcome in answered),
        **_latency([outcome.seconds for outcome in outcomes if outcome.warm]),
    }


def _latency(seconds: Sequence[float]) -> dict[str, float | None]:
    if len(seconds) < 2:
        return {"p50": seconds[0] if seconds else None, "p95": seconds[0] if seconds else None}
    marks = statistics.quantiles(seconds, n=20, method="inclusive")
    return {"p50": marks[9], "p95": marks[18]}
