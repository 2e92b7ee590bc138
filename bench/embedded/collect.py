"""Collecting: one row per question of a set, with the groups of its readings, which are right, and its slices."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.folds import is_held_out
from bench.train.readings import read_cases
from genie_ext.embedded.parser.parse import Parser
from genie_ext.errors import ConfigError
from genie_ext.evaluate import Case
from genie_ext.evaluate import read_cases as read_questions

SETS = (
    "spider_dev", "spider_realistic", "spider_dk", "spider_syn_dev", "defog", "geography", "restaurants", "archer_dev",
)  # fmt: skip
SLICES = ("joins", "grouping", "nesting", "dates")
_SEED = 7
_TEXT = re.compile(r"'(?:[^']|'')*'")
_DATE = re.compile(r"(?<![a-z])(?:date|day|week|month|quarter|year|timestamp|interval)s?(?![a-z])", re.IGNORECASE)


def collect(
    bench: Path, name: str, home: Path, parser: Parser, *, held: bool = False, sample: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a set.

    Args:
        bench: Folder of the unpacked question sets.
        name: The set.
        home: Folder that keeps an index per database.
        parser: The parser to be measured.
        held: True for the databases alone that the parser was not trained on, where the set was trained on.
        sample: Number of questions drawn, None for all.

    Raises:
        ConfigError: No question is left.
    """
    path = bench / name / "questions.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    slices = {str(item["id"]): slices_of(item) for item in map(json.loads, lines)}
    cases = choose(read_questions(path), held=held, sample=sample)
    if not cases:
        raise ConfigError(f"No question of {name} can be measured.", hint="Leave out --held, or draw a larger sample.")
    seen: set[str] = set()
    for row in read_cases(cases, [bench, bench / "spider_dev" / "db"], home, parser):
        warm = row["db"] in seen
        seen.add(row["db"])
        yield {**row, "warm": warm, "slices": slices[row["id"]]}


def choose(cases: Sequence[Case], *, held: bool, sample: int | None) -> list[Case]:
    """Return the cases with an answer in SQL, of held-out databases alone where that is wanted, and a fixed sample."""
    kept = [case for case in cases if case.gold and case.answerable and not (held and not is_held_out(case.database))]
    if sample is None or sample >= len(kept):
        return kept
    drawn = random.Random(_SEED).sample(range(len(kept)), sample)
    return [kept[number] for number in sorted(drawn)]


def slices_of(item: dict[str, Any]) -> list[str]:
    """Return the slices that a question of a set belongs to, by what its gold SQL needs."""
    needs = item.get("features") or {}
    holds = {
        "joins": needs.get("joins", 0) > 0,
        "grouping": bool(needs.get("group")),
        "nesting": needs.get("selects", 1) > 1 or bool(needs.get("setop")),
        "dates": bool(item.get("time_dependent")) or _DATE.search(_TEXT.sub("''", str(item.get("sql_duckdb", "")))),
    }
    return [name for name in SLICES if holds[name]]
