"""Which names of a lake hold a word of a question: the same word, another form, a beginning, a part."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, pairwise, takewhile

import numpy as np

from semantic.names import name_words
from semantic.search.outline import Floats, Ints, Outline

_SAME = 1.0
_STEM = 0.9
_BEGINS = 0.7
_WITHIN = 0.6
# A shorter beginning or part says nothing.
_PREFIX = 3
_INSIDE = 4
_ENDINGS = ("ations", "ation", "ances", "ance", "ings", "ing", "ers", "er", "ors", "or", "ed", "es", "e", "s")

Places = tuple[Ints, ...]
"""Numbers of column names, of tables and of schemas."""


class Lexicon:
    """The words of all names of a lake, and where each stands.

    Args:
        outline: The lake.
    """

    def __init__(self, outline: Outline) -> None:
        schemas = [
            tuple(dict.fromkeys(word for names in group for name in names for word in name_words(name)))
            for group in outline.schemas
        ]
        self._names = (outline.title_words, outline.table_words, schemas)
        self._lengths = [np.array([len(words) for words in names], dtype=np.float32) for names in self._names]
        found: dict[str, tuple[list[int], ...]] = defaultdict(lambda: ([], [], []))
        squeezed: dict[str, tuple[list[int], ...]] = defaultdict(lambda: ([], [], []))
        for place, names in enumerate(self._names):
            for number, words in enumerate(names):
                squeezed["".join(words)][place].append(number)
                for word in set(words):
                    found[word][place].append(number)
        self.words = _arrays(found)
        self.squeezed = _arrays(squeezed)
        self._text = "\n".join(("", *self.words, ""))
        self._order = {word: number for number, word in enumerate(self.words)}
        self._sorted = sorted(self.words)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for word in self.words:
            self._by_stem[stem(word)].append(word)
        self.matches = lru_cache(maxsize=4096)(self._matches)

    def _matches(self, word: str) -> tuple[tuple[str, float], ...]:
        """Return the words of names that a word of a question may mean, with how surely, the surest last."""
        found = dict.fromkeys(self._holding(word), _WITHIN) if len(word) >= _INSIDE else {}
        root = stem(word)
        for other in self._related(word, root):
            if strength := _alike(word, root, other, stem(other)):
                found[other] = strength
        return tuple(sorted(found.items(), key=lambda pair: pair[1]))

    def _holding(self, word: str) -> Iterator[str]:
        """Yield the words that a word is a part of."""
        place = self._text.find(word)
        while place >= 0:
            end = self._text.index("\n", place)
            yield self._text[self._text.rindex("\n", 0, place) + 1 : end]
            place = self._text.find(word, end)

    def _related(self, word: str, root: str) -> list[str]:
        """Return the words that share their stem with a word, begin it or begin with it, in the order of the lake."""
        related = {word, *self._by_stem.get(root, ()), *(word[:length] for length in range(_PREFIX, len(word)))}
        if len(word) >= _PREFIX:
            first = bisect_left(self._sorted, word)
            related.update(takewhile(lambda other: other.startswith(word), islice(self._sorted, first, None)))
        return sorted(related & self._order.keys(), key=self._order.__getitem__)

    def shares(self, said: Iterable[tuple[str, float]]) -> tuple[Floats, Floats]:
        """Return the share of each distinct name of a column, and of each table, that some words make up."""
        shares = [np.zeros(len(names), dtype=np.float32) for names in self._names[:2]]
        for word, strength in said:
            for lengths, share, numbers in zip(self._lengths, shares, self.words[word], strict=False):
                share[numbers] += strength / lengths[numbers]
        return np.minimum(shares[0], 1.0), np.minimum(shares[1], 1.0)


def _arrays(found: Mapping[str, tuple[list[int], ...]]) -> dict[str, Places]:
    return {word: tuple(np.array(numbers, dtype=np.int64) for numbers in places) for word, places in found.items()}


def glued(sequence: Sequence[str]) -> Iterable[tuple[str, tuple[str, ...], float]]:
    """Yield what names may make of words that follow each other: "hometown", "stuid", "lname"."""
    for word in dict.fromkeys(sequence):
        yield word, (word,), _STEM
    for first, second in dict.fromkeys(pairwise(sequence)):
        for length in range(1, len(first) + 1):
            yield first[:length] + second, (first, second), _SAME if length == len(first) else _STEM


def stem(word: str) -> str:
    """Return what verb and noun share: "performed" and "performance" both give "perform"."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _INSIDE:
            return word[: -len(ending)]
    return word


def _alike(word: str, root: str, other: str, other_root: str) -> float:
    """Tell how surely two words with the same first letter are one, 0 where they are not."""
    if word == other:
        return _SAME
    if len(root) >= _INSIDE and root == other_root:
        return _STEM
    short, long = (word, other) if len(word) < len(other) else (other, word)
    return _BEGINS if len(short) >= _PREFIX and long.startswith(short) else 0.0
