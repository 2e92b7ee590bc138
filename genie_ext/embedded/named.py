"""Named facts: which words of a question equal the name of a metric or of a segment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from genie_ext.embedded.words import STOP_WORDS, UNITS, Word, name_stems, split_words
from semantic.facts import Metric, Segment, Source

NamedFact = Metric | Segment
_Kind = TypeVar("_Kind", Metric, Segment)
LONGEST_NAME = 8
_EMPTY = STOP_WORDS | {
    "total", "number", "count", "sum", "average", "minimum", "maximum", "median", "row", "result", "metric", "figure",
    "date", "day", "week", "month", "quarter", "year", "name", "id",
}  # fmt: skip
"""Words that name no figure by themselves, whatever a query calls its columns."""
_COUNTS = (("number", "of"), ("count", "of"))
_QUALIFIER = re.compile(r"\s*\(([^()]{1,120})\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Words of a question that are the name of facts; several bear one name where definitions conflict.

    Attributes:
        text: The words, without a source named behind them.
        start: Position of the first character.
        end: Position after the last character, of a source named in brackets as well.
        metrics: Metrics of that name.
        segments: Segments of that name, where no metric has it.
    """

    text: str
    start: int
    end: int
    metrics: tuple[Metric, ...] = ()
    segments: tuple[Segment, ...] = ()


def find_named(
    text: str,
    words: Sequence[Word],
    metrics: Sequence[Metric],
    segments: Sequence[Segment],
    *,
    blocked: Iterable[tuple[int, int]] = (),
) -> tuple[Named, ...]:
    """Return the names of metrics and segments in a question, in order and without overlaps; the longest win.

    Args:
        text: The question.
        words: Its words.
        metrics: Metrics that may be meant.
        segments: Segments that may be meant.
        blocked: Character ranges that already have another meaning.
    """
    if not metrics and not segments:
        return ()
    figures, conditions = _by_name(metrics), _by_name(segments)
    spans = [(start, end) for start, end in blocked]
    found: list[Named] = []
    for length in range(min(LONGEST_NAME, len(words)), 0, -1):
        for i in range(len(words) - length + 1):
            part = words[i : i + length]
            start, end = part[0].start, part[-1].end
            stems = tuple(word.stem for word in part)
            bearers = figures.get(stems, ()), conditions.get(stems, ())
            if any(bearers) and not any(start < other and begin < end for begin, other in spans):
                found.append(_named(text, start, end, bearers[0], bearers[1]))
                spans.append((start, found[-1].end))
    return tuple(sorted(found, key=lambda named: named.start))


def _named(text: str, start: int, end: int, metrics: Sequence[Metric], segments: Sequence[Segment]) -> Named:
    chosen, until = _qualified(text, end, metrics or segments)
    return Named(
        text=text[start:end], start=start, end=until,
        metrics=tuple(f for f in chosen if isinstance(f, Metric)),
        segments=tuple(f for f in chosen if isinstance(f, Segment)),
    )  # fmt: skip


def names_of(fact: NamedFact) -> tuple[str, ...]:
    """Return all names that people use for a fact."""
    label = (fact.label,) if isinstance(fact, Metric) and fact.label else ()
    return (fact.name, *label, *fact.synonyms)


def mark_of(fact: NamedFact, others: Sequence[NamedFact]) -> str:
    """Return what tells a fact from others of its name: title, file or place of its source, else its id."""
    every = (fact, *(other for other in others if other.id != fact.id))
    for mark in (_title, _file, _place):
        marks = [mark(other).casefold() for other in every]
        if all(marks) and len(set(marks)) == len(marks):
            return mark(fact)
    return fact.id


def normalised(text: str) -> tuple[str, ...]:
    """Return a text as the stems of its words, to compare texts whatever their case, endings and marks."""
    return tuple(word.stem for word in split_words(text))


def _by_name(facts: Sequence[_Kind]) -> dict[tuple[str, ...], list[_Kind]]:
    found: dict[tuple[str, ...], list[_Kind]] = {}
    for fact in facts:
        for stems in {form for name in names_of(fact) for form in _forms(name)}:
            found.setdefault(stems, []).append(fact)
    return found


def _forms(name: str) -> set[tuple[str, ...]]:
    """Return a name as its stems, as it is written and with short forms spelled out, with and without its unit."""
    forms = {normalised(name), name_stems(name)}
    forms |= {tuple(stem for stem in form if stem not in UNITS) for form in forms}
    forms |= {other for form in forms for other in _counted(form)}
    return {form for form in forms if form and not set(form) <= (_EMPTY if len(form) == 1 else _EMPTY - {"order"})}


def _counted(form: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the other ways to say a count: "number of orders", "order count", "how many orders"."""
    thing = form[2:] if form[:2] in _COUNTS else form[:-1] if form[-1:] == ("count",) else ()
    ways = ((*words, *thing) for words in (*_COUNTS, ("how", "many")))
    return (*ways, (*thing, "count")) if thing else ()


def _qualified(text: str, end: int, facts: Sequence[NamedFact]) -> tuple[Sequence[NamedFact], int]:
    """Return the facts whose source is named in brackets behind their name, and where that ends."""
    match = _QUALIFIER.match(text, end)
    if match is None:
        return facts, end
    said = match[1].strip().casefold()
    meant = [fact for fact in facts if said in _marks(fact, facts)]
    return (meant, match.end()) if meant else (facts, end)


def _marks(fact: NamedFact, facts: Sequence[NamedFact]) -> set[str]:
    return {mark.casefold() for mark in (mark_of(fact, facts), _title(fact), _file(fact), _place(fact), fact.id)}


def _first(fact: NamedFact) -> Source | None:
    return fact.sources[0] if fact.sources else None


def _title(fact: NamedFact) -> str:
    source = _first(fact)
    return " ".join(source.title.replace("(", " ").replace(")", " ").split()) if source else ""


def _file(fact: NamedFact) -> str:
    source = _first(fact)
    return PurePosixPath(source.place.split(":")[0]).name if source else ""


def _place(fact: NamedFact) -> str:
    source = _first(fact)
    return source.place.replace("(", "[").replace(")", "]") if source else ""
