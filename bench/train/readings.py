"""Readings: what the embedded tier makes of questions with gold, group by group, as rows of one JSON object each."""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from bench.folds import fold_of, is_held_out
from genie_ext.agent.agent import Agent
from genie_ext.agent.context import find_context
from genie_ext.agent.plan import consider
from genie_ext.agent.sql import write_checked
from genie_ext.config import Settings, load_settings
from genie_ext.embedded.candidates import Group
from genie_ext.embedded.parser.parse import Parser
from genie_ext.embedded.parser.weights import SHIPPED
from genie_ext.embedded.plan import Planned, plan_question
from genie_ext.embedded.ranking import features
from genie_ext.errors import GenieError
from genie_ext.evaluate import Case, find_database
from genie_ext.evaluate import read_cases as read_questions
from genie_ext.guard import check
from genie_ext.scoring import Row, order_matters, same_rows, table_rows
from genie_ext.session import Session
from genie_ext.types import Context, Plan, Question, Rows
from semantic.errors import SemanticError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--bench", type=Path, required=True, help="folder of the unpacked question sets")
    parser.add_argument("--set", default="spider_train", help="set to read; of spider_train the held-out databases")
    parser.add_argument("--home", type=Path, required=True, help="folder that keeps an index per database")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="weights of the parser")
    parser.add_argument("--out", type=Path, required=True, help="file for the rows")
    parser.add_argument("--every", type=int, default=1, help="read one question in so many")
    parser.add_argument("--part", type=int, default=0, help="which part of the databases")
    parser.add_argument("--parts", type=int, default=1, help="number of parts, to be read by as many processes")


def run(arguments: argparse.Namespace) -> None:
    """Write the readings of a set."""
    cases = with_wordings(arguments.bench / arguments.set / "questions.jsonl")
    if arguments.set == "spider_train":
        cases = [case for case in cases if is_held_out(case.database)]
    cases = [case for case in cases if fold_of(case.database + "/", arguments.parts) == arguments.part]
    cases = cases[:: arguments.every]
    folders = [arguments.bench, arguments.bench / "spider_dev" / "db"]
    count = write_rows(arguments.out, read_cases(cases, folders, arguments.home, Parser(arguments.weights)))
    print(f"{count} questions")


def with_wordings(path: Path) -> list[Case]:
    """Return the usable cases of a set, and once more each that has another wording."""
    cases = read_questions(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    others = {str(row["id"]): row.get("question_syn") for row in map(json.loads, lines)}
    own = [(case, others[case.id]) for case in cases]
    return [*cases, *(replace(case, question=text) for case, text in own if text and text != case.question)]


def read_cases(cases: Sequence[Case], folders: Sequence[Path], home: Path, parser: Parser) -> Iterator[dict[str, Any]]:
    """Yield one row per case: its groups with features, score, SQL and whether their rows are right.

    Args:
        cases: Questions with gold SQL, each on its own.
        folders: Where databases lie.
        home: Folder that keeps one index per database.
        parser: The parser to be measured.
    """
    grouped: dict[Path, list[Case]] = defaultdict(list)
    for case in cases:
        grouped[find_database(case, folders)].append(case)
    for path, group in grouped.items():
        settings = load_settings(path, home=home / f"{path.parent.parent.name}-{path.stem}", answer_above=0.0)
        yield from _read_database(path, group, settings, parser)


def _read_database(path: Path, cases: Iterable[Case], settings: Settings, parser: Parser) -> Iterator[dict[str, Any]]:
    import duckdb

    with closing(duckdb.connect(str(path), read_only=True)) as gold, Session(path, settings=settings) as session:
        for case in cases:
            start = time.process_time()
            try:
                row = _read_case(case, session.agent, parser)
            except (GenieError, SemanticError) as error:
                row = {"settled": type(error).__name__, "groups": []}
            row["cpu"] = time.process_time() - start
            wanted = [table_rows(gold.sql(sql).to_arrow_table()) for sql in case.gold]
            _judge(case, row["groups"], wanted)
            yield {"id": case.id, "set": case.suite, "db": case.database, "question": case.question, **row}


def _read_case(case: Case, agent: Agent, parser: Parser) -> dict[str, Any]:
    """Return the groups that the product would weigh, or the one plan that it would answer without weighing any."""
    context = find_context(Question(text=case.question), agent.index, agent.policy)
    planned = plan_question(context, cache(agent.look_up))
    cut: set[str] = set()

    def run(sql: str) -> Rows:
        rows = agent.read(sql)
        cut.update([sql] if rows.truncated else [])
        return rows

    groups = () if planned.final else consider(planned, context, parser, run)
    if groups:
        return {"settled": "", "groups": [_weighed(planned, group, groups, agent, cut) for group in groups]}
    if isinstance(planned.result, Plan):
        return {"settled": "final", "groups": [_settled(planned.result, context, agent)]}
    return {"settled": type(planned.result).__name__, "groups": []}


def _weighed(planned: Planned, group: Group, groups: Sequence[Group], agent: Agent, cut: set[str]) -> dict[str, Any]:
    """Return a group with its features; rows that were only looked at are read as far as the answer would be."""
    sql = group.candidates[0].sql
    parsed = [candidate.score for candidate in group.candidates if candidate.source == "parser"]
    return {
        "features": features(planned, group, groups),
        "sql": sql,
        "sources": sorted({candidate.source for candidate in group.candidates}),
        "parsed": max(parsed, default=None),
        "rows": _all_rows(sql, agent) if sql in cut else group.rows,
    }


def _all_rows(sql: str, agent: Agent) -> Sequence[Row]:
    return table_rows(agent.engine.run(check(sql, agent.index, policy=agent.policy, row_limit=agent.row_limit)).table)


def _settled(plan: Plan, context: Context, agent: Agent) -> dict[str, Any]:
    """Return the plan that is answered as it is, with its confidence."""
    sql = write_checked(plan, context, agent.index, agent.policy, row_limit=agent.row_limit)
    rows = table_rows(agent.engine.run(sql).table)
    return {"chance": plan.confidence, "sql": sql.text, "sources": ["rules"], "rows": rows}


def _judge(case: Case, groups: list[dict[str, Any]], wanted: list[list[tuple[Any, ...]]]) -> None:
    """Note which groups are right; rows are dropped, since they may be many."""
    for group in groups:
        rows = group.pop("rows")
        group["right"] = any(
            same_rows(gold, rows, ordered=order_matters(sql) if case.ordered is None else case.ordered)
            for sql, gold in zip(case.gold, wanted, strict=True)
        )


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write rows as lines of JSON and return their number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, default=str) + "\n")
            file.flush()
            count += 1
    return count
