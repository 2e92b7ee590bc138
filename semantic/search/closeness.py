"""How close documents are in meaning to a question and to each of its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semantic.names import singular
from semantic.search.outline import Floats, Ints
from semantic.types import Vectors
from semantic.vectors.nearest import Nearest

_NEAREST = 300
_NEAREST_TO_WORD = 100
_SAMPLE = 256
# Cosines of unrelated texts spread at least so much; fewer documents would make every one stand out.
_LEAST_SPREAD = 0.03
_LEAST_GAP = 0.05
# Synonyms have cosines from about 0.6 ("clients", "customers") to 0.85 ("movie", "film") with each other.
_ALIKE_KEPT = 15
_ALIKE_FROM = 0.4
_ALIKE_TO = 0.8
_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its vector and those of its words.

    Attributes:
        words: Words that have a vector of their own, in normal form.
        vectors: The question first, then the words, shape (1 + len(words), D).
    """

    words: tuple[str, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Closeness:
    """What one search among the documents of one kind found.

    Attributes:
        places: Positions nearest to the question, best first, shape (K,).
        scores: How far each stands out from the background, in standard deviations.
        mean: Mean cosine of the background with the question.
        spread: Standard deviation of it.
        word_places: Positions nearest to each word, shape (W, L); -1 where there is none.
        word_scores: Where each stands between the last of them, 0, and the best, 1.
        lowest: Cosine of the last of them, shape (W,).
        gaps: From it to the best.
    """

    places: Ints
    scores: Floats
    mean: float
    spread: float
    word_places: Ints
    word_scores: Floats
    lowest: Floats
    gaps: Floats


@dataclass(frozen=True, slots=True)
class Meaning:
    """How close some documents are in meaning.

    Attributes:
        cosines: To the question, shape (N,).
        scores: The same in standard deviations from the background.
        words: To each word that has a vector, 0 to 1, shape (W, N).
    """

    cosines: Floats
    scores: Floats
    words: Floats


def closeness(nearest: Nearest, asked: Asked) -> Closeness:
    """Search the documents of one kind for a question and its words."""
    total = nearest.ntotal
    cosines = nearest.rows(np.arange(0, total, max(1, total // _SAMPLE))) @ asked.vectors[0]
    mean, spread = float(cosines.mean()), max(float(cosines.std()), _LEAST_SPREAD)
    found, places = nearest.search(asked.vectors[:1], min(total, _NEAREST))
    sound = places[0] >= 0
    count = min(total, _NEAREST_TO_WORD)
    near, near_places = np.zeros((0, count), np.float32), np.zeros((0, count), np.int64)
    if asked.words:
        near, near_places = nearest.search(asked.vectors[1:], count)
    near = np.where(near_places >= 0, near, 1.0)
    lowest = near.min(axis=1, initial=1.0)
    gaps = np.maximum(near[:, 0] - lowest, 0) + _LEAST_GAP if count else np.ones(len(near))
    return Closeness(
        places=places[0][sound],
        scores=((found[0][sound] - mean) / spread).astype(np.float32),
        mean=mean,
        spread=spread,
        word_places=near_places,
        word_scores=((near - lowest[:, None]) / gaps[:, None]).astype(np.float32),
        lowest=lowest.astype(np.float32),
        gaps=gaps.astype(np.float32),
    )


def alike_words(nearest: Nearest, titles: Mapping[int, str], asked: Asked) -> dict[str, dict[str, float]]:
    """Return, for the words of a question, the words of names that mean about the same, with how surely.

    Args:
        nearest: The vectors of the words of all names.
        titles: These words, by position.
        asked: The question.
    """
    found: dict[str, dict[str, float]] = {}
    if not asked.words or not nearest.ntotal:
        return found
    cosines, places = nearest.search(asked.vectors[1:], min(nearest.ntotal, _ALIKE_KEPT))
    cosines = np.where(places >= 0, cosines, 0.0)
    sure = _ALIKE * np.clip((cosines - _ALIKE_FROM) / (_ALIKE_TO - _ALIKE_FROM), 0, 1)
    for word, strengths, row in zip(asked.words, sure, places, strict=True):
        known = found.setdefault(singular(word), {})
        for place, strength in zip(row.tolist(), strengths.tolist(), strict=True):
            if place >= 0 and strength > 0:
                known[titles[place]] = max(strength, known.get(titles[place], 0.0))
    return found


def compare(nearest: Nearest, near: Closeness, asked: Asked, positions: Ints) -> Meaning:
    """Compare the documents at some positions with a question and its words."""
    if not len(positions):
        return Meaning(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros((len(asked.words), 0), np.float32))
    # In this order the product takes half the time.
    cosines = (nearest.rows(positions) @ asked.vectors.T).T.astype(np.float32)
    words = np.clip((cosines[1:] - near.lowest[:, None]) / near.gaps[:, None], 0, 1)
    return Meaning(cosines[0], (cosines[0] - near.mean) / near.spread, words)
