"""Weights load only if they are complete, unaltered and made for this grammar."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.train.export import export
from genie_ext.embedded.parser.weights import load_weights
from genie_ext.errors import ConfigError

PROGRESS = {"sets": {"shops": 3}, "held_right": 0.5}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    path = tmp_path / "weights" / "parser.safetensors"
    export({"decoder.norm.weight": torch.linspace(-2, 2, 12).reshape(3, 4)}, PROGRESS, path)
    return path


def test_load_weights_returns_what_was_exported_in_single_precision(shipped: Path) -> None:
    weights = load_weights(shipped)
    assert weights["decoder.norm.weight"].dtype == np.float32
    np.testing.assert_allclose(weights["decoder.norm.weight"], np.linspace(-2, 2, 12).reshape(3, 4), atol=1e-3)


def test_load_weights_refuses_an_altered_file(shipped: Path) -> None:
    shipped.write_bytes(shipped.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ConfigError, match=r"are not those of their card\. Install genie-ext again"):
        load_weights(shipped)


def test_load_weights_refuses_a_missing_file(shipped: Path) -> None:
    shipped.unlink()
    with pytest.raises(ConfigError, match=r"weights of the parser are missing.*Install genie-ext again"):
        load_weights(shipped)


@pytest.mark.parametrize("text", ["{", "{}", '["sha256"]'])
def test_load_weights_refuses_a_broken_card(shipped: Path, text: str) -> None:
    shipped.with_suffix(".json").write_text(text)
    with pytest.raises(ConfigError, match="card of the parser's weights cannot be read"):
        load_weights(shipped)


def test_load_weights_refuses_another_grammar_and_another_network(shipped: Path) -> None:
    with pytest.raises(ConfigError, match="another version of genie-ext"):
        load_weights(shipped, words=("start", "end"))
    card = json.loads(shipped.with_suffix(".json").read_text())
    shipped.with_suffix(".json").write_text(json.dumps(card | {"version": 99}))
    with pytest.raises(ConfigError, match="another version of genie-ext"):
        load_weights(shipped)


def test_export_refuses_weights_that_half_precision_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Not finite in half precision: roles\.bias"):
        export({"roles.bias": torch.tensor([1e6])}, PROGRESS, tmp_path / "parser.safetensors")
