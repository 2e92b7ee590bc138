"""Batches of examples of about one length, padded to the longest of each batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from bench.train.examples import ROLES, Example
from bench.train.model import POSITIONS, Batch

_TOKENS = 512
# Lengths are sorted within this many batches, so that batches waste little on padding and differ in every epoch.
_POOL = 40


def usable(examples: Sequence[Example]) -> list[Example]:
    """Return the examples that fit into the positions of the network and have something to point to."""
    return [
        e for e in examples if len(e.inputs.ids) <= _TOKENS and len(e.actions) <= POSITIONS + 1 and len(e.inputs.kinds)
    ]


def plan_epoch(examples: Sequence[Example], size: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch as indices of examples; each example stands in one of them."""
    rng = np.random.default_rng((seed, epoch))
    order = rng.permutation(len(examples))
    lengths = np.array([len(e.inputs.ids) for e in examples])
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), size * _POOL):
        pool = order[start : start + size * _POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def in_order(examples: Sequence[Example], size: int) -> Iterator[list[Example]]:
    """Yield all examples once, the shortest first."""
    by_length = sorted(examples, key=lambda e: len(e.inputs.ids))
    for start in range(0, len(by_length), size):
        yield by_length[start : start + size]


def collate(examples: Sequence[Example], device: torch.device) -> Batch:
    """Return the examples as one padded batch on a device."""
    size, inputs = len(examples), [e.inputs for e in examples]
    tokens, items = max(len(i.ids) for i in inputs), max(len(i.kinds) for i in inputs)
    asked = max(i.question[1] - i.question[0] for i in inputs)
    length, words = max(len(e.allowed) for e in examples), examples[0].allowed.shape[1] - 3
    batch = {
        "ids": np.zeros((size, tokens), np.int64),
        "present": np.zeros((size, tokens), np.bool_),
        "question": np.zeros((size, asked), np.int64),
        "members": np.zeros((size, items, tokens), np.float32),
        "kinds": np.zeros((size, items), np.int64),
        "owners": np.zeros((size, items), np.int64),
        "features": np.zeros((size, items, inputs[0].features.shape[1]), np.float32),
        "memory": np.zeros((size, asked + items), np.bool_),
        "written": np.zeros((size, length), np.int64),
        "wanted": np.full((size, length), -1, np.int64),
        "allowed": np.zeros((size, length, words + items), np.bool_),
        "roles": np.zeros((size, items, len(ROLES)), np.float32),
    }
    for row, example in enumerate(examples):
        _fill({name: rows[row] for name, rows in batch.items()}, example, words=words, asked=asked)
    return Batch(**{name: torch.from_numpy(rows).to(device, non_blocking=True) for name, rows in batch.items()})


def _fill(row: dict[str, NDArray[np.generic]], example: Example, *, words: int, asked: int) -> None:
    inputs, length = example.inputs, len(example.allowed)
    count, (first, last) = len(inputs.kinds), inputs.question
    row["ids"][: len(inputs.ids)] = inputs.ids
    row["present"][: len(inputs.ids)] = True
    row["question"][: last - first] = np.arange(first, last)
    places = np.arange(row["members"].shape[1])
    row["members"][:count] = (places >= inputs.spans[:, :1]) & (places < inputs.spans[:, 1:])
    for name in ("kinds", "owners", "features"):
        row[name][:count] = getattr(inputs, name)
    row["memory"][: last - first] = True
    row["memory"][asked : asked + count] = True
    row["written"][:length] = example.actions[:-1]
    row["wanted"][:length] = example.actions[1:]
    row["allowed"][:length, :words] = example.allowed[:, :words]
    row["allowed"][:length, words : words + count] = example.allowed[:, words + inputs.kinds]
    row["roles"][:count] = example.roles
