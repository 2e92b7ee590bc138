"""Words of questions and names: splitting, stems and what people abbreviate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from genie_ext.embedded.lexicon import read_lexicon

_LEXICON = read_lexicon("words")
_IRREGULAR: dict[str, str] = _LEXICON["irregular"]
_ENDINGS = (
    "ations", "ation", "ings", "ing", "ments", "ment", "ers", "er", "ors", "or", "ed", "ions", "ion", "e", "s",
)  # fmt: skip

STOP_WORDS = frozenset(_LEXICON["stop_words"].split())
"""Words that carry no link to a schema by themselves."""

ABBREVIATIONS: dict[str, str] = _LEXICON["abbreviations"]
"""What short forms in warehouse names usually stand for."""

UNITS = frozenset(_LEXICON["units"].split())
"""Parts of a name that only say in what form or unit the value is written."""

_SPOKEN = frozenset({"max", "min", "avg", "num", "qty", "amt", "dept", "pct"})
"""Short forms that people use in questions, too."""

_WORD = re.compile(r"[^\W_]+(?:'(?!s\b)[^\W_]+)?", re.UNICODE)
_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_PARTS = re.compile(
    rf"[{_UPPER}]+(?=[{_UPPER}][{_LOWER}])|[{_UPPER}]?[{_LOWER}]+|[{_UPPER}]+|\d+|[^\W\d_{_UPPER}{_LOWER}]+"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question with its place: [start, end) in characters."""

    text: str
    stem: str
    start: int
    end: int


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the singular, casefolded form of an English noun or plain verb, good enough to compare names."""
    word = word.casefold()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _SPOKEN:
        return ABBREVIATIONS[word]
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word.removesuffix("s")


@lru_cache(maxsize=50_000)
def root(word: str) -> str:
    """Return what verbs and nouns of one family share: "rated", "rating" and "rate", or "directed" and "director"."""
    base = stem(word)
    for ending in _ENDINGS:
        if base.endswith(ending) and len(base) - len(ending) >= 3:
            base = base[: -len(ending)]
            break
    return base[:-1] if len(base) > 3 and base[-1] == base[-2] else base


def split_words(text: str) -> tuple[Word, ...]:
    """Return the words of a question in order."""
    return tuple(Word(m[0], stem(m[0]), m.start(), m.end()) for m in _WORD.finditer(text))


@lru_cache(maxsize=200_000)
def name_stems(name: str) -> tuple[str, ...]:
    """Return the stems of the parts of a table or column name, short forms spelled out."""
    stems: list[str] = []
    for part in _PARTS.findall(name):
        low = part.casefold()
        stems.extend(stem(word) for word in ABBREVIATIONS.get(low, low).split())
    return tuple(stems)


def plain_name(name: str) -> str:
    """Return a table or column name as people would say it."""
    return " ".join(part.casefold() for part in _PARTS.findall(name)) or name
