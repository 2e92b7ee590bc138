"""Examples come back as they were stored, and none that contradicts itself is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.train.batches import collate, plan_epoch
from bench.train.examples import Example, load_examples, save_examples
from genie_ext.embedded.parser.inputs import FEATURES, Inputs

WORDS = 5


def make_example(name: str, *, columns: int) -> Example:
    """Return an example with a table and some columns that starts, points to the last column and ends."""
    items = columns + 1
    inputs = Inputs(
        ids=np.arange(items + 6),
        question=(1, 5),
        spans=np.stack([np.arange(items) + 6, np.arange(items) + 7], axis=1),
        kinds=np.array([0] + [1] * columns),
        owners=np.zeros(items, dtype=np.int64),
        features=np.full((items, FEATURES), 0.5, dtype=np.float32),
    )
    allowed = np.zeros((2, WORDS + 3), dtype=np.bool_)
    allowed[0, WORDS + 1] = allowed[1, 1] = True
    roles = np.zeros((items, 6), dtype=np.float32)
    actions = np.array([0, WORDS + columns, 1])
    return Example(inputs=inputs, actions=actions, allowed=allowed, roles=roles, id=name, db="café")


def test_load_examples_returns_what_was_saved(tmp_path: Path) -> None:
    examples = [make_example("one", columns=2), make_example("two", columns=4)]
    save_examples(tmp_path / "new" / "train.npz", examples)
    loaded = load_examples(tmp_path / "new" / "train.npz")
    assert [(e.id, e.db, e.inputs.question) for e in loaded] == [("one", "café", (1, 5)), ("two", "café", (1, 5))]
    for before, after in zip(examples, loaded, strict=True):
        for name, rows in before.arrays().items():
            np.testing.assert_array_equal(after.arrays()[name], rows)
            assert after.arrays()[name].dtype == rows.dtype


def test_save_examples_refuses_an_action_that_the_grammar_does_not_allow(tmp_path: Path) -> None:
    wrong = replace(make_example("one", columns=2), actions=np.array([0, WORDS, 1]))
    with pytest.raises(ValueError, match="Example one does not fit together: an action not allowed"):
        save_examples(tmp_path / "train.npz", [wrong])


def test_save_examples_refuses_roles_of_other_items(tmp_path: Path) -> None:
    wrong = replace(make_example("one", columns=2), roles=np.zeros((1, 6), dtype=np.float32))
    with pytest.raises(ValueError, match="Example one does not fit together: roles"):
        save_examples(tmp_path / "train.npz", [wrong])


def test_collate_allows_only_the_items_of_allowed_kinds() -> None:
    import torch

    batch = collate([make_example("one", columns=2), make_example("two", columns=4)], torch.device("cpu"))
    assert batch.allowed[0, 0].nonzero().flatten().tolist() == [WORDS + 1, WORDS + 2]
    assert batch.allowed[1, 0].nonzero().flatten().tolist() == [WORDS + 1, WORDS + 2, WORDS + 3, WORDS + 4]
    assert batch.wanted.tolist() == [[WORDS + 2, 1], [WORDS + 4, 1]]


def test_plan_epoch_takes_each_example_once_and_repeats_itself() -> None:
    examples = [make_example(str(i), columns=1 + i % 7) for i in range(50)]
    plan = plan_epoch(examples, 4, seed=3, epoch=1)
    assert sorted(np.concatenate(plan).tolist()) == list(range(50))
    again, other = plan_epoch(examples, 4, seed=3, epoch=1), plan_epoch(examples, 4, seed=3, epoch=2)
    assert [rows.tolist() for rows in plan] == [rows.tolist() for rows in again]
    assert [rows.tolist() for rows in plan] != [rows.tolist() for rows in other]
