"""One measured step in a process of its own, so that its peak memory is its own: prints one line of JSON."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.semantics.make_lake import questions
from semantic.index import Index, build_index
from semantic.lake import find_lake
from semantic.types import Progress
from semantic.vectors.encoders import find_encoder

_QUESTIONS = 100
_WARM_UP = 5


def main() -> None:
    step, path, home, encoder = sys.argv[1:5]
    figures = _build(path, home, encoder) if step == "build" else _search(path, home, encoder)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(json.dumps(figures | {"peak_mib": _peak_mib() + children}))


def _peak_mib() -> int:
    # What `getrusage` says of a process begins with the peak of the one that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _build(path: str, home: str, encoder: str) -> dict[str, Any]:
    phases: dict[str, float] = {}
    peaks: dict[str, int] = {}
    start = last = time.perf_counter()

    def progress(step: Progress) -> None:
        nonlocal last
        now = time.perf_counter()
        name = step.phase if phases else "catalog"
        phases.setdefault(step.phase, 0.0)
        phases[name] = phases.get(name, 0.0) + now - last
        peaks[step.phase] = _peak_mib()
        last = now

    report = build_index(find_lake(path, home=Path(home)), encoder=find_encoder(encoder), progress=progress)
    phases["publish"] = time.perf_counter() - last
    folder = Path(home) / "index" / report.version
    return {
        "seconds": time.perf_counter() - start, "tables": report.tables, "columns": report.columns,
        "read": report.changed, "embedded": report.embedded, "joins": report.relationships,
        "phases": {name: round(seconds, 2) for name, seconds in phases.items()}, "peak_after": peaks,
        "bytes": {file.name: file.stat().st_size for file in sorted(folder.iterdir())},
    }  # fmt: skip


def _search(path: str, home: str, encoder: str) -> dict[str, Any]:
    start = time.perf_counter()
    with Index.open(find_lake(path, home=Path(home)), encoder=find_encoder(encoder)) as index:
        opened = time.perf_counter() - start
        index.search("warm up the caches of the index")
        first = time.perf_counter() - start
        for question in questions(_WARM_UP, seed=99):
            index.search(question)
        times = [_time(index, question) for question in questions(_QUESTIONS)]
        embedding = [_time_encoder(encoder, question) for question in questions(20)]
    return {
        "open_s": opened, "first_s": first, "p50_ms": statistics.median(times) * 1000,
        "p95_ms": statistics.quantiles(times, n=20)[-1] * 1000, "encode_ms": statistics.median(embedding) * 1000,
    }  # fmt: skip


def _time(index: Index, question: str) -> float:
    start = time.perf_counter()
    index.search(question)
    return time.perf_counter() - start


def _time_encoder(encoder: str, question: str) -> float:
    start = time.perf_counter()
    find_encoder(encoder).encode([question])
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
