"""Reads what part each column of a result can play in a chart."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from genie_ext.display_cells import cells_of, clean, is_identifier, is_year
from genie_ext.types import Plan, Rows

if TYPE_CHECKING:
    import pyarrow as pa

Role = Literal["time", "measure", "category", "id", "none"]
Unit = Literal["money", "share", "percent", "plain"]

_CALENDAR_NAME = re.compile(r"(^|_)(month|quarter|week|weekday|day|hour|dow)(_of_\w+|_no|_num)?$", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Vega-Lite before 5.21 pastes the titles of tooltips into its expressions as they are.
_UNQUOTED = str.maketrans({'"': "”", "\\": "⧵"})
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_CALL = re.compile(r"(sum|avg|min|max|median|count|count_star)\((?:DISTINCT )?(\*|\w*)\)\Z", re.IGNORECASE)
_VERBS = {
    "sum": "Total", "avg": "Average", "min": "Smallest", "max": "Largest",
    "median": "Median", "count": "Count of", "count_star": "Count",
}  # fmt: skip
_ACRONYMS = {"id", "usd", "eur", "gbp", "mrr", "arr", "csat", "sku", "po", "aov", "url", "ip", "kpi"}
_CALENDAR_WORDS = (
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartField:
    """One column as a chart sees it.

    Attributes:
        key: Name in the inline data, free of characters that Vega-Lite reads as a path.
        title: Name for people.
        role: What it can show.
        values: JSON-safe cells; times are ISO texts without a zone, so that no viewer shifts the day.
        unit: How its numbers read.
        order: Categories that have an order of their own, like months or years, in that order; else empty.
    """

    key: str
    title: str
    role: Role
    values: tuple[Any, ...]
    unit: Unit = "plain"
    order: tuple[Any, ...] = ()

    @property
    def distinct(self) -> int:
        """Number of different values, a null counted as one."""
        return len(set(self.values))

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values that are numbers."""
        return tuple(value for value in self.values if isinstance(value, (int, float)))


def chart_fields(rows: Rows, plan: Plan | None) -> tuple[ChartField, ...]:
    """Return one field per column, in order; the plan, where it fits, says which columns are measures."""
    table = rows.table
    measured = _measured_by_plan(table.num_columns, plan)
    taken: set[str] = set()
    fields = []
    for position, column in enumerate(table.schema):
        cells = cells_of(table.column(position))
        key = _key(column.name, position, taken)
        taken.add(key)
        fields.append(_field(column, cells, key, None if measured is None else position in measured))
    return tuple(fields)


def title_of(name: str) -> str:
    """Return a column name as people write it: `ord_amt_usd` becomes "Ord amt (USD)"."""
    call = _CALL.match(name)
    if call:
        verb = _VERBS[call[1].lower()]
        return _shortened(f"{verb} {inside(title_of(call[2]))}" if call[2] not in {"", "*"} else "Count")
    if not _PLAIN_KEY.match(name):
        return _shortened(clean(" ".join(name.split())).translate(_UNQUOTED) or "value")
    words = [word.lower() for word in _WORDS.findall(name)]
    unit = words.pop().upper() if len(words) > 1 and words[-1] in {"usd", "eur", "gbp"} else ""
    text = " ".join(word.upper() if word in _ACRONYMS else word for word in words)
    return _shortened((text[:1].upper() + text[1:]) + (f" ({unit})" if unit else ""))


def inside(title: str) -> str:
    """Return a title as it stands inside a sentence: its first letter small unless it is an acronym."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _shortened(text: str, width: int = 60) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _measured_by_plan(columns: int, plan: Plan | None) -> frozenset[int] | None:
    """Return the positions of the measures, dimensions come first, or None where the plan has another shape."""
    if plan is None or not plan.steps:
        return None
    step = plan.steps[-1]
    if not step.measures or len(step.dimensions) + len(step.measures) != columns:
        return None
    return frozenset(range(len(step.dimensions), columns))


def _key(name: str, position: int, taken: set[str]) -> str:
    key = name if _PLAIN_KEY.match(name) else f"column_{position + 1}"
    while key in taken:
        key += "_"
    return key


def _field(column: pa.Field, cells: Sequence[Any], key: str, measured: bool | None) -> ChartField:
    import pyarrow.types as kinds

    kind, name, title = column.type, column.name, title_of(column.name)
    if kinds.is_date(kind) or kinds.is_timestamp(kind):
        return ChartField(key=key, title=title, role="time", values=tuple(_moment(cell) for cell in cells))
    if kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind):
        return _number_field(name, tuple(_number(cell) for cell in cells), key, measured, whole=kinds.is_integer(kind))
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_boolean(kind) or kinds.is_dictionary(kind):
        texts = tuple(_text(cell) for cell in cells)
        role: Role = "id" if is_identifier(name) else "category"
        return ChartField(key=key, title=title, role=role, values=texts, order=_calendar_order(texts))
    return ChartField(key=key, title=title, role="none", values=())


def _number_field(
    name: str, values: tuple[float | None, ...], key: str, measured: bool | None, *, whole: bool
) -> ChartField:
    title, known = title_of(name), [value for value in values if value is not None]
    if whole and not measured and known:
        if is_year(name) and all(1800 <= value <= 2200 for value in known):
            texts = tuple(None if value is None else str(int(value)) for value in values)
            return ChartField(
                key=key,
                title=title,
                role="category",
                values=texts,
                order=tuple(sorted({text for text in texts if text})),
            )
        if _CALENDAR_NAME.search(name) and all(0 <= value <= 53 for value in known):
            return ChartField(key=key, title=title, role="category", values=values, order=tuple(sorted(set(known))))
    if not known:
        return ChartField(key=key, title=title, role="none", values=values)
    if not measured and is_identifier(name):
        return ChartField(key=key, title=title, role="id", values=values)
    if measured is False:
        return ChartField(key=key, title=title, role="category", values=values, order=tuple(sorted(set(known))))
    return ChartField(key=key, title=title, role="measure", values=values, unit=_unit(name, known))


def _unit(name: str, known: Sequence[float]) -> Unit:
    words = {word.lower() for word in _WORDS.findall(name)}
    if words & {"share", "rate", "ratio", "pct", "percent", "percentage", "margin"} and all(
        -1 <= n <= 1 for n in known
    ):
        return "share"
    if words & {"pct", "percent", "percentage"}:
        return "percent"
    return "money" if words & {"usd", "dollars"} else "plain"


def _calendar_order(texts: Sequence[str | None]) -> tuple[str, ...]:
    known = {text for text in texts if text is not None}
    for words in _CALENDAR_WORDS:
        if len(known) > 1 and all(text[:3].lower() in words for text in known):
            return tuple(sorted(known, key=lambda text: words.index(text[:3].lower())))
    return ()


def _number(cell: float | Decimal | None) -> float | None:
    if cell is None or not math.isfinite(cell):
        return None
    # beyond 2**53 JavaScript would round anyway
    return cell if isinstance(cell, int) and abs(cell) < 2**53 else float(cell)


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    return ("yes" if cell else "no") if isinstance(cell, bool) else clean(str(cell), lines=True)


def _moment(cell: dt.date | dt.datetime | str | None) -> str | None:
    if cell is None or isinstance(cell, str):
        # days outside of Python's years stay out of the chart
        return None
    if not isinstance(cell, dt.datetime):
        cell = dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - a day has no zone
    return cell.replace(tzinfo=None, microsecond=0).isoformat()
