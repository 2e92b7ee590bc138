"""The joins of an index that is being built: declared, used by queries, found in the data; less those turned down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from semantic.facts import MinedJoin
from semantic.joins.find import find_joins, measure
from semantic.joins.probes import Prober
from semantic.meaning import Meaning
from semantic.types import Relationship, TableId

_Ends = tuple[TableId, frozenset[tuple[str, str]], TableId]


def join_tables(
    meaning: Meaning,
    declared: Sequence[Relationship],
    prober: Prober,
    *,
    last: Sequence[Relationship] | None,
    changed: Collection[TableId],
    progress: Callable[[int, int], None],
) -> list[Relationship]:
    """Return all joins; those found between unchanged tables are taken from the last version.

    Args:
        meaning: The tables, and the joins that queries use or models define.
        declared: Joins that the catalog declares.
        prober: Measures joins on the data.
        last: Joins of the last version, None where there is none.
        changed: Tables that were read anew, came or went.
        progress: Called with tables done and tables in all.
    """
    settled = _settled(meaning, declared, prober)
    kept = [r for r in last or () if r.origin == "inferred" and not {r.child, r.parent} & set(changed)]
    # Where a join is no longer said, the data may tell another.
    unsaid = {r.child for r in last or () if r.origin != "inferred"} - {r.child for r in settled}
    news = None if last is None else {*changed, *unsaid}
    found = find_joins(meaning.tables, prober, declared=settled, changed=news, progress=progress)
    again = {_child(r) for r in (*settled, *found)}
    inferred = [*found, *(r for r in kept if _child(r) not in again)]
    return [*settled, *(r for r in inferred if MinedJoin(relationship=r).id not in meaning.rejected)]


def _settled(meaning: Meaning, declared: Sequence[Relationship], prober: Prober) -> list[Relationship]:
    """Return the declared joins with how often queries use them, and the other joins of queries, measured."""
    tables = {table.id: table for table in meaning.tables}
    said = [join.relationship for join in meaning.facts.joins]
    uses = {_ends(r): r.uses for r in said}
    known = {_ends(r) for r in declared}
    new = [r for r in said if _ends(r) not in known and {r.child, r.parent} <= tables.keys()]
    return [*(replace(r, uses=uses.get(_ends(r), 0)) for r in declared), *(measure(r, tables, prober) for r in new)]


def _ends(join: Relationship) -> _Ends:
    return join.child, frozenset(zip(join.child_columns, join.parent_columns, strict=True)), join.parent


def _child(join: Relationship) -> tuple[TableId, frozenset[str]]:
    return join.child, frozenset(join.child_columns)
