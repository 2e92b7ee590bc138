"""Export: the trained weights in half precision, with a card that says what they are."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import torch

from bench.train.checkpoints import read_checkpoint
from genie_ext.embedded.parser.grammar import WORDS
from genie_ext.embedded.parser.weights import SHIPPED, VERSION, Card, load_weights, sha256_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint.pt of a training")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="file of weights; its card goes beside it")


def run(arguments: argparse.Namespace) -> None:
    """Write weights and card, and load them as the product does."""
    saved = read_checkpoint(arguments.checkpoint)
    export(saved["parser"], saved["progress"], arguments.out)
    count = sum(rows.size for rows in load_weights(arguments.out).values())
    print(f"{arguments.out}: {count / 1e6:.1f} million weights, {arguments.out.stat().st_size / 1e6:.1f} MB")


def export(weights: dict[str, torch.Tensor], progress: dict[str, Any], path: Path) -> None:
    """Write weights in half precision and their card.

    Raises:
        ValueError: A weight does not fit into half precision.
    """
    from safetensors.torch import save_file

    halves = {name: rows.to(torch.float16).contiguous() for name, rows in weights.items()}
    if wrong := [name for name, rows in halves.items() if not torch.isfinite(rows).all()]:
        raise ValueError(f"Not finite in half precision: {', '.join(wrong)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(halves, path)
    card = Card(
        version=VERSION,
        sha256=sha256_of(path),
        words=list(WORDS),
        trained_on=progress["sets"],
        held_out=progress["held_right"],
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
    )
    path.with_suffix(".json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
