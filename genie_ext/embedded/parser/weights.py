"""The weights of the parser that ship: half precision on disk, verified by hash, single precision in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from genie_ext.embedded.parser.grammar import WORDS
from genie_ext.errors import ConfigError

SHIPPED = Path(__file__).with_name("weights") / "parser.safetensors"
VERSION = 1
"""Version of the network that the weights are for."""
_HINT = "Install genie-ext again, or export the weights anew with `python -m bench.train export`."


class Card(BaseModel):
    """What is known of a file of weights, beside it as JSON.

    Attributes:
        version: Version of the network.
        sha256: Hash of the file.
        words: Words of the grammar, in the order of their scores.
        trained_on: Sets of examples, with the number of examples of each.
        held_out: Share of plans of databases not trained on that were right action by action, if measured.
        date: Day of the export.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: int
    sha256: str
    words: list[str]
    trained_on: dict[str, int]
    held_out: float | None = None
    date: str


def load_weights(path: Path = SHIPPED, *, words: Sequence[str] = WORDS) -> dict[str, NDArray[np.float32]]:
    """Return the weights of a file by name, after a look at its hash, its version and its words.

    Args:
        path: A safetensors file with its card beside it, of the same name and the suffix .json.
        words: The words that the weights must score.

    Raises:
        ConfigError: The file or its card is missing or altered, or they are for another network or grammar.
    """
    card = read_card(path)
    if not path.is_file():
        raise ConfigError(f"The weights of the parser are missing: {path}.", hint=_HINT)
    if sha256_of(path) != card.sha256:
        raise ConfigError(f"The weights of the parser in {path} are not those of their card.", hint=_HINT)
    if card.version != VERSION or card.words != list(words):
        raise ConfigError(f"The weights of the parser in {path} are for another version of genie-ext.", hint=_HINT)
    from safetensors.numpy import load_file

    return {name: rows.astype(np.float32) for name, rows in load_file(path).items()}


def read_card(path: Path) -> Card:
    """Return the card beside a file of weights.

    Raises:
        ConfigError: It is missing or is not a card.
    """
    beside = path.with_suffix(".json")
    try:
        return Card.model_validate_json(beside.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(f"The card of the parser's weights cannot be read: {beside}.", hint=_HINT) from error


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
