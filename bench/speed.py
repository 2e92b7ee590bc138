"""Speed and memory of indexing and asking one lake: python bench/speed.py LAKE [--home DIR] [--questions FILE].

Every figure is the median or a named percentile of several runs in this one process or of fresh processes, and stands
beside the limit it is held against. Without a file of questions it asks about tables and columns drawn from the lake.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from genie_ext.config import load_settings
from genie_ext.embedded.words import plain_name
from genie_ext.errors import GenieError
from genie_ext.session import Session

_BUILD = """
import resource, sys, time
from pathlib import Path
from semantic.index import build_index
from semantic.lake import find_lake
start = time.perf_counter()
report = build_index(find_lake(sys.argv[1], home=Path(sys.argv[2])))
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(time.perf_counter() - start, own, children, report.tables, report.columns, report.changed, report.embedded)
"""


def main() -> None:
    options = _options()
    home = options.home or Path(tempfile.mkdtemp(prefix="genie-speed-"))
    own = load_settings(options.lake, home=home).home_of(options.lake) or home
    figures = _start() | _index(options.lake, own) | _ask(options, home)
    print(json.dumps(figures, indent=2) if options.json else _table(figures))
    if options.home is None:
        shutil.rmtree(home)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", type=Path)
    parser.add_argument("--home", type=Path, help="Where the index goes; a folder that is removed again by default.")
    parser.add_argument("--questions", type=Path, help="One question a line.")
    parser.add_argument("--count", type=int, default=60, help="Questions drawn from the lake where no file is given.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _start() -> dict[str, str]:
    imported = _best(lambda: _run("-c", "import genie_ext"), 5) - _best(lambda: _run("-c", "pass"), 5)
    return {"import genie_ext": f"{imported:.3f} s above an empty Python (limit 0.5 s)"}


def _index(lake: Path, home: Path) -> dict[str, str]:
    shutil.rmtree(home / "index", ignore_errors=True)
    cold, again = (_run("-c", _BUILD, str(lake), str(home)).split() for _ in range(2))
    seconds, own, children, tables, columns = float(cold[0]), int(cold[1]), int(cold[2]), cold[3], cold[4]
    return {
        "index, cold": f"{seconds:.1f} s for {tables} tables, {columns} columns, {cold[6]} texts embedded",
        "memory of it": f"{own / 1024:.0f} MiB at most, {children / 1024:.0f} MiB in its largest child",
        "index, unchanged": f"{float(again[0]):.2f} s, {float(again[0]) / seconds:.1%} of the first (limit 10 %)",
    }


def _ask(options: argparse.Namespace, home: Path) -> dict[str, str]:
    settings = load_settings(options.lake, home=home, answer_above=0.0)
    with Session(options.lake, settings=settings) as session:
        questions = _questions(options, session)
        session.ask(questions[0])
        seconds, answered = [], 0
        for question in questions:
            start = time.perf_counter()
            with suppress(GenieError):  # an error is an outcome too, and its time counts
                answered += session.ask(question).answer is not None
            seconds.append(time.perf_counter() - start)
    command = ["-m", "genie_ext.cli", "ask", questions[0], "--lake", str(options.lake), "-s", f"home={home}"]
    cold = _best(lambda: _run(*command, check=False), 3)
    cut = statistics.quantiles(seconds, n=20)
    return {
        "question, warm": f"p50 {statistics.median(seconds):.3f} s, p95 {cut[18]:.3f} s (limit 1 s), "
        f"n = {len(seconds)}, {answered} answered",
        "genie ask, cold": f"{cold:.2f} s for a fresh process (best of 3)",
        "memory of asking": f"{_memory_mb():.0f} MiB at most in this process",
    }


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _questions(options: argparse.Namespace, session: Session) -> list[str]:
    if options.questions:
        lines = options.questions.read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip()]
    tables = session.index.table_ids()
    chosen = random.Random(7).sample(tables, k=min(options.count, len(tables)))
    return [question for table in chosen for question in _about(session, table)][: options.count]


def _about(session: Session, table_id: object) -> list[str]:
    table = session.index.table(table_id)  # type: ignore[arg-type]
    name = plain_name(table.id.name)
    numbers = [c for c in table.columns if c.family == "number"]
    texts = [c for c in table.columns if c.family == "text"]
    found = [f"How many {name} are there?"]
    if numbers:
        found.append(f"What is the average {plain_name(numbers[-1].name)} of {name}?")
    if texts:
        found.append(f"How many {name} are there for each {plain_name(texts[-1].name)}?")
    return found


def _run(*arguments: str, check: bool = True) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def _best(work: object, times: int) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        best = min(best, time.perf_counter() - start)
    return best


def _table(figures: dict[str, str]) -> str:
    return "\n".join(f"{name:<18} {figure}" for name, figure in figures.items())


if __name__ == "__main__":
    main()
