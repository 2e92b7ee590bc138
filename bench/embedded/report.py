"""Report: the figures of collected rows as a table in Markdown, one line a set and one for each slice of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bench.embedded.collect import SLICES
from bench.embedded.figures import Band, Outcome, band, calibration_error, cpu_marks, judge
from genie_ext.scoring import wilson

THRESHOLDS = (0.9, 0.8, 0.7)
_NONE = "–"


def head(answer_above: float) -> Iterator[str]:
    """Yield the head of the table."""
    bands = [f"from {mark:g}" for mark in (*THRESHOLDS, answer_above)]
    bands[-1] += " (default)"
    names = ["set", "slice", "n", "right (95 %)", "rules", "parser", "executed", "in three", *bands, "ECE", "CPU s"]
    yield f"| {' | '.join(names)} |"
    yield f"|---|---|{'---:|' * (len(names) - 2)}"


def block(rows: Sequence[Mapping[str, Any]], weights: Mapping[str, float], answer_above: float) -> Iterator[str]:
    """Yield the lines of one set: all of it, then its slices, each where a question belongs to it.

    Args:
        rows: Collected rows of the set.
        weights: Weights of the ranking.
        answer_above: Chance from which the product answers.
    """
    yield _line("all", rows, weights, answer_above)
    for name in SLICES:
        own = [row for row in rows if name in row["slices"]]
        if own:
            yield _line(name, own, weights, answer_above)


def _line(name: str, rows: Sequence[Mapping[str, Any]], weights: Mapping[str, float], answer_above: float) -> str:
    outcomes = [judge(row, weights) for row in rows]
    low, high = wilson(sum(outcome.winner for outcome in outcomes), len(outcomes))
    error, marks = calibration_error(outcomes), cpu_marks(rows)
    cells = [
        str(rows[0]["set"]),
        name,
        str(len(rows)),
        f"{_share(outcomes, lambda o: o.winner)} ({low:.1%} to {high:.1%})",
        _share(outcomes, lambda o: o.rules),
        _share(outcomes, lambda o: o.parser),
        _share(outcomes, lambda o: o.among),
        _share(outcomes, lambda o: o.in_three),
        *(_band(band(outcomes, mark)) for mark in (*THRESHOLDS, answer_above)),
        _NONE if error is None else f"{error:.3f}",
        _NONE if marks is None else f"{marks[0]:.2f} / {marks[1]:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _share(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    return f"{sum(map(holds, outcomes)) / len(outcomes):.1%}"


def _band(found: Band) -> str:
    """Return the share answered and, of it, the share that is right."""
    return f"{found.coverage:.1%}: {_NONE if found.precision is None else f'{found.precision:.1%}'}"
