"""The same work for every system: some questions one after the other, then many at once; no import of the project.

A system is a function that makes an `ask`, one for each thread; `ask` answers a question and tells whether rows came.
"""

from __future__ import annotations

import argparse
import itertools
import json
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

Ask = Callable[[str], bool]
WARM_UP = 5


def arguments() -> argparse.Namespace:
    """Return what a runner is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("system")
    parser.add_argument("--url", required=True, help="address of the scripted server")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True, help="one question a line")
    parser.add_argument("--alone", type=int, required=True, help="questions asked one after the other")
    parser.add_argument("--many", type=int, required=True, help="questions of the batch")
    parser.add_argument("--jobs", type=int, required=True, help="threads of the batch")
    return parser.parse_args()


def run(make: Callable[[], Ask], told: argparse.Namespace) -> None:
    """Ask, and print the seconds of each question that was asked alone and of the batch, as JSON."""
    questions = told.questions.read_text(encoding="utf-8").splitlines()
    asks = [make() for _ in range(told.jobs)]
    for ask in asks:
        for question in questions[:WARM_UP]:
            ask(question)
    alone, right = [], 0
    for question in itertools.islice(itertools.cycle(questions), told.alone):
        start = time.perf_counter()
        right += asks[0](question)
        alone.append(time.perf_counter() - start)
    start = time.perf_counter()
    answered = _at_once(asks, list(itertools.islice(itertools.cycle(questions), told.many)))
    wall = time.perf_counter() - start
    found = {"alone": alone, "alone_answered": right, "wall": wall, "many": told.many, "answered": answered}
    print(json.dumps(found), flush=True)


def _at_once(asks: list[Ask], questions: list[str]) -> int:
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for question in questions:
        waiting.put(question)
    found: list[bool] = []

    def work(ask: Ask) -> None:
        while True:
            try:
                question = waiting.get_nowait()
            except queue.Empty:
                return
            found.append(ask(question))

    threads = [threading.Thread(target=work, args=(ask,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(found)
