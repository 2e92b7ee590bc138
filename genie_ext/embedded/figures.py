"""Figures: measures, their labels, and which number a question means."""

from __future__ import annotations

import re

from genie_ext.embedded.cues import EXTREMES, Cue
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.words import name_stems, plain_name
from genie_ext.types import Aggregate, ColumnRef, Measure
from semantic.types import TableId

_AVERAGED = frozenset(
    {
        "price", "rate", "rating", "score", "age", "percent", "pct", "percentage", "temperature", "satisfaction",
        "csat", "discount", "ratio", "average", "margin",
    }
)  # fmt: skip
_LABELS = {"avg": "average", "sum": "total", "min": "minimum", "max": "maximum", "count_distinct": "number_of"}
_FAR = 60
_RESTRICTING = re.compile(
    r"\b(?:which|who|whose|with|has|have|having)\b(?: the| a)?[^,]{0,12}$|\b(?:which|who|whose)\b[^,]*$"
)


def measure_of(aggregate: Aggregate, ref: ColumnRef) -> Measure:
    """Return a measure over a column, labelled the way people would."""
    words = "_".join(plain_name(ref.column).split())
    return Measure(aggregate=aggregate, column=ref, label=f"{_LABELS.get(aggregate, aggregate)}_{words}")


def count_of(table: TableId) -> Measure:
    """Return the number of rows of a table as a measure."""
    return Measure(aggregate="count", table=table, label=f"number_of_{'_'.join(plain_name(table.name).split())}")


def natural_aggregate(ref: ColumnRef) -> Aggregate:
    """Return how a number is usually combined over rows: prices and rates are averaged, amounts are added."""
    return "avg" if _AVERAGED & set(name_stems(ref.column)) else "sum"


def numeric_mention(draft: Draft) -> tuple[int, ColumnRef] | None:
    """Return the first unused mention of a number that is no key: the figure where no aggregate is named."""
    for i, mention in enumerate(draft.reading.mentions):
        link = draft.pick(mention, want="number") if i not in draft.used else None
        ref = ColumnRef(link.table, link.column) if link is not None and link.score >= 0.6 else None
        if ref is not None and not draft.identifies(ref):
            return i, ref
    return None


def is_aggregated(draft: Draft, cue: Cue) -> bool:
    """Tell whether "maximum x" asks for the figure itself rather than for the row that has it."""
    before = draft.reading.text[: cue.start].lower()
    return cue.kind == "superlative" and cue.word in EXTREMES and not _RESTRICTING.search(before)


def words_after(draft: Draft, cue: Cue) -> str:
    """Return the words behind a cue, up to the next cue or date."""
    starts = (*(c.start for c in draft.reading.cues), *(d.at for d in draft.reading.dates))
    until = min((start for start in starts if start > cue.end), default=cue.end + _FAR)
    return draft.reading.text[cue.end : min(until, cue.end + _FAR)].strip(" ?.!,")
