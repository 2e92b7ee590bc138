"""Checkpoints of a training: weights that are trained, the optimizer, the dice, and how far it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from bench.train.model import FROZEN, Parser
from genie_ext.embedded.parser.grammar import WORDS

CHECKPOINT = "checkpoint.pt"


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a training is.

    Attributes:
        examples: Number of examples that are trained on.
        batch: Number of examples in a batch.
        seed: Seed of the order of batches.
        step: Batches done in all.
        epoch: Epochs done.
        done: Batches done in this epoch.
        elapsed: Seconds of wall time.
        sets: Sets that are trained on, with the number of examples of each.
        held_loss: Loss on the held-out examples at the last report.
        held_right: Share of held-out plans that were right action by action at the last report.
    """

    examples: int = 0
    batch: int = 16
    seed: int = 0
    step: int = 0
    epoch: int = 0
    done: int = 0
    elapsed: float = 0.0
    sets: dict[str, int] = field(default_factory=dict)
    held_loss: float = 0.0
    held_right: float = 0.0


def trained(parser: Parser) -> dict[str, torch.Tensor]:
    """Return the weights that are trained, by name."""
    return {name: weights.detach().cpu() for name, weights in parser.state_dict().items() if name not in FROZEN}


def save_checkpoint(folder: Path, parser: Parser, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    """Replace the checkpoint of a folder; an interruption leaves the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = {
        "parser": trained(parser),
        "optimizer": optimizer.state_dict(),
        "progress": asdict(progress),
        "words": list(WORDS),
        "dice": torch.get_rng_state(),
        "dice of the device": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }
    fresh = folder / f"{CHECKPOINT}.new"
    torch.save(saved, fresh)
    fresh.replace(folder / CHECKPOINT)


def load_checkpoint(folder: Path, parser: Parser, optimizer: torch.optim.Optimizer, asked: Progress) -> Progress:
    """Set parser, optimizer and dice to those of a checkpoint, and return how far it is.

    Raises:
        SystemExit: There is no checkpoint, or it is one of other examples, batches or seeds.
    """
    saved = load_parser(parser, folder / CHECKPOINT)
    progress = Progress(**saved["progress"])
    for name in ("examples", "batch", "seed"):
        if getattr(progress, name) != getattr(asked, name):
            raise SystemExit(
                f"The checkpoint in {folder} has {name} {getattr(progress, name)}, not {getattr(asked, name)}: "
                "resume with the same data, --batch and --seed, or start anew with --start."
            )
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["dice"])
    if torch.cuda.is_available() and saved["dice of the device"] is not None:
        torch.cuda.set_rng_state(saved["dice of the device"])
    return progress


def load_parser(parser: Parser, path: Path) -> dict[str, Any]:
    """Set the weights of a parser to those of a checkpoint, and return the checkpoint.

    Raises:
        SystemExit: There is no checkpoint, or its grammar has other words.
    """
    saved = read_checkpoint(path)
    left = parser.load_state_dict(saved["parser"], strict=False)
    if left.unexpected_keys or set(left.missing_keys) - set(FROZEN):
        raise SystemExit(f"The checkpoint {path} is of another network.")
    return saved


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint.

    Raises:
        SystemExit: There is none, or its grammar has other words.
    """
    if not path.is_file():
        raise SystemExit(f"There is no checkpoint {path}.")
    saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if saved["words"] != list(WORDS):
        raise SystemExit(f"The checkpoint {path} was trained on another grammar: prepare and fit anew.")
    return saved
