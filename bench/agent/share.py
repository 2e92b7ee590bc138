"""How many questions need a model at all, and how much of what models read and write is the frontier model's.

Each question goes through the model path as it ships; the planner leaves every step to be written and the writer knows
the gold SQL, so that no call is saved by a plan that compiles and none is lost to a query that has to be mended.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.agent.script import PLANNER, WRITER, Script
from genie_ext.config import load_settings
from genie_ext.errors import GenieError
from genie_ext.evaluate import Case, find_database, read_bench
from genie_ext.models.scripted import Asked, Scripted, ScriptedServer
from genie_ext.models.tokens import count_tokens
from genie_ext.session import Session


@dataclass(slots=True)
class _Watched:
    """A script that counts the calls and the tokens of each model."""

    script: Script
    calls: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)

    def __call__(self, asked: Asked) -> Scripted:
        reply = self.script(asked)
        self.calls[asked.body["model"]] += 1
        self.tokens[asked.body["model"]] += count_tokens(asked.prompt) + count_tokens(reply.said)
        return reply


def measure(told: Namespace) -> None:
    """Ask, and print shares."""
    cases = [case for case in read_bench(told.bench, told.list) if case.gold and not case.history]
    watched = _Watched(Script({" ".join(case.question.split()): case.gold[0] for case in cases}))
    tiers: Counter[str] = Counter()
    grouped: dict[Path, list[Case]] = defaultdict(list)
    for case in cases:
        grouped[find_database(case, (told.bench,))].append(case)
    with ScriptedServer(watched) as server:
        for path, group in grouped.items():
            tiers += _ask(path, group, server.openai_url, told.home)
    _report(len(cases), tiers, watched)


def _ask(path: Path, cases: list[Case], url: str, home: Path) -> Counter[str]:
    models: dict[str, Any] = {
        "planner": {"provider": "openai", "model": PLANNER, "tier": "frontier", "base_url": url},
        "writer": {"provider": "openai", "model": WRITER, "tier": "open", "base_url": url},
    }
    settings = load_settings(
        path, home=home / f"{path.parent.parent.name}-{path.stem}", models=models, response_cache=False, effort="low"
    )
    tiers: Counter[str] = Counter()
    with Session(path, settings=settings) as session:
        for case in cases:
            try:
                turn = session.ask(case.question)
                tiers["asked back" if turn.clarification else "refused" if turn.refusal else turn.tier] += 1
            except GenieError:
                tiers["error"] += 1
    return tiers


def _report(asked: int, tiers: Counter[str], watched: _Watched) -> None:
    print(f"n = {asked}")
    for tier, count in tiers.most_common():
        print(f"  {tier:12}{count:6}{count / asked:8.1%} of the questions")
    calls, tokens = watched.calls, watched.tokens
    for model, tier in ((PLANNER, "frontier"), (WRITER, "open")):
        share, read = calls[model] / max(calls.total(), 1), tokens[model] / max(tokens.total(), 1)
        print(f"  {tier:12}{calls[model]:6} calls {share:6.1%}{tokens[model]:10,} tokens {read:6.1%}")
    everywhere = asked * tokens.total() / max(calls[PLANNER], 1)
    print(f"  frontier tokens against all questions planned and written there: {tokens[PLANNER] / everywhere:.1%}")
