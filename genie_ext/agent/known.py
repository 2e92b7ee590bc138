"""Known facts: the metrics and segments that a question may name, and those it names but may not read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from genie_ext.embedded.named import NamedFact, find_named, names_of
from genie_ext.embedded.words import split_words
from genie_ext.guard import Policy
from semantic.facts import Metric, Segment
from semantic.found import Found
from semantic.index import Index
from semantic.types import TableId

_COLUMN = re.compile(r'"((?:[^"]|"")*)"\."((?:[^"]|"")*)"\."((?:[^"]|"")*)"\."((?:[^"]|"")*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is defined about the words of a question.

    Attributes:
        metrics: Metrics that may be read.
        segments: Segments that may be read.
        tables: Tables of those that the question names.
        barred: Names of those that the question names and a policy keeps from everybody, lower case.
    """

    metrics: tuple[Metric, ...]
    segments: tuple[Segment, ...]
    tables: tuple[TableId, ...]
    barred: frozenset[str]


def find_known(text: str, found: Found, index: Index, policy: Policy, tables: Sequence[TableId]) -> Known:
    """Return the metrics and segments found for a question, or defined over the tables found for it."""
    found_first = {metric.id: metric for metric in (*(hit.fact for hit in found.metrics), *index.metrics(tables))}
    segments = _segments(text, index, tables)
    named = find_named(text, split_words(text), tuple(found_first.values()), segments)
    rivals = {key for name in named for metric in name.metrics for key in metric.conflicts} - set(found_first)
    metrics = (*found_first.values(), *(m for key in sorted(rivals) if (m := index.metric(key)) is not None))
    said: list[NamedFact] = [metric for name in named for metric in name.metrics]
    said += [segment for name in named for segment in name.segments]
    dated = [metric.time[0] for name in named for metric in name.metrics if metric.time is not None]
    open_metrics = tuple(metric for metric in metrics if _may_read(metric, index, policy))
    open_segments = tuple(segment for segment in segments if _may_read(segment, index, policy))
    allowed = {metric.id for metric in open_metrics} | {segment.id for segment in open_segments}
    return Known(
        metrics=open_metrics,
        segments=open_segments,
        tables=tuple(dict.fromkeys((*(t for fact in said if fact.id in allowed for t in fact.tables), *dated))),
        barred=_barred(said, allowed),
    )


def _barred(said: Sequence[NamedFact], allowed: set[str]) -> frozenset[str]:
    """Return the names under which nothing may be read."""
    usable = {name.lower() for fact in said if fact.id in allowed for name in names_of(fact)}
    names = {name.lower() for fact in said if fact.id not in allowed for name in names_of(fact)}
    return frozenset(names - usable)


def _segments(text: str, index: Index, tables: Sequence[TableId]) -> tuple[Segment, ...]:
    """Return the segments of the tables found, and those of others that the question names and none of these bears."""
    near, words = index.segments(tables), split_words(text)
    spans = [(named.start, named.end) for named in find_named(text, words, (), near)]
    far = find_named(text, words, (), index.all_segments(), blocked=spans)
    return tuple(dict.fromkeys((*near, *(segment for named in far for segment in named.segments))))


def _may_read(fact: NamedFact, index: Index, policy: Policy) -> bool:
    """Tell whether all tables of a definition are there, and none of them or its columns is kept from everybody."""
    texts = (fact.expression, *fact.filters) if isinstance(fact, Metric) else (fact.condition,)
    if not all(index.holds(table) and policy.allows(table) for table in fact.tables):
        return False
    hidden = {(table, column) for table in fact.tables for column in policy.hidden(table)}
    read = (match.groups() for text in texts for match in _COLUMN.finditer(text))
    return not any((TableId(c, s, t), column.lower()) in hidden for c, s, t, column in read)
