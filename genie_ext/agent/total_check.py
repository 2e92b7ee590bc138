"""The check of totals: the parts of a figure that is split must add up to the figure computed without the split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from genie_ext.agent.evidence import Evidence, finding
from genie_ext.display_cells import shown
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.types import Finding, Measure, Step

_ADDITIVE = ("sum", "count")
_EQUAL = 1e-9
"""Relative difference up to which two sums of floating-point numbers are equal."""


def check_totals(evidence: Evidence) -> Sequence[Finding]:
    """Find a split that loses rows of the whole or has some of them twice; asked where an answer is looked at closely.

    The whole is computed by another query, without the tables that are read for the split alone.
    """
    step, table = evidence.step, evidence.rows.table
    columns = len(step.dimensions) + len(step.measures)
    if not evidence.thorough or not _adds_up(step) or evidence.rows.truncated or table.num_columns != columns:
        return []
    context = evidence.context
    whole = replace(step, dimensions=(), keys=(), order=())
    try:
        text = write_sql(whole, context.names, context.tables, context.relationships)
    except CannotAnswerError:  # without the split its tables have nothing to be joined by
        return []
    totals = evidence.probe(text).table
    found = []
    for place, measure in enumerate(step.measures):
        parts = [cell for cell in table.column(len(step.dimensions) + place).to_pylist() if cell is not None]
        total = totals.column(place)[0].as_py() or 0
        if not _equal(sum(parts), total):
            name = measure.label or measure.aggregate
            message = f"The parts of {name} add up to {shown(sum(parts))}, and the whole is {shown(total)}."
            hint = "Rows that the split leaves out or repeats are why; see the other checks."
            found.append(finding("totals", "warning", message, hint))
    return found or [finding("totals", "ok", "The parts add up to the whole.")]


def _adds_up(step: Step) -> bool:
    """Tell whether the figures of a step are sums over all of its rows."""
    compared = any(isinstance(condition.subject, Measure) for condition in step.filters)
    additive = all(m.aggregate in _ADDITIVE and m.metric is None for m in step.measures)
    whole = step.limit is None and step.combined is None and step.level is None and not compared and not step.uses
    return bool(step.dimensions and step.measures) and additive and whole


def _equal(parts: float | Decimal, total: float | Decimal) -> bool:
    return math.isclose(float(parts), float(total), rel_tol=_EQUAL, abs_tol=_EQUAL)
