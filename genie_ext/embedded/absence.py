"""Absence, patterns and flags: "without orders", "never paid", "starting with A", "active customers"."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import flag_values, is_key
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of
from genie_ext.embedded.link import Mention
from genie_ext.types import ColumnRef, Filter, Operator

_WILD = re.compile(r"([\\%_])")


def add_absence(draft: Draft) -> None:
    """Turn "without any orders", "never …", "missing phone" into conditions on absence."""
    negated_values = {f.phrase for f in draft.filters if f.operator in ("!=", "not in", "not like")}
    negated_values |= {condition.phrase for condition in draft.segments if condition.denied}
    for cue in draft.reading.cues:
        if cue.kind not in ("null", "negation"):
            continue
        if any(p and 0 <= draft.reading.text.find(p.split(", ")[0]) - cue.end <= 40 for p in negated_values):
            continue
        place = draft.after(cue, reach=34)
        if place is None or not _absent(draft, *place):
            draft.missing.append(f"what “{cue.word.strip()}” leaves out")


def _absent(draft: Draft, index: int, mention: Mention) -> bool:
    table, column = draft.pick(mention, want="table"), draft.pick(mention, want="column")
    listed = draft.listed()
    draft.used.add(index)
    if table is not None and table.table != listed and (column is None or table.score >= column.score):
        draft.filters.append(Filter(subject=count_of(table.table), operator="=", values=(0,), phrase=mention.text))
        return True
    if column is None:
        return False
    found = draft.table(column.table).column(column.column)
    flag = flag_values(found) if found is not None else None
    if flag is not None:
        draft.filters.append(
            Filter(subject=ColumnRef(column.table, column.column), operator="=", values=(flag[1],), phrase=mention.text)
        )
    else:
        draft.filters.append(
            Filter(subject=ColumnRef(column.table, column.column), operator="is null", phrase=mention.text)
        )
    return True


def add_patterns(draft: Draft) -> None:
    """Turn "containing", "starting with", "ending with" into text patterns."""
    for cue in draft.reading.cues:
        if cue.kind != "like":
            continue
        quoted = next((q for q in draft.reading.quoted if 0 <= q.start - cue.end <= 3), None)
        word = re.match(r"\s*[\"']?(\w+)", draft.reading.text[cue.end :])
        place = draft.before(cue, reach=30)
        link = draft.pick(place[1], want="column") if place else None
        text = quoted.text if quoted else word[1] if word else ""
        if link is None or not text:
            draft.missing.append(f"which text “{cue.word}” is about")
            continue
        if place:
            draft.used.add(place[0])
        texts = [q.text for q in draft.reading.quoted if 0 <= q.start - cue.end <= 30] or [text]
        texts = [_WILD.sub(r"\\\1", t) for t in texts]
        patterns = tuple({"contains": f"%{t}%", "starts": f"{t}%", "ends": f"%{t}"}[cue.detail] for t in texts)
        operator: Operator = "not like" if draft.negated(cue.start) else "like"
        draft.filters.append(
            Filter(
                subject=ColumnRef(link.table, link.column),
                operator=operator,
                values=patterns,
                phrase=f"{cue.word} {text}",
            )
        )


def add_flags(draft: Draft) -> None:
    """Turn the mention of a yes/no column ("active customers") into a filter."""
    for i, mention in enumerate(draft.reading.mentions):
        link = mention.links[0]
        column = draft.table(link.table).column(link.column) if link.column and i not in draft.used else None
        flag = flag_values(column) if column is not None else None
        if (
            column is not None
            and flag is not None
            and not is_key(draft.table(link.table), column)
            and not _asked_for(draft, mention)
        ):
            draft.used.add(i)
            value = flag[1] if draft.negated(mention.start) else flag[0]
            draft.filters.append(
                Filter(subject=ColumnRef(link.table, link.column), operator="=", values=(value,), phrase=mention.text)
            )


def _asked_for(draft: Draft, mention: Mention) -> bool:
    """Tell whether a yes/no column is to be shown rather than to be true."""
    return (
        re.search(
            r"\b(?:show|list|what (?:is|are) the|and(?: the)?|,)\s*(?:the )?$",
            draft.reading.text[: mention.start].lower(),
        )
        is not None
    )
