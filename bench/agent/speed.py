"""Overhead and throughput: the same questions and replies through every system, in one run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.agent.script import read_questions

_OURS = ("every question to models", "as it ships")
_PEERS = ("vanna", "langchain")
_LEGEND = """
p50, p95: milliseconds of a question asked alone, the model answering at once and the query included. batch: questions
a second, {jobs} at once. answered: share of the batch that came back with rows. Peers call the model twice a question,
the fewest that their loops allow; the model path calls the planner and the writer."""


def measure(told: Namespace) -> None:
    """Print a line for every system."""
    asked = read_questions(told.questions)
    print(f"{'':26}{'p50 ms':>8}{'p95 ms':>8}{'batch':>8}{'answered':>10}   n = {told.alone}, {told.many}")
    with tempfile.TemporaryDirectory() as folder, scripted(told.questions) as url:
        listed = Path(folder) / "questions.txt"
        listed.write_text("\n".join(dict.fromkeys(question for question, _ in asked)), encoding="utf-8")
        for system, command in _systems(told):
            found = _run([*command, system, *_told(told, url, listed)])
            print(f"{system:26}" + _line(found), flush=True)
    print(_LEGEND.format(jobs=told.jobs))


@contextmanager
def scripted(questions: Path) -> Iterator[str]:
    """Serve the gold SQL from a process of its own; yield the address."""
    command = [sys.executable, "-m", "bench.agent.script", str(questions)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def _systems(told: Namespace) -> Iterator[tuple[str, list[str]]]:
    yield from ((system, [sys.executable, "-m", "bench.agent.ours"]) for system in _OURS)
    if told.peers is not None:
        yield from ((system, [str(told.peers), "bench/agent/peers.py"]) for system in _PEERS)


def _told(told: Namespace, url: str, listed: Path) -> list[str]:
    given = {
        "url": url, "database": told.database.resolve(), "questions": listed,
        "alone": told.alone, "many": told.many, "jobs": told.jobs,
    }  # fmt: skip
    return [part for name, value in given.items() for part in (f"--{name}", str(value))]


def _run(command: Sequence[str]) -> Mapping[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _line(found: Mapping[str, Any]) -> str:
    cuts = statistics.quantiles(found["alone"], n=20)
    p50, p95 = statistics.median(found["alone"]) * 1000, cuts[-1] * 1000
    rate, answered = found["many"] / found["wall"], found["answered"] / found["many"]
    return f"{p50:8.0f}{p95:8.0f}{rate:8.1f}{answered:10.1%}"
