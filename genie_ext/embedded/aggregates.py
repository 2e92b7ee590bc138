"""Aggregates: "how many", "average price", "total and maximum amount" become measures."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import flag_values, is_key, is_number
from genie_ext.embedded.cues import EXTREMES, Cue
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of, is_aggregated, measure_of, words_after
from genie_ext.embedded.follow_up import refers_back
from genie_ext.embedded.link import Mention
from genie_ext.embedded.subjects import Lookup, default_number
from genie_ext.embedded.words import plain_name
from genie_ext.types import Aggregate, ColumnRef, Dimension

_WHOLE = 0.8
"""Score from which a mention spells a name in full rather than in part."""


def add_aggregates(draft: Draft, lookup: Lookup) -> None:
    """Turn aggregate cues into measures; several cues before one column all apply to it."""
    cues = [c for c in draft.reading.cues if c.kind == "aggregate" or is_aggregated(draft, c)]
    cues = [c for c in cues if c.start not in draft.spent]
    for i, cue in enumerate(cues):
        following = (
            cues[i + 1]
            if i + 1 < len(cues) and cues[i + 1].start - cue.end <= 5 and cues[i + 1].detail == "count"
            else None
        )
        before = cues[i - 1] if i and cue.start - cues[i - 1].end <= 5 else None
        count = len(draft.measures)
        if _splits_figure(draft, cue):
            draft.missing.append(f"what to split the figure by: “{cue.word.strip()}” is a figure itself")
            continue
        if cue.detail == "count" and before is not None and before.start in draft.placed:
            continue  # "average number of …" was one figure
        if cue.detail == "count":
            _add_count(draft, cue, lookup)
        elif following is not None and not _names_number(draft, following):
            draft.missing.append(f"a way to compute “{cue.word} {following.word}” without a model")
        else:
            _add_figure(draft, following or cue, EXTREMES.get(cue.word) or cue.detail, lookup)  # type: ignore[arg-type]
        if len(draft.measures) > count:
            draft.placed[cue.start] = draft.measures[count]


def _splits_figure(draft: Draft, cue: Cue) -> bool:
    """Tell whether a governed figure is to be split by another figure, which has no values of its own."""
    governed = any(measure.metric is not None for measure in draft.measures)
    ranked = any(c.kind in ("superlative", "order") for c in draft.reading.cues)
    behind = re.search(r"\b(?:by|per|each)\s+(?:the |their )?$", draft.reading.text[: cue.start].lower())
    return governed and not ranked and behind is not None


def _names_number(draft: Draft, count: Cue) -> bool:
    """Tell whether "average number of guests" means a column of numbers rather than a count of rows."""
    place = draft.after(count, reach=30)
    link = draft.pick(place[1], want="number") if place else None
    column = draft.table(link.table).column(link.column) if link else None
    return link is not None and column is not None and not is_key(draft.table(link.table), column)


def _add_count(draft: Draft, cue: Cue, lookup: Lookup) -> None:
    place = _target(draft, cue)
    if place is None:
        focus = (
            next((hit.document.table for hit in lookup(words_after(draft, cue)) if hit.dense >= 0.4), None)
            or draft.focus()
        )
        if focus is None or focus not in draft.weights:
            draft.missing.append("what should be counted")
            return
        if not refers_back(draft.reading.text[cue.end :]):
            draft.doubt(f"took the counted thing to be {focus.name}", 0.7)
        draft.measures.append(count_of(focus))
        return
    index, mention = _whole_name(draft, *place)
    table = draft.pick(mention, want="table")
    column = draft.pick(mention, want="column")
    if table is not None and (column is None or table.score >= column.score - 0.1):
        draft.used.add(index)
        draft.measures.append(count_of(table.table))
    elif column is not None and _is_flag(draft, ref := ColumnRef(column.table, column.column)):
        draft.measures.append(count_of(ref.table))  # "how many active customers": the flag itself becomes a filter
    elif column is not None:
        draft.used.add(index)
        _count_column(draft, ColumnRef(column.table, column.column), cue)


def _whole_name(draft: Draft, index: int, mention: Mention) -> tuple[int, Mention]:
    """Return the table named in full right behind a word that is only part of a name: "active subscriptions"."""
    if mention.score >= _WHOLE or index + 1 >= len(draft.reading.mentions):
        return index, mention
    following = draft.reading.mentions[index + 1]
    table = draft.pick(following, want="table")
    near = following.start - mention.end == 1
    return (index + 1, following) if near and table is not None and table.score >= _WHOLE else (index, mention)


def _is_flag(draft: Draft, ref: ColumnRef) -> bool:
    column = draft.column(ref)
    return column is not None and flag_values(column) is not None and not draft.identifies(ref)


def _count_column(draft: Draft, ref: ColumnRef, cue: Cue) -> None:
    owner, column = draft.table(ref.table), draft.column(ref)
    different = re.search(r"different|distinct|unique", cue.word)
    if column is not None and is_number(column) and not is_key(owner, column) and not different:
        if cue.word.startswith("how many") or "total" in cue.word:
            draft.measures.append(measure_of("sum", ref))
        else:
            draft.dimensions.append((cue.start, Dimension(column=ref, label=ref.column)))
    elif column is not None and column.name in owner.primary_key:
        draft.measures.append(count_of(ref.table))
    else:
        draft.measures.append(measure_of("count_distinct", ref))


def _add_figure(draft: Draft, cue: Cue, aggregate: Aggregate, lookup: Lookup) -> None:
    place = _target(draft, cue)
    if place is None:
        if any(measure.metric is not None for measure in draft.measures):
            draft.missing.append(f"what “{cue.word}” is about beside the figure asked for")
            return
        ref = default_number(draft, words_after(draft, cue), lookup, draft.focus())
        if ref is None:
            draft.missing.append(f"which number “{cue.word}” is about")
            return
        draft.assumptions.append(f"“{cue.word}” is about {ref.table.name}.{ref.column}")
        draft.doubt(f"took {plain_name(ref.column)} as the figure", 1.8)
        draft.measures.append(measure_of(aggregate, ref))
        return
    index, mention = place
    while True:
        link = draft.pick(mention, want="number") or (
            draft.pick(mention, want="column") if aggregate in ("min", "max") else None
        )
        if link is None:
            break
        draft.used.add(index)
        draft.measures.append(measure_of(aggregate, ColumnRef(link.table, link.column)))
        following = _joined(draft, index)
        if following is None or draft.pick(following, want="number") is None:
            break
        index, mention = index + 1, following
    if not any(index in draft.used for index in [place[0]]):
        _count_or_default(draft, cue, place, aggregate, lookup)


def _count_or_default(draft: Draft, cue: Cue, place: tuple[int, Mention], aggregate: Aggregate, lookup: Lookup) -> None:
    """Read "total orders" as a count, "average order" as the order's usual number."""
    table = draft.pick(place[1], want="table")
    if aggregate == "sum" and table is not None and cue.word != "how much":
        draft.used.add(place[0])
        draft.measures.append(count_of(table.table))
        return
    ref = default_number(draft, words_after(draft, cue), lookup, table.table if table else None)
    if ref is None:
        draft.missing.append(f"which number “{cue.word} {place[1].text}” is about")
        return
    draft.assumptions.append(f"“{cue.word} {place[1].text}” is {aggregate} of {ref.table.name}.{ref.column}")
    draft.doubt(f"took {plain_name(ref.column)} as the figure", 1.8)
    draft.used.add(place[0])
    draft.measures.append(measure_of(aggregate, ref))


def _target(draft: Draft, cue: Cue) -> tuple[int, Mention] | None:
    """Return the mention an aggregate is about: the next one with nothing but other aggregates between."""
    place = draft.after(cue, reach=48)
    if place is None:
        return None
    between = [c for c in draft.reading.cues if cue.end <= c.start < place[1].start]
    blocked = any(c.kind in ("group", "compare", "grain", "null") for c in between)
    return None if blocked or (not between and place[1].start - cue.end > 26) else place


def _joined(draft: Draft, index: int) -> Mention | None:
    if index + 1 >= len(draft.reading.mentions):
        return None
    first, second = draft.reading.mentions[index], draft.reading.mentions[index + 1]
    between = draft.reading.text[first.end : second.start]
    return second if re.fullmatch(r"(?:,| and|, and)(?: the| their)? ", between) else None
