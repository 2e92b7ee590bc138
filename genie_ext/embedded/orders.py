"""Orders: "sorted by", "in descending order", "from the oldest to the youngest" become sort keys."""

from __future__ import annotations

import re

from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of
from genie_ext.embedded.link import Mention
from genie_ext.embedded.metrics import sorting_metric
from genie_ext.types import ColumnRef, Dimension, Measure, Order

_OPEN = re.compile(r"(?:by|of|the|their|its|ascending|descending|increasing|decreasing)$")
_FREQUENCY = re.compile(r"\s*(?:the |their )?(?:frequency|number of (?:occurrences|times))\b")


def add_orders(draft: Draft) -> None:
    """Turn "sorted by", "in descending order", "from the oldest to the youngest" into sort keys."""
    cues = [c for c in draft.reading.cues if c.kind == "order"]
    if not cues:
        return
    ranked = any("rank" in c.word for c in cues) and any(m.metric for m in draft.measures)
    descending = ranked or any("desc" in c.word or c.detail == "descending" for c in cues)
    by_count = next((c for c in cues if _FREQUENCY.match(draft.reading.text[c.end :].lower())), None)
    placed = next(
        (p for c in cues if c.detail != "range" and _OPEN.search(c.word) and (p := draft.after(c, reach=20))), None
    )
    if by_count is not None and draft.dimensions:
        draft.order = [Order(by=count_of(draft.dimensions[0][1].column.table), descending=descending)]
        return
    metric = next((m for c in cues if _OPEN.search(c.word) and (m := sorting_metric(draft, c)) is not None), None)
    if metric is not None:
        draft.order = [Order(by=metric, descending=descending)]
        return
    if placed is not None:
        keys = [_sort_key(draft, index, draft.reading.mentions[index]) for index in _listed(draft, placed[0])]
        draft.order = [Order(by=key, descending=descending) for key in keys if key is not None]
        return
    by: Measure | Dimension | None
    if draft.measures and not any(c.word.startswith("alphabetic") for c in cues):
        by = draft.measures[0]
    else:
        by = draft.dimensions[0][1] if draft.dimensions else None
    if by is None:
        draft.missing.append("what to sort by")
        return
    draft.order = [Order(by=by, descending=descending)]


def _listed(draft: Draft, index: int) -> list[int]:
    """Return the numbers of the mentions that are sorted by: "by year and class" names two."""
    mentions, found = draft.reading.mentions, [index]
    while found[-1] + 1 < len(mentions):
        between = draft.reading.text[mentions[found[-1]].end : mentions[found[-1] + 1].start].lower()
        if not re.fullmatch(r"(?:,|,? and|,? then)(?: then)?(?: by)?(?: the| their)? ", between):
            break
        found.append(found[-1] + 1)
    return found


def _sort_key(draft: Draft, index: int, mention: Mention) -> Measure | Dimension | None:
    measured = next((m for m in draft.measures if index in draft.used and (m.column or m.table)), None)
    if measured is not None:
        return measured
    draft.used.add(index)
    link = draft.pick(mention, want="column", near=draft.focus())
    if link is None:
        table = draft.pick(mention, want="table")
        return count_of(table.table) if table else None
    ref = ColumnRef(link.table, link.column)
    return next((m for m in draft.measures if m.column == ref), None) or Dimension(column=ref, label=ref.column)
