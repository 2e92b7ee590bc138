"""A changed schema asks for the same plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.train.augment import augment
from bench.train.examples import Example
from genie_ext.embedded.parser.grammar import WORD, WORDS
from genie_ext.embedded.parser.inputs import FEATURES, Inputs

SEP, COLON, COMMA = 102, 1024, 1010
V = len(WORDS)


def _example() -> Example:
    """Return a question over t (a, b, c) and u (d, e) that shows a where d equals a value that d alone has."""
    ids = [101, 7, 8, SEP, 20, COLON, 21, COMMA, 22, 23, COMMA, 24, COMMA, SEP, 30, COLON, 31, COMMA, 32, COMMA, SEP]
    spans = [(4, 5), (14, 15), (6, 7), (8, 10), (11, 12), (16, 17), (18, 19), (1, 2), (16, 17)]
    inputs = Inputs(
        ids=np.array(ids),
        question=(1, 3),
        spans=np.array(spans),
        kinds=np.array([0, 0, 1, 1, 1, 1, 1, 2, 2]),
        owners=np.array([0, 1, 0, 0, 0, 1, 1, 7, 5]),
        features=np.arange(9 * FEATURES, dtype=np.float32).reshape(9, FEATURES),
    )
    actions = [WORD["start"], WORD["show"], V + 2, WORD["where"], V + 5, WORD["="], V + 8, WORD["end"]]
    return Example(
        inputs=inputs,
        actions=np.array(actions),
        allowed=np.ones((len(actions) - 1, V + 3), dtype=np.bool_),
        roles=np.eye(9, 6, dtype=np.float32),
        id="q",
        db="d",
    )


def _said(example: Example) -> list[list[int]]:
    """Return the tokens, features and roles that the actions point to."""
    inputs = example.inputs
    items = [int(action) - V for action in example.actions if action >= V]
    words = [inputs.ids[slice(*inputs.spans[item])].tolist() for item in items]
    known = [inputs.features[item].tolist() + example.roles[item].tolist() for item in items]
    return [*words, *known]


@pytest.mark.parametrize("seed", range(40))
def test_augment_keeps_what_the_plan_points_to(seed: int) -> None:
    before = _example()
    after = augment(before, np.random.default_rng(seed))
    assert _said(after) == _said(before)
    kinds, owners = after.inputs.kinds, after.inputs.owners
    assert (kinds[owners[kinds == 1]] == 0).all()
    assert after.inputs.ids[:4].tolist() == before.inputs.ids[:4].tolist()
    assert after.inputs.ids[-1] == SEP
    assert after.inputs.spans.max() <= len(after.inputs.ids)
    assert sorted(kinds.tolist()) == kinds.tolist()


def test_augment_changes_the_order_of_tables_and_leaves_columns_out() -> None:
    changed = [augment(_example(), np.random.default_rng(seed)).inputs for seed in range(40)]
    assert len({tuple(inputs.ids.tolist()) for inputs in changed}) > 5
    assert min(len(inputs.kinds) for inputs in changed) < 9


def test_augment_leaves_a_schema_that_was_cut() -> None:
    example = _example()
    spans = example.inputs.spans.copy()
    spans[4] = (0, 1)
    cut = replace(example, inputs=replace(example.inputs, spans=spans))
    assert augment(cut, np.random.default_rng(0)) is cut
