"""What collected rows say about the winner, the rules, the parser and their chances."""

from __future__ import annotations

import math
from typing import Any

import pytest

from bench.embedded.figures import Band, band, calibration_error, cpu_marks, judge

WEIGHTS = {"share": 1.0, "bias": 0.0}


def make_group(share: float, *, right: bool, sources: tuple[str, ...], parsed: float | None) -> dict[str, Any]:
    return {"features": {"share": share}, "right": right, "sources": list(sources), "parsed": parsed}


def make_row(*groups: dict[str, Any], settled: str = "") -> dict[str, Any]:
    return {"settled": settled, "groups": list(groups)}


def test_judge_takes_the_likeliest_group_by_the_weights_for_the_winner() -> None:
    row = make_row(
        make_group(0.1, right=False, sources=("parser",), parsed=-0.5),
        make_group(0.9, right=True, sources=("rules", "parser"), parsed=-2.0),
    )
    outcome = judge(row, WEIGHTS)
    assert outcome.winner
    assert outcome.chance == pytest.approx(1 / (1 + math.exp(-0.9)))
    assert (outcome.rules, outcome.parser, outcome.among) == (True, False, True)
    assert not judge(row, WEIGHTS | {"share": -1.0}).winner


def test_judge_looks_for_a_right_one_among_the_first_three_and_among_all() -> None:
    shares = (0.9, 0.8, 0.7, 0.6)
    wrong = [make_group(share, right=False, sources=("parser",), parsed=-share) for share in shares]
    fourth = judge(make_row(*wrong[:3], wrong[3] | {"right": True}), WEIGHTS)
    assert (fourth.winner, fourth.in_three, fourth.among) == (False, False, True)
    third = judge(make_row(*wrong[:2], wrong[2] | {"right": True}, wrong[3]), WEIGHTS)
    assert (third.winner, third.in_three, third.among) == (False, True, True)


def test_judge_counts_what_is_settled_for_all_with_its_own_confidence() -> None:
    outcome = judge(make_row({"chance": 0.8, "right": True, "sources": ["rules"]}, settled="final"), WEIGHTS)
    assert outcome.chance == 0.8
    assert all((outcome.winner, outcome.rules, outcome.parser, outcome.among, outcome.in_three))


def test_judge_counts_a_refusal_as_not_right() -> None:
    outcome = judge(make_row(settled="Refusal"), WEIGHTS)
    assert outcome.chance is None
    assert not any((outcome.winner, outcome.rules, outcome.parser, outcome.among, outcome.in_three))


def settled(chance: float, *, right: bool) -> dict[str, Any]:
    return make_row({"chance": chance, "right": right, "sources": ["rules"]}, settled="final")


def test_band_gives_the_share_answered_of_all_and_the_share_right_of_it() -> None:
    rows = [settled(0.95, right=True), settled(0.9, right=False), settled(0.3, right=True), make_row(settled="Refusal")]
    outcomes = [judge(row, WEIGHTS) for row in rows]
    assert band(outcomes, 0.9) == Band(coverage=0.5, precision=0.5)
    assert band(outcomes, 0.99) == Band(coverage=0.0, precision=None)


def test_calibration_error_is_the_mean_distance_of_chances_from_what_came_true() -> None:
    rows = [settled(0.95, right=True), settled(0.95, right=False), settled(0.25, right=False), make_row(settled="x")]
    error = calibration_error([judge(row, WEIGHTS) for row in rows])
    assert error == pytest.approx((2 * 0.45 + 0.25) / 3)
    assert calibration_error([judge(make_row(settled="x"), WEIGHTS)]) is None


def test_cpu_marks_leave_out_the_first_question_of_a_database() -> None:
    rows = [{"cpu": 9.0, "warm": False}, *({"cpu": cpu, "warm": True} for cpu in (0.1, 0.2, 0.3))]
    marks = cpu_marks(rows)
    assert marks is not None
    assert marks == pytest.approx((0.2, 0.29))
    assert cpu_marks(rows[:2]) is None
