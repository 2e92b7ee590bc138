"""Composition: a reading becomes a step, clause by clause, in the order in which the clauses need one another."""

from __future__ import annotations

import re

from genie_ext.embedded.absence import add_absence, add_flags, add_patterns
from genie_ext.embedded.aggregates import add_aggregates
from genie_ext.embedded.columns import display_columns, has_name
from genie_ext.embedded.comparisons import add_bare_numbers, add_comparisons
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.groups import add_default_measure, add_groups
from genie_ext.embedded.metrics import add_named, split_by_listed
from genie_ext.embedded.orders import add_orders
from genie_ext.embedded.periods import add_dates
from genie_ext.embedded.read import Reading
from genie_ext.embedded.roles import choose_roles
from genie_ext.embedded.shown import add_shown, in_head
from genie_ext.embedded.subjects import Lookup
from genie_ext.embedded.superlatives import add_superlatives
from genie_ext.embedded.values import add_values
from genie_ext.types import ColumnRef, Context, Dimension, Measure, Order, Step
from semantic.types import TableId

_ASKS_ROWS = re.compile(r"^\s*(?:please )?(?:list|show|display|find|give|get|return|print)\b")

_BESIDE = re.compile(r"(?:,|,? and| &)\s+(?:the |their |our )?")
_ASKS_ALL = re.compile(
    r"\ball (?:of )?(?:the )?(?:available )?(?:information|info|details|data|columns|fields)\b|\beverything\b"
)


def compose(context: Context, reading: Reading, lookup: Lookup, *, alone: bool = True) -> Draft:
    """Return the draft of one step that reads the question; what could not be settled is in `missing`.

    Args:
        context: What the lake knows about the question.
        reading: What the parts of the question mean.
        lookup: Finds columns by meaning.
        alone: False where the question only changes the one before, so that it need not name what to show.
    """
    draft = Draft(context=context, reading=reading, continues=not alone)
    add_named(draft)
    add_values(draft)
    add_aggregates(draft, lookup)
    add_default_measure(draft)
    add_groups(draft)
    add_comparisons(draft, lookup)
    add_patterns(draft)
    add_absence(draft)
    add_flags(draft)
    add_bare_numbers(draft, _spans(reading))
    shown = add_shown(draft)
    add_superlatives(draft, lookup, shown)
    split_by_listed(draft)
    add_orders(draft)
    add_dates(draft)
    _add_distinct(draft)
    _add_rest(draft)
    if alone:
        _default_shown(draft, shown)
        _refuse_rank_of_one(draft)
    else:
        draft.sources.extend(f.subject.table for f in draft.filters if isinstance(f.subject, ColumnRef))
        draft.sources.extend(s.segment.tables[0] for s in draft.segments)
        draft.sources.extend((draft.time.column.table,) if draft.time else ())
    return draft


def finish(draft: Draft) -> Step | None:
    """Return the frozen step, or None where nothing to show was found."""
    dimensions = tuple(dict.fromkeys(d for _, d in sorted(draft.dimensions, key=lambda place: place[0])))
    sources = tuple(dict.fromkeys(draft.sources))
    if not (dimensions or draft.measures or sources):
        return None
    order = tuple(draft.order)
    grouped = dimensions and draft.measures
    if grouped and not order and all(d.grain is None for d in dimensions):
        order = (Order(by=draft.measures[0], descending=True),)
    step = Step(
        sources=sources,
        dimensions=dimensions,
        measures=tuple(dict.fromkeys(draft.measures)),
        filters=tuple(draft.filters),
        time=draft.time,
        order=order,
        limit=draft.limit,
        distinct=draft.distinct and not draft.measures,
        keys=tuple(dict.fromkeys(draft.keys)),
        segments=tuple(dict.fromkeys(draft.segments)),
    )
    return choose_roles(draft, step)


def _add_distinct(draft: Draft) -> None:
    if any(cue.kind == "distinct" for cue in draft.reading.cues):
        draft.distinct = True


def _add_rest(draft: Draft) -> None:
    """Let table mentions that nothing used restrict the answer: "students who have a pet"."""
    for i, mention in enumerate(draft.reading.mentions):
        if i in draft.used:
            continue
        table, column = draft.pick(mention, want="table"), draft.pick(mention, want="column")
        if _is_listed(draft, mention.start):
            draft.missing.append(f"which figure of its own “{mention.text}” means")
        if table is not None and table.score < 0.7:
            draft.doubt(f"read “{mention.text}” as {table.table.name}", 0.6)
        if table is not None and (column is None or table.score >= column.score):
            draft.sources.append(table.table)
        elif column is not None and not draft.measures and not in_head(draft, mention.start):
            draft.doubt(f"did not use “{mention.text}”", 0.6)


def _is_listed(draft: Draft, start: int) -> bool:
    """Tell whether words stand in a row behind a governed figure, and so ask for another: "net revenue and orders"."""
    ends = [named.end for named in draft.reading.named if draft.placed.get(named.start) in draft.measures]
    return any(_BESIDE.fullmatch(draft.reading.text[end:start].lower()) for end in ends if end <= start)


def _default_shown(draft: Draft, shown: TableId | None) -> None:
    """Show the name of the listed rows where the question asks which or who, whole rows where it says list or show."""
    named = draft.reading.mentions or draft.reading.values or draft.reading.named
    if draft.measures or draft.dimensions or not named:
        return
    table = shown or draft.focus()
    if table is None:
        return
    draft.sources.insert(0, table)
    text = draft.reading.text.lower()
    if not has_name(draft.table(table)) and not draft.distinct and not draft.order:
        return
    if not _ASKS_ALL.search(text) and (draft.distinct or draft.order or not _ASKS_ROWS.match(text)):
        for column in display_columns(draft.table(table)):
            draft.dimensions.append((0, Dimension(column=ColumnRef(table, column.name), label=column.name)))
        grouped = any(order.by for order in draft.order if not isinstance(order.by, Dimension))
        grouped = grouped or any(isinstance(f.subject, Measure) and f.subject.metric for f in draft.filters)
        if draft.show_order and draft.order and isinstance(draft.order[0].by, Dimension):
            draft.dimensions.append((1, draft.order[0].by))
        if grouped:
            draft.keys.extend(ColumnRef(table, key) for key in draft.table(table).primary_key)


def _refuse_rank_of_one(draft: Draft) -> None:
    """Note that nothing can be ranked where a single row of figures is all there is to show."""
    ranked = draft.limit is not None or any(measure.metric for measure in draft.measures)
    if draft.measures and not draft.dimensions and draft.order and ranked:
        draft.missing.append("whose figures are to be ranked")


def _spans(reading: Reading) -> list[tuple[int, int]]:
    spans = [(c.start, c.end) for c in reading.cues if c.kind != "unsupported"] + [
        (d.at, d.until) for d in reading.dates
    ]
    spans += [(q.start, q.end) for q in reading.quoted] + [(m.start, m.end) for m in reading.mentions]
    spans += [(n.start, n.end) for n in reading.named]
    return spans + [(g[0].start, g[0].end) for g in reading.values]
