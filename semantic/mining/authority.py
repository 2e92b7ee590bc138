"""How much of a lake leans on each thing in it: a PageRank over tables, views, queries, metrics and dashboards.

Whoever reads a thing passes part of its own weight on to it:

    rank(x) = (1 - d) * start(x) + d * sum over readers r of x of rank(r) * share(r, x)

with d = 0.85, `share` spreading a reader's rank evenly over what it reads, and the rank of things that read nothing
given back to all in proportion to `start`. `start` is the trust in a reader by itself (personalised PageRank). After
S. Brin and L. Page, "The Anatomy of a Large-Scale Hypertextual Web Search Engine", 1998, and T. Haveliwala,
"Topic-Sensitive PageRank", 2002.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping

import numpy as np

from semantic.facts import Source

DAMPING = 0.85
_ROUNDS = 60
_SMALLEST_CHANGE = 1e-9

_TRUST: Mapping[str, float] = {
    "person": 4.0, "metric view": 4.0, "semantic view": 4.0, "ossie": 4.0, "dbt": 3.0, "dashboard": 3.0, "view": 2.0,
    "catalog": 2.0, "sql": 1.0, "notebook": 1.0, "log": 0.5, "document": 0.5,
}  # fmt: skip


def weight(source: Source) -> float:
    """Return the trust in a source by itself: its kind, whether it is vouched for, and how often it is used."""
    return _TRUST[source.kind] * (2.0 if source.certified else 1.0) * (1.0 + math.log(max(1, source.uses)))


def ranks(nodes: Mapping[Hashable, float], reads: Iterable[tuple[Hashable, Hashable]]) -> dict[Hashable, float]:
    """Return the rank of every node; they add up to 1.

    Args:
        nodes: All nodes with their start weight, 0 or more.
        reads: Who reads what, as (reader, read); pairs met twice count once, readers of themselves not at all.
    """
    order = {node: number for number, node in enumerate(nodes)}
    if not order:
        return {}
    start = np.fromiter(nodes.values(), dtype=np.float64, count=len(order)) + 1e-6
    start /= start.sum()
    pairs = sorted({(order[a], order[b]) for a, b in reads if a in order and b in order and a != b})
    readers = np.array([a for a, _ in pairs], dtype=np.int64)
    targets = np.array([b for _, b in pairs], dtype=np.int64)
    degree = np.bincount(readers, minlength=len(order)) if pairs else np.zeros(len(order), dtype=np.int64)
    rank = start.copy()
    for _ in range(_ROUNDS):
        passed = np.zeros(len(order))
        np.add.at(passed, targets, rank[readers] / degree[readers])
        kept = rank[degree == 0].sum()
        new = (1 - DAMPING) * start + DAMPING * (passed + kept * start)
        change = float(np.abs(new - rank).sum())
        rank = new
        if change < _SMALLEST_CHANGE:
            break
    return {node: float(rank[number]) for node, number in order.items()}


def scaled(values: Mapping[Hashable, float]) -> dict[Hashable, float]:
    """Return values from 0 to 1 on a logarithmic scale, the largest being 1; ranks differ by orders of magnitude."""
    if not values:
        return {}
    low, high = min(values.values()), max(values.values())
    if high <= low:
        return dict.fromkeys(values, 0.0)
    span = math.log(high / max(low, high * 1e-6))
    return {n: round(max(0.0, min(1.0, 1 - math.log(high / max(v, 1e-15)) / span)), 4) for n, v in values.items()}
