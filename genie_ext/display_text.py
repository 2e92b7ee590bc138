"""Shows a turn as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from genie_ext.display_cells import cells_of, clean, is_identifier, is_number, is_year, shown
from genie_ext.display_parts import (
    HOW_TO_CHOOSE,
    LABELS,
    MARKS,
    confidence_of,
    filters_of,
    footer_of,
    has_table,
    more_rows,
    route_of,
    sources_of,
    steps_of,
)
from genie_ext.display_width import columns_of, cut
from genie_ext.types import Clarification, Finding, Refusal, Rows, Severity, Turn

if TYPE_CHECKING:
    import pyarrow as pa

_MARGIN = 13
_CELL_WIDTH = 40
_LEAST_CELL = 8
_STYLES = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "red": "31", "cyan": "36"}
_SEVERITY_STYLES: dict[Severity, str] = {"ok": "green", "note": "dim", "warning": "yellow", "error": "red"}


def to_text(turn: Turn, *, width: int = 100, color: bool = False, max_rows: int = 20) -> str:
    """Return the turn in the order people want to read it: the answer, the rows, how it came about.

    Args:
        turn: What to show.
        width: Columns of the terminal; at least 40 are used.
        color: True adds ANSI colours; the data can never add any.
        max_rows: Rows shown of the table; 0 leaves the table out.
    """
    width = max(width, 40)
    if turn.refusal:
        blocks = [_refusal(turn.refusal, width, color)]
    elif turn.clarification:
        blocks = [_clarification(turn.clarification, width, color)]
    else:
        blocks = [_headline(turn, width, color)]
        if turn.rows and max_rows and has_table(turn):
            blocks.append(_table(turn.rows, width, max_rows, color) + _rest(turn, max_rows, color))
    blocks.append(_account(turn, width, color))
    blocks.append([_styled(line, "dim", color) for line in _wrapped(" · ".join(footer_of(turn)), width)])
    return "\n\n".join("\n".join(block) for block in blocks if block)


# --- blocks -----------------------------------------------------------------------------------------------------------


def _headline(turn: Turn, width: int, color: bool) -> list[str]:
    if turn.answer is None:
        return []
    figure, text = turn.answer.key_figure, turn.answer.text
    lines = _wrapped(text, width)
    # the figure stands alone only where the words do not say it
    if figure and figure not in text:
        lines = [clean(figure), *lines]
    return [_styled(lines[0], "bold", color), *lines[1:]] if lines else []


def _refusal(refusal: Refusal, width: int, color: bool) -> list[str]:
    lines = [_styled("No answer.", "bold", color), *_wrapped(refusal.reason, width)]
    lines += _labelled("Missing", refusal.missing, width, color)
    return lines + _labelled("Try", refusal.suggestions, width, color)


def _clarification(asked: Clarification, width: int, color: bool) -> list[str]:
    head, *more = _wrapped(asked.question, width)
    choices = [
        line
        for number, choice in enumerate(asked.choices, 1)
        for line in _wrapped(choice, width, first=f"  {number}. ", rest="     ")
    ]
    hint = [_styled(line, "dim", color) for line in _wrapped(HOW_TO_CHOOSE, width)] if asked.readings else []
    return [_styled(head, "bold", color), *more, *choices, *hint]


def _account(turn: Turn, width: int, color: bool) -> list[str]:
    """Return how the answer came about, each line of it labelled."""
    lines: list[str] = []
    if turn.plan:
        lines += _labelled("Understood", [turn.plan.interpretation], width, color)
        lines += _labelled("Assumed", turn.plan.assumptions, width, color)
    lines += _labelled("Steps", steps_of(turn), width, color)
    lines += _labelled("Sources", [", ".join(sources_of(turn))], width, color)
    lines += _labelled("Filters", ["; ".join(filters_of(turn.plan))], width, color)
    lines += _checks(turn.findings, width, color)
    if turn.answer:
        reasons = "; ".join(turn.answer.reasons)
        lines += _labelled(
            "Confidence", [confidence_of(turn.answer) + (f": {reasons}" if reasons else "")], width, color
        )
        lines += _labelled("Routed", ["; ".join(route_of(turn))], width, color)
        lines += _labelled("Label", [f"{turn.answer.label}: {LABELS[turn.answer.label]}"], width, color)
    if turn.sql:
        text = clean(turn.sql.text.strip(), lines=True).expandtabs(4).splitlines()
        lines += _margin("SQL", [_styled(line, "cyan", color) for line in text], color)
    return lines


def _checks(findings: Sequence[Finding], width: int, color: bool) -> list[str]:
    lines: list[str] = []
    for finding in findings:
        mark = _styled(MARKS[finding.severity], _SEVERITY_STYLES[finding.severity], color)
        parts = [finding.message, finding.evidence and f"({finding.evidence})", finding.suggestion]
        first, *more = _wrapped(" ".join(part for part in parts if part), width - _MARGIN - 2) or [""]
        lines += [f"{mark} {first}", *(f"  {line}" for line in more)]
    return _margin("Checks", lines, color)


def _labelled(label: str, texts: Iterable[str], width: int, color: bool) -> list[str]:
    lines = [line for text in texts if text for line in _wrapped(text, width - _MARGIN)]
    return _margin(label, lines, color)


def _margin(label: str, lines: Sequence[str], color: bool) -> list[str]:
    heads = [_styled(label.ljust(_MARGIN), "dim", color), *[" " * _MARGIN] * len(lines)]
    return [head + line for head, line in zip(heads, lines, strict=False)]


# --- table ------------------------------------------------------------------------------------------------------------


def _table(rows: Rows, width: int, max_rows: int, color: bool) -> list[str]:
    head = rows.table.slice(0, max_rows)
    columns = []
    for field, column in zip(head.schema, head.columns, strict=True):
        grouped = not (is_identifier(field.name) or is_year(field.name))
        columns.append([clean(field.name), *(shown(cell, grouped=grouped) for cell in cells_of(column))])
    right = [is_number(field.type) for field in head.schema]
    least = [_least(field, column) for field, column in zip(head.schema, columns, strict=True)]
    natural = [
        max(min(max(map(columns_of, column)), _CELL_WIDTH), low) for column, low in zip(columns, least, strict=True)
    ]
    widths = _fitted(natural, least, width)
    cells = [[_cell(text, w, side) for text in column] for column, w, side in zip(columns, widths, right, strict=False)]
    lines = ["  " + "  ".join(row).rstrip() for row in zip(*cells, strict=True)]
    rule = "  " + "  ".join("─" * w for w in widths)
    left = len(columns) - len(widths)
    note = [_styled(f"  … {left} more column{'s' if left > 1 else ''}", "dim", color)] if left else []
    return [_styled(lines[0], "bold", color), _styled(rule, "dim", color), *lines[1:], *note]


def _rest(turn: Turn, max_rows: int, color: bool) -> list[str]:
    if turn.rows is None:
        return []
    if turn.rows.table.num_rows == 0:
        return [_styled("  (no rows)", "dim", color)]
    note = more_rows(turn, min(max_rows, turn.rows.table.num_rows))
    return [_styled(f"  {note}", "dim", color)] if note else []


def _least(field: pa.Field, column: Sequence[str]) -> int:
    """Return how narrow a column may become: only words are cut, a cut figure would be another figure."""
    import pyarrow.types as kinds

    if kinds.is_string(field.type) or kinds.is_large_string(field.type) or kinds.is_nested(field.type):
        return min(_LEAST_CELL, max(map(columns_of, column)))
    return max(min(_LEAST_CELL, columns_of(column[0])), *map(columns_of, column[1:]), 0)


def _fitted(widths: list[int], least: list[int], width: int) -> list[int]:
    """Narrow the widest columns until all fit; drop the last ones where even the least widths do not."""
    room = width - 2
    floors = list(least)
    while len(floors) > 1 and sum(floors) + 2 * (len(floors) - 1) > room:
        floors.pop()
    widths = widths[: len(floors)]
    while sum(widths) + 2 * (len(widths) - 1) > room:
        slack = [w - floor for w, floor in zip(widths, floors, strict=True)]
        if not any(slack):
            break
        widest = max(range(len(widths)), key=lambda at: (slack[at] > 0, widths[at]))
        widths = [*widths[:widest], widths[widest] - 1, *widths[widest + 1 :]]
    return widths


def _cell(text: str, width: int, right: bool) -> str:
    text = cut(text, width)
    pad = " " * (width - columns_of(text))
    return pad + text if right else text + pad


# --- lines ------------------------------------------------------------------------------------------------------------


def _wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    # line breaks of the text are kept, everything else that moves a cursor is made visible
    lines: list[str] = []
    for paragraph in clean(text, lines=True).splitlines():
        lines += textwrap.wrap(paragraph, max(width, 20), initial_indent=first, subsequent_indent=rest)
        first = rest
    return lines


def _styled(text: str, style: str, color: bool) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color and text else text
