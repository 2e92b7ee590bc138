"""The parser's network in numpy: MiniLM's layers read question and schema, a pointer decoder scores the next actions.

Scores are not masked and not normed: which actions the grammar allows is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genie_ext.embedded.parser.inputs import Inputs
from semantic.vectors.bert import Weights, embed, layer_norm, linear, token_states

Rows = NDArray[np.float32]
_HEADS = 6
_COLUMN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the decoder looks at while it writes: N items and M = N + question tokens, with what a step needs of them.

    Attributes:
        items: States of the items, shape (N, 384).
        pointed: Items as the decoder reads them after it pointed to them, shape (N, 384).
        pointers: What the decoder points with, shape (384 + F, N).
        keys: Keys of each layer, shape (6, 64, M).
        values: Values of each layer, shape (6, M, 64).
    """

    items: Rows
    pointed: Rows
    pointers: Rows
    keys: tuple[Rows, ...]
    values: tuple[Rows, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the layers keep of the actions that B plans were written with so far.

    Attributes:
        keys: Keys of each layer, shape (B, 6, L, 64).
        values: Values of each layer, shape (B, 6, L, 64).
    """

    keys: tuple[Rows, ...] = ()
    values: tuple[Rows, ...] = ()

    def __len__(self) -> int:
        """Return L, the number of actions that are written."""
        return self.keys[0].shape[2] if self.keys else 0

    def take(self, plans: NDArray[np.int64]) -> Written:
        """Return the chosen plans, in the order given; a plan may be chosen more than once."""
        return replace(self, keys=tuple(k[plans] for k in self.keys), values=tuple(v[plans] for v in self.values))


class Network:
    """The trained network.

    Args:
        weights: Weights of the parser and the embeddings of MiniLM, by name.
    """

    def __init__(self, weights: Weights) -> None:
        self._w = weights
        self.words = len(weights["decoder.words.weight"])
        self.limit = len(weights["decoder.positions.weight"])
        self._layers = sum(name.startswith("decoder.layer.") and name.endswith("own.bias") for name in weights)

    def read(self, inputs: Inputs) -> Memory:
        """Read a question with its schema, once for all its plans.

        Raises:
            ValueError: There are more tokens than positions.
        """
        w = self._w
        members = _members(inputs)
        seen = members.T @ (inputs.features @ w["items.seen_features.weight"].T)
        tokens = token_states(w, (embed(w, inputs.ids[None])[0] + seen)[None])[0]
        items = self._items(tokens, members, inputs)
        first, last = inputs.question
        kinds = w["memory.kinds"]
        return self._memory(items, np.concatenate([tokens[first:last] + kinds[0], items + kinds[1]]), inputs)

    def step(self, memory: Memory, written: Written, actions: NDArray[np.int64]) -> tuple[Rows, Written]:
        """Append one action to each of B plans and score what may follow.

        Args:
            memory: What `read` returned.
            written: The plans so far; `Written()` before the first action.
            actions: The action each plan is continued with, shape (B,); below V a word, from V on an item.

        Returns:
            Scores of the V words and then of the N items, shape (B, V + N), and the plans with their action.

        Raises:
            ValueError: The plans are longer than the network can write.
        """
        w = self._w
        if len(written) >= self.limit:
            raise ValueError(f"A plan has at most {self.limit} actions.")
        x = np.concatenate([w["decoder.words.weight"], memory.pointed])[actions]
        x = x + w["decoder.positions.weight"][len(written)]
        keys, values = [], []
        for layer in range(self._layers):
            kept = (written.keys[layer], written.values[layer]) if written.keys else None
            x, key, value = self._layer(x, f"decoder.layer.{layer}", kept, (memory.keys[layer], memory.values[layer]))
            keys.append(key)
            values.append(value)
        x = layer_norm(x, w, "decoder.norm")
        asked = np.concatenate([linear(x, w, "decoder.query"), linear(x, w, "decoder.feature_scores")], axis=1)
        scores = np.concatenate([linear(x, w, "decoder.word_scores"), asked @ memory.pointers], axis=1)
        return scores, Written(keys=tuple(keys), values=tuple(values))

    def roles(self, memory: Memory) -> Rows:
        """Return how likely each item is shown, a figure, filtered, grouped, had or ordered by, shape (N, 6)."""
        return np.asarray(1 / (1 + np.exp(-linear(memory.items, self._w, "roles"))), dtype=np.float32)

    def _items(self, tokens: Rows, members: Rows, inputs: Inputs) -> Rows:
        w = self._w
        means = members / np.maximum(members.sum(axis=1, keepdims=True), 1) @ tokens
        states = means + inputs.features @ w["items.features.weight"].T + w["items.kinds.weight"][inputs.kinds]
        columns = np.flatnonzero(inputs.kinds == _COLUMN)
        states[columns] += means[inputs.owners[columns]] @ w["items.owner.weight"].T
        return layer_norm(states, w, "items.norm")

    def _memory(self, items: Rows, looked_at: Rows, inputs: Inputs) -> Memory:
        w = self._w
        kept = [linear(looked_at, w, f"decoder.layer.{i}.remembered") for i in range(self._layers)]
        halves = [_heads(both).reshape(2, _HEADS, len(looked_at), -1) for both in kept]
        keys = linear(items, w, "decoder.key") / np.float32(np.sqrt(items.shape[1]))
        return Memory(
            items=items,
            pointed=linear(items, w, "decoder.pointed") + w["decoder.kinds.weight"][inputs.kinds],
            pointers=np.concatenate([keys, inputs.features], axis=1).T,
            keys=tuple(np.ascontiguousarray(key.transpose(0, 2, 1)) for key, _ in halves),
            values=tuple(np.ascontiguousarray(value) for _, value in halves),
        )

    def _layer(
        self, x: Rows, name: str, kept: tuple[Rows, Rows] | None, remembered: tuple[Rows, Rows]
    ) -> tuple[Rows, Rows, Rows]:
        w = self._w
        own = linear(layer_norm(x, w, f"{name}.own_norm"), w, f"{name}.own")
        query, key, value = own.reshape(len(x), 3, _HEADS, 1, -1).transpose(1, 0, 2, 3, 4)
        if kept is not None:
            key, value = (np.concatenate([old, new], axis=2) for old, new in zip(kept, (key, value), strict=True))
        mixed = _soft(query @ key.transpose(0, 1, 3, 2)) @ value
        x = x + linear(mixed.reshape(len(x), -1), w, f"{name}.own_out")
        query = _heads(linear(layer_norm(x, w, f"{name}.memory_norm"), w, f"{name}.asked"))
        mixed = _soft(query @ remembered[0]) @ remembered[1]
        x = x + linear(mixed.transpose(1, 0, 2).reshape(len(x), -1), w, f"{name}.memory_out")
        inner = np.maximum(linear(layer_norm(x, w, f"{name}.inner_norm"), w, f"{name}.inner"), 0)
        return x + linear(inner, w, f"{name}.inner_out"), key, value


def _members(inputs: Inputs) -> Rows:
    """Return 1 where a token lies in the span of an item, shape (N, T)."""
    tokens = np.arange(len(inputs.ids))
    return ((tokens >= inputs.spans[:, :1]) & (tokens < inputs.spans[:, 1:])).astype(np.float32)


def _heads(x: Rows) -> Rows:
    """Split rows into heads of 64, shape (heads, R, 64)."""
    return x.reshape(len(x), -1, 64).transpose(1, 0, 2)


def _soft(scores: Rows) -> Rows:
    """Return attention weights over the last axis, of queries times keys in heads of 64."""
    scores = scores * np.float32(0.125)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=-1, keepdims=True), dtype=np.float32)
