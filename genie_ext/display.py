"""Shows a turn: as text for a terminal, as HTML for a notebook, as JSON for other programs."""

from __future__ import annotations

from typing import Any

from genie_ext.display_html import to_html
from genie_ext.display_json import to_json
from genie_ext.display_text import to_text
from genie_ext.types import Turn

__all__ = ["mime_bundle", "to_html", "to_json", "to_text"]

VEGA_LITE = "application/vnd.vegalite.v5+json"


def mime_bundle(turn: Turn) -> dict[str, Any]:
    """Return the turn in every form a notebook frontend may pick from, by MIME type.

    The chart is a form of its own where there is one; frontends that show a single form show the HTML.
    """
    bundle: dict[str, Any] = {"text/plain": to_text(turn), "text/html": to_html(turn)}
    if turn.answer and turn.answer.chart:
        bundle[VEGA_LITE] = turn.answer.chart
    return bundle
