"""Turns a turn into plain JSON, the form that travels between processes."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from genie_ext.display_cells import cells_of, plain
from genie_ext.display_parts import filters_of, sources_of
from genie_ext.types import Part, Plan, Rows, Turn
from semantic.types import TableId

WIRE_VERSION = 1
_PLAIN = ("tier", "routed", "seconds", "spent", "privacy", "fallback")


def to_json(turn: Turn) -> dict[str, Any]:
    """Return the turn as a dict that `json.dumps(…, allow_nan=False)` accepts.

    Keys, always all present:

    - `version`: of this form, an integer.
    - `kind`: "answer", "clarification" or "refusal"; the key of that name holds it, the two others are null.
    - `question`: `text`, `thread`, `today`.
    - `answer`: `text`, `key_figure`, `sources`, `confidence`, `reasons`, `label`, `chart` (Vega-Lite or null).
    - `clarification`: `question`, `choices`, `readings` (the question to ask for each choice).
    - `refusal`: `reason`, `missing`, `suggestions`.
    - `plan`: `interpretation`, `assumptions`, `tier`, `confidence`, `reasons`, `filters` (clauses for people), `steps`
      (as planned; a table is its dotted name), or null.
    - `sql`: `text`, `tables`, `columns`, `row_limit`, or null. What is run beyond the text, row policies, stays inside.
    - `rows`: `columns` as `{name, type}`, `data` as rows of cells, `truncated`, `seconds`, or null. A cell is a number
      where JSON keeps it exact, else text: large integers and decimals as digits, dates and times in ISO 8601;
      intervals in seconds, bytes in base64, structs as objects, lists as arrays, not-a-number as null.
    - `sources`: tables read, for people.
    - `findings`: `check`, `severity`, `message`, `evidence`, `suggestion` each.
    - `parts`: the steps before the last, each `name`, `purpose`, `sql`, `rows`, `findings` as above.
    - `tier`, `routed` (why that tier, a list), `seconds`, `privacy`, `fallback`.
    - `spent`: what calls to models took: `calls`, `cached`, `tokens_in`, `tokens_out`, `usd`, `unpriced`.
    """
    kind = "answer" if turn.answer else "clarification" if turn.clarification else "refusal"
    return {
        "version": WIRE_VERSION,
        "kind": kind,
        "question": _value(turn.question),
        "answer": _value(turn.answer),
        "clarification": _value(turn.clarification),
        "refusal": _value(turn.refusal),
        "plan": _plan(turn.plan),
        "sql": _without(_value(turn.sql), "executable"),
        "rows": _rows(turn.rows),
        "sources": list(sources_of(turn)),
        "findings": _value(turn.findings),
        "parts": [_part(part) for part in turn.parts],
        **{name: _value(getattr(turn, name)) for name in _PLAIN},
    }


def rows_to_json(rows: Rows) -> dict[str, Any]:
    """Return rows as they stand in a turn."""
    return _rows(rows) or {}


def _part(part: Part) -> dict[str, Any]:
    """Return a step before the last one."""
    return {
        "name": part.name,
        "purpose": part.purpose,
        "sql": _without(_value(part.sql), "executable"),
        "rows": _rows(part.rows),
        "findings": _value(part.findings),
    }


def _plan(plan: Plan | None) -> dict[str, Any] | None:
    return None if plan is None else {**_value(plan), "filters": list(filters_of(plan))}


def _rows(rows: Rows | None) -> dict[str, Any] | None:
    if rows is None:
        return None
    columns = [{"name": field.name, "type": str(field.type)} for field in rows.table.schema]
    cells = [[plain(cell) for cell in cells_of(column)] for column in rows.table.columns]
    data = [list(row) for row in zip(*cells, strict=True)]
    return {"columns": columns, "data": data, "truncated": rows.truncated, "seconds": plain(rows.seconds)}


def _value(value: Any) -> Any:
    if isinstance(value, TableId):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _value(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_value(item) for item in value]
    return plain(value)


def _without(value: dict[str, Any] | None, name: str) -> dict[str, Any] | None:
    return None if value is None else {key: item for key, item in value.items() if key != name}
