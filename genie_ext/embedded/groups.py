"""Groups: "for each", "per", a bare "by" and time grains become dimensions."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import display_column
from genie_ext.embedded.cues import Cue
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of, measure_of, natural_aggregate, numeric_mention
from genie_ext.embedded.link import Mention
from genie_ext.embedded.subjects import date_column
from genie_ext.types import ColumnRef, Dimension, Grain, Order

_ASKS_NAMES = re.compile(r"^\s*(?:which|who|whose|list|name|find|what (?:are|is) the (?:names?|titles?|ids?))\b")


def add_groups(draft: Draft) -> None:
    """Turn "for each", "per", a bare "by" and time grains into dimensions."""
    text = draft.reading.text.lower()
    for cue in draft.reading.cues:
        place = draft.after(cue, reach=12) if cue.kind == "group" else None
        if place is not None and (draft.measures or draft.pick(place[1], want="table") is None):
            _group_by(draft, *place)
    for i, mention in enumerate(draft.reading.mentions):
        bare = draft.measures and re.search(
            r"(?<!ed)(?<!made)(?<!en)(?<!held) by (?:the |their |its )?$", text[: mention.start]
        )
        if i not in draft.used and bare and not _sorts(draft, mention):
            _group_by(draft, i, mention)
    for cue in draft.reading.cues:
        if cue.kind == "grain":
            _add_grain(draft, cue)


def _sorts(draft: Draft, mention: Mention) -> bool:
    return any(
        c.kind in ("order", "superlative") and (c.end <= mention.start <= c.end + 40) for c in draft.reading.cues
    )


def _group_by(draft: Draft, index: int, mention: Mention) -> None:
    table, column = draft.pick(mention, want="table"), draft.pick(mention, want="column")
    draft.used.add(index)
    beyond = _beyond_key(draft, index, ColumnRef(column.table, column.column)) if column is not None else None
    if beyond is not None:
        _group_by(draft, index + 1, beyond)
    elif column is not None and (table is None or column.score > table.score + 0.05):
        draft.dimensions.append(
            (mention.start, Dimension(column=ColumnRef(column.table, column.column), label=column.column))
        )
    elif table is not None:
        owner = draft.table(table.table)
        shown = display_column(owner)
        draft.dimensions.append((mention.start, Dimension(column=ColumnRef(owner.id, shown.name), label=shown.name)))
        draft.keys.extend(ColumnRef(owner.id, key) for key in owner.primary_key)


def _beyond_key(draft: Draft, index: int, ref: ColumnRef) -> Mention | None:
    """Return the next mention where the first only names the key that leads to it: "ship city"."""
    if index + 1 >= len(draft.reading.mentions):
        return None
    following = draft.reading.mentions[index + 1]
    parents = {j.parent for j in draft.context.relationships if j.child == ref.table and ref.column in j.child_columns}
    adjacent = following.start - draft.reading.mentions[index].end == 1
    link = draft.pick(following, want="column") if adjacent else None
    return following if link is not None and link.table in parents else None


def _add_grain(draft: Draft, cue: Cue) -> None:
    table = draft.focus()
    ref = date_column(draft, table) if table is not None else None
    if ref is None:
        ref = next(
            (r for t in sorted(draft.weights, key=lambda t: -draft.weights[t])[:3] if (r := date_column(draft, t))),
            None,
        )
    if ref is None:
        draft.missing.append(f"a date to show “{cue.word}” on")
        return
    grain: Grain = cue.detail or "month"  # type: ignore[assignment]
    dimension = Dimension(column=ref, grain=grain, label=grain)
    draft.dimensions.insert(0, (-1, dimension))
    if not draft.order:
        draft.order.append(Order(by=dimension))


def add_default_measure(draft: Draft) -> None:
    """Add the figure of a question that groups but names no aggregate: "monthly revenue", "orders by country"."""
    cues = {cue.kind for cue in draft.reading.cues}
    grouped = cues & {"group", "grain"} or _figure_by(draft)
    if draft.measures or not grouped or cues & {"order", "superlative"} or _lists_rows(draft):
        return
    found = numeric_mention(draft)
    if found is not None:
        draft.used.add(found[0])
        draft.measures.append(measure_of(natural_aggregate(found[1]), found[1]))
        draft.doubt(f"took the {natural_aggregate(found[1])} of {found[1].column}", 0.3)
        return
    for i, mention in enumerate(draft.reading.mentions):
        table = draft.pick(mention, want="table")
        if (
            table is not None
            and i not in draft.used
            and not re.search(r"\b(?:by|per|each|every) $", draft.reading.text[: mention.start].lower())
        ):
            draft.used.add(i)
            draft.measures.append(count_of(table.table))
            return


def _lists_rows(draft: Draft) -> bool:
    """Tell whether "the age and address of each member" asks for columns of the rows themselves."""
    places = [draft.after(cue, reach=12) for cue in draft.reading.cues if cue.kind == "group"]
    tables = [(place[0], link.table) for place in places if place and (link := draft.pick(place[1], want="table"))]
    if len(tables) != 1 or len(places) != 1:
        return False
    index, table = tables[0]
    others = [m for i, m in enumerate(draft.reading.mentions) if i != index and i not in draft.used]
    return bool(others) and all(any(k.table == table and k.score >= 0.85 for k in m.columns()) for m in others)


def _figure_by(draft: Draft) -> bool:
    """Tell whether something countable stands right before "by": "revenue by country", "orders by month"."""
    text = draft.reading.text.lower()
    ends = {m.end for m in draft.reading.mentions if draft.pick(m, want="table") or draft.pick(m, want="number")}
    return not _ASKS_NAMES.match(text) and any(text[end:].startswith(" by ") for end in ends)
