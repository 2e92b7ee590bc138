"""The check for ties: a top row that is no higher than one that is left out is an answer by chance."""

from __future__ import annotations

from collections.abc import Sequence

from genie_ext.agent.evidence import Evidence, finding
from genie_ext.agent.ties import differ_by_chance, read_top
from genie_ext.scoring import table_rows
from genie_ext.types import Finding


def check_ties(evidence: Evidence) -> Sequence[Finding]:
    """Find a first row left out that is as high as the last one shown."""
    top = read_top(evidence.sql) if evidence.sql else None
    shown = evidence.rows.table.num_rows
    if top is None or shown < top.limit:
        return []
    edge = table_rows(evidence.probe(top.edge).table)
    if len(edge) == 2 and differ_by_chance(edge[0], edge[1], top.keys):
        what = "the row shown" if top.limit == 1 else "the last row shown"
        message = f"Another row ties with {what}: which of them is shown is left to chance."
        return [finding("ties", "warning", message, "Ask for more rows, or say what decides between them.")]
    return [finding("ties", "ok", "No row that is left out ties with the last one shown.")]
