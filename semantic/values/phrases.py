"""The phrases of a question that may be cell values, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from semantic.names import IDLE_WORDS, normalise

_TOKEN = re.compile(r"\w+(?:[.'\u2019&/+-]\w+)*[+#%]*|[$€£]\d+")
_QUOTED = re.compile(
    r"\"([^\"]{1,120})\"|(?<!\w)'([^']{1,120})'(?!\w)|\u201c([^\u201d]{1,120})\u201d|\u2018([^\u2019]{1,120})\u2019|`([^`]{1,120})`"
)
_LONGEST = 6
_CAPITAL_BEFORE = re.compile(r"(?<!^)\b[A-Z]\w*\s$")
_CAPITAL_AFTER = re.compile(r"\s[A-Z]")
_PART_BEFORE = re.compile(
    r"\b(?:contain(?:s|ed|ing)?|includ(?:es?|ed|ing)|(?:sub)?strings?|words?|letters?|prefix|suffix|"
    r"(?:start|begin|end)(?:s|ing|ning)? (?:with|in)|like)\W*(?:\w+\W+)?$",
    re.IGNORECASE,
)
_PART_AFTER = re.compile(r"\W*in (?:its|their|the|his|her|part)\b(?: names?| titles?|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a question with their place; `quoted` where it marks them as a value itself."""

    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def norm(self) -> str:
        """The words in normal form."""
        return normalise(self.text)

    def all_in(self, known: Collection[str]) -> bool:
        """Tell whether all words are among these."""
        return all(word in known for word in self.norm.split())


def find_phrases(question: str) -> list[Phrase]:
    """Return what is quoted, then all runs of one to six words, longest first."""
    quoted = [
        Phrase(text, match.start() + 1, match.end() - 1, quoted=True)
        for match in _QUOTED.finditer(question)
        if (text := next(group for group in match.groups() if group))
    ]
    return [*quoted, *_phrases(question, quoted)]


def is_name(phrase: Phrase, question: str) -> bool:
    """Tell whether a phrase is written as a whole name: quoted, or capitals with none beside them."""
    if phrase.quoted:
        return True
    capital = all(word[0].isupper() or not word[0].isalpha() for word in phrase.text.split())
    beside = _CAPITAL_BEFORE.search(question[: phrase.start]) or _CAPITAL_AFTER.match(question[phrase.end :])
    return capital and phrase.start > 0 and not beside


def is_substring(phrase: Phrase, question: str) -> bool:
    """Tell whether the question says itself that the words are only a part of what is meant."""
    return bool(_PART_BEFORE.search(question[: phrase.start]) or _PART_AFTER.match(question[phrase.end :]))


def _phrases(question: str, quoted: Sequence[Phrase]) -> list[Phrase]:
    """Return the runs of one to six words, longest first, that do not cut through a quotation."""
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(question)]
    found: list[Phrase] = []
    for size in range(min(_LONGEST, len(tokens)), 0, -1):
        for first in range(len(tokens) - size + 1):
            start, end = tokens[first][0], tokens[first + size - 1][1]
            if "(" in question[start:end] and question[end : end + 1] == ")":
                end += 1
            if not any(start < q.end and q.start < end and (start, end) != (q.start, q.end) for q in quoted):
                found.append(Phrase(question[start:end], start, end))
            if question[start:end].endswith(("'s", "\u2019s")):
                found.append(Phrase(question[start : end - 2], start, end - 2))
    return [p for p in found if not _is_idle(p)]


def _is_idle(phrase: Phrase) -> bool:
    words = phrase.norm.split()
    if len(words) == 1:
        # "US", "IT" or "A" in capitals may be a code, and "May" a month; the same in small letters is none.
        return words[0] in IDLE_WORDS and not (phrase.text[:1].isupper() and phrase.start > 0)
    return words[0] in IDLE_WORDS and words[-1] in IDLE_WORDS and all(w in IDLE_WORDS for w in words)
