"""Near columns: of several columns of one name, the one by which a governed figure is split or limited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genie_ext.embedded.columns import display_column, is_key
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.join_tree import Edge, find_path
from genie_ext.embedded.link import Link, Mention
from genie_ext.embedded.steps import measured_table
from genie_ext.embedded.words import plain_name
from genie_ext.types import Clarification, ColumnRef, Measure
from semantic.facts import Metric

_WHOLE = 0.85
"""Score from which words spell a name in full rather than in part."""
_LEAST = 0.6
_SAME = 0.1
"""By how little the scores of two readings differ that say the same."""
_TABLE_WINS = 0.05
"""By how much a column must be named better than a table to be meant."""
_SPARSE = 0.25
"""Share of rows without a key from which a join loses against one that has them."""
_MOST_CHOICES = 4
USED, OWN, JOINED, PART, SPARSE, FAR = range(6)
"""How a column belongs to a figure, nearest first; `PART` is a column of its own tables that is named in part."""
Rank = tuple[int, int]
"""How a column belongs to a figure, and over how many joins."""


@dataclass(frozen=True, slots=True)
class NearColumn:
    """A column that a figure may be split by; `entity` where the rows of its table are meant."""

    ref: ColumnRef
    rank: Rank
    score: float
    entity: bool


def governed_measure(draft: Draft) -> Measure | None:
    """Return the governed figure of a question, or of the one that it continues."""
    previous = draft.context.previous if draft.continues else None
    before = previous.plan.steps[-1].measures if previous is not None and previous.plan is not None else ()
    return next((measure for measure in draft.measures or before if measure.metric is not None), None)


def near_column(draft: Draft, mention: Mention) -> NearColumn | None:
    """Return the column that words mean beside a governed figure, None where none can be reached.

    Columns that other queries split the figure by come first, then those of its own tables, then the nearest. Where
    two are equally near, the draft gets the question to ask back.
    """
    measure = governed_measure(draft) or next(iter(draft.measures), None)
    if measure is None or (measure.metric is None and not _is_astray(draft, mention, measure)):
        return None
    found = sorted(_candidates(draft, mention, measure), key=_order)
    if any(near.entity for near in found):
        found = [near for near in found if near.entity or not _is_key(draft, near)]
    if not found:
        return None
    best = found[0]
    equal = [near for near in found if near.rank == best.rank and best.score - near.score <= _SAME]
    if len({near.ref for near in equal}) > 1 and draft.unclear is None:
        draft.unclear = _ask(draft, mention, equal)
    if best.rank[0] == SPARSE:
        draft.assumptions.append(f"many rows have no {plain_name(best.ref.table.name)}")
        draft.doubt(f"many rows have no {plain_name(best.ref.table.name)}", 0.6)
    return best


def rank_column(draft: Draft, measure: Measure, ref: ColumnRef) -> Rank | None:
    """Return how a column belongs to a governed figure, None where it cannot be reached without repeating rows."""
    metric, table = measure.metric, measured_table(measure)
    tables = metric.tables if metric is not None else (table,) if table is not None else ()
    own = ref.table in tables
    starts = tuple((table, "") for table in tables)
    path = () if own else find_path(starts, (ref.table, ""), draft.context.relationships)
    if path is None or any(edge.multiplies for edge in path):
        return None
    if metric is not None and (ref.table, ref.column) in _used_columns(draft, metric):
        return USED, 0
    if own:
        return OWN, 0
    return (SPARSE if any(_is_sparse(draft, edge) for edge in path) else JOINED), len(path)


def _is_astray(draft: Draft, mention: Mention, measure: Measure) -> bool:
    """Tell whether what the name says best is not joined to a plain figure, or only for some of its rows."""
    table, column = draft.pick(mention, want="table"), draft.pick(mention, want="column")
    link = column if column is not None and (table is None or column.score > table.score + _TABLE_WINS) else table
    rank = rank_column(draft, measure, _column(draft, link)) if link is not None else (OWN, 0)
    return rank is None or rank[0] == SPARSE


def _candidates(draft: Draft, mention: Mention, measure: Measure) -> Iterator[NearColumn]:
    for link in mention.links:
        ref = _column(draft, link) if link.score >= _LEAST else None
        rank = rank_column(draft, measure, ref) if ref is not None else None
        if ref is None or rank is None:
            continue
        if link.score < _WHOLE and rank[0] != USED:
            rank = (PART, 0) if rank[0] == OWN else (FAR, rank[1])
        yield NearColumn(ref=ref, rank=rank, score=link.score, entity=not link.column)


def _column(draft: Draft, link: Link) -> ColumnRef:
    return ColumnRef(link.table, link.column or display_column(draft.table(link.table)).name)


def _order(near: NearColumn) -> tuple[Rank, float, bool]:
    return near.rank, -near.score, near.entity


def _is_key(draft: Draft, near: NearColumn) -> bool:
    column = draft.column(near.ref)
    return column is not None and is_key(draft.table(near.ref.table), column)


def _used_columns(draft: Draft, metric: Metric) -> set[tuple[object, str]]:
    """Return the columns that the queries name which define or use a metric, or read all of its tables."""
    places = {source.place for source in metric.sources}
    queries = [hit.fact for hit in draft.context.found.queries]
    using = [query for query in queries if places & {source.place for source in query.sources}]
    using += [query for query in queries if set(metric.tables) <= set(query.tables)]
    return {column for query in using for column in query.columns}


def _is_sparse(draft: Draft, edge: Edge) -> bool:
    """Tell whether a large share of the rows at the near end of a join have no key."""
    columns = (draft.column(ColumnRef(edge.near[0], near)) for near, _ in edge.pairs())
    return any(c is not None and c.profile is not None and c.profile.nulls > _SPARSE for c in columns)


def _ask(draft: Draft, mention: Mention, equal: list[NearColumn]) -> Clarification:
    text = draft.reading.text
    names = list(dict.fromkeys(_say(near.ref) for near in equal))[:_MOST_CHOICES]
    return Clarification(
        question=f"“{mention.text}” may mean {len(names)} columns. Which one is meant?",
        choices=tuple(names),
        readings=tuple(f"{text[: mention.start]}{name}{text[mention.end :]}" for name in names),
    )


def _say(ref: ColumnRef) -> str:
    return f"{plain_name(ref.table.name)} {plain_name(ref.column)}"
