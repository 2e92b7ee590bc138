"""A training goes on where its checkpoint was written, and only with the data it was written for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.train.average import average
from bench.train.checkpoints import Progress, load_checkpoint, load_parser, save_checkpoint
from bench.train.fit import RATE, make_optimizer, rate_at
from bench.train.model import Parser
from genie_ext.embedded.parser.grammar import WORDS
from genie_ext.embedded.parser.inputs import FEATURES


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Parser]:
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(5)
    parser = Parser(words=len(WORDS), features=FEATURES, roles=6)
    optimizer = make_optimizer(parser)
    parser.roles.weight.sum().backward()
    optimizer.step()
    save_checkpoint(folder, parser, optimizer, Progress(examples=9, batch=4, seed=5, step=3, done=3, elapsed=12.5))
    return folder, parser


def test_load_checkpoint_restores_weights_optimizer_dice_and_progress(saved: tuple[Path, Parser]) -> None:
    folder, before = saved
    dice = torch.load(folder / "checkpoint.pt", weights_only=True)["dice"]
    parser = Parser(words=len(WORDS), features=FEATURES, roles=6)
    optimizer = make_optimizer(parser)
    progress = load_checkpoint(folder, parser, optimizer, Progress(examples=9, batch=4, seed=5))
    assert torch.equal(torch.get_rng_state(), dice)
    assert torch.equal(parser.roles.weight, before.roles.weight)
    assert (progress.step, progress.done, progress.elapsed) == (3, 3, 12.5)
    assert optimizer.state[parser.roles.weight]["step"] == 1


def test_load_checkpoint_refuses_other_data(saved: tuple[Path, Parser]) -> None:
    folder, parser = saved
    with pytest.raises(SystemExit, match="has examples 9, not 10: resume with the same data"):
        load_checkpoint(folder, parser, make_optimizer(parser), Progress(examples=10, batch=4, seed=5))


def test_load_parser_refuses_a_missing_checkpoint(saved: tuple[Path, Parser], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="There is no checkpoint"):
        load_parser(saved[1], tmp_path / "checkpoint.pt")


def test_make_optimizer_leaves_the_embeddings_of_minilm_as_they_are(saved: tuple[Path, Parser]) -> None:
    parser = saved[1]
    rates = {id(p): group["most"] for group in make_optimizer(parser).param_groups for p in group["params"]}
    assert id(parser.embeddings.word_embeddings.weight) not in rates
    assert rates[id(parser.embeddings.LayerNorm.weight)] < rates[id(parser.decoder.words.weight)] == RATE


def test_rate_at_rises_to_one_and_falls_to_nothing() -> None:
    assert rate_at(0.0) == rate_at(1.0) == rate_at(1.2) == 0.0
    assert max(rate_at(i / 100) for i in range(101)) == 1.0
    assert rate_at(0.3) > rate_at(0.6) > rate_at(0.9) > 0.0


def test_average_is_the_mean_of_each_weight_by_its_share() -> None:
    found = average([{"a": torch.tensor([2.0, 4.0])}, {"a": torch.tensor([6.0, 0.0])}], [0.75, 0.25])
    assert torch.equal(found["a"], torch.tensor([3.0, 3.0]))
