"""Shows a turn as a piece of HTML that needs nothing but itself: no script, no request, every text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from genie_ext.display_cells import cells_of, clean, is_identifier, is_number, is_year, shown
from genie_ext.display_parts import (
    HOW_TO_CHOOSE,
    LABELS,
    MARKS,
    checks_of,
    confidence_of,
    filters_of,
    footer_of,
    has_table,
    more_rows,
    route_of,
    sources_of,
    steps_of,
)
from genie_ext.types import Answer, Clarification, Finding, Refusal, Rows, Turn

MOST_ROWS = 50
_CELL_LENGTH = 300
_LINE_LENGTH = 40


def to_html(turn: Turn) -> str:
    """Return the turn as an HTML fragment in the order people want to read it.

    Its style is scoped to the class `genie-turn` and follows JupyterLab's theme, or the system's where there is none.
    At most 50 rows are shown, in a box that scrolls.
    """
    parts = [_refusal(turn.refusal)] if turn.refusal else []
    parts += [_clarification(turn.clarification)] if turn.clarification else []
    parts += [_headline(turn.answer)] if turn.answer else []
    if turn.rows and has_table(turn) and turn.answer:
        parts.append(_table(turn.rows) + _rest(turn))
    parts += [_account(turn), _sql(turn), _footer(turn)]
    label = _escaped(turn.question.text)
    return f'<section class="genie-turn" aria-label="{label}"><style>{_style()}</style>{"".join(parts)}</section>'


@cache
def _style() -> str:
    return (files("genie_ext") / "display.css").read_text(encoding="utf-8")


# --- blocks -----------------------------------------------------------------------------------------------------------


def _headline(answer: Answer) -> str:
    figure = _element("div", "figure", _escaped(answer.key_figure)) if answer.key_figure else ""
    return f'<header class="genie-head">{figure}{_element("p", "words", _lines(answer.text))}</header>'


def _refusal(refusal: Refusal) -> str:
    body = _element("div", "kind", "No answer") + _element("p", "words", _lines(refusal.reason))
    body += _list("Missing", refusal.missing) + _list("What to try", refusal.suggestions)
    return f'<header class="genie-head genie-refused">{body}</header>'


def _clarification(asked: Clarification) -> str:
    choices = "".join(f"<li>{_lines(choice)}</li>" for choice in asked.choices)
    body = _element("div", "kind", "One question back") + _element("p", "words", _lines(asked.question))
    hint = _element("p", "reasons", _escaped(HOW_TO_CHOOSE)) if asked.readings else ""
    return f'<header class="genie-head genie-asked">{body}<ol class="genie-choices">{choices}</ol>{hint}</header>'


def _list(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    items = "".join(f"<li>{_lines(text)}</li>" for text in texts)
    return f'<div class="genie-list"><span>{title}</span><ul>{items}</ul></div>'


def _account(turn: Turn) -> str:
    """Return how the answer came about."""
    plan, answer = turn.plan, turn.answer
    entries = [
        ("Understood", _paragraphs([plan.interpretation] if plan else [])),
        ("Assumed", _paragraphs(plan.assumptions if plan else [])),
        ("Steps", _paragraphs(steps_of(turn))),
        ("Sources", _chips(sources_of(turn))),
        ("Filters", _chips(filters_of(plan))),
        ("Checks", _checks(turn)),
        ("Confidence", _confidence(answer) if answer else ""),
        ("Routed", _paragraphs(["; ".join(route_of(turn))] if route_of(turn) else [])),
        ("Label", _label(answer) if answer else ""),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{content}</dd>" for name, content in entries if content)
    return f'<dl class="genie-account">{rows}</dl>' if rows else ""


def _checks(turn: Turn) -> str:
    if not turn.findings:
        return ""
    open_ = " open" if any(finding.severity in {"warning", "error"} for finding in turn.findings) else ""
    items = "".join(_finding(finding) for finding in turn.findings)
    return f'<details{open_}><summary>{checks_of(turn)}</summary><ul class="genie-checks">{items}</ul></details>'


def _finding(finding: Finding) -> str:
    more = " ".join(text for text in (finding.evidence, finding.suggestion) if text)
    note = _element("span", "evidence", _lines(more)) if more else ""
    mark = f'<b aria-label="{finding.severity}">{MARKS[finding.severity]}</b>'
    return f'<li class="genie-{finding.severity}">{mark}<span>{_lines(finding.message)}{note}</span></li>'


def _confidence(answer: Answer) -> str:
    share = min(max(answer.confidence, 0.0), 1.0)
    bar = f'<span class="genie-bar"><i style="width:{share:.0%}"></i></span>'
    reasons = _element("span", "reasons", _escaped("; ".join(answer.reasons))) if answer.reasons else ""
    return f'<span class="genie-sure">{bar}{confidence_of(answer)}</span>{reasons}'


def _label(answer: Answer) -> str:
    pill = f'<span class="genie-pill genie-{answer.label}">{answer.label}</span>'
    return f'{pill}<span class="genie-reasons">{LABELS[answer.label]}</span>'


def _sql(turn: Turn) -> str:
    if turn.sql is None:
        return ""
    code = html.escape(clean(turn.sql.text.strip(), lines=True))
    return f'<details class="genie-sql"><summary>SQL</summary><pre><code>{code}</code></pre></details>'


def _footer(turn: Turn) -> str:
    parts = "".join(f"<span>{_escaped(part)}</span>" for part in footer_of(turn))
    return f'<footer class="genie-foot">{parts}</footer>'


# --- table ------------------------------------------------------------------------------------------------------------


def _table(rows: Rows) -> str:
    head = rows.table.slice(0, MOST_ROWS)
    sides = [is_number(field.type) for field in head.schema]
    names = "".join(_name(field.name, right) for field, right in zip(head.schema, sides, strict=True))
    columns = []
    for field, column, right in zip(head.schema, head.columns, sides, strict=True):
        grouped = not (is_identifier(field.name) or is_year(field.name))
        columns.append([_cell(shown(cell, grouped=grouped), cell is None, right) for cell in cells_of(column)])
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*columns, strict=True))
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="genie-rows" tabindex="0" role="region" aria-label="Rows">{table}</div>'


def _name(name: str, right: bool) -> str:
    side = ' class="genie-right"' if right else ""
    return f'<th scope="col"{side}>{_escaped(name)}</th>'


def _cell(text: str, missing: bool, right: bool) -> str:
    long = len(text) > _LINE_LENGTH
    marks = {"genie-right": right, "genie-none": missing, "genie-long": long and not right}
    names = " ".join(name for name, holds in marks.items() if holds)
    kind = f' class="{names}"' if names else ""
    if len(text) > _CELL_LENGTH:
        text = text[: _CELL_LENGTH - 1] + "…"
    return f"<td{kind}>{html.escape(text)}</td>"


def _rest(turn: Turn) -> str:
    if turn.rows is None:
        return ""
    count = turn.rows.table.num_rows
    note = more_rows(turn, min(MOST_ROWS, count)) if count else "no rows"
    return _element("div", "more", _escaped(note)) if note else ""


# --- texts ------------------------------------------------------------------------------------------------------------


def _chips(texts: Iterable[str]) -> str:
    return "".join(f"<code>{_escaped(text)}</code>" for text in texts)


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<div>{_lines(text)}</div>" for text in texts if text)


def _element(tag: str, name: str, content: str) -> str:
    return f'<{tag} class="genie-{name}">{content}</{tag}>'


def _escaped(text: str) -> str:
    return html.escape(clean(text), quote=True)


def _lines(text: str) -> str:
    return html.escape(clean(text.strip(), lines=True), quote=True).replace("\n", "<br>")
