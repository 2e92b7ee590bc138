"""Parsing: the likeliest steps for a question, as the trained network writes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from genie_ext.embedded.parser.beam import Sketch, search
from genie_ext.embedded.parser.inputs import Inputs
from genie_ext.embedded.parser.items import Items, find_items
from genie_ext.embedded.parser.literals import UnsayableError
from genie_ext.embedded.parser.network import Network
from genie_ext.embedded.parser.read_actions import read_actions
from genie_ext.embedded.parser.serialise import Serialiser
from genie_ext.embedded.parser.weights import SHIPPED, load_weights
from genie_ext.types import Context, Step
from semantic.vectors.blas import one_thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A step that the network wrote.

    Attributes:
        step: The step.
        score: Log probability of all its actions.
        weakest: The smallest log probability of one of them.
    """

    step: Step
    score: float
    weakest: float


class Parser:
    """The trained network with what turns a question into its inputs; loads at the first question.

    Args:
        weights: The weights, with their card beside them.
    """

    def __init__(self, weights: Path = SHIPPED) -> None:
        self._path = weights

    def parse(self, context: Context) -> tuple[Parsed, ...]:
        """Return the likeliest steps, best first; none where the context has nothing to point to.

        Raises:
            ConfigError: The weights are missing or altered.
        """
        items = find_items(context)
        if not items.columns:
            return ()
        network, inputs = self._network, self._inputs(context, items)
        with one_thread():
            sketches = search(network, network.read(inputs), items)
        found: dict[Step, Parsed] = {}
        for sketch in sketches:
            parsed = _read(sketch, items)
            if parsed is not None:
                found.setdefault(parsed.step, parsed)
        return tuple(found.values())

    def _inputs(self, context: Context, items: Items) -> Inputs:
        return self._serialiser.read(context, items)

    @cached_property
    def _network(self) -> Network:
        from semantic.vectors.encoders import shared_minilm

        return Network({**shared_minilm().weights, **load_weights(self._path)})

    @cached_property
    def _serialiser(self) -> Serialiser:
        return Serialiser(read_tokenizer())


@lru_cache(maxsize=1)
def shipped_parser() -> Parser:
    """Return the parser that comes with the package; all sessions share its weights."""
    return Parser()


def _read(sketch: Sketch, items: Items) -> Parsed | None:
    """Return what a finished sketch says, None where it says nothing that can be computed."""
    try:
        step = read_actions(sketch.actions, items)
    except UnsayableError:
        return None
    return Parsed(step=step, score=sketch.score, weakest=sketch.weakest)


def read_tokenizer() -> Any:
    """Return the tokenizer of the encoder, as a `tokenizers.Tokenizer`.

    Raises:
        EncoderError: The model is not installed.
    """
    from tokenizers import Tokenizer

    from semantic.vectors.encoders import shared_minilm

    return Tokenizer.from_file(str(shared_minilm().folder / "tokenizer.json"))
