"""Values: named cells of a question become filters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from genie_ext.embedded.draft import Draft
from genie_ext.embedded.link import Mention
from genie_ext.embedded.near_columns import governed_measure, rank_column
from genie_ext.embedded.steps import base_table
from genie_ext.types import ColumnRef, Filter
from semantic.found import ValueHit
from semantic.types import TableId

_COPULA = re.compile(
    r"[\s\"'“‘(:=]*(?:(?:is|are|was|were|of|in|as|named|called|titled|either|not|equals?|equal to|to|at|value)\b"
    r"[\s\"'“‘]*){0,3}"
)
_ASKED = 0.6
"""Weight from which a table is one that the question is about."""

_SAME = 0.05
"""By how little two hits differ that are equally good."""

_Place = tuple[ColumnRef, bool]
"""A column, and whether its values are denied."""


def add_values(draft: Draft) -> None:
    """Turn named cell values into filters; values of one column are alternatives of one filter."""
    chosen: dict[_Place, list[str]] = {}
    phrases: dict[_Place, list[str]] = {}
    for group in draft.reading.values:
        hit, owner = _choose(draft, group)
        draft.used.update(() if owner is None else (owner,))
        place = (ColumnRef(hit.table, hit.column), draft.negated(hit.start))
        known = chosen.setdefault(place, [])
        known.extend(value for value in spellings(hit, group) if value not in known)
        phrases.setdefault(place, []).append(hit.phrase)
        _doubt(draft, hit, group, named=owner is not None)
    for place, values in chosen.items():
        draft.filters.append(_filter(place, values, ", ".join(phrases[place])))


def _filter(place: _Place, values: list[str], phrase: str) -> Filter:
    ref, denied = place
    if len(values) > 1:
        return Filter(subject=ref, operator="not in" if denied else "in", values=tuple(values), phrase=phrase)
    return Filter(subject=ref, operator="!=" if denied else "=", values=tuple(values), phrase=phrase)


def spellings(hit: ValueHit, group: Sequence[ValueHit]) -> list[str]:
    """Return the cells of the same column that mean the same: in other case or blanks, or abbreviated."""
    wanted = hit.value.strip().casefold()
    same = [h for h in group if (h.table, h.column) == (hit.table, hit.column)]
    return [h.value for h in same if h.match == "abbreviation" or h.value.strip().casefold() == wanted]


def _doubt(draft: Draft, hit: ValueHit, group: tuple[ValueHit, ...], *, named: bool) -> None:
    if hit.match not in {"exact", "inflection"}:
        draft.assumptions.append(f"“{hit.phrase}” means “{hit.value}”")
    if hit.match in {"fuzzy", "part"}:
        draft.doubt(f"read “{hit.phrase}” as “{hit.value}”", 0.5)
    elif not named and len({(h.table, h.column) for h in group}) > 1:
        draft.doubt(f"“{hit.phrase}” occurs in several columns", 0.3)


def _choose(draft: Draft, group: tuple[ValueHit, ...]) -> tuple[ValueHit, int | None]:
    """Return the best hit of a span and the number of the mention that names its column, if one stands beside it."""
    beside = [
        i for i, mention in enumerate(draft.reading.mentions) if _is_beside(draft.reading.text, mention, group[0])
    ]

    parents = _parents(draft)

    def owner(hit: ValueHit) -> int | None:
        return next((i for i in beside if _names_column(draft.reading.mentions[i], hit)), None)

    def score(hit: ValueHit) -> float:
        owned = draft.table(hit.table)
        # Copies and views hold the same values, a view often not all of them.
        near = draft.weights.get(hit.table, 0.0) - 1.2 * owned.stale - 0.8 * (owned.kind == "view")
        near += 0.8 * (hit.table in parents)
        return hit.score + 0.35 * near + 0.6 * (owner(hit) is not None) + 0.02 * math.log1p(hit.count)

    best = max(_nearest(draft, group, owner), key=score)
    return best, owner(best)


def _nearest(draft: Draft, group: tuple[ValueHit, ...], owner: Callable[[ValueHit], int | None]) -> Sequence[ValueHit]:
    """Return the hits that belong closest to the governed figure asked for; all where none is, or one is named."""
    measure = governed_measure(draft)
    if measure is None or any(owner(hit) is not None for hit in group):
        return group
    best = max(hit.score for hit in group)
    ranks = {
        hit: rank
        for hit in group
        if hit.score >= best - _SAME and (rank := rank_column(draft, measure, ColumnRef(hit.table, hit.column)))
    }
    return [hit for hit, rank in ranks.items() if rank == min(ranks.values())] or group


def _parents(draft: Draft) -> frozenset[TableId]:
    """Return the tables that rows of those asked about point at: a customer's country is meant for an order."""
    previous = draft.context.previous
    plan = previous.plan if previous is not None else None
    asked = {table for table, weight in draft.weights.items() if weight >= _ASKED}
    asked |= {base_table(plan.steps[-1])} if plan is not None else set()
    return frozenset(join.parent for join in draft.context.relationships if join.child in asked)


def _is_beside(text: str, mention: Mention, hit: ValueHit) -> bool:
    """Tell whether nothing but a copula stands between a column's name and a value: "country is France"."""
    if mention.end <= hit.start:
        return _COPULA.fullmatch(text[mention.end : hit.start].lower()) is not None
    return 0 <= mention.start - hit.end <= 3


def _names_column(mention: Mention, hit: ValueHit) -> bool:
    return any((link.table, link.column) == (hit.table, hit.column) for link in mention.links)
