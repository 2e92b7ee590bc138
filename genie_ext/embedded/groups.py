"""Groups: "for each", "per", a bare "by" and time grains become dimensions."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import display_column, display_columns
from genie_ext.embedded.cues import Cue
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of, measure_of, natural_aggregate, numeric_mention
from genie_ext.embedded.link import Mention
from genie_ext.embedded.near_columns import NearColumn, near_column
from genie_ext.embedded.subjects import date_column, metric_date
from genie_ext.types import ColumnRef, Dimension, Grain, Order

_GRAIN = re.compile(r"\s+(day|week|month|quarter|year)\b")
_BY = re.compile(r" by (?:the |their |its )?")
_BARE = re.compile(r"(?<!ed)(?<!made)(?<!en)(?<!held) by (?:the |their |its )?$")
_AND = re.compile(r"(?:,|,? and| &)\s+(?:by |per )?(?:the )?")
_AND_GRAIN = re.compile(r"\b(?:by|per)\b[^.;?]*?(?:,|\band)\s+(day|week|month|quarter|year)\b")
_GRAINS: dict[str, Grain] = {"day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}
_WHICH = re.compile(r"\b(?:which|what|in which|in what) (day|week|month|quarter|year)\b")
_PARTICIPLE = re.compile(r"(?:ed|en|ght|made|sold|held|paid|sent|done|won)$")
_ASKS_NAMES = re.compile(r"^\s*(?:which|who|whose|list|name|find|what (?:are|is) the (?:names?|titles?|ids?))\b")


def add_groups(draft: Draft) -> None:
    """Turn "for each", "per", a bare "by" and time grains into dimensions."""
    for cue in draft.reading.cues:
        place = draft.after(cue, reach=12) if cue.kind == "group" else None
        if place is not None and (draft.measures or draft.pick(place[1], want="table") is None):
            _group_by(draft, *place)
    for i, mention in enumerate(draft.reading.mentions):
        if (
            i not in draft.used
            and _is_bare(draft, mention)
            and not _sorts(draft, mention)
            and not _done_by(draft, mention)
        ):
            _group_by(draft, i, mention)
    for cue in draft.reading.cues:
        if cue.kind == "grain":
            _add_grain(draft, cue)
    _ask_when(draft)
    if any(measure.metric for measure in draft.measures):
        _group_on(draft)


def _is_bare(draft: Draft, mention: Mention) -> bool:
    """Tell whether "by" stands before a mention and splits a figure, not says who did something: "sold by"."""
    text = draft.reading.text.lower()
    figures = (named for named in draft.reading.named if named.metrics)
    behind = any(_BY.fullmatch(text[named.end : mention.start]) for named in figures)
    return bool(draft.measures) and (behind or _BARE.search(text[: mention.start]) is not None)


def _group_on(draft: Draft) -> None:
    """Split a governed figure by the second of two as well: "by channel and month", "per country and product"."""
    text, mentions = draft.reading.text.lower(), draft.reading.mentions
    match, date = _AND_GRAIN.search(text), metric_date(draft)
    if match and date is not None and draft.dimensions and all(d.grain is None for _, d in draft.dimensions):
        draft.used.update(i for i, m in enumerate(mentions) if match.start(1) <= m.start < match.end())
        dimension = Dimension(column=date, grain=_GRAINS[match[1]], label=match[1])
        draft.dimensions.append((match.start(1), dimension))
    for i in range(1, len(mentions)):
        split = mentions[i - 1].start in {start for start, _ in draft.dimensions}
        if split and i not in draft.used and _AND.fullmatch(text[mentions[i - 1].end : mentions[i].start]):
            _group_by(draft, i, mentions[i])


def _sorts(draft: Draft, mention: Mention) -> bool:
    return any(
        c.kind in ("order", "superlative") and (c.end <= mention.start <= c.end + 40) for c in draft.reading.cues
    )


def _done_by(draft: Draft, mention: Mention) -> bool:
    """Tell whether "by" names who does something, "bought by regulars", rather than what a figure is split by."""
    if all(named.start != mention.start for named in draft.reading.named):
        return False
    before = draft.reading.text[: mention.start].lower().rstrip().removesuffix("by").rstrip()
    ends = {m.end for m in draft.reading.mentions} | {named.end for named in draft.reading.named}
    return len(before) not in ends or _PARTICIPLE.search(before) is not None


def _group_by(draft: Draft, index: int, mention: Mention) -> None:
    table, column = draft.pick(mention, want="table"), draft.pick(mention, want="column")
    draft.used.add(index)
    beyond = _beyond_key(draft, index, ColumnRef(column.table, column.column)) if column is not None else None
    near = near_column(draft, mention) if beyond is None else None
    if beyond is not None:
        _group_by(draft, index + 1, beyond)
    elif near is not None:
        _add_near(draft, mention, near)
    elif column is not None and (table is None or column.score > table.score + 0.05):
        ref = ColumnRef(column.table, column.column)
        dimension = _grained(draft, mention, ref) or Dimension(column=ref, label=ref.column)
        draft.dimensions.append((mention.start, dimension))
    elif table is not None:
        owner = draft.table(table.table)
        shown = display_column(owner)
        draft.dimensions.append((mention.start, Dimension(column=ColumnRef(owner.id, shown.name), label=shown.name)))
        draft.keys.extend(ColumnRef(owner.id, key) for key in owner.primary_key)


def _add_near(draft: Draft, mention: Mention, near: NearColumn) -> None:
    if near.entity:
        owner = draft.table(near.ref.table)
        refs = [ColumnRef(owner.id, column.name) for column in display_columns(owner)]
        draft.dimensions.extend((mention.start, Dimension(column=ref, label=ref.column)) for ref in refs)
        draft.keys.extend(ColumnRef(owner.id, key) for key in owner.primary_key)
    else:
        plain = Dimension(column=near.ref, label=near.ref.column)
        draft.dimensions.append((mention.start, _grained(draft, mention, near.ref) or plain))


def show_near(draft: Draft) -> bool:
    """Show what a governed figure ranks, "which country", where a column of that name is nearer than the table."""
    for i, mention in enumerate(draft.reading.mentions):
        near = near_column(draft, mention) if mention.tables() and i not in draft.used else None
        if near is not None and not near.entity:
            draft.used.add(i)
            _add_near(draft, mention, near)
            return True
    return False


def _grained(draft: Draft, mention: Mention, ref: ColumnRef) -> Dimension | None:
    """Return the grain of "by shipped month", where a governed figure is split by a date of its own choosing."""
    column = draft.column(ref)
    match = _GRAIN.match(draft.reading.text.lower(), mention.end)
    if match is None or column is None or column.family != "date" or not any(m.metric for m in draft.measures):
        return None
    draft.used.update(i for i, m in enumerate(draft.reading.mentions) if match.start() <= m.start < match.end())
    dimension = Dimension(column=ref, grain=_GRAINS[match[1]], label=match[1])
    draft.order.append(Order(by=dimension))
    return dimension


def _beyond_key(draft: Draft, index: int, ref: ColumnRef) -> Mention | None:
    """Return the next mention where the first only names the key that leads to it: "ship city"."""
    if index + 1 >= len(draft.reading.mentions):
        return None
    following = draft.reading.mentions[index + 1]
    parents = {j.parent for j in draft.context.relationships if j.child == ref.table and ref.column in j.child_columns}
    adjacent = following.start - draft.reading.mentions[index].end == 1
    link = draft.pick(following, want="column") if adjacent else None
    return following if link is not None and link.table in parents else None


def _ask_when(draft: Draft) -> None:
    """Turn "which month had the highest net revenue" into the months of the date that the figure is followed over."""
    match, date = _WHICH.search(draft.reading.text.lower()), metric_date(draft)
    if match is None or date is None or draft.dimensions or not any(m.metric for m in draft.measures):
        return
    draft.used.update(i for i, m in enumerate(draft.reading.mentions) if match.start() <= m.start < match.end())
    draft.dimensions.append((match.start(), Dimension(column=date, grain=_GRAINS[match[1]], label=match[1])))


def _add_grain(draft: Draft, cue: Cue) -> None:
    table = draft.focus()
    ref = metric_date(draft)
    if ref is None and any(measure.metric for measure in draft.measures):
        draft.missing.append(f"which date “{cue.word}” is about")
        return
    ref = ref or (date_column(draft, table) if table is not None else None)
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
