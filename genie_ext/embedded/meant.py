"""Names that are meant: which names of metrics and segments a question uses as such, and which as plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from genie_ext.embedded.cues import find_cues
from genie_ext.embedded.figure_words import figure_kind, is_figure, is_on_purpose, is_weak
from genie_ext.embedded.link import Link, Linker, Mention
from genie_ext.embedded.named import Named, find_named, normalised
from genie_ext.embedded.words import Word
from genie_ext.types import Context

_WHOLE = 0.8
"""Score from which a mention spells a name in full rather than in part."""
_REACH = 40
_AND = re.compile(r"\s*(?:,|,? and|&)\s+(?:the |our )?")
_GROUPS = re.compile(r"\b(?:by|per|each|every)\s+(?:the |their |our )?$")
_Span = tuple[int, int]


def meant_names(
    context: Context, linker: Linker, words: Sequence[Word], spans: Sequence[_Span]
) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Return the names that mean their metrics and segments, and those of metrics that were passed over.

    Args:
        context: What the lake knows about the question.
        linker: Links words to the schema.
        words: Words of the question.
        spans: Character ranges that already have another meaning.
    """
    text = context.question.text
    found = find_named(text, words, context.metrics, context.segments, blocked=spans)
    if not found:
        return (), ()
    taken = [(n.start, n.end) for n in found]
    cues = find_cues(text, taken=(*spans, *taken))
    mentions = linker.mentions(words, blocked=taken)
    terms = {normalised(name) for hit in context.found.terms for name in (hit.fact.term, *hit.fact.synonyms)}
    kept: list[Named] = []
    passed: list[Named] = []
    for named in found:
        sorts = any(cue.kind in ("order", "superlative") and cue.end <= named.start <= cue.end + _REACH for cue in cues)
        if named.metrics and kept and not sorts and _GROUPS.search(text[: named.start].lower()):
            continue  # "net revenue by buyer" is not split by a figure
        links = _same_words(linker, words, named)
        if normalised(named.text) in terms:  # a glossary explains the figure, not the column that it is taken from
            links = tuple(link for link in links if not link.column)
        beside = bool(kept) and _is_beside(text, kept[-1], named)
        entities = _names_others(mentions, named)
        if beside or (named.metrics and is_figure(text, named, cues, links, entities=entities)):
            kept.append(named)
        elif named.segments and _is_condition(named, links):
            kept.append(_with_table(replace(named, metrics=()), mentions, text))
        elif named.metrics and is_weak(named, links):
            passed.append(named)
    return tuple(kept), tuple(passed)


def _same_words(linker: Linker, words: Sequence[Word], named: Named) -> tuple[Link, ...]:
    """Return the tables and columns of the same name, less the very view that defines a metric of more than rows."""
    own = tuple(word for word in words if named.start <= word.start < named.start + len(named.text))
    views = {source.place for metric in named.metrics for source in metric.sources if source.kind == "view"}
    counted = any(figure_kind(metric) == "count" for metric in named.metrics)
    links = linker.whole(own)
    return tuple(k for k in links if str(k.table) not in views or (not k.column and counted))


def _is_condition(named: Named, links: Sequence[Link]) -> bool:
    """Tell whether a name means its segment, not the table or the column that bears the same one."""
    purpose = any(is_on_purpose(source) for segment in named.segments for source in segment.sources)
    return all(link.column for link in links) and (purpose or not links)


def _is_beside(text: str, before: Named, named: Named) -> bool:
    """Tell whether a name stands in a row with a figure of the same table: "recurring revenue and subscriptions"."""
    tables = {metric.tables[:1] for metric in before.metrics}
    same = any(metric.tables[:1] in tables for metric in named.metrics)
    return same and not is_weak(named, ()) and _AND.fullmatch(text[before.end : named.start].lower()) is not None


def _names_others(mentions: Sequence[Mention], named: Named) -> bool:
    tables = {table for metric in named.metrics for table in metric.tables[:1]}
    return any(link.score >= _WHOLE and link.table not in tables for m in mentions for link in m.tables())


def _with_table(named: Named, mentions: Sequence[Mention], text: str) -> Named:
    """Return a segment with the name of its table that follows: "active" of "active customers"."""
    tables = {table for segment in named.segments for table in segment.tables}
    for mention in mentions:
        follows = mention.start >= named.end and not text[named.end : mention.start].strip()
        if follows and any(link.table in tables and link.score >= _WHOLE for link in mention.tables()):
            return replace(named, text=text[named.start : mention.end], end=mention.end)
    return named


def segment_mention(named: Named) -> Mention:
    """Return the words of a segment as a mention of the table whose rows it picks."""
    links = tuple(dict.fromkeys(Link(segment.tables[0], "", 1.0) for segment in named.segments if segment.tables))
    return Mention(text=named.text, start=named.start, end=named.end, links=links)
