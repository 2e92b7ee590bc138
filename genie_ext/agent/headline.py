"""Headlines: the rows of an answer in one sentence that carries the key figure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from genie_ext.types import Dimension, Measure, Order, Plan, Rows


def key_figure(rows: Rows) -> str:
    """Return the one value of a one-cell result, formatted, else an empty text."""
    if rows.table.num_rows != 1 or rows.table.num_columns != 1:
        return ""
    return show_value(rows.table.column(0)[0].as_py())


def say_rows(rows: Rows, plan: Plan) -> str:
    """Return the answer in words: the figure, the winner of a ranking, the range of a series, or the number of rows."""
    names, count = rows.table.column_names, rows.table.num_rows
    if count == 0:
        return "No row fits."
    if figure := key_figure(rows):
        return f"{_label(names[0])}: {figure}"
    if count == 1:
        cells = [f"{_label(name)} {show_value(rows.table.column(i)[0].as_py())}" for i, name in enumerate(names[:6])]
        return ", ".join(cells)
    number = f"{count:,}{' or more' if rows.truncated else ''}"
    step = plan.steps[-1]
    if rows.table.num_columns == 2 and len(step.dimensions) == 1 and len(step.measures) == 1:
        first = step.dimensions[0]
        said = _say_series(rows, number, first) if first.grain else _say_ranking(rows, number, step.order)
        return said or f"{number} rows."
    return f"{number} rows."


def _say_series(rows: Rows, number: str, dimension: Dimension) -> str:
    """Name the lowest and the highest point of a figure over time."""
    points = [(value, day) for day, value in _cells(rows) if _is_number(value) and day is not None]
    if not points:
        return ""
    (low, first), (high, last) = min(points), max(points)
    told = (
        f"lowest {show_value(low)} in {_when(first, dimension)}, highest {show_value(high)} in {_when(last, dimension)}"
    )
    return f"{_label(rows.table.column_names[1])} over {number} {dimension.grain}s: {told}."


def _say_ranking(rows: Rows, number: str, order: tuple[Order, ...]) -> str:
    """Name the first row where the rows are sorted by their figure."""
    first, value = _cells(rows)[0]
    if not order or not isinstance(order[0].by, Measure) or not _is_number(value) or first is None:
        return ""
    word = "largest" if order[0].descending else "smallest"
    measure = _label(rows.table.column_names[1]).lower()
    return f"{show_value(first)} has the {word} {measure}: {show_value(value)} ({number} rows)."


def _cells(rows: Rows) -> list[tuple[Any, Any]]:
    first, second = (column.to_pylist() for column in rows.table.columns)
    return list(zip(first, second, strict=True))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _when(value: Any, dimension: Dimension) -> str:
    if isinstance(value, dt.date) and dimension.grain == "month":
        return f"{value:%B %Y}"
    if isinstance(value, dt.date) and dimension.grain == "quarter":
        return f"Q{(value.month - 1) // 3 + 1} {value.year}"
    return str(value) if dimension.grain == "year" else show_value(value)


def _label(name: str) -> str:
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def say_size(rows: Sequence[Sequence[Any]], *, cut: bool) -> str:
    """Return what a result comes to: its one figure, or the number of its rows; `cut` where there are more of them."""
    if len(rows) == 1 and len(rows[0]) == 1:
        return show_value(rows[0][0])
    return f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}{' or more' if cut else ''}"


def show_value(value: Any) -> str:
    """Return one cell for people: thousands separators, at most four decimals, dates in ISO form."""
    if value is None:
        return "nothing (NULL)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        return _show_fraction(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _show_fraction(value: float | Decimal) -> str:
    if -1000 < value < 1000:
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,.2f}".removesuffix(".00")
