"""Answer stage: rows and findings become words, a key figure, a chart and a confidence with its reasons."""

from __future__ import annotations

from genie_ext.agent.headline import key_figure, say_rows
from genie_ext.chart import choose_chart
from genie_ext.types import Answer, Context, Finding, Plan, Rows, Sql

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
        chart=choose_chart(rows, plan),
    )
