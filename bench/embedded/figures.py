"""Figures: what collected rows say about the winner, the rules, the parser and the chances they are given."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genie_ext.embedded.ranking import chance_of
from genie_ext.scoring import calibration

_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one question.

    Attributes:
        chance: Chance of the winner, None where nothing is answered at any threshold.
        winner: True where the winner is right.
        rules: True where the reading of the rules is right.
        parser: True where the parser's likeliest reading that runs is right.
        among: True where any executed reading is right.
        in_three: True where one of the three likeliest groups is right.
    """

    chance: float | None
    winner: bool
    rules: bool
    parser: bool
    among: bool
    in_three: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is answered from a chance on: its share of all questions, and the share of it that is right."""

    coverage: float
    precision: float | None


def judge(row: Mapping[str, Any], weights: Mapping[str, float]) -> Outcome:
    """Return the outcome of a row; what is settled before any reading is weighed counts the same for all."""
    groups = [(_chance(group, weights), group) for group in row["groups"]]
    ranked = sorted(groups, key=lambda pair: -pair[0])
    right = [bool(group["right"]) for _, group in ranked]
    parsed = [group for group in row["groups"] if group.get("parsed") is not None]
    first = max(parsed, key=lambda group: group["parsed"], default=None)
    settled = bool(row["settled"]) and any(right)
    return Outcome(
        chance=ranked[0][0] if ranked else None,
        winner=right[:1] == [True],
        rules=any(group["right"] for group in row["groups"] if "rules" in group["sources"]),
        parser=settled or (first is not None and bool(first["right"])),
        among=any(right),
        in_three=any(right[:3]),
    )


def _chance(group: Mapping[str, Any], weights: Mapping[str, float]) -> float:
    return float(group["chance"]) if "chance" in group else chance_of(group["features"], weights)


def band(outcomes: Sequence[Outcome], threshold: float) -> Band:
    """Return how much is answered from a threshold on, and how much of that is right."""
    answered = [outcome.winner for outcome in outcomes if outcome.chance is not None and outcome.chance >= threshold]
    return Band(coverage=len(answered) / len(outcomes), precision=sum(answered) / len(answered) if answered else None)


def calibration_error(outcomes: Sequence[Outcome]) -> float | None:
    """Return the expected calibration error of the winners' chances over ten bins, None where there is no winner."""
    pairs = [(outcome.chance, outcome.winner) for outcome in outcomes if outcome.chance is not None]
    bins = calibration(pairs, bins=_BINS)
    return sum(abs(b["confidence"] - b["right"]) * b["n"] for b in bins) / len(pairs) if pairs else None


def cpu_marks(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """Return the median and the 95th percentile of CPU seconds, less the first question of each database."""
    seconds = [float(row["cpu"]) for row in rows if row["warm"]]
    if len(seconds) < 2:
        return None
    marks = statistics.quantiles(seconds, n=20, method="inclusive")
    return marks[9], marks[18]
