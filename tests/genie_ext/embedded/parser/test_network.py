"""The network in numpy says what the network in torch says, however its plans are written."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.train.batches import collate
from bench.train.examples import Example
from bench.train.model import Parser
from genie_ext.embedded.parser.grammar import WORDS
from genie_ext.embedded.parser.inputs import FEATURES, Inputs
from genie_ext.embedded.parser.network import Network, Written

V = len(WORDS)


def make_example(*, tokens: int, columns: int, length: int, seed: int) -> Example:
    """Return an example of two tables, some columns and a value, all of random content."""
    dice = np.random.default_rng(seed)
    kinds = np.array([0, 0, *[1] * columns, 2])
    items = len(kinds)
    first = np.array([*range(8, 8 + items - 1), 3])
    inputs = Inputs(
        ids=dice.integers(1000, 20000, tokens),
        question=(1, 7),
        spans=np.stack([first, first + dice.integers(1, 3, items)], axis=1),
        kinds=kinds,
        owners=np.where(kinds == 1, np.arange(items) % 2, np.arange(items)),
        features=dice.random((items, FEATURES), dtype=np.float32),
    )
    return Example(
        inputs=inputs,
        actions=np.concatenate([[0], dice.integers(0, V + items, length - 1), [1]]),
        allowed=np.ones((length, V + 3), dtype=np.bool_),
        roles=(dice.random((items, 6)) > 0.8).astype(np.float32),
        id=f"example {seed}",
        db="shop",
    )


@pytest.fixture(scope="module")
def parser() -> Parser:
    torch.manual_seed(1)
    parser = Parser(words=V, features=FEATURES, roles=6).eval()
    for name, weights in parser.named_parameters():
        if weights.ndim > 1 and not name.startswith("embeddings"):
            torch.nn.init.normal_(weights, std=0.04)
    return parser


@pytest.fixture(scope="module")
def network(parser: Parser) -> Network:
    return Network({name: weights.numpy() for name, weights in parser.state_dict().items()})


def test_step_scores_what_torch_scores_for_padded_questions(parser: Parser, network: Network) -> None:
    long = make_example(tokens=40, columns=12, length=20, seed=1)
    short = make_example(tokens=24, columns=5, length=9, seed=2)
    with torch.no_grad():
        scores, roles = parser(collate([long, short], torch.device("cpu")))
    for row, example in enumerate([long, short]):
        memory, written, items = network.read(example.inputs), Written(), len(example.inputs.kinds)
        for place, action in enumerate(example.actions[:-1]):
            step, written = network.step(memory, written, np.array([action]))
            assert step.shape == (1, V + items)
            np.testing.assert_allclose(step[0], scores[row, place, : V + items].numpy(), atol=1e-4)
        likely = torch.sigmoid(roles[row, :items]).numpy()
        np.testing.assert_allclose(network.roles(memory), likely, atol=1e-4)
    assert scores[0].std() > 0.1


def test_step_scores_plans_side_by_side_as_each_alone(network: Network) -> None:
    memory = network.read(make_example(tokens=40, columns=12, length=4, seed=3).inputs)
    plans = np.array([[0, 5, V + 9, 7], [0, 5, V + 2, 9], [0, 6, V + 14, 8]])
    alone = []
    for plan in plans:
        written = Written()
        for action in plan:
            scores, written = network.step(memory, written, np.array([action]))
        alone.append(scores[0])
    _, written = network.step(memory, Written(), plans[:1, 0])
    _, written = network.step(memory, written.take(np.array([0, 0])), np.array([5, 6]))
    _, written = network.step(memory, written.take(np.array([1, 0, 0])), np.array([V + 14, V + 9, V + 2]))
    scores, written = network.step(memory, written.take(np.array([1, 2, 0])), plans[:, 3])
    np.testing.assert_allclose(scores, np.stack(alone), atol=1e-4)
    assert len(written) == 4


def test_step_refuses_a_plan_longer_than_its_positions(network: Network) -> None:
    memory, written = network.read(make_example(tokens=24, columns=5, length=4, seed=4).inputs), Written()
    for _ in range(network.limit):
        _, written = network.step(memory, written, np.array([0]))
    with pytest.raises(ValueError, match="at most 96 actions"):
        network.step(memory, written, np.array([0]))


def test_read_takes_features_into_account_before_and_after_the_layers(network: Network) -> None:
    inputs = make_example(tokens=24, columns=5, length=4, seed=5).inputs
    other = np.zeros_like(inputs.features)
    without = Inputs(**(inputs.arrays() | {"question": inputs.question, "features": other}))
    assert not np.allclose(network.read(inputs).items, network.read(without).items, atol=1e-2)
    assert not np.allclose(network.read(inputs).keys[0], network.read(without).keys[0], atol=1e-3)
