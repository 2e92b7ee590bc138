"""Answer stage: rows and findings become words, a key figure, a chart and a confidence with its reasons."""

from __future__ import annotations

from collections.abc import Iterator

from genie_ext.agent.headline import key_figure, say_rows
from genie_ext.chart import choose_chart
from genie_ext.types import Answer, Context, Finding, Label, Measure, Plan, Rows, Sql, Step

_COST = {"ok": 1.0, "note": 0.97, "warning": 0.85, "error": 0.3}
"""How much of the confidence is left after a finding of each severity."""


def make_answer(context: Context, plan: Plan, sql: Sql, rows: Rows, findings: tuple[Finding, ...]) -> Answer:
    """Return the answer to show."""
    confidence = plan.confidence
    reasons = list(plan.reasons)
    for finding in findings:
        confidence *= _COST[finding.severity]
        if finding.severity in ("warning", "error"):
            reasons.append(finding.message)
    return Answer(
        text=say_rows(rows, plan),
        key_figure=key_figure(rows),
        sources=tuple(context.names.get(table, table.name) for table in sql.tables),
        confidence=round(confidence, 3),
        reasons=tuple(dict.fromkeys(reasons)),
        label=label_of(plan),
        chart=choose_chart(rows, plan),
    )


def label_of(plan: Plan) -> Label:
    """Return how much of an answer is governed: a verified query, metrics defined on purpose, or neither."""
    if plan.query is not None:
        return "verified"
    figures = [figure for step in plan.steps for figure in _figures(step)]
    defined = [figure.metric is not None and figure.metric.standing in ("certified", "modelled") for figure in figures]
    return "governed" if defined and all(defined) else "generated"


def _figures(step: Step) -> Iterator[Measure]:
    yield from step.measures
    yield from (order.by for order in step.order if isinstance(order.by, Measure))
    yield from (condition.subject for condition in step.filters if isinstance(condition.subject, Measure))
    yield from (figure for condition in step.filters if condition.step for figure in _figures(condition.step))
    yield from _figures(step.combined.step) if step.combined is not None else ()
