"""Governed figures and named conditions: names of metrics become measures, names of segments become conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from genie_ext.embedded.columns import display_columns
from genie_ext.embedded.cues import Cue
from genie_ext.embedded.definitions import say_definition, say_sources, title_of
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.figure_words import aggregate_before, figure_kind, repeats_kind
from genie_ext.embedded.grain import find_grain
from genie_ext.embedded.link import Linker
from genie_ext.embedded.named import Named
from genie_ext.embedded.steps import base_table, compared_metrics, metrics_of, read_columns
from genie_ext.embedded.trust import bearers_of, say_rival
from genie_ext.embedded.words import split_words
from genie_ext.errors import CannotAnswerError
from genie_ext.types import ColumnRef, Dimension, Measure, SegmentFilter, Step
from semantic.facts import Metric, Segment
from semantic.types import TableId

_OWNED = re.compile(
    r"(?:\s*(?:,|\band\b|\bwith\b|\balong with\b|\btogether with\b|\bhave\b|\bhas\b|\bhad\b))*\s*\b(?:their|its)\s+$"
)
_BY = re.compile(
    r"\b(?:by|in terms of|based on|according to|ranked by)(?: (?:the|their|its|total|overall|highest|lowest))* $"
)
_SORTED = re.compile(r"\bby(?: (?:the|their|its|total|overall))* $")
_BESIDE = 15
_WHOLE = 0.8
"""Score from which a mention spells a name in full rather than in part."""


def add_named(draft: Draft) -> None:
    """Turn the names of metrics into figures and the names of segments into conditions."""
    for named in draft.reading.named:
        facts = bearers_of(named, draft.context.metrics)
        best, rivals = facts[0], facts[1:]
        draft.assumptions.extend(say_rival(best, other) for other in rivals)
        if isinstance(best, Metric):
            _add_metric(draft, named, best)
        else:
            _add_segment(draft, named, best)


def say_figures(step: Step) -> Iterator[str]:
    """Yield where each governed figure of a step is defined."""
    metrics = dict.fromkeys(measure.metric for measure in (*metrics_of(step), *compared_metrics(step)))
    for metric in (metric for metric in metrics if metric is not None):
        yield f"{title_of(metric)} is as defined in {say_sources(metric.sources)}"


def say_passed(draft: Draft, step: Step) -> Iterator[str]:
    """Yield what queries mean by names that this answer takes as plain words, unless it reads one of those queries."""
    read = {str(table) for table in (base_table(step), *step.sources, *(ref.table for ref in read_columns(step)))}
    for named in draft.reading.passed:
        metric = named.metrics[0]
        if not any(source.place in read for source in metric.sources):
            meaning = f"{say_definition(metric)} as in {say_sources(metric.sources)}"
            yield f"“{named.text}” means what the data calls so, not {meaning}"


def _add_metric(draft: Draft, named: Named, metric: Metric) -> None:
    known = next((measure for measure in draft.measures if measure.metric == metric), None)
    if known is not None:
        draft.placed[named.start] = known
        return
    kind = figure_kind(metric)
    cue = aggregate_before(draft.reading.text, named, draft.reading.cues)
    if cue is not None:
        draft.spent.add(cue.start)
        if not repeats_kind(cue, kind):
            name = f"{title_of(metric)}, which is {say_definition(metric)}"
            draft.missing.append(f"a way to take the {cue.word.strip()} of {name}")
    try:
        grain = find_grain(metric, draft.context.tables, draft.context.relationships)
    except CannotAnswerError as error:
        draft.missing.append(error.message.rstrip("."))
        return
    name = "_".join(re.findall(r"\w+", metric.name.lower())) or "figure"
    taken = {measure.label for measure in draft.measures}
    label = next(text for text in (name, *(f"{name}_{i}" for i in range(2, len(taken) + 3))) if text not in taken)
    measure = Measure(aggregate=kind, table=grain, label=label, metric=metric)
    draft.measures.append(measure)
    draft.placed[named.start] = measure
    if metric.deprecated:
        draft.assumptions.append(f"{title_of(metric)} is deprecated: another figure is to be used instead")
        draft.doubt(f"{title_of(metric)} is deprecated", 0.8)
    if title_of(metric).casefold() != named.text.casefold():
        draft.assumptions.append(f"“{named.text}” means {title_of(metric)}")


def _add_segment(draft: Draft, named: Named, segment: Segment) -> None:
    known = {table.id for table in draft.context.tables}
    if not segment.tables or not known.issuperset(segment.tables):
        draft.missing.append(f"the tables that “{named.text}” is defined over")
        return
    denied = draft.negated(named.start)
    if denied:  # rows that have no partner there at all are not of the segment either, so nothing need match
        draft.used.update(i for i, m in enumerate(draft.reading.mentions) if m.start == named.start)
    draft.segments.append(SegmentFilter(segment=segment, phrase=named.text, denied=denied))
    draft.assumptions.append(
        f"“{named.text}” means {say_definition(segment)}, as defined in {say_sources(segment.sources)}"
    )


def ranked_metric(draft: Draft, cue: Cue) -> Measure | None:
    """Return the governed figure that a superlative is about: "highest net revenue", "top 5 … by net revenue"."""
    text = draft.reading.text.lower()
    for named in draft.reading.named:
        measure = draft.placed.get(named.start)
        between = text[cue.end : named.start] if named.start >= cue.end else ""
        near = named.start >= cue.end and (not between.strip() or _BY.search(between))
        if measure is not None and measure in draft.measures and near:
            return measure
    return None


def sorting_metric(draft: Draft, cue: Cue) -> Measure | None:
    """Return the governed figure named right behind the words that ask for an order: "sorted by net revenue"."""
    found = (draft.placed.get(named.start) for named in draft.reading.named if 0 <= named.start - cue.end <= _BESIDE)
    return next((measure for measure in found if measure in draft.measures), None)


def compared_metric(draft: Draft, cue: Cue) -> Measure | None:
    """Return the governed figure right before a comparison: "net revenue is over 1000"."""
    for named in draft.reading.named:
        measure = draft.placed.get(named.start)
        between = draft.reading.text[named.end : cue.start]
        near = 0 <= cue.start - named.end <= _BESIDE and not any(
            named.end <= m.start < cue.start for m in draft.reading.mentions
        )
        if measure is not None and measure in draft.measures and near and not re.search(r"[,;.]", between):
            return measure
    return None


def show_ranked(draft: Draft, entity: TableId | None) -> None:
    """Show the rows that are ranked by a governed figure, each once, where nothing else is shown."""
    if draft.dimensions or entity is None:
        return
    owner = draft.table(entity)
    for column in display_columns(owner):
        draft.dimensions.append((0, Dimension(column=ColumnRef(entity, column.name), label=column.name)))
    draft.keys.extend(ColumnRef(entity, key) for key in owner.primary_key)


def split_by_listed(draft: Draft) -> None:
    """Show a governed figure for each listed row: "customers and their net revenue", "customers by net revenue"."""
    text = draft.reading.text.lower()
    for named in draft.reading.named:
        measure, listed = draft.placed.get(named.start), _in_order_cue(draft, named) or draft.listed()
        asked = _OWNED.search(text[: named.start]) or _SORTED.search(text[: named.start])
        if measure in draft.measures and listed is not None and asked:
            show_ranked(draft, listed)


def _in_order_cue(draft: Draft, named: Named) -> TableId | None:
    """Return the table of "rank customers by net revenue", which the words that ask for the order take in."""
    cue = next((c for c in draft.reading.cues if c.kind == "order" and 0 <= named.start - c.end <= 1), None)
    inside = Linker(draft.context.tables).mentions(split_words(cue.word)) if cue is not None else ()
    return next((link.table for mention in inside for link in mention.tables() if link.score >= _WHOLE), None)
