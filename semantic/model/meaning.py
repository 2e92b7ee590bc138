"""When two facts mean the same, however they are written."""

from __future__ import annotations

from semantic.facts import Dimension, Metric, PastQuery, Segment
from semantic.model.said import Fact, key_of


def meaning_of(fact: Fact) -> str:
    """Return a text that is equal for facts of one kind that mean the same."""
    match fact:
        case Metric():
            return figure_of(fact)
        case Dimension():
            return canonical(fact.expression)
        case Segment():
            return canonical(fact.condition)
        case PastQuery():
            return f"{fact.text.lower()}\n{' '.join(fact.sql.split()).rstrip('; ')}"
        case _:
            return key_of(fact)


def figure_of(metric: Metric) -> str:
    """Return what a metric means: its aggregate and its conditions in one form."""
    from semantic.mining.canonical import metric_key
    from semantic.mining.qualify import parse

    expression, filters = metric_key(parse(metric.expression), [parse(condition) for condition in metric.filters])
    # Counting rows means something only together with the table whose rows they are.
    counted = str(metric.tables[:1]) if "(*)" in expression else ""
    return "\n".join((counted, expression, *filters))


def canonical(sql: str) -> str:
    """Return an expression or condition in one form."""
    from semantic.mining.canonical import key
    from semantic.mining.qualify import parse

    return key(parse(sql))
