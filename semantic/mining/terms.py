"""Tie the words of the business to the metrics they name: "monthly recurring revenue (MRR)" is the metric `mrr_usd`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from semantic.facts import Metric, Term
from semantic.mining.units import stem


def tie_terms(metrics: Sequence[Metric], terms: Iterable[Term]) -> list[Metric]:
    """Return the metrics with the other words of the terms they share a word with, and their definition where none is.

    A term and a metric share a word where one of their names is the same but for case, number and unit.
    """
    named = {form: term for term in terms for form in map(stem, (term.term, *term.synonyms)) if form}
    return [_tied(metric, named.get(stem(metric.name)) or _by_synonym(metric, named)) for metric in metrics]


def _by_synonym(metric: Metric, named: dict[tuple[str, ...], Term]) -> Term | None:
    return next((named[form] for form in map(stem, (metric.label, *metric.synonyms)) if form in named), None)


def _tied(metric: Metric, term: Term | None) -> Metric:
    if term is None:
        return metric
    known = {stem(name) for name in (metric.name, metric.label, *metric.synonyms)}
    more = (name for name in (term.term, *term.synonyms) if stem(name) not in known)
    return replace(
        metric,
        synonyms=(*metric.synonyms, *dict.fromkeys(more)),
        description=metric.description or term.definition,
    )
