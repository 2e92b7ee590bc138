"""Cues: the words of a question that say what to do with the data rather than which data.

Their patterns are rows of cues.toml, tried from top to bottom; words taken by one cue are not offered to the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from genie_ext.embedded.lexicon import read_lexicon
from genie_ext.types import Aggregate

CueKind = Literal[
    "aggregate", "distinct", "superlative", "compare", "between", "group", "grain", "order", "negation", "null", "like",
    "average_of", "unsupported",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """An instruction found in the question.

    Attributes:
        kind: What sort of instruction.
        detail: Aggregate, operator, direction ("up" or "down"), grain or the pattern's own word.
        word: The word that was said, lower case.
        numbers: Numbers that belong to it, in order.
        start: Position of its first character.
        end: Position after its last character.
    """

    kind: CueKind
    detail: str
    word: str
    numbers: tuple[float, ...]
    start: int
    end: int


EXTREMES: dict[str, Aggregate] = {"maximum": "max", "max": "max", "minimum": "min", "min": "min"}
"""Superlatives that may also ask for the figure itself."""
_NUMBER_WORDS: dict[str, int] = read_lexicon("cues")["numbers"]
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}


def _parts() -> dict[str, str]:
    """Return the patterns that others are built from, by name."""
    parts = {name: _joined(text) for name, text in read_lexicon("cues")["parts"].items()}
    words = "|".join(word for word in _NUMBER_WORDS if len(word) > 2)
    superlatives = f"{parts['up']}|{parts['down']}"
    longest_first = "|".join(sorted(superlatives.split("|"), key=len, reverse=True))
    return parts | {
        "value": rf"({parts['numeral']}|{words})\b",
        "superlative": superlatives,
        "superlative_longest": longest_first,
    }


def _joined(pattern: str) -> str:
    return pattern.replace("\n", "")


_PARTS = _parts()


def _compiled(row: dict[str, Any]) -> tuple[CueKind, str, re.Pattern[str]]:
    pattern = re.sub(r"<([a-z_]+)>", lambda match: _PARTS[match[1]], _joined(row["pattern"]))
    return row["kind"], row.get("detail", ""), re.compile(pattern)


_PATTERNS = tuple(_compiled(row) for row in read_lexicon("cues")["cue"])


def find_cues(text: str, *, taken: tuple[tuple[int, int], ...] = ()) -> tuple[Cue, ...]:
    """Return the cues of a question in order.

    Args:
        text: The question.
        taken: Character ranges that already mean something else (dates, quoted values).
    """
    lower = text.lower()
    cues: list[Cue] = []
    spans = list(taken)
    for kind, detail, pattern in _PATTERNS:
        for match in pattern.finditer(lower):
            if _is_taken(kind, match, spans):
                continue
            cues.append(_make(kind, detail, match))
            if kind != "unsupported":
                spans.append((match.start(), match.end()))
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _is_taken(kind: CueKind, match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    """Tell whether words already mean something else; what cannot be computed counts unless all of it is quoted."""
    if kind == "unsupported":
        return any(start <= match.start() and match.end() <= end for start, end in spans)
    return any(match.start() < end and start < match.end() for start, end in spans)


def read_number(text: str) -> float | None:
    """Return the number a numeral or number word stands for: "1,200", "$5k", "three"."""
    text = text.strip().lower().lstrip("$€£ ").replace(",", "")
    if text in _NUMBER_WORDS:
        return float(_NUMBER_WORDS[text])
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?) ?(k|m|bn|thousand|million|billion)?", text)
    return float(match[1]) * _SCALES.get(match[2] or "", 1) if match else None


def plain_number(number: float) -> int | float:
    """Return a whole number as an integer, any other as it is."""
    return int(number) if number == int(number) else number


def _make(kind: CueKind, detail: str, match: re.Match[str]) -> Cue:
    numbers = tuple(n for n in (read_number(group) for group in match.groups() if group) if n is not None)
    if kind == "superlative":
        detail = _direction(match[0])
    if kind == "order" and match.groups() and match[1]:
        detail = _order_detail(match[1])
    return Cue(kind=kind, detail=detail, word=match[0], numbers=numbers, start=match.start(), end=match.end())


def _direction(words: str) -> str:
    down = re.search(rf"\b(?:{_PARTS['down']})\b", words)
    if down and down[0] == "first" and len(words.split()) > 1:  # "first 5" takes rows in their order
        return "first"
    return "down" if down else "up"


def _order_detail(words: str) -> str:
    backwards = words in {"descending", "decreasing"} or words.startswith("reverse")
    upwards = re.fullmatch(_PARTS["up"], words) or words.startswith("most ")
    return "descending" if backwards or upwards else "ascending"
