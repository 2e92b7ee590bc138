"""Superlatives: "the highest", "top five by price", "the most orders" become an order and a limit, or a figure."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import display_columns
from genie_ext.embedded.cues import Cue
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figures import count_of, is_aggregated, measure_of, natural_aggregate, words_after
from genie_ext.embedded.groups import show_near
from genie_ext.embedded.link import Mention
from genie_ext.embedded.metrics import ranked_metric, show_ranked
from genie_ext.embedded.subjects import Lookup, default_number, hinted_column, runs_backwards
from genie_ext.embedded.words import plain_name
from genie_ext.types import ColumnRef, Dimension, Measure, Order
from semantic.types import TableId

_BY_REACH = 60
_BY = re.compile(
    r"\b(?:by|in terms of|based on|according to)(?: the| their| its)?(?: total| average| number of| overall)? $"
)
_NEWEST = frozenset({"most recent", "latest", "newest"})
_OLDEST = frozenset({"earliest", "first", "oldest"})
_COUNTED = frozenset({"most popular", "least popular", "most common", "least common", "most frequent", "busiest"})


def add_superlatives(draft: Draft, lookup: Lookup, shown: TableId | None) -> None:
    """Turn "the highest …", "top five … by …", "the most …" into an order and a limit, or into min and max."""
    grouped = any(cue.kind == "group" for cue in draft.reading.cues)
    for cue in draft.reading.cues:
        if cue.kind != "superlative" or is_aggregated(draft, cue):
            continue
        if grouped and not draft.measures:
            draft.missing.append(f"a way to pick the “{cue.word}” of each group without a model")
            return
        limit = int(cue.numbers[0]) if cue.numbers else 1
        if cue.detail == "first":
            draft.limit = limit
            continue
        by = _superlative_subject(draft, cue, lookup, shown)
        if by is None:
            draft.guessed = cue.word
            draft.missing.append(f"what “{cue.word}” is measured by")
            continue
        _apply_superlative(draft, cue, by, limit)


def _apply_superlative(draft: Draft, cue: Cue, by: Measure | Dimension, limit: int) -> None:
    descending = _is_descending(draft, cue, by)
    nothing_shown = not draft.dimensions and not draft.measures
    place = draft.after(cue, reach=14)
    entity = place is not None and (link := draft.pick(place[1])) is not None and not link.column
    if isinstance(by, Dimension) and nothing_shown and limit == 1 and not entity and not _names_entity(draft):
        draft.measures.append(measure_of("max" if descending else "min", by.column))
        return
    draft.order.insert(0, Order(by=by, descending=descending))
    draft.limit = limit if cue.numbers else draft.limit or 1


def _is_descending(draft: Draft, cue: Cue, by: Measure | Dimension) -> bool:
    """Tell whether the largest values come first: of dates the newest, of birth dates the oldest person's last."""
    if isinstance(by, Measure):
        return cue.detail == "up"
    column = draft.column(by.column)
    if cue.word in _NEWEST | _OLDEST and column is not None and column.family == "date":
        return cue.word in _NEWEST
    return (cue.detail == "up") != runs_backwards(cue.word, by.column.column)


def _names_entity(draft: Draft) -> bool:
    """Tell whether the question asks for things (which, who, names of …) rather than for the figure itself."""
    text = draft.reading.text.lower()
    return bool(re.match(r"\s*(?:which|who|where|list|show|give|find|name|top|bottom)\b", text)) or bool(
        re.search(r"\bwhat (?:are|is) the (?:top|\d+|names?|titles?)\b", text)
    )


def _superlative_subject(draft: Draft, cue: Cue, lookup: Lookup, shown: TableId | None) -> Measure | Dimension | None:
    """Return what a superlative is measured by, by the first way that finds something."""
    place = draft.after(cue, reach=14)
    metric = ranked_metric(draft, cue)
    if metric is not None:
        if not draft.dimensions and not show_near(draft):
            show_ranked(draft, _entity(draft, place, shown))
        return metric
    by_place = _by_mention(draft, cue)
    if by_place is not None:
        entity = _entity(draft, place, shown)
        by = _by_subject(draft, *by_place, entity=entity)
        if isinstance(by, Measure) and entity is not None and not draft.dimensions:
            _show_entity(draft, entity)
        return by
    adjacent = next((m for start, m in draft.placed.items() if 0 <= start - cue.end <= 5), None)
    if adjacent is not None and adjacent in draft.measures:
        if draft.dimensions or shown or _names_entity(draft):
            draft.measures.remove(adjacent)
        return adjacent
    if cue.word in _COUNTED:
        return _most_common(draft, place, shown)
    return _beside(draft, cue, place, shown) or _supposed(draft, cue, place, lookup)


def _beside(
    draft: Draft, cue: Cue, place: tuple[int, Mention] | None, shown: TableId | None
) -> Measure | Dimension | None:
    """Return the number named right behind the superlative, the column it hints at, or the count of a named table."""
    table = draft.pick(place[1], want="table") if place else None
    number = draft.pick(place[1], want="number", near=shown) if place else None
    if place and number is not None and (table is None or number.score >= table.score):
        draft.used.add(place[0])
        return _order_by_column(draft, ColumnRef(number.table, number.column), entity=shown)
    hinted = hinted_column(draft, cue.word, table.table if table else shown or draft.focus())
    if hinted is not None:
        return _order_by_column(draft, hinted, entity=table.table if table else shown)
    if place and table is not None and (shown not in (None, table.table) or draft.dimensions):
        draft.used.add(place[0])
        return count_of(table.table)
    return None


def _supposed(draft: Draft, cue: Cue, place: tuple[int, Mention] | None, lookup: Lookup) -> Measure | Dimension | None:
    """Return the figure asked for anyway, or the number that the words behind the superlative are likely about."""
    if draft.measures:
        return draft.measures[0]
    table = draft.pick(place[1], want="table") if place else None
    ref = default_number(draft, words_after(draft, cue), lookup, table.table if table else None)
    if ref is None:
        return None
    draft.guessed = cue.word
    draft.doubt(f"took {plain_name(ref.column)} for “{cue.word}”", 1.8)
    return _order_by_column(draft, ref)


def _by_mention(draft: Draft, cue: Cue) -> tuple[int, Mention] | None:
    """Return the mention behind "by" that a superlative is measured by."""
    for i, mention in enumerate(draft.reading.mentions):
        before = draft.reading.text[cue.end : mention.start].lower()
        if mention.start >= cue.end and len(before) <= _BY_REACH and _BY.search(before):
            return i, mention
    return None


def _by_subject(draft: Draft, index: int, mention: Mention, *, entity: TableId | None) -> Measure | Dimension | None:
    existing = next((m for m in draft.measures if index in draft.used), None)
    draft.used.add(index)
    if existing is not None:
        return existing
    number, table = draft.pick(mention, want="number", near=entity), draft.pick(mention, want="table")
    if number is not None and (table is None or number.score >= table.score - 0.05):
        ref = ColumnRef(number.table, number.column)
        by = _order_by_column(draft, ref, entity=entity)
    elif table is not None:
        by = count_of(table.table)
    else:
        return None
    if isinstance(by, Measure):
        draft.measures.append(by)
    draft.show_order = True
    return by


def _show_entity(draft: Draft, entity: TableId) -> None:
    """Show the rows that are ranked: "top 3 countries by number of customers"."""
    owner = draft.table(entity)
    for column in display_columns(owner):
        draft.dimensions.append((0, Dimension(column=ColumnRef(entity, column.name), label=column.name)))
    draft.keys.extend(ColumnRef(entity, key) for key in owner.primary_key)


def _order_by_column(draft: Draft, ref: ColumnRef, *, entity: TableId | None = None) -> Measure | Dimension:
    """Return the column itself where it belongs to the listed rows, else its total per listed row."""
    grouped = {d.column.table for _, d in draft.dimensions if d.grain is None} | ({entity} if entity else set())
    if draft.keys or (grouped and ref.table not in grouped):
        return measure_of(natural_aggregate(ref), ref)
    return Dimension(column=ref, label=ref.column)


def _entity(draft: Draft, place: tuple[int, Mention] | None, shown: TableId | None) -> TableId | None:
    link = draft.pick(place[1], want="any") if place else None
    return link.table if link else shown


def _most_common(draft: Draft, place: tuple[int, Mention] | None, shown: TableId | None) -> Measure | None:
    link = draft.pick(place[1]) if place else None
    if link is not None and link.column:
        return count_of(link.table)
    entity = link.table if link else shown
    children = [r.child for r in draft.context.relationships if r.parent == entity and r.child != entity]
    children.sort(key=lambda t: -draft.weights.get(t, 0.0))
    if not children:
        return count_of(entity) if entity else None
    draft.doubt(f"took popularity to mean the number of {children[0].name}", 0.9)
    return count_of(children[0])
