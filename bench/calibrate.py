"""Fit the confidence of the embedded tier: python bench/calibrate.py DETAILS.jsonl [...].

Reads what `genie eval … -s answer_above=0 --details DETAILS.jsonl` wrote and fits `_SCALE` and `_SHIFT` of
`genie_ext/embedded/plan.py`, so that of the answers given with 80 % four in five are right (Platt, 1999, on log odds).
The error is measured on databases left out of the fit, one fold in five.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genie_ext.embedded.confidence import uncalibrate

Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("details", type=Path, nargs="+")
    said, right, folds = _read(parser.parse_args().details)
    odds = np.array([uncalibrate(chance) for chance in said])
    scale, shift = _fit(odds, right)
    held = np.empty_like(odds)
    for fold in range(5):
        inside = folds != fold
        part = _fit(odds[inside], right[inside])
        held[~inside] = part[0] * odds[~inside] + part[1]
    now = np.array([_odds(value) for value in said])
    print(f"n = {len(odds)} answers, {right.mean():.1%} right")
    print(f"_SCALE, _SHIFT = {scale:.3f}, {shift:.3f}")
    print(f"expected calibration error: {_error(now, right):.3f} now, {_error(held, right):.3f} fitted, held out")


def _read(paths: list[Path]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["answered"] and row["sql"]]
    said = np.clip([row["planned"] for row in rows], 0.001, 0.999)  # stored with three decimals
    right = np.array([float(bool(row["right"])) for row in rows])
    folds = np.array([int(hashlib.sha256(row["db"].encode()).hexdigest(), 16) % 5 for row in rows])
    return said, right, folds


def _fit(odds: Floats, right: Floats) -> tuple[float, float]:
    """Return scale and shift by Newton's method on the log loss, with a weak pull of the scale to 1."""
    weights = np.array([1.0, 0.0])
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (right - chance) - np.array([weights[0] - 1.0, 0.0])
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag([1.0, 1e-9])
        weights += np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def _odds(chance: float) -> float:
    return math.log(chance / (1 - chance))


def _error(odds: Floats, right: Floats) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    chance = 1 / (1 + np.exp(-odds))
    bins = np.minimum((chance * 10).astype(int), 9)
    gaps = [abs(chance[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist())]
    return float(sum(gaps))


if __name__ == "__main__":
    main()
