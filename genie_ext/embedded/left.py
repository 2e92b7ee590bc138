"""What is left: the parts of a question that a step makes no use of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from genie_ext.embedded.cues import read_number
from genie_ext.embedded.dates import DatePhrase
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.steps import base_table, conditions, inner_steps, joined_columns, measured_table, read_columns
from genie_ext.types import ColumnRef, Measure, Scalar, Step
from semantic.types import TableId

_NUMERAL = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
_YEAR = re.compile(r"\d{4}")
_WHOLE = 0.9
"""Score from which words spell a name in full."""


def numbers_left(draft: Draft, step: Step) -> float:
    """Return the share of the numbers in the question, dates apart, that a step does not compare with or limit to."""
    spans = [(date.at, date.until) for date in draft.reading.dates]
    found = [m for m in _NUMERAL.finditer(draft.reading.text) if not any(a <= m.start() < b for a, b in spans)]
    numbers = [number for m in found if (number := read_number(m[0])) is not None]
    used = {_number(value) for value in _literals(step)} | {float(limit) for limit in _limits(step)}
    texts = " ".join(str(value) for value in _literals(step))
    return _share([number not in used and f"{number:g}" not in texts for number in numbers])


def years_left(draft: Draft, step: Step) -> tuple[DatePhrase, ...]:
    """Return the phrases of whole years none of whose years a step compares with, in cells of dates or of years."""
    texts = [str(value) for value in _literals(step)]
    return tuple(
        phrase
        for phrase in draft.reading.dates
        if phrase.years and not any(year in text for year in _YEAR.findall(phrase.text) for text in texts)
    )


def values_left(draft: Draft, step: Step) -> float:
    """Return the share of the cell values the question names that a step does not compare with."""
    used = {str(value).strip().casefold() for value in _literals(step)}
    return _share([not any(hit.value.strip().casefold() in used for hit in group) for group in draft.reading.values])


def names_left(draft: Draft, step: Step) -> float:
    """Return the share of the tables and columns the question names in full that a step does not read."""
    columns, tables = set(_columns(step)), set(_tables(step))
    whole = [mention for mention in draft.reading.mentions if mention.score >= _WHOLE]
    return _share(
        [
            not any(
                (ColumnRef(link.table, link.column) in columns) if link.column else (link.table in tables)
                for link in mention.links
            )
            for mention in whole
        ]
    )


def _share(left: list[bool]) -> float:
    return sum(left) / len(left) if left else 0.0


def _steps(step: Step) -> Iterator[Step]:
    yield step
    for inner in inner_steps(step):
        yield from _steps(inner)


def _literals(step: Step) -> Iterator[Scalar]:
    for part in _steps(step):
        for condition in conditions(part):
            yield from condition.values


def _limits(step: Step) -> Iterator[int]:
    yield from (part.limit for part in _steps(step) if part.limit is not None)


def _columns(step: Step) -> Iterator[ColumnRef]:
    for part in _steps(step):
        refs = (*read_columns(part), *joined_columns(part))
        yield from (ColumnRef(ref.table, ref.column) for ref in refs)


def _tables(step: Step) -> Iterator[TableId]:
    yield from (ref.table for ref in _columns(step))
    for part in _steps(step):
        yield from (base_table(part), *part.sources)
        subjects = (f.subject for f in conditions(part) if isinstance(f.subject, Measure))
        yield from (table for measure in subjects if (table := measured_table(measure)) is not None)


def _number(value: Scalar) -> float | None:
    if isinstance(value, str):
        return read_number(value)
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
