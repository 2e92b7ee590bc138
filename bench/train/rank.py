"""Fit the ranking: what the parser's readings of held-out databases were worth, as weights of a logistic regression."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.folds import fold_of
from genie_ext.embedded.ranking import SHIPPED, chance_of
from genie_ext.embedded.signs import signs

FOLDS = 5
AGAINST = frozenset(
    {
        "rules differ", "rules refuse", "empty", "tied", "nothing", "unlinked", "strange", "numbers left",
        "values left", "names left", "doubts", "key unasked",
        *(f"{sign.name} {way}" for sign in signs() for way in ("left", "unasked")),
    }
)  # fmt: skip
_PULL = 0.3
"""Weight of the penalty on the squared weights of scaled features."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("readings", type=Path, nargs="+", help="files that `python -m bench.train readings` wrote")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the weights go")


def run(arguments: argparse.Namespace) -> None:
    """Write the weights and print how well they rank and how honest they are, on databases left out of each fit."""
    rows = [json.loads(line) for path in arguments.readings for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if not row["settled"] and row["groups"]]
    names = sorted(rows[0]["groups"][0]["features"])
    chances = _held_out(rows, names)
    weights = fit(rows, names)
    _report(rows, chances)
    databases = len({row["db"] for row in rows})
    card = {
        "weights": {name: round(weight, 5) for name, weight in weights.items()},
        "fitted_on": {"questions": len(rows), "databases": databases},
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def fit(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """Return the weight of each feature and the "bias", fitted on all groups of the rows.

    What speaks against a reading anywhere else may only do so here: gold questions always have an answer, so that words
    which nothing explains look harmless in them. A feature of the wrong sign gets no weight.
    """
    weights = _fit(rows, names)
    wrong = {name for name in AGAINST if weights.get(name, 0.0) > 0}
    if not wrong:
        return weights
    return {**fit(rows, [name for name in names if name not in wrong]), **dict.fromkeys(wrong, 0.0)}


def _fit(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, float]:
    features = np.array([[g["features"][name] for name in names] for row in rows for g in row["groups"]])
    right = np.array([float(g["right"]) for row in rows for g in row["groups"]])
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    weights = _newton(np.column_stack([(features - centre) / scale, np.ones(len(right))]), right)
    own = weights[:-1] / scale
    found = dict(zip(names, own.tolist(), strict=True))
    return {**found, "bias": float(weights[-1] - own @ centre)}


def _newton(design: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of least penalised log loss; the last one, the bias, is free."""
    weights = np.zeros(design.shape[1])
    pull = np.full(design.shape[1], _PULL)
    pull[-1] = 1e-6
    for _ in range(40):
        chance = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (right - chance) - pull * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(pull)
        weights += np.linalg.solve(curvature, gradient)
    return weights


def _held_out(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[list[float]]:
    """Return the chance of each group by weights that were fitted without its database."""
    folds = [fold_of(row["db"], FOLDS) for row in rows]
    chances: list[list[float]] = [[] for _ in rows]
    for fold in range(FOLDS):
        weights = fit([row for row, own in zip(rows, folds, strict=True) if own != fold], names)
        for i in (i for i, own in enumerate(folds) if own == fold):
            chances[i] = [_chance(weights, group["features"]) for group in rows[i]["groups"]]
    return chances


def _chance(weights: dict[str, float], features: dict[str, float]) -> float:
    return chance_of(features, weights)


def _report(rows: Sequence[dict[str, Any]], chances: Sequence[Sequence[float]]) -> None:
    picked = [
        (max(own), bool(row["groups"][int(np.argmax(own))]["right"])) for row, own in zip(rows, chances, strict=True)
    ]
    right = np.array([hit for _, hit in picked])
    sure = np.array([chance for chance, _ in picked])
    oracle = np.mean([any(g["right"] for g in row["groups"]) for row in rows])
    print(f"n = {len(rows)}: {right.mean():.1%} right, {oracle:.1%} among the executed, on databases left out")
    for bound in (0.9, 0.8, 0.7, 0.6, 0.5):
        answered = sure >= bound
        precision = right[answered].mean() if answered.any() else float("nan")
        print(f"  from {bound:.1f}: {answered.mean():.1%} answered, {precision:.1%} of them right")
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist()))
    print(f"  expected calibration error {error:.3f}")
