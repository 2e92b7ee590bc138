"""Voting: candidates are executed, those with equal results stand together, and the likeliest group wins."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from genie_ext.embedded.candidates import Candidate, Group
from genie_ext.errors import GenieError
from genie_ext.scoring import Row, same_rows, table_rows
from genie_ext.types import Rows

MOST_EXECUTED = 5
"""Readings of the parser that are executed for one question before its answer; that of the rules always is."""
ENOUGH = 0.97
"""Share of the parser's belief from which on further readings are not executed."""

Run = Callable[[str], Rows]
"""Guards and executes a query in bounded time."""


def vote(candidates: Sequence[Candidate], run: Run) -> tuple[Group, ...]:
    """Return the groups of candidates that could be executed, in the order of their shares."""
    results: list[tuple[list[Candidate], list[Row]]] = []
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
        rows = _execute(candidate, run)
        believed += _belief(candidate) if rows is not None else 0.0
        known[candidate.sql] = _place(results, candidate, rows) if rows is not None else []
    seen = sum(_belief(c) for group, _ in results for c in group) or 1.0
    groups = [
        Group(candidates=tuple(group), rows=tuple(rows), share=sum(map(_belief, group)) / seen)
        for group, rows in results
    ]
    return tuple(sorted(groups, key=lambda group: -group.share))


def _place(results: list[tuple[list[Candidate], list[Row]]], candidate: Candidate, rows: list[Row]) -> list[Candidate]:
    """Return the group that a candidate belongs to, a new one where no other has these rows."""
    ordered = bool(candidate.step.order) and candidate.step.limit != 1
    for group, other in results:
        if same_rows(other, rows, ordered=ordered):
            group.append(candidate)
            return group
    results.append(([candidate], rows))
    return results[-1][0]


def _execute(candidate: Candidate, run: Run) -> list[Row] | None:
    """Return the rows of a candidate, None where the guard or the engine refuses it: it cannot be the answer then."""
    try:
        return table_rows(run(candidate.sql).table)
    except GenieError:
        return None


def _belief(candidate: Candidate) -> float:
    return math.exp(candidate.score) if candidate.source == "parser" else 0.0
