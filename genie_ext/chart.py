"""Chooses a chart for a result by the parts that its columns can play."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from genie_ext.chart_fields import ChartField, chart_fields, inside
from genie_ext.chart_files import save_chart
from genie_ext.types import Grain, Plan, Rows

__all__ = ["choose_chart", "save_chart"]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
MOST_POINTS = 5_000
MOST_BARS = 60
MOST_COLORS = 8

_WIDTH = 600
_INK, _SOFT, _GRID = "#1f2933", "#616e7c", "#e8ecf0"
# Okabe and Ito's colours, which stay apart for every kind of colour blindness; their yellow is too pale on white
_COLORS = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7A5C00", "#666666"]
_CONFIG: dict[str, Any] = {
    "font": "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
    "view": {"stroke": None},
    "range": {"category": _COLORS},
    "axis": {
        "labelColor": _SOFT, "titleColor": _SOFT, "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 12,
        "gridColor": _GRID, "domainColor": "#cbd2d9", "tickColor": "#cbd2d9", "titlePadding": 10, "labelPadding": 5,
    },
    "legend": {"labelColor": _SOFT, "titleColor": _SOFT, "titleFontWeight": "normal", "labelLimit": 160},
    "title": {"color": _INK, "fontSize": 14, "fontWeight": 600, "anchor": "start", "offset": 14, "limit": _WIDTH},
}  # fmt: skip
_FORMATS = {"money": "$,.2f", "share": ".1%", "percent": ",.1f", "plain": ",.4~f"}
_TICKS = {"money": "$.3~s", "share": ".0%", "percent": "~g", "plain": ".3~s"}
_GRAINS: dict[Grain, str] = {"year": "%Y", "quarter": "Q%q %Y", "month": "%b %Y", "week": "%d %b %Y", "day": "%d %b %Y"}


def choose_chart(rows: Rows, plan: Plan | None) -> dict[str, Any] | None:
    """Return a Vega-Lite v5 specification with its data inside, or None where a table reads better.

    Time and a measure give a line, with a category one line each; a category and a measure give bars, two categories
    stacked bars; two measures give a scatter. Identifiers are never drawn, nothing is left out or added up to make a
    result fit: what is too large for a readable chart gets none.

    Args:
        rows: The result of the last step.
        plan: Says which columns are measures where it has the shape of the result.
    """
    count = rows.table.num_rows
    if not 2 <= count <= MOST_POINTS or rows.table.num_columns < 2:
        return None
    fields = chart_fields(rows, plan)
    times, measures, categories = (_of(fields, role) for role in ("time", "measure", "category"))
    if not measures:
        return None
    if times:
        return _over_time(times, measures, categories, plan)
    if categories:
        return _by_category(categories, measures)
    has_ids = any(field.role == "id" for field in fields)
    return _scatter(measures[:2], ()) if len(measures) >= 2 and count >= 5 and not has_ids else None


# --- kinds of chart ---------------------------------------------------------------------------------------------------


def _over_time(
    times: Sequence[ChartField], measures: Sequence[ChartField], categories: Sequence[ChartField], plan: Plan | None
) -> dict[str, Any] | None:
    time, measure = times[0], measures[0]
    if len(categories) > 1 or time.distinct < 2:
        return None
    lines = categories[0] if categories else None
    points = list(zip(time.values, lines.values if lines else time.values, strict=True))
    if len(set(points)) < len(points) or (lines and lines.distinct > MOST_COLORS):
        return None
    x = {"field": time.key, "type": "temporal", "title": None, "axis": _time_axis(time, plan)}
    encoding: dict[str, Any] = {
        "x": x,
        "y": _amount(measure),
        "tooltip": _tooltips([*times, *categories, *measures], plan),
    }
    mark: dict[str, Any] = {"type": "line", "strokeWidth": 2.5 if time.distinct <= 100 else 1.5}
    if time.distinct <= 40:
        mark["point"] = {"size": 36, "filled": True} | ({} if lines else {"color": _COLORS[0]})
    if lines:
        encoding["color"] = _color(lines, stroke=True)
    else:
        mark["color"] = _COLORS[0]
    if not lines and _fills(measure):
        mark |= {"type": "area", "line": {"strokeWidth": mark["strokeWidth"], "color": _COLORS[0]}, "fillOpacity": 0.12}
        encoding["y"]["scale"] = {"zero": True}
    title = f"{measure.title} over time" + (f" by {inside(lines.title)}" if lines else "")
    return _spec(title, mark, encoding, [time, *categories, *measures], height=300)


def _fills(measure: ChartField) -> bool:
    """Return True where the line uses enough of the height that an area from zero is not a flat block."""
    return min(measure.numbers) >= 0 and min(measure.numbers) < 0.7 * max(measure.numbers)


def _by_category(categories: Sequence[ChartField], measures: Sequence[ChartField]) -> dict[str, Any] | None:
    if len(categories) > 2:
        return None
    wide = sorted(categories, key=lambda field: -field.distinct)
    cells = list(zip(*(field.values for field in wide), strict=True))
    if len(set(cells)) < len(cells) or wide[0].distinct > MOST_BARS:
        several = len(measures) >= 2 and len(categories) == 1
        return _scatter(measures[:2], categories) if several else None
    if len(wide) == 2 and (wide[1].distinct > MOST_COLORS or min(measures[0].numbers) < 0):
        return None
    return _bars(wide, measures)


def _bars(categories: Sequence[ChartField], measures: Sequence[ChartField]) -> dict[str, Any]:
    bar, measure = categories[0], measures[0]
    y = {
        "field": bar.key, "type": "nominal", "title": None, "sort": list(bar.order) or _largest_first(bar, measure),
        "axis": {"labelLimit": 240, "ticks": False, "domain": False, "labelColor": _INK, "labelPadding": 8},
    }  # fmt: skip
    encoding = {"y": y, "x": _amount(measure), "tooltip": _tooltips([*categories, *measures], None)}
    title = f"{measure.title} by " + " and ".join(inside(field.title) for field in categories)
    mark: dict[str, Any] = {"type": "bar", "cornerRadiusEnd": 3, "height": {"band": 0.72}, "color": _COLORS[0]}
    if len(categories) == 2:
        encoding["color"] = _color(categories[1])
        encoding["order"] = {"field": categories[1].key, "sort": "ascending"}
        del mark["color"], mark["cornerRadiusEnd"]
    spec = _spec(title, mark, encoding, [*categories, *measures], height=max(80, 26 * bar.distinct))
    if len(categories) == 1 and bar.distinct <= 25 and min(measure.numbers) >= 0:
        _label_bars(spec, measure)
    return spec


def _largest_first(bar: ChartField, measure: ChartField) -> list[Any]:
    """Return the categories by their total; Vega-Lite drops a sort by the other axis where marks lie in layers."""
    totals: dict[Any, float] = {}
    for category, number in zip(_with_words(bar), measure.values, strict=True):
        totals[category] = totals.get(category, 0.0) + (number or 0.0)
    return sorted(totals, key=lambda category: -totals[category])


def _label_bars(spec: dict[str, Any], measure: ChartField) -> None:
    """Write each bar's figure behind it, which makes the axis superfluous."""
    mark, text = spec.pop("mark"), {"type": "text", "align": "left", "dx": 5, "color": _SOFT, "fontSize": 11}
    spec["encoding"]["x"]["axis"] = None
    label = {"text": {"value": {"expr": _compact(f"datum[{json.dumps(measure.key)}]", measure)}}}
    spec["layer"] = [{"mark": mark}, {"mark": text, "encoding": label}]


def _scatter(measures: Sequence[ChartField], categories: Sequence[ChartField]) -> dict[str, Any] | None:
    x, y = measures
    if x.distinct < 3 or y.distinct < 3:
        return None
    encoding: dict[str, Any] = {"x": _amount(x), "y": _amount(y), "tooltip": _tooltips([*categories, x, y], None)}
    for axis in ("x", "y"):
        encoding[axis]["scale"] = {"zero": False, "nice": True}
    mark = {"type": "point", "filled": True, "size": 55, "opacity": 0.6, "color": _COLORS[0]}
    return _spec(f"{y.title} against {inside(x.title)}", mark, encoding, [*categories, x, y], height=360)


# --- parts of a specification -----------------------------------------------------------------------------------------


def _spec(
    title: str, mark: dict[str, Any], encoding: dict[str, Any], fields: Sequence[ChartField], *, height: int
) -> dict[str, Any]:
    columns = {field.key: _with_words(field) for field in fields}
    values = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return {
        "$schema": SCHEMA, "title": title, "width": _WIDTH, "height": height, "padding": 12, "background": "white",
        "data": {"values": values}, "mark": mark, "encoding": encoding, "config": _CONFIG,
    }  # fmt: skip


def _with_words(field: ChartField) -> tuple[Any, ...]:
    if field.role != "category":
        return field.values
    return tuple("(none)" if value is None else value for value in field.values)


def _of(fields: Sequence[ChartField], role: str) -> list[ChartField]:
    return [field for field in fields if field.role == role]


def _amount(field: ChartField) -> dict[str, Any]:
    axis = {"labelExpr": _compact("datum.value", field), "tickCount": 6, "domain": False, "ticks": False}
    return {"field": field.key, "type": "quantitative", "title": field.title, "axis": axis}


def _compact(value: str, field: ChartField) -> str:
    """Return a Vega expression for a short number; D3 writes G for a thousand millions, people write B."""
    short = f"replace(format({value}, '{_TICKS[field.unit]}'), 'G', 'B')"
    if field.unit in {"share", "percent"}:
        return f"format({value}, '{_FORMATS[field.unit]}')" if field.unit == "share" else short
    near = "$,.2~f" if field.unit == "money" else ",.2~f"
    return f"abs({value}) < 1000 ? format({value}, '{near}') : {short}"


def _color(field: ChartField, *, stroke: bool = False) -> dict[str, Any]:
    legend = {"orient": "top", "columns": 5, "symbolType": "stroke" if stroke else "square", "symbolStrokeWidth": 3}
    sort = list(field.order) or "ascending"
    return {"field": field.key, "type": "nominal", "title": None, "legend": legend, "sort": sort}


def _tooltips(fields: Sequence[ChartField], plan: Plan | None) -> list[dict[str, Any]]:
    return [_tooltip(field, plan) for field in fields]


def _tooltip(field: ChartField, plan: Plan | None) -> dict[str, Any]:
    base = {"field": field.key, "title": field.title}
    if field.role == "time":
        return base | {"type": "temporal", "format": _time_format(field, plan)}
    if field.role == "measure":
        return base | {"type": "quantitative", "format": _FORMATS[field.unit]}
    return base | {"type": "nominal"}


def _time_axis(field: ChartField, plan: Plan | None) -> dict[str, Any]:
    axis: dict[str, Any] = {"grid": False, "labelOverlap": True, "labelFlush": True}
    if field.distinct <= 12 or _time_format(field, plan) != "%d %b %Y":
        axis["format"] = _time_format(field, plan)
        axis["tickCount"] = min(field.distinct, 10)
    return axis


def _time_format(field: ChartField, plan: Plan | None) -> str:
    grain = (
        next((dimension.grain for dimension in plan.steps[-1].dimensions if dimension.grain), None) if plan else None
    )
    if grain:
        return _GRAINS[grain]
    known = [value for value in field.values if value is not None]
    if all(value[5:] == "01-01T00:00:00" for value in known):
        return _GRAINS["year"]
    if all(value[8:] == "01T00:00:00" for value in known):
        return _GRAINS["month"]
    return _GRAINS["day"] if all(value.endswith("T00:00:00") for value in known) else "%d %b %Y %H:%M"
