"""Beam search: the likeliest plans that the grammar and the columns allow, best first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genie_ext.embedded.parser.grammar import SETS, START, WORD, WORDS, State, advance, mask
from genie_ext.embedded.parser.inputs import ITEM_KINDS
from genie_ext.embedded.parser.items import Items, ValueItem, as_number
from genie_ext.embedded.parser.literals import UnsayableError, literal
from genie_ext.embedded.parser.network import Memory, Network, Written
from genie_ext.types import ColumnRef

WIDTH = 8
"""Plans that are written side by side."""
_LONGEST = 72
_GAP = 6.0
"""By how much, as a log, a plan may be less likely than the best one and still be written on."""
_SHUT = -np.inf
_ADDED = frozenset({"sum", "avg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A plan as far as it is written.

    Attributes:
        actions: What was written, "start" included.
        score: Log probability of the actions among those that were allowed.
        weakest: The smallest log probability of a single action.
        state: Where the grammar stands.
        subject: The column that the condition being written is about, None for a figure.
    """

    actions: tuple[int, ...]
    score: float = 0.0
    weakest: float = 0.0
    state: State = START
    subject: ColumnRef | None = None


def search(network: Network, memory: Memory, items: Items, *, width: int = WIDTH) -> list[Sketch]:
    """Return up to `width` finished plans, the likeliest first."""
    choices = _Choices(items)
    live = [Sketch(actions=(WORD["start"],))]
    written, done = Written(), list[Sketch]()
    for _ in range(min(_LONGEST, network.limit)):
        last = np.array([sketch.actions[-1] for sketch in live], dtype=np.int64)
        scores, written = network.step(memory, written, last)
        chances = _log_softmax(np.where(np.stack([choices.open(sketch) for sketch in live]), scores, _SHUT))
        live, kept = _extend(live, chances, choices, width)
        done += [sketch for sketch in live if sketch.state.place == "done"]
        best = max((sketch.score for sketch in (*done, *live)), default=0.0)
        going = [
            i
            for i, sketch in enumerate(live)
            if sketch.state.place != "done" and sketch.score > best - _GAP and len(done) < width
        ]
        if not going:
            break
        live = [live[i] for i in going]
        written = written.take(kept[going])
    return sorted(done, key=lambda sketch: -sketch.score)[:width]


def _extend(
    live: list[Sketch], chances: NDArray[np.float32], choices: _Choices, width: int
) -> tuple[list[Sketch], NDArray[np.int64]]:
    """Return the best continuations of all plans and which plan each continues."""
    totals = chances + np.array([sketch.score for sketch in live])[:, None]
    flat = totals.ravel()
    likely = np.argpartition(-flat, min(width, len(flat) - 1))[:width]
    top = [int(i) for i in likely[np.argsort(-flat[likely])] if flat[i] > _SHUT]
    size = chances.shape[1]
    plans = np.array([i // size for i in top], dtype=np.int64)
    return [choices.append(live[i // size], i % size, float(chances[i // size, i % size])) for i in top], plans


def _log_softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log probabilities; a row in which nothing is allowed stays as it is."""
    top = scores.max(axis=1, keepdims=True)
    alive = np.isfinite(top)
    shifted = np.where(alive, scores - np.where(alive, top, 0), _SHUT)
    total = np.where(alive, np.exp(shifted).sum(axis=1, keepdims=True), 1)
    return np.asarray(shifted - np.log(total), dtype=np.float32)


class _Choices:
    """Which actions may continue a plan over one set of items: by grammar, and by what a column can hold."""

    def __init__(self, items: Items) -> None:
        self._items = items
        counts = (len(items.tables), len(items.columns), len(items.values))
        self._kinds = np.repeat(np.arange(len(ITEM_KINDS)), counts)
        self._first_column = len(WORDS) + counts[0]
        self._first_value = self._first_column + counts[1]
        self._numeric = np.array([items.column(ref).family in ("number", "boolean") for ref in items.columns], bool)
        self._counts = np.array([_is_count(value) for value in items.values], dtype=bool)
        self._holds: dict[ColumnRef | None, NDArray[np.bool_]] = {}

    def open(self, sketch: Sketch) -> NDArray[np.bool_]:
        """Return which actions may come next, shape (V + N,)."""
        allowed = mask(sketch.state)
        row = np.concatenate([allowed[: len(WORDS)], allowed[len(WORDS) :][self._kinds]])
        if sketch.state.place == "figure" and sketch.state.aggregate in _ADDED:
            row[self._first_column : self._first_value] &= self._numeric
        if sketch.state.clause == "show" and sketch.state.place in ("shown", "figure"):
            row[list(_shown(sketch))] = False
        if sketch.state.place == "number":
            row[self._first_value :] &= self._counts
        elif sketch.state.place in ("operand", "first of two", "literal", "first of list", "list"):
            row[self._first_value :] &= self._held(sketch)
        return row

    def append(self, sketch: Sketch, action: int, chance: float) -> Sketch:
        """Return a plan with one more action."""
        kind = WORDS[action] if action < len(WORDS) else ITEM_KINDS[self._kinds[action - len(WORDS)]]
        subject = sketch.subject
        if sketch.state.place in ("column", "figure") and action >= len(WORDS):
            own = sketch.state.place == "column" and kind == "column"
            subject = self._items.columns[action - self._first_column] if own else None
        return replace(
            sketch,
            actions=(*sketch.actions, action),
            score=sketch.score + chance,
            weakest=min(sketch.weakest, chance),
            state=advance(sketch.state, kind),
            subject=subject,
        )

    def _held(self, sketch: Sketch) -> NDArray[np.bool_]:
        """Return the values that the subject of a condition can be compared with."""
        if sketch.actions[-1] in _PATTERN_WORDS:  # a part of a text need not be a known cell
            return np.array([value.start >= 0 for value in self._items.values], dtype=bool)
        if sketch.subject not in self._holds:
            held = [_can_hold(self._items, sketch.subject, i) for i in range(len(self._items.values))]
            self._holds[sketch.subject] = np.array(held, dtype=bool)
        return self._holds[sketch.subject]


def _shown(sketch: Sketch) -> set[int]:
    """Return the items that the step being written already shows with the aggregate that stands last, if any."""
    aggregate = sketch.actions[-1] if sketch.state.aggregate else WORD["show"]
    begun = max((i for i, action in enumerate(sketch.actions) if action in _BEGINNINGS), default=0)
    step = sketch.actions[begun:]
    return {after for before, after in pairwise(step) if before == aggregate and after >= len(WORDS)}


_BEGINNINGS = frozenset(WORD[word] for word in ("start", "(", *SETS))
_PATTERN_WORDS = frozenset(WORD[word] for word in ("like", "not like", "starts with", "ends with"))


def _can_hold(items: Items, ref: ColumnRef | None, index: int) -> bool:
    try:
        literal(items.values[index], items, ref)
    except UnsayableError:
        return False
    return True


def _is_count(value: ValueItem) -> bool:
    number = as_number(value)
    return isinstance(number, int) and number > 0
