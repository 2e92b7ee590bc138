"""Figure words: whether the name of a metric means that figure, or the plain column or table of the same name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genie_ext.embedded.cues import EXTREMES, Cue
from genie_ext.embedded.link import Link
from genie_ext.embedded.named import Named, names_of
from genie_ext.embedded.words import split_words
from genie_ext.types import Aggregate
from semantic.facts import Metric, Source

_BETWEEN = re.compile(r"\s*(?:(?:of|the|our|all|in|daily|weekly|monthly|quarterly|yearly|annual|overall|total)\s+)*")
_ASKS_FIGURE = re.compile(
    r"(?:^|\b(?:how much|what (?:is|was|were|are)|what's))\s*(?:the|our|my|your)?\s*(?:overall|total)?\s*$"
)
_OPENS = re.compile(
    r"\s*(?:(?:please|show|give|tell|me|us|plot|chart|draw|compute|calculate|get|display|the|our|my|and|now|what|how|about"
    r"|instead|only|daily|weekly|monthly|quarterly|yearly|annual|total|overall)\b[\s,]*)*"
)
_SPLITS = re.compile(
    r"\s*(?:by|per|for (?:each|every)|each|over time|in|during|last|this|since|from|broken|split|grouped|trend)\b"
)
_RANKED_BY = re.compile(r"\b(?:by|in terms of|based on|according to)\s+(?:(?:the|their|its|total|overall)\s+)*$")
_LISTED = re.compile(r"(?:,|\band|\bor)\s+(?:the |their |its )?$")
_AGGREGATES = frozenset({"average", "total", "sum", "count", "number", "many", "minimum", "maximum", "median"})
_ON_PURPOSE = frozenset({"person", "ossie", "dbt", "metric view", "semantic view"})
_MANY_PLACES = 3
_REACH = 40


def figure_kind(metric: Metric) -> Aggregate:
    """Return the aggregate that says best how a metric behaves: a ratio is an average, a difference of sums a sum."""
    text = " ".join(metric.expression.lower().split())
    match = re.match(r"\W*(?:(?:round|coalesce|nullif|ifnull)\s*\(\s*)*(sum|count|avg|min|max|median)\s*\(", text)
    if match is None or re.search(r"[)\w]\s*/", text):
        return "count_distinct" if text.startswith("approx_count_distinct(") else "avg"
    if match[1] == "count":
        return "count_distinct" if re.match(r"\s*distinct\b", text[match.end() :]) else "count"
    kinds: dict[str, Aggregate] = {"sum": "sum", "avg": "avg", "min": "min", "max": "max", "median": "median"}
    return kinds[match[1]]


def aggregate_before(text: str, named: Named, cues: Sequence[Cue]) -> Cue | None:
    """Return the word before a name that says how to combine values: "total", "average", "how many"."""
    for cue in reversed(cues):
        said = cue.kind == "aggregate" or (cue.kind == "superlative" and cue.word in EXTREMES)
        if said and cue.end <= named.start <= cue.end + _REACH:
            return cue if _BETWEEN.fullmatch(text[cue.end : named.start].lower()) else None
    return None


def repeats_kind(cue: Cue, kind: Aggregate) -> bool:
    """Tell whether a word only says again what a figure is: "total revenue" of a sum, "how many users" of a count."""
    if cue.word == "how much":
        return True
    if cue.detail == "sum":
        return kind in ("sum", "count", "count_distinct")
    if cue.detail == "count":
        return kind in ("count", "count_distinct")
    return (EXTREMES.get(cue.word) or cue.detail) == kind


def is_figure(text: str, named: Named, cues: Sequence[Cue], links: Sequence[Link], *, entities: bool) -> bool:
    """Tell whether a name means a metric here.

    Args:
        text: The question.
        named: The name and the metrics that bear it.
        cues: What the question says to do.
        links: Tables and columns of the same name.
        entities: True where the question names another table than the one whose rows are aggregated.
    """
    lower = text.lower()
    before, after = lower[: named.start], lower[named.end :]
    if is_weak(named, links) or any(_spelled(text, named, link) for link in links):
        return False
    cue = aggregate_before(text, named, cues)
    repeats = cue is not None and repeats_kind(cue, figure_kind(named.metrics[0]))
    if any(not link.column for link in links):
        return repeats or (_splits(after) and _OPENS.fullmatch(before) is not None)
    if not links or repeats:
        return True
    if cue is not None or _lists_cells(named):
        return False
    ranked = any(c.kind == "superlative" and 0 <= named.start - c.end <= 3 for c in cues) and entities
    asked = bool(_ASKS_FIGURE.search(before) or _RANKED_BY.search(before) or _OPENS.fullmatch(before))
    compared = entities and re.search(r"\b(?:with|whose|where|have|has)\s+(?:an? |the |their )?$", before) is not None
    return ranked or asked or compared or (_splits(after) and not _LISTED.search(before))


def is_weak(named: Named, links: Sequence[Link]) -> bool:
    """Tell whether a name is that of a plain thing, which queries only happen to give to what they compute from it.

    "amount", "average price" and "order count" mean all rows unless somebody defined them on purpose, or many use the
    definition.
    """
    aggregated = {word.stem for word in split_words(named.text)} & _AGGREGATES
    plain = bool(links) or (bool(aggregated) and all(metric.filters for metric in named.metrics))
    return plain and not any(_is_meant(metric) for metric in named.metrics)


def is_on_purpose(source: Source) -> bool:
    """Tell whether a source defines things on purpose, or vouches for them."""
    return source.certified or source.kind in _ON_PURPOSE


def _is_meant(metric: Metric) -> bool:
    """Tell whether somebody defined a metric on purpose, or so many use it that its name stands for it."""
    purpose = any(is_on_purpose(source) for source in metric.sources)
    return purpose or len({source.place for source in metric.sources}) >= _MANY_PLACES


def _lists_cells(named: Named) -> bool:
    """Tell whether the plural of a column's name is said, which asks for its cells: "the amounts of these orders"."""
    plural = named.text.lower().endswith("s")
    return plural and not any(name.lower().endswith("s") for metric in named.metrics for name in names_of(metric))


def _splits(after: str) -> bool:
    return _SPLITS.match(after) is not None


def _spelled(text: str, named: Named, link: Link) -> bool:
    """Tell whether a question writes a column just as the schema does, and the metric is not made of it."""
    said = text[named.start : named.end]
    typed = said == link.column and re.search(r"[_\dA-Z]", said[1:]) is not None
    owned = said.lower() == link.column.lower() and text[: named.start].lower().endswith(f"{link.table.name.lower()}.")
    made = any(f'"{link.column}"' in metric.expression for metric in named.metrics)
    return bool(link.column) and (typed or owned) and not made
