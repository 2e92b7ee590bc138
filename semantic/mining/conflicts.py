"""Metrics that share a name and say something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from semantic.facts import Metric
from semantic.mining.trees import aggregates, own_nodes
from semantic.mining.units import normal, stem, unit_of


def with_conflicts(metrics: Sequence[Metric], expressions: Sequence[exp.Expr]) -> list[Metric]:
    """Return metrics that know of those with their name, be it with a unit or without, over tables they read too.

    Args:
        metrics: The metrics.
        expressions: What each of them takes, in the same order.
    """
    by_name: dict[Hashable, list[int]] = defaultdict(list)
    for number, (metric, expression) in enumerate(zip(metrics, expressions, strict=True)):
        for name in dict.fromkeys(_names(metric, share=is_share(expression))):
            by_name[name].append(number)
    rivals: dict[int, dict[str, None]] = defaultdict(dict)
    for numbers in by_name.values():
        for one in numbers:
            for other in numbers:
                if one != other and set(metrics[one].tables) & set(metrics[other].tables):
                    rivals[one][metrics[other].id] = None
    return [replace(m, conflicts=tuple(rivals[n])) if n in rivals else m for n, m in enumerate(metrics)]


def is_share(expression: exp.Expr) -> bool:
    """Tell whether a figure is one aggregate divided by another."""
    divisions = (n for n in own_nodes(expression) if isinstance(n, exp.Div))
    return any(aggregates(n.this) and aggregates(n.expression) for n in divisions)


def _names(metric: Metric, *, share: bool) -> Iterator[Hashable]:
    for name in (metric.name, *metric.synonyms):
        yield normal(name)
        # A margin and a margin in percent are two figures.
        yield stem(name), share or unit_of(name) == "%"
