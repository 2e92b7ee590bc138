"""Charts of Superset as the queries they run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from semantic.facts import Source
from semantic.mining.raw import Extract, RawQuery
from semantic.mining.readers.mbql_terms import literal, quoted
from semantic.mining.readers.statements import Unread, statements
from semantic.mining.readers.superset_files import Bundle
from semantic.mining.readers.templates import is_template, plain

_METRIC_KEYS = ("metrics", "metric", "metric_2", "metrics_b", "secondary_metric", "percent_metrics", "x", "y", "size")
_GROUP_KEYS = ("groupby", "groupby_b", "columns", "groupbyColumns", "groupbyRows", "x_axis", "series", "entity")
_RAW_KEYS = ("all_columns", "all_columns_x")
_OPERATORS = {
    "==": "=", "EQUALS": "=", "!=": "<>", "NOT_EQUALS": "<>",
    ">": ">", "<": "<", ">=": ">=", "<=": "<=", "LIKE": "LIKE",
    "ILIKE": "ILIKE", "GREATER_THAN": ">", "LESS_THAN": "<", "GREATER_THAN_OR_EQUAL": ">=", "LESS_THAN_OR_EQUAL": "<=",
}  # fmt: skip
_LISTS = {"IN": "IN", "NOT IN": "NOT IN", "NOT_IN": "NOT IN"}
_NULLS = {"IS NULL": "IS NULL", "IS NOT NULL": "IS NOT NULL", "IS_NULL": "IS NULL", "IS_NOT_NULL": "IS NOT NULL"}
_GRAINS = {"PT1H": "hour", "P1D": "day", "P1W": "week", "P1M": "month", "P3M": "quarter", "P1Y": "year"}


def chart(item: Mapping[str, Any], place: str, whole: Bundle) -> Extract:
    """Return the query of a chart, with its name as text."""
    dataset = whole.datasets.get(str(item.get("dataset_uuid")))
    params = _params(item.get("params"))
    if dataset is None:
        return Extract(lost=(f"{place}: its dataset {item.get('dataset_uuid')} is not in the export",))
    lost: list[str] = []
    sql = _sql(params, dataset, lost)
    lost = [f"{place}: {reason}" for reason in lost]
    if not sql:
        return Extract(lost=(*lost, f"{place}: a {item.get('viz_type')} chart without metrics or columns"))
    name, described = str(item["slice_name"]), str(item.get("description") or "")
    source = Source(
        kind="dashboard", place=place, title=name, owner=str(item.get("certified_by") or ""),
        certified=bool(item.get("certified_by")),
    )  # fmt: skip
    found = next(statements(sql, whole.dialects(dataset)), Unread(line=1, reason="not a query"))
    if isinstance(found, Unread):
        return Extract(lost=(*lost, f"{place}: {found.reason}"))
    text = f"{name}. {described}" if described else name
    return Extract(
        queries=(RawQuery(sql=found.sql, dialect=found.dialect, text=text, source=source),), lost=tuple(lost)
    )


def _params(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = {}
    return value if isinstance(value, Mapping) else {}


def _sql(params: Mapping[str, Any], dataset: Mapping[str, Any], lost: list[str]) -> str:
    measures = _many(params, _METRIC_KEYS, lambda one: _metric(one, dataset))
    groups = _many(params, _GROUP_KEYS, lambda one: _column(one, dataset, params))
    rows = _many(params, _RAW_KEYS, lambda one: _column(one, dataset, {}))
    columns = [*groups, *measures] if measures else [*rows, *groups]
    if not columns:
        return ""
    where, having = _filters(params, dataset, lost)
    sql = f"SELECT {', '.join(columns)} FROM {_origin(dataset)}"
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    sql += f" GROUP BY {', '.join(group.rsplit(' AS ', 1)[0] for group in groups)}" if groups and measures else ""
    return sql + (f" HAVING {' AND '.join(having)}" if having and measures else "")


def _many(params: Mapping[str, Any], keys: tuple[str, ...], written: Any) -> list[str]:
    found: list[str] = []
    for key in keys:
        value = params.get(key)
        found += [text for one in (value if isinstance(value, list) else [value]) if one and (text := written(one))]
    return list(dict.fromkeys(found))


def _metric(one: Any, dataset: Mapping[str, Any]) -> str:
    if isinstance(one, str):
        saved = next((m for m in dataset.get("metrics") or [] if m.get("metric_name") == one), None)
        return f"{saved['expression']} AS {quoted(one)}" if saved and saved.get("expression") else ""
    if not isinstance(one, Mapping):
        return ""
    label = f" AS {quoted(str(one['label']))}" if one.get("label") else ""
    if one.get("expressionType") == "SQL" and one.get("sqlExpression"):
        return f"{one['sqlExpression']}{label}"
    column, aggregate = one.get("column"), str(one.get("aggregate") or "")
    if not isinstance(column, Mapping) or not column.get("column_name") or not aggregate:
        return ""
    name = _expression(str(column["column_name"]), dataset)
    return f"COUNT(DISTINCT {name}){label}" if aggregate == "COUNT_DISTINCT" else f"{aggregate}({name}){label}"


def _column(one: Any, dataset: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    if isinstance(one, Mapping):
        label = f" AS {quoted(str(one['label']))}" if one.get("label") else ""
        return f"{one['sqlExpression']}{label}" if one.get("sqlExpression") else ""
    name = str(one)
    dates = {c.get("column_name") for c in dataset.get("columns") or [] if c.get("is_dttm")}
    grain = _GRAINS.get(str(params.get("time_grain_sqla"))) if name in dates else None
    expression = _expression(name, dataset)
    if grain:
        return f"DATE_TRUNC('{grain}', {expression}) AS {quoted(name)}"
    return expression if expression == quoted(name) else f"{expression} AS {quoted(name)}"


def _expression(name: str, dataset: Mapping[str, Any]) -> str:
    columns = [c for c in dataset.get("columns") or [] if isinstance(c, Mapping) and c.get("column_name") == name]
    return str(columns[0]["expression"]) if columns and columns[0].get("expression") else quoted(name)


def _origin(dataset: Mapping[str, Any]) -> str:
    if sql := str(dataset.get("sql") or "").strip(" ;\n\t"):
        return f"({plain(sql) if is_template(sql) else sql}) AS virtual"
    parts = (dataset.get("catalog"), dataset.get("schema"), dataset.get("table_name"))
    return ".".join(quoted(str(part)) for part in parts if part)


def _filters(params: Mapping[str, Any], dataset: Mapping[str, Any], lost: list[str]) -> tuple[list[str], list[str]]:
    where: list[str] = []
    having: list[str] = []
    for one in params.get("adhoc_filters") or []:
        if isinstance(one, Mapping) and (text := _filter(one, dataset, lost)):
            (having if str(one.get("clause")).upper() == "HAVING" else where).append(text)
    span = params.get("time_range")
    if span and span != "No filter":
        lost.append(f"the time range {span!r} is not part of the query")
    return where, having


def _filter(one: Mapping[str, Any], dataset: Mapping[str, Any], lost: list[str]) -> str:
    if one.get("expressionType") == "SQL":
        text = str(one.get("sqlExpression") or "")
        return f"({plain(text) if is_template(text) else text})" if text else ""
    name = _expression(str(one.get("subject")), dataset)
    operator, value = str(one.get("operator") or one.get("operatorId") or ""), one.get("comparator")
    if operator in _LISTS:
        values = value if isinstance(value, list) else [value]
        return f"{name} {_LISTS[operator]} ({', '.join(literal(v) for v in values)})"
    if operator in _NULLS:
        return f"{name} {_NULLS[operator]}"
    if operator in _OPERATORS and not isinstance(value, list | dict):
        return f"{name} {_OPERATORS[operator]} {literal(value)}"
    if value != "No filter":
        lost.append(f"the filter {operator} on {one.get('subject')} is not part of the query")
    return ""
