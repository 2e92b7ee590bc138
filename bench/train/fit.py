"""Training: epochs of batches until a budget of minutes is spent, with checkpoints that a later run goes on from."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench.train.augment import augment
from bench.train.batches import collate, in_order, plan_epoch, usable
from bench.train.checkpoints import Progress, load_checkpoint, load_parser, save_checkpoint
from bench.train.examples import ROLES, Example, load_examples
from bench.train.model import Batch, Parser, loss, pretrained
from genie_ext.embedded.parser.grammar import WORDS
from genie_ext.embedded.parser.inputs import FEATURES
from semantic.vectors.encoders import MiniLMEncoder

RATE, DECAY, CLIP = 4e-4, 0.01, 1.0
_WARM_UP = 0.04


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        help="folder with train.npz and, where some are held out, held.npz; may be repeated",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint.pt")
    parser.add_argument("--minutes", type=float, required=True, help="budget of wall time; rates decay to 0 over it")
    parser.add_argument("--batch", type=int, default=16, help="examples in a batch")
    parser.add_argument("--encoder-rate", type=float, default=1e-4, help="highest learning rate of MiniLM's layers")
    parser.add_argument("--dropout", type=float, default=0.1, help="share of states dropped; 0 where time is short")
    parser.add_argument("--threads", type=int, default=1, help="threads of the CPU")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to train")
    parser.add_argument("--seed", type=int, default=7, help="seed of the weights, the batches and the dropout")
    parser.add_argument("--resume", action="store_true", help="go on from checkpoint.pt in --out")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights a new run starts from")
    parser.add_argument("--report-minutes", type=float, default=5.0, help="how often to measure and save")
    parser.add_argument("--held-limit", type=int, default=500, help="held-out examples that a report measures")


def run(arguments: argparse.Namespace) -> None:
    """Train until the budget is spent."""
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    device = torch.device(arguments.device)
    sets = {folder.name: usable(load_examples(folder / "train.npz")) for folder in arguments.data}
    train = [example for examples in sets.values() for example in examples]
    held = usable(load_held(arguments.data))
    held = random.Random(arguments.seed).sample(held, min(arguments.held_limit, len(held)))
    if len(sets) < len(arguments.data):
        raise SystemExit("Two folders of --data have the same name; rename one.")
    parser = new_parser(dropout=arguments.dropout).to(device)
    progress = Progress(examples=len(train), batch=arguments.batch, seed=arguments.seed)
    progress.sets = {name: len(examples) for name, examples in sets.items()}
    training = Training(
        parser=parser,
        optimizer=make_optimizer(parser, encoder_rate=arguments.encoder_rate),
        device=device,
        minutes=arguments.minutes,
        folder=arguments.out,
        progress=progress,
    )
    if arguments.start:
        load_parser(parser, arguments.start)
    if arguments.resume:
        training.progress = load_checkpoint(arguments.out, parser, training.optimizer, progress)
    print(f"{len(train)} examples, {len(held)} held out, {training.progress.elapsed / 60:.1f} minutes done", flush=True)
    training.train(train, held, report_every=60 * arguments.report_minutes)


def load_held(folders: Sequence[Path]) -> list[Example]:
    """Return the held-out examples of folders; one of synthetic questions alone has none.

    Raises:
        SystemExit: No folder has any.
    """
    files = [folder / "held.npz" for folder in folders if (folder / "held.npz").exists()]
    if not files:
        raise SystemExit("No folder of --data has a held.npz, so nothing would be measured: add one that has.")
    return [example for file in files for example in load_examples(file)]


def new_parser(*, dropout: float = 0.0) -> Parser:
    """Return the parser of this grammar, which starts from the installed MiniLM."""
    minilm = MiniLMEncoder().folder / "model.safetensors"
    return pretrained(len(WORDS), FEATURES, len(ROLES), minilm=minilm, dropout=dropout)


def make_optimizer(parser: Parser, *, encoder_rate: float = 1e-4) -> torch.optim.AdamW:
    """Return an optimizer that moves the pretrained layers slowly and decays no norm and no bias."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, weights in parser.named_parameters():
        if weights.requires_grad:
            rate = encoder_rate if name.startswith(("encoder.", "embeddings.")) else RATE
            groups.setdefault((rate, DECAY if weights.ndim > 1 else 0.0), []).append(weights)
    rows = [{"params": own, "lr": rate, "most": rate, "weight_decay": decay} for (rate, decay), own in groups.items()]
    return torch.optim.AdamW(rows, fused=True)


def rate_at(share: float) -> float:
    """Return the share of the full learning rates after a share of the budget: up for a while, then down to 0."""
    return max(0.0, min(share / _WARM_UP, (1 - share) / (1 - _WARM_UP)))


@dataclass(slots=True, kw_only=True)
class Training:
    """A run of training.

    Attributes:
        parser: What is trained.
        optimizer: What moves its weights.
        device: Where.
        minutes: Budget of wall time, over all the runs that go on from one another.
        folder: Where checkpoints go.
        progress: How far it is.
    """

    parser: Parser
    optimizer: torch.optim.AdamW
    device: torch.device
    minutes: float
    folder: Path
    progress: Progress = field(default_factory=Progress)

    def train(self, train: list[Example], held: list[Example], *, report_every: float) -> None:
        """Run batches until the budget is spent; report and save at intervals and at the end."""
        progress, budget = self.progress, 60 * self.minutes
        began = time.monotonic() - progress.elapsed
        reported = progress.elapsed
        losses: list[float] = []
        for batch in self._batches(train):
            progress.elapsed = time.monotonic() - began
            if progress.elapsed - reported >= report_every or progress.elapsed >= budget:
                self._report(held, losses)
                reported, losses = progress.elapsed, []
            if progress.elapsed >= budget:
                break
            losses.append(self._step(batch, rate_at(progress.elapsed / budget)))

    def measure(self, examples: list[Example]) -> tuple[float, float]:
        """Return the mean loss of examples, and the share of plans that are right action by action."""
        self.parser.eval()
        losses, right = [], 0
        with torch.no_grad(), self._precision():
            for some in in_order(examples, 32):
                value, exact = loss(self.parser, collate(some, self.device))
                losses.append(float(value) * len(some))
                right += int(exact.sum())
        self.parser.train()
        return sum(losses) / max(len(examples), 1), right / max(len(examples), 1)

    def _step(self, batch: Batch, rate: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = group["most"] * rate
        with self._precision():
            value, _ = loss(self.parser, batch)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([p for p in self.parser.parameters() if p.requires_grad], CLIP)
        self.optimizer.step()
        return value.item()

    def _batches(self, train: list[Example]) -> Iterator[Batch]:
        """Yield batches without end, and keep in `progress` which of them is in hand."""
        progress = self.progress
        while True:
            batches = plan_epoch(train, progress.batch, seed=progress.seed, epoch=progress.epoch)
            left = batches[progress.done :]
            for batch in _ahead(lambda rows: self._collate(train, rows), left):
                yield batch
                progress.step += 1
                progress.done += 1
            progress.epoch, progress.done = progress.epoch + 1, 0

    def _collate(self, train: list[Example], rows: NDArray[np.int64]) -> Batch:
        """Return examples as a batch, each over a schema that is changed anew in every epoch."""
        seeds = (self.progress.seed, self.progress.epoch)
        return collate([augment(train[i], np.random.default_rng((*seeds, i))) for i in rows], self.device)

    def _report(self, held: list[Example], losses: list[float]) -> None:
        progress = self.progress
        progress.held_loss, progress.held_right = self.measure(held)
        save_checkpoint(self.folder, self.parser, self.optimizer, progress)
        print(
            f"{progress.elapsed / 60:7.1f} min  step {progress.step:6d}  epoch {progress.epoch}"
            f"  loss {sum(losses) / max(len(losses), 1):.3f}"
            f"  held {progress.held_loss:.3f}  right {progress.held_right:.1%}",
            flush=True,
        )

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda")


def _ahead(make: Callable[[NDArray[np.int64]], Batch], plans: list[NDArray[np.int64]]) -> Iterator[Batch]:
    """Yield the batch of each plan, with the next one in the making."""
    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(make, plan) for plan in plans[:1]]
        for following in [*plans[1:], None]:
            batch = coming.pop().result()
            if following is not None:
                coming.append(pool.submit(make, following))
            yield batch
