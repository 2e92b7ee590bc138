"""Averaging: the weights of several runs of one start become one network, which errs less than each of them.

Runs that go on from one another lie in one valley of the loss, so that a point between them does too (Wortsman et al.,
"Model soups", 2022).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from bench.train.batches import usable
from bench.train.checkpoints import CHECKPOINT, Progress, read_checkpoint
from bench.train.examples import load_examples
from bench.train.fit import Training, make_optimizer, new_parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("checkpoints", type=Path, nargs="+", help="checkpoint.pt of each run, the last run first")
    parser.add_argument("--shares", type=float, nargs="+", help="share of each, together 1 (default: equal)")
    parser.add_argument("--data", type=Path, required=True, help="folder with held.npz to measure it on")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt")


def run(arguments: argparse.Namespace) -> None:
    """Write the average of the runs, with the progress of the first."""
    saved = [read_checkpoint(path) for path in arguments.checkpoints]
    shares = arguments.shares or [1 / len(saved)] * len(saved)
    if len(shares) != len(saved) or abs(sum(shares) - 1) > 1e-6:
        raise SystemExit("--shares needs one share for each checkpoint, together 1.")
    mean = average([one["parser"] for one in saved], shares)
    progress = Progress(**saved[0]["progress"])
    progress.held_loss, progress.held_right = _measure(mean, arguments.data)
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.save({**saved[0], "parser": mean, "progress": asdict(progress)}, arguments.out / CHECKPOINT)
    print(f"held {progress.held_loss:.3f}  right {progress.held_right:.1%}")


def _measure(weights: dict[str, torch.Tensor], data: Path) -> tuple[float, float]:
    """Return the loss on held-out examples, and the share of plans that are right action by action."""
    parser = new_parser()
    parser.load_state_dict(weights, strict=False)
    training = Training(
        parser=parser, optimizer=make_optimizer(parser), device=torch.device("cpu"), minutes=0.0, folder=data
    )
    return training.measure(usable(load_examples(data / "held.npz")))


def average(weights: Sequence[dict[str, Any]], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """Return the weighted mean of the weights of several networks of one form."""
    return {name: sum(share * one[name] for share, one in zip(shares, weights, strict=True)) for name in weights[0]}
