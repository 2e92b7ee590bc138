"""Comparisons: "more than 5", "between 3 and 7", "above the average" and bare numbers become filters."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import is_key, is_number
from genie_ext.embedded.cues import Cue, plain_number, read_number
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of
from genie_ext.embedded.link import Link
from genie_ext.embedded.metrics import compared_metric
from genie_ext.embedded.subjects import Lookup, default_number, hinted_column, year_column
from genie_ext.types import ColumnRef, Filter, Measure, Operator, Scalar, Step
from semantic.types import TableId

_FIRST_YEAR, _LAST_YEAR = 1000, 2100


def add_comparisons(draft: Draft, lookup: Lookup) -> None:
    """Turn "more than 5", "between 3 and 7", "above the average" into filters."""
    for cue in draft.reading.cues:
        if cue.kind in ("compare", "between") and cue.numbers:
            _add_comparison(draft, cue, lookup)
        elif cue.kind == "average_of":
            if any(cue.start <= n.start <= cue.end + 14 for n in draft.reading.named if n.metrics):
                draft.missing.append(f"a way to compute “{cue.word}” of a figure without a model")
                continue
            ref = _number_beside(draft, cue, lookup)
            if ref is None:
                draft.missing.append(f"which number “{cue.word}” is about")
                continue
            inner = Step(sources=(ref.table,), measures=(Measure(aggregate="avg", column=ref),))
            draft.filters.append(Filter(subject=ref, operator=cue.detail, step=inner, phrase=cue.word))  # type: ignore[arg-type]


def _add_comparison(draft: Draft, cue: Cue, lookup: Lookup) -> None:
    operator: Operator = "between" if cue.kind == "between" else cue.detail  # type: ignore[assignment]
    values = tuple(plain_number(n) for n in cue.numbers[: 2 if operator == "between" else 1])
    metric = compared_metric(draft, cue)
    measured = _measure_before(draft, cue)
    if metric is not None and metric != measured:
        draft.filters.append(Filter(subject=metric, operator=operator, values=values, phrase=cue.word))
        return
    if measured is not None:
        draft.measures.remove(measured)
        draft.filters.append(Filter(subject=measured, operator=operator, values=values, phrase=cue.word))
        return
    counted = _counted_table(draft, cue)
    if counted is not None:
        draft.filters.append(Filter(subject=count_of(counted), operator=operator, values=values, phrase=cue.word))
        return
    ref = _number_beside(draft, cue, lookup)
    if ref is None:
        draft.missing.append(f"which number “{cue.word}” is about")
    else:
        draft.filters.append(Filter(subject=ref, operator=operator, values=values, phrase=cue.word))


def _measure_before(draft: Draft, cue: Cue) -> Measure | None:
    """Return the figure of "an average attendance over 200" or "whose total sales exceed 5000"."""
    lower = draft.reading.text.lower()
    for start, measure in draft.placed.items():
        restricts = re.search(r"\b(?:with|has|have|having|whose|where)\b[^.]{0,12}$", lower[:start])
        apart = re.search(r"\b(?:for each|per|who|that|which)\b", lower[start : cue.start])
        if measure in draft.measures and 0 <= cue.start - start <= 60 and restricts and not apart:
            return measure
    return None


def _counted_table(draft: Draft, cue: Cue) -> TableId | None:
    """Return the table of "at least three orders": a table right behind the number that is not the one being listed."""
    place = draft.after(cue, reach=12)
    if place is None:
        return None
    table, number = draft.pick(place[1], want="table"), draft.pick(place[1], want="number")
    first = next((i for i, m in enumerate(draft.reading.mentions) if draft.pick(m, want="table")), None)
    listed = table is not None and table.table == draft.listed() and first != place[0]
    far = _cue_between(draft, cue.end, place[1].start) or len(draft.reading.text[cue.end : place[1].start].split()) > 1
    if table is None or (number is not None and number.score > table.score) or listed or far:
        return None
    draft.used.add(place[0])
    return table.table


def _cue_between(draft: Draft, start: int, end: int) -> bool:
    return any(start <= c.start < end for c in draft.reading.cues)


def _number_beside(draft: Draft, cue: Cue, lookup: Lookup) -> ColumnRef | None:
    hinted = hinted_column(draft, cue.word, draft.listed() or draft.focus())
    places = (draft.before(cue), draft.after(cue, reach=14), draft.before(cue, reach=90))
    for place in (places[1], places[0], places[2]) if cue.kind == "average_of" else places:
        link = draft.pick(place[1], want="number", near=draft.focus()) if place else None
        if place and link is not None and (hinted is None or link.score >= 0.9) and _is_figure(draft, link):
            draft.used.add(place[0])
            if cue.kind == "average_of":  # "a balance above the average balance" names its column twice
                draft.used.update(
                    i for i, m in enumerate(draft.reading.mentions) if m.text.casefold() == place[1].text.casefold()
                )
            return ColumnRef(link.table, link.column)
    if hinted is not None:
        return hinted
    words = draft.reading.text[max(0, cue.start - 30) : cue.start]
    ref = default_number(draft, words, lookup, draft.focus())
    if ref is not None:
        draft.doubt(f"took {ref.column} for “{cue.word}”", 1.8)
    return ref


def _is_figure(draft: Draft, link: Link) -> bool:
    owner = draft.table(link.table)
    column = owner.column(link.column)
    return column is not None and (link.score >= 0.9 or not is_key(owner, column))


def add_bare_numbers(draft: Draft, spans: list[tuple[int, int]]) -> None:
    """Turn a number that stands beside a column ("release year 2014", "level 3") into an equality."""
    for match in re.finditer(r"(?<![\w.-])\$?(\d[\d,]*(?:\.\d+)?)(?![\w%])", draft.reading.text):
        if any(match.start() < end and start < match.end() for start, end in spans):
            continue
        number = read_number(match[1])
        ref = _column_before(draft, match.start())
        if ref is None and number is not None and _FIRST_YEAR <= number <= _LAST_YEAR:
            ref = year_column(draft, draft.weighty())
        if ref is not None and number is not None:
            column = draft.column(ref)
            value: Scalar = plain_number(number) if column is not None and is_number(column) else match[1]
            draft.filters.append(Filter(subject=ref, operator="=", values=(value,), phrase=match[0]))
        elif number is not None and _ranks(draft, match.end()):
            draft.limit = int(number)
        else:
            draft.missing.append(f"what “{match[0]}” refers to")


def _ranks(draft: Draft, end: int) -> bool:
    """Tell whether a number before a table says how many to rank: "the 2 products with the lowest stock"."""
    table = any(m.start == end + 1 and draft.pick(m, want="table") for m in draft.reading.mentions)
    return table and any(c.kind == "superlative" and not c.numbers and c.start > end for c in draft.reading.cues)


def _column_before(draft: Draft, start: int) -> ColumnRef | None:
    for i, mention in enumerate(draft.reading.mentions):
        between = draft.reading.text[mention.end : start].lower()
        if mention.end <= start and re.fullmatch(
            r"\s*(?:is|was|are|of|=|equals?|equal to|to|number|no\.?|#|in)?\s*(?:to )?", between
        ):
            link = draft.pick(mention, want="number") or draft.pick(mention, want="column")
            if link is not None:
                draft.used.add(i)
                return ColumnRef(link.table, link.column)
    return None
