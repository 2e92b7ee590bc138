"""Which names of a lake hold a word of a question: the same word, another form, a beginning, a part."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

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
        self._initials: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for word in self.words:
            self._initials[word[:1]].append((word, stem(word)))
        self._text = "\n".join(("", *self.words, ""))
        self.matches = lru_cache(maxsize=4096)(self._matches)

    def _matches(self, word: str) -> tuple[tuple[str, float], ...]:
        """Return the words of names that a word of a question may mean, with how surely, the surest last."""
        found: dict[str, float] = {}
        if len(word) >= _INSIDE:
            found |= dict.fromkeys(re.findall(rf"\n(\S*{re.escape(word)}\S*)(?=\n)", self._text), _WITHIN)
        root = stem(word)
        for other, other_root in self._initials.get(word[:1], ()):
            if strength := _alike(word, root, other, other_root):
                found[other] = strength
        return tuple(sorted(found.items(), key=lambda pair: pair[1]))

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
