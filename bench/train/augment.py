"""Augmentation: the same question over a schema in another order, less of what it does not need, and some words hidden.

A network that sees each schema in one form learns the schema by heart; databases are few, their forms are many.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.train.examples import Example
from genie_ext.embedded.parser.grammar import WORDS
from genie_ext.embedded.parser.inputs import Inputs

_MOST_DROPPED = 0.5
_SHUFFLED_COLUMNS = 0.3
_CLIPPED = (0, 1)
_MOST_HIDDEN = 0.15
_HIDDEN_WORD, _FIRST_WORD = 103, 999
"""BERT's [MASK], and the first token of its vocabulary that is a word or a sign of the text."""


def augment(example: Example, rng: np.random.Generator) -> Example:
    """Return the example over a changed schema, itself where its schema was cut to fit.

    Tables change places, now and then columns within their table do, and columns and tables that no action points to
    are left out at a rate drawn for each example. Words are hidden, too, at such a rate.
    """
    inputs = example.inputs
    named = inputs.spans[inputs.kinds < 2]
    if (named == _CLIPPED).all(axis=1).any():
        return example
    order, kept = _choose(example, rng)
    new_of = np.full(len(inputs.kinds), -1)
    new_of[kept] = np.arange(len(kept))
    ids, spans = _write(inputs, order)
    spans = np.array([spans.get(int(i), tuple(inputs.spans[i])) for i in kept], dtype=np.int64).reshape(-1, 2)
    owned = [int(i) for i in kept if inputs.kinds[i] == 2 and inputs.owners[i] != i]
    for item in owned:  # a value that is not said is read at its column
        spans[new_of[item]] = spans[new_of[inputs.owners[item]]]
    pointed = example.actions >= len(WORDS)
    actions = example.actions.copy()
    actions[pointed] = new_of[actions[pointed] - len(WORDS)] + len(WORDS)
    changed = Inputs(
        ids=_hide(ids, rng),
        question=inputs.question,
        spans=spans,
        kinds=inputs.kinds[kept],
        owners=new_of[inputs.owners[kept]],
        features=inputs.features[kept],
    )
    return replace(example, inputs=changed, actions=actions, roles=example.roles[kept])


def _hide(ids: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the tokens with some words hidden, so that no single word decides a plan."""
    rate = rng.uniform(0, _MOST_HIDDEN)
    return np.where((ids >= _FIRST_WORD) & (rng.random(len(ids)) < rate), _HIDDEN_WORD, ids)


def _choose(example: Example, rng: np.random.Generator) -> tuple[list[tuple[int, list[int]]], NDArray[np.int64]]:
    """Return the tables in their new order, each with its columns in theirs, and all items that stay, in new order."""
    inputs = example.inputs
    used = {int(action) - len(WORDS) for action in example.actions if action >= len(WORDS)}
    used |= {int(inputs.owners[item]) for item in used}
    used |= {int(inputs.owners[item]) for item in used}
    rate = rng.uniform(0, _MOST_DROPPED)
    stays = [i in used or rng.random() >= rate for i in range(len(inputs.kinds))]
    order = []
    for table in rng.permutation(np.flatnonzero(inputs.kinds == 0)):
        columns = [int(i) for i in np.flatnonzero((inputs.kinds == 1) & (inputs.owners == table)) if stays[i]]
        if rng.random() < _SHUFFLED_COLUMNS:
            rng.shuffle(columns)
        if columns or int(table) in used:
            order.append((int(table), columns))
    left = {item for table, columns in order for item in (table, *columns)}
    values = [int(i) for i in np.flatnonzero(inputs.kinds == 2) if inputs.owners[i] == i or inputs.owners[i] in left]
    kept = [table for table, _ in order] + [column for _, columns in order for column in columns] + values
    return order, np.array(kept, dtype=np.int64)


def _write(inputs: Inputs, order: list[tuple[int, list[int]]]) -> tuple[NDArray[np.int64], dict[int, tuple[int, int]]]:
    """Return the tokens of the question and of the tables in their order, and where each table and column stands."""
    starts = sorted(int(start) for start in inputs.spans[inputs.kinds < 2, 0])
    ends = dict(zip(starts, [*starts[1:], len(inputs.ids)], strict=True))
    first = min(starts)
    parts, at = [inputs.ids[:first]], first
    places: dict[int, tuple[int, int]] = {}
    last = int(inputs.ids[-1])
    for table, columns in order:
        for item in (table, *columns):
            start, end = (int(place) for place in inputs.spans[item])
            words = inputs.ids[start : ends[start]]
            words = words[:-1] if words[-1] == last else words  # the mark that closes a table
            places[item] = (at, at + end - start)
            parts.append(words)
            at += len(words)
        parts.append(np.array([last], dtype=np.int64))
        at += 1
    return np.concatenate(parts), places
