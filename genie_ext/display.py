"""Shows a turn: as text for a terminal, as HTML for a notebook, as JSON for other programs."""

from __future__ import annotations

from typing import Any

from genie_ext.display_html import to_html
from genie_ext.display_json import to_json
from genie_ext.display_text import to_text
from genie_ext.types import Turn

__all__ = ["mime_bundle", "to_html", "to_json", "to_text"]

VEGA_LITE = "application/vnd.vegalite.v5+json"
ANSWER = "application/vnd.genie.answer+json"
"""What the panel's own view of an answer is drawn from."""
_ROWS = 500
"""Rows of an answer that a saved notebook carries in that form."""


def mime_bundle(turn: Turn) -> dict[str, Any]:
    """Return the turn in every form a notebook frontend may pick from, by MIME type.

    JupyterLab with the panel shows its own view, other frontends the HTML. The chart is a form of its own where there
    is one.
    """
    bundle: dict[str, Any] = {ANSWER: _cut(to_json(turn)), "text/plain": to_text(turn), "text/html": to_html(turn)}
    if turn.answer and turn.answer.chart:
        bundle[VEGA_LITE] = turn.answer.chart
    return bundle


def _cut(found: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with as many rows as a notebook should carry."""
    rows = found["rows"]
    if rows is None or len(rows["data"]) <= _ROWS:
        return found
    return {**found, "rows": {**rows, "data": rows["data"][:_ROWS], "truncated": True}}
