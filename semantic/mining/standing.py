"""How far a fact is trusted, from the places that say it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from semantic.facts import Source, Standing
from semantic.mining.authority import weight

USED_USES = 5
"""A fact is widely used when it was used this often in all."""
USED_PLACES = 3
"""It is also widely used when this many different people, or places nobody owns, use it."""
RECENT_DAYS = 180
"""A fact is recent when it was last used within so many days of the newest source."""

ORDER: tuple[Standing, ...] = ("certified", "modelled", "used", "recent", "once")
_FLOORS: dict[Standing, float] = {"certified": 0.8, "modelled": 0.6, "used": 0.4, "recent": 0.2, "once": 0.0}
_SPAN = 0.2


def standing_of(sources: Iterable[Source], newest: str) -> Standing:
    """Return how far a fact with these sources is trusted; `newest` is the day of the newest source of all facts."""
    found = list(sources)
    if any(s.certified for s in found):
        return "certified"
    # A model of dbt also computes on its way; what it does not define on purpose is used there, as in any query.
    if any(s.definition for s in found):
        return "modelled"
    if sum(s.uses for s in found) >= USED_USES or len({s.owner or s.place for s in found}) >= USED_PLACES:
        return "used"
    last = max((s.last for s in found), default="")
    return "recent" if _within(last, newest) else "once"


def authority_of(standing: Standing, rank: float) -> float:
    """Return trust as a number: the standing decides, the rank from 0 to 1 orders within it."""
    return round(_FLOORS[standing] + _SPAN * rank, 4)


def ordered(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return the sources of one fact, each place once, most trusted first.

    Lines of one query log that the same person ran are one source, whose uses add up.
    """
    groups: dict[tuple[str, str, str], list[Source]] = defaultdict(list)
    for source in dict.fromkeys(sources):
        place = source.place.split(":")[0] if source.kind == "log" else source.place
        groups[source.kind, place, source.owner].append(source)
    merged = [_one(group) for group in groups.values()]
    return tuple(sorted(merged, key=_trust))


def _one(group: Sequence[Source]) -> Source:
    best = min(group, key=_trust)
    if best.kind != "log" or len(group) == 1:
        return best
    return replace(best, uses=sum(s.uses for s in group), last=max(s.last for s in group))


def _trust(source: Source) -> tuple[bool, bool, float, tuple[int, ...], str]:
    newest_first = tuple(-ord(c) for c in source.last)
    return (not source.certified, not source.definition, -weight(source), newest_first, source.place)


def _within(day: str, newest: str) -> bool:
    try:
        return (dt.date.fromisoformat(newest[:10]) - dt.date.fromisoformat(day[:10])).days <= RECENT_DAYS
    except ValueError:
        return False
