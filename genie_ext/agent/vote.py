"""Voting: candidates are executed, those with equal results stand together, and the likeliest group wins."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from genie_ext.agent.ties import differ_by_chance, read_top
from genie_ext.embedded.candidates import Candidate, Group
from genie_ext.errors import GenieError, QueryCancelledError
from genie_ext.scoring import Row, same_rows, table_rows
from genie_ext.types import Rows

MOST_EXECUTED = 5
"""Readings of the parser that are executed for one question before its answer; that of the rules always is."""
ENOUGH = 0.97
"""Share of the parser's belief from which on further readings are not executed."""

Run = Callable[[str], Rows]
"""Guards and executes a query in bounded time."""
_WIDEST = 100
"""Rows up to which a limit is looked at for ties."""


class _Result(NamedTuple):
    """Rows of a reading, whether more were not fetched, and whether chance decides which rows it shows."""

    rows: list[Row]
    cut: bool
    tied: bool = False


def vote(candidates: Sequence[Candidate], run: Run) -> tuple[Group, ...]:
    """Return the groups of candidates that could be executed, in the order of their shares.

    Raises:
        QueryCancelledError: The user stopped it.
    """
    results: list[tuple[list[Candidate], _Result]] = []
    known: dict[str, list[Candidate]] = {}
    believed, executed = 0.0, 0
    total = sum(_belief(c) for c in candidates) or 1.0
    for candidate in candidates:
        if candidate.sql in known:
            known[candidate.sql].append(candidate)
            continue
        idle = executed >= MOST_EXECUTED or believed / total >= ENOUGH
        if idle and candidate.source == "parser":
            continue
        executed += 1
        result = _execute(candidate, run)
        believed += _belief(candidate) if result is not None else 0.0
        known[candidate.sql] = _place(results, candidate, result) if result is not None else []
    seen = sum(_belief(c) for group, _ in results for c in group) or 1.0
    groups = [_group(found, result, seen) for found, result in results]
    return tuple(sorted(groups, key=lambda group: -group.share))


def _group(candidates: Sequence[Candidate], result: _Result, seen: float) -> Group:
    """Return the group of candidates with one result, in all that is believed."""
    share = sum(map(_belief, candidates)) / seen
    return Group(candidates=tuple(candidates), rows=tuple(result.rows), share=share, cut=result.cut, tied=result.tied)


def _place(results: list[tuple[list[Candidate], _Result]], candidate: Candidate, result: _Result) -> list[Candidate]:
    """Return the group that a candidate belongs to, a new one where no other has these rows."""
    ordered = bool(candidate.step.order) and candidate.step.limit != 1
    for group, known in results:
        alike = (known.cut, known.tied) == (result.cut, result.tied)  # a row by chance confirms nothing
        if alike and same_rows(known.rows, result.rows, ordered=ordered):
            group.append(candidate)
            return group
    results.append(([candidate], result))
    return results[-1][0]


def _execute(candidate: Candidate, run: Run) -> _Result | None:
    """Return the result of a candidate, None where it is refused or fails."""
    limit = candidate.step.limit
    top = read_top(candidate.sql) if limit and candidate.step.order and limit <= _WIDEST else None
    try:
        found = run(top.wider if top is not None else candidate.sql)
        rows = table_rows(found.table)
        if top is None:
            return _Result(rows, found.truncated)
        tied = len(rows) > top.limit and differ_by_chance(rows[-2], rows[-1], top.keys)
        return _Result([row[: -top.keys] for row in rows[: top.limit]], cut=False, tied=tied)
    except QueryCancelledError:
        raise
    except GenieError:
        return None


def _belief(candidate: Candidate) -> float:
    return math.exp(candidate.score) if candidate.source == "parser" else 0.0
