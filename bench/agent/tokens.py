"""Prompt tokens of a question on one lake of all databases, against its whole DDL in the prompt."""

from __future__ import annotations

import json
import random
import statistics
from argparse import Namespace
from collections.abc import Iterable

from bench.semantics.lake import make_lake
from genie_ext.config import load_settings
from genie_ext.errors import CannotAnswerError, GuardError
from genie_ext.models.tokens import count_tokens
from genie_ext.prompts.render import Stage
from genie_ext.session import Session
from semantic.index import Index

_SEED = 7
_LEGEND = """
prompt: tokens of the whole prompt, estimated as the budget of a context is (n: questions that have such a prompt; the
one for SQL is that for the embedded tier's own plan, where it has one). share: mean against the DDL."""


def measure(told: Namespace) -> None:
    """Print tokens of prompts per stage, and of the DDL."""
    made = make_lake(told.bench, told.work / "lake")
    settings = load_settings(made.folder, home=told.work / "home")
    with Session(made.folder, settings=settings) as session:
        whole = count_tokens(_ddl(session.index))
        tables = len(session.index.table_ids())
        print(f"{tables:,} tables; whole DDL: {whole:,} tokens; budget of a context: {settings.context_tokens:,}")
        for name in told.sets:
            asked = _questions(told, name)
            stages: tuple[Stage, ...] = ("plan", "sql")
            for stage in stages:
                found = [tokens for text in asked if (tokens := _tokens(session, stage, text))]
                print(_line(name, stage, found, whole), flush=True)
    print(_LEGEND)


def _ddl(index: Index) -> str:
    """Return the shortest DDL of all tables."""
    return "\n".join(_create(index, table) for table in index.table_ids())


def _create(index: Index, table: object) -> str:
    found = index.table(table)  # type: ignore[arg-type]
    columns = ", ".join(f"{column.name} {column.type}" for column in found.columns)
    return f"CREATE TABLE {found.id.name} ({columns});"


def _questions(told: Namespace, name: str) -> list[str]:
    path = told.bench / name / "questions.jsonl"
    asked = sorted({json.loads(line)["question"] for line in path.read_text(encoding="utf-8").splitlines()})
    return random.Random(_SEED).sample(asked, min(told.sample, len(asked)))


def _tokens(session: Session, stage: Stage, text: str) -> int:
    try:
        return session.prompt(stage, text).tokens
    except (CannotAnswerError, GuardError):
        return 0


def _line(name: str, stage: str, found: Iterable[int], whole: int) -> str:
    tokens = sorted(found)
    if not tokens:
        return f"{name:18}{stage:6}no question has such a prompt"
    mean, longest = statistics.mean(tokens), tokens[-1]
    return (
        f"{name:18}{stage:6}n = {len(tokens):<5} mean {mean:7,.0f}   longest {longest:7,}   share {mean / whole:6.2%}"
    )
