"""Databricks dashboards (`.lvdash.json`): the queries of datasets, and what each chart shows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawPassage, RawQuery
from semantic.mining.readers.statements import Statement, Unread, statements

_DIALECTS = ("databricks", "duckdb")
_AGGREGATE = re.compile(
    r"\b(sum|count|avg|min|max|median|measure|any_value|stddev|percentile|count_if)\s*\(", re.IGNORECASE
)
_MEASURE = re.compile(r"\bMEASURE\(\s*`([^`]+)`\s*\)", re.IGNORECASE)
_COUNTED = re.compile(r"^(?:sum|count|avg|average|min|max|median|measure|countdistinct)(?: of |\()", re.IGNORECASE)
_MARKS = re.compile(r"^#+\s*", re.MULTILINE)


def fits(file: SourceFile) -> bool:
    """Tell whether this is a dashboard of Databricks."""
    if file.suffix != ".json" or not ('"datasets"' in file.text and '"pages"' in file.text):
        return False
    return isinstance(file.data, dict) and isinstance(file.data.get("datasets"), list)


def read(file: SourceFile) -> Extract:
    """Return the queries of a dashboard, those of its datasets and those of its charts.

    Raises:
        SourceError: It does not parse.
    """
    title = file.path.name.removesuffix(".json").removesuffix(".lvdash")
    lost: list[str] = []
    datasets: dict[str, tuple[str, Mapping[str, Any]]] = {}
    queries: list[RawQuery] = []
    for item in _maps(file.data.get("datasets")):
        found = _dataset(item, file.place, title, lost)
        if found is not None:
            queries.append(found)
            datasets[str(item.get("name"))] = (found.sql, item)
    texts: list[RawPassage] = []
    for page in _maps(file.data.get("pages")):
        for placed in _maps(page.get("layout")):
            widget = placed.get("widget")
            if isinstance(widget, Mapping):
                queries += _widget(widget, datasets, file.place, str(page.get("displayName") or title), lost)
                texts += _text(widget, file.place, title)
    return Extract(queries=tuple(queries), passages=tuple(texts), lost=tuple(lost))


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _dataset(item: Mapping[str, Any], place: str, title: str, lost: list[str]) -> RawQuery | None:
    name = str(item.get("displayName") or item.get("name"))
    lines = item.get("queryLines")
    text = "".join(map(str, lines)) if isinstance(lines, list) else str(item.get("query") or "")
    where = f"{place}:dataset {name}"
    for found in statements(text, _DIALECTS):
        if isinstance(found, Statement):
            said = found.text or name
            return RawQuery(sql=found.sql, dialect=found.dialect, text=said, source=_source(where, title, found.owner))
        lost.append(f"{where}: {found.reason}")
        return None
    lost.append(f"{where}: a dataset without a query is not carried over")
    return None


def _source(place: str, title: str, owner: str = "") -> Source:
    return Source(kind="dashboard", place=place, title=title, owner=owner)


def _widget(
    widget: Mapping[str, Any],
    datasets: Mapping[str, tuple[str, Mapping[str, Any]]],
    place: str,
    page: str,
    lost: list[str],
) -> Iterator[RawQuery]:
    spec = widget.get("spec")
    if not isinstance(spec, Mapping) or str(spec.get("widgetType")).startswith("filter-"):
        return
    frame = spec.get("frame") if isinstance(spec.get("frame"), Mapping) else {}
    title, described = (str((frame or {}).get(key) or "") for key in ("title", "description"))
    names = dict(_shown(spec.get("encodings")))
    for asked in _maps(widget.get("queries")):
        query = asked.get("query")
        if not isinstance(query, Mapping):
            continue
        base, item = datasets.get(str(query.get("datasetName")), ("", {}))
        where = f"{place}:{title or ', '.join(names.values()) or widget.get('name')}"
        sql = _sql(query, base, item, names)
        if not sql:
            lost.append(f"{where}: its dataset {query.get('datasetName')} has no query")
            continue
        for found in statements(sql, _DIALECTS):
            if isinstance(found, Unread):
                lost.append(f"{where}: {found.reason}")
            else:
                text = ". ".join(part for part in (title, described) if part) or ", ".join(names.values())
                yield RawQuery(sql=found.sql, dialect=found.dialect, text=text, source=_source(where, page))


def _sql(query: Mapping[str, Any], base: str, item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    calculated = {str(c.get("displayName") or c.get("name")): str(c["expression"]) for c in _maps(item.get("columns"))
                  if c.get("expression")}  # fmt: skip
    columns: list[str] = []
    aggregated = False
    for one in _maps(query.get("fields")):
        name, expression = str(one.get("name")), str(one.get("expression") or "")
        whole = _MEASURE.sub(lambda m: f"({calculated[m[1]]})" if m[1] in calculated else m[0], expression)
        aggregated |= bool(_AGGREGATE.search(whole))
        shown = names.get(name, name)
        # "Sum of amount" is what the editor writes where nobody gave a name.
        alias = name if _COUNTED.match(shown) else shown
        plain = _COUNTED.match(alias) or whole.strip("`") == alias
        columns.append(whole if plain else f"{whole} AS `{alias.replace('`', '')}`")
    if not base or not columns:
        return ""
    if not aggregated and not any(" AS " in column for column in columns) and not query.get("filters"):
        return base  # the widget shows its dataset as it is
    where = " AND ".join(str(f["expression"]) for f in _maps(query.get("filters")) if f.get("expression"))
    group = " GROUP BY ALL" if aggregated and len(columns) > 1 and not query.get("disaggregated") else ""
    return f"SELECT {', '.join(columns)} FROM ({base}) AS dataset{f' WHERE {where}' if where else ''}{group}"


def _shown(encodings: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > 6:
        return
    if isinstance(encodings, Mapping):
        if encodings.get("fieldName") and (encodings.get("displayName") or encodings.get("title")):
            yield str(encodings["fieldName"]), str(encodings.get("displayName") or encodings.get("title"))
        encodings = list(encodings.values())
    for value in encodings if isinstance(encodings, list) else []:
        yield from _shown(value, depth + 1)


def _text(widget: Mapping[str, Any], place: str, title: str) -> Iterator[RawPassage]:
    lines = widget.get("multilineTextboxSpec")
    text = widget.get("textbox_spec") or widget.get("textboxSpec")
    if isinstance(lines, Mapping) and isinstance(lines.get("lines"), list):
        text = "".join(map(str, lines["lines"]))
    if isinstance(text, str) and text.strip():
        yield RawPassage(title=title, text=_MARKS.sub("", text).strip(), source=_source(f"{place}:text", title))
