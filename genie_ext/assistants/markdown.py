"""Shows a turn as Markdown for a chat; whatever comes from data, people or models stands there as text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from genie_ext.display_cells import cells_of, clean, is_identifier, is_number, is_year, shown
from genie_ext.display_parts import HOW_TO_CHOOSE, LABELS, MARKS, confidence_of, footer_of, has_table, more_rows
from genie_ext.types import Answer, Clarification, Refusal, Rows, Turn

MOST_ROWS = 20
_LONGEST_CELL = 200
# A point between digits and a comma mean nothing in Markdown; all other marks can.
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_MARK = re.compile(r"[$\\]+|[!-+\-./:-@\[-`{-~]")


def to_markdown(turn: Turn) -> str:
    """Return the turn in the order people want to read it: the answer, its rows, how it came about, the SQL."""
    blocks = [_refusal(turn.refusal)] if turn.refusal else []
    blocks += [_clarification(turn.clarification)] if turn.clarification else []
    if turn.answer:
        blocks.append(_headline(turn.answer))
        if turn.rows and has_table(turn):
            blocks += [_table(turn.rows), escaped(more_rows(turn, min(MOST_ROWS, turn.rows.table.num_rows)))]
    blocks += [_account(turn), _sql(turn), f"*{escaped(' · '.join(footer_of(turn)))}*"]
    return "\n\n".join(block for block in blocks if block)


def escaped(text: str) -> str:
    """Return a text that Markdown, HTML, formulas and mentions leave alone.

    Marks become entities, which stand for themselves; what begins a formula is found after that, except in code.
    """
    parts = _POINT.split(clean(text))
    return ".".join(_MARK.sub(_entity, part) for part in parts)


def _entity(found: re.Match[str]) -> str:
    mark = found[0]
    return f"`{mark}`" if mark[0] in "$\\" else mark if mark == "%" else f"&#{ord(mark)};"


def _headline(answer: Answer) -> str:
    figure = answer.key_figure if answer.key_figure not in answer.text else ""
    lines = [line.strip() for line in clean(answer.text, lines=True).splitlines() if line.strip()]
    return "\n\n".join([*([f"**{escaped(figure)}**"] if figure else []), *map(escaped, lines)])


def _refusal(refusal: Refusal) -> str:
    lines = [f"**No answer.** {escaped(refusal.reason)}", _list("Missing", refusal.missing)]
    return "\n\n".join(line for line in [*lines, _list("Try", refusal.suggestions)] if line)


def _clarification(asked: Clarification) -> str:
    choices = "\n".join(f"{number}. {escaped(choice)}" for number, choice in enumerate(asked.choices, 1))
    hint = escaped(HOW_TO_CHOOSE) if asked.readings else ""
    return "\n\n".join(part for part in (f"**{escaped(asked.question)}**", choices, hint) if part)


def _list(title: str, texts: Iterable[str]) -> str:
    items = "\n".join(f"- {escaped(text)}" for text in texts)
    return f"{title}:\n\n{items}" if items else ""


def _table(rows: Rows) -> str:
    head = rows.table.slice(0, MOST_ROWS)
    if not head.num_rows:
        return "(no rows)"
    names = [escaped(field.name) for field in head.schema]
    sides = ["--:" if is_number(field.type) else ":--" for field in head.schema]
    columns = [
        [_cell(cell, grouped=not (is_identifier(field.name) or is_year(field.name))) for cell in cells_of(column)]
        for field, column in zip(head.schema, head.columns, strict=True)
    ]
    return "\n".join(_line(cells) for cells in (names, sides, *zip(*columns, strict=True)))


def _cell(cell: Any, *, grouped: bool) -> str:
    text = shown(cell, grouped=grouped)
    return escaped(text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _account(turn: Turn) -> str:
    """Return how the answer came about."""
    entries = [("Understood", escaped(turn.plan.interpretation if turn.plan else ""))]
    if turn.answer:
        reasons = "; ".join(turn.answer.reasons)
        entries.append(("Confidence", escaped(confidence_of(turn.answer) + (f": {reasons}" if reasons else ""))))
        entries.append(("Label", f"{turn.answer.label}, {escaped(LABELS[turn.answer.label])}"))
    lines = [f"- **{name}**: {text}" for name, text in entries if text]
    for found in turn.findings:
        said = " ".join(part for part in (found.message, found.evidence, found.suggestion) if part)
        lines.append(f"- {MARKS[found.severity]} {found.severity}: {escaped(said)}")
    return "\n".join(lines)


def _sql(turn: Turn) -> str:
    if turn.sql is None:
        return ""
    text = clean(turn.sql.text.strip(), lines=True)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text) or [""]))
    return f"{fence}sql\n{text}\n{fence}"
