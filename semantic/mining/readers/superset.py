"""Superset exports: metrics and columns of datasets, the queries of charts, and what dashboards say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from semantic.facts import NoteKind, Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, Lineage, RawDimension, RawMetric, RawNote, RawPassage, RawQuery, Relation
from semantic.mining.readers.statements import Statement, Unread, statements
from semantic.mining.readers.superset_charts import chart
from semantic.mining.readers.superset_files import Bundle, bundle, bundle_of, is_export, members
from semantic.mining.readers.templates import is_template, plain

_MARKS = ("slice_name:", "table_name:", "dashboard_title:", "sqlalchemy_uri:")


def fits(file: SourceFile) -> bool:
    """Tell whether the file is an export of Superset or a part of one."""
    if file.suffix == ".zip":
        return is_export(file.path)
    if file.suffix not in {".yaml", ".yml"} or not any(mark in file.text for mark in _MARKS):
        return False
    item = file.data
    return isinstance(item, Mapping) and "uuid" in item and _kind(item) != ""


def read(file: SourceFile) -> Extract:
    """Return what the datasets, charts and dashboards of an export say.

    Raises:
        SourceError: It does not parse, or the zip is damaged or too large.
    """
    if file.suffix != ".zip":
        return _item(file.data, file.place, bundle_of(file))
    lost: list[str] = []
    found = members(file, lost)
    whole, result = bundle(found.values()), Extract(lost=tuple(lost))
    for name, item in found.items():
        if isinstance(item, Mapping):
            result += _item(item, f"{file.place}:{name}", whole)
    return result


def _kind(item: Mapping[str, Any]) -> str:
    kinds = {
        "slice_name": "chart",
        "table_name": "dataset",
        "dashboard_title": "dashboard",
        "database_name": "database",
    }
    return next((kind for key, kind in kinds.items() if key in item), "")


def _item(item: Mapping[str, Any], place: str, whole: Bundle) -> Extract:
    kind = _kind(item)
    if kind == "dataset":
        return _dataset(item, place, whole)
    if kind == "chart":
        return chart(item, place, whole)
    return _dashboard(item, place, whole) if kind == "dashboard" else Extract()


def _dataset(item: Mapping[str, Any], place: str, whole: Bundle) -> Extract:
    source = Source(kind="dashboard", place=place, title=str(item["table_name"]), definition=True)
    if str(item.get("sql") or "").strip():
        return _virtual(item, source, whole)
    relation = table(item)
    metrics = [_metric(one, item, relation, source, whole) for one in listed(item, "metrics") if one.get("expression")]
    columns = listed(item, "columns")
    dialect = next(iter(whole.dialects(item)), "duckdb")
    dimensions = [
        RawDimension(
            name=str(column.get("column_name")), expression=str(column["expression"]), relations={"": relation},
            description=str(column.get("description") or ""), synonyms=_synonyms(column, "column_name"),
            dialect=dialect, source=source,
        )
        for column in columns if column.get("expression")
    ]  # fmt: skip
    notes = [note for column in columns if not column.get("expression") for note in _notes(column, relation, source)]
    notes += _table_notes(item, relation, source)
    return Extract(metrics=tuple(metrics), dimensions=tuple(dimensions), notes=tuple(notes))


def table(item: Mapping[str, Any]) -> Relation:
    """Return the table behind a dataset."""
    return tuple(str(part) for part in (item.get("catalog"), item.get("schema"), item.get("table_name")) if part)


def listed(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the entries of a list that are mappings."""
    return [one for one in item.get(key) or [] if isinstance(one, Mapping)]


def _metric(
    one: Mapping[str, Any], item: Mapping[str, Any], relation: Relation, source: Source, whole: Bundle
) -> RawMetric:
    extra = _extra(one)
    certified = bool(extra.get("certification"))
    warning = str(extra.get("warning_markdown") or one.get("warning_text") or "")
    described = " ".join(text for text in (str(one.get("description") or ""), warning) if text)
    return RawMetric(
        name=str(one.get("metric_name")), expression=str(one["expression"]), relations={"": relation},
        time=str(item.get("main_dttm_col") or ""), label=str(one.get("verbose_name") or ""), description=described,
        unit=_unit(one), deprecated="deprecated" in warning.lower(), dialect=next(iter(whole.dialects(item)), "duckdb"),
        source=Source(
            kind="dashboard", place=source.place, title=source.title, certified=certified, definition=True,
            owner=str((extra.get("certification") or {}).get("certified_by") or "") if certified else "",
        ),
    )  # fmt: skip


def _unit(one: Mapping[str, Any]) -> str:
    currency = one.get("currency")
    if isinstance(currency, str):
        try:
            currency = json.loads(currency)
        except ValueError:
            currency = None
    if isinstance(currency, Mapping) and currency.get("symbol"):
        return str(currency["symbol"])
    return "%" if str(one.get("d3format") or "").endswith("%") else ""


def _extra(one: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = one.get("extra")
    if isinstance(extra, str):
        try:
            extra = json.loads(extra or "{}")
        except (ValueError, RecursionError):
            extra = {}
    return extra if isinstance(extra, Mapping) else {}


def _synonyms(one: Mapping[str, Any], key: str) -> tuple[str, ...]:
    name, shown = str(one.get(key) or ""), str(one.get("verbose_name") or "")
    return (shown,) if shown and shown.lower() != name.replace("_", " ").lower() else ()


def _notes(column: Mapping[str, Any], relation: Relation, source: Source) -> list[RawNote]:
    name = str(column.get("column_name"))
    said: list[tuple[NoteKind, str]] = [("synonym", text) for text in _synonyms(column, "column_name")]
    if column.get("description"):
        said.insert(0, ("description", str(column["description"])))
    certified = _extra(column).get("certification")
    said += [("certified", str(certified.get("details") or "certified"))] if isinstance(certified, Mapping) else []
    return [RawNote(relation=relation, column=name, kind=kind, text=text, source=source) for kind, text in said]


def _table_notes(item: Mapping[str, Any], relation: Relation, source: Source) -> list[RawNote]:
    said: list[tuple[NoteKind, str]] = []
    if item.get("description"):
        said.append(("description", str(item["description"])))
    certified = _extra(item).get("certification")
    if isinstance(certified, Mapping):
        said.append(("certified", str(certified.get("details") or certified.get("certified_by") or "certified")))
    return [RawNote(relation=relation, kind=kind, text=text, source=source) for kind, text in said]


def _virtual(item: Mapping[str, Any], source: Source, whole: Bundle) -> Extract:
    sql = str(item["sql"])
    found = list(statements(plain(sql) if is_template(sql) else sql, whole.dialects(item)))
    lost = [f"{source.place}: line {one.line} of the SQL: {one.reason}" for one in found if isinstance(one, Unread)]
    base = next((one for one in found if isinstance(one, Statement)), None)
    if base is None:
        return Extract(lost=tuple(lost))
    text = str(item.get("description") or "") or base.text or source.title
    queries = [RawQuery(sql=base.sql, dialect=base.dialect, text=text, source=source)]
    for one in listed(item, "metrics"):
        over = f'SELECT {one.get("expression")} AS "{one.get("metric_name")}" FROM ({base.sql}) AS virtual'
        said = str(one.get("verbose_name") or one.get("metric_name"))
        for read in statements(over, (base.dialect,)):
            if isinstance(read, Unread):
                lost.append(f"{source.place}: the metric {said}: {read.reason}")
            else:
                queries.append(RawQuery(sql=read.sql, dialect=read.dialect, text=said, source=source))
    lineage = (Lineage(name=(source.title,), inputs=base.inputs, source=source),) if base.inputs else ()
    return Extract(queries=tuple(queries), lineage=lineage, lost=tuple(lost))


def _dashboard(item: Mapping[str, Any], place: str, whole: Bundle) -> Extract:
    title, certified = str(item["dashboard_title"]), bool(item.get("certified_by"))
    source = Source(
        kind="dashboard", place=place, title=title, certified=certified, owner=str(item.get("certified_by") or "")
    )
    position = item.get("position")
    placed = [part.get("meta") or {} for part in position.values() if isinstance(part, Mapping)] if isinstance(
        position, Mapping) else []  # fmt: skip
    texts = [str(item.get("description") or ""), *(str(meta.get("code") or "") for meta in placed)]
    charts = [whole.charts.get(str(meta.get("uuid")), {}) for meta in placed]
    used = [whole.datasets.get(str(one.get("dataset_uuid")), {}) for one in charts]
    inputs = tuple(dict.fromkeys(table(one) for one in used if one and not one.get("sql")))
    passages = tuple(RawPassage(title=title, text=text, source=source) for text in texts if text.strip())
    lineage = (Lineage(name=(title,), inputs=inputs, source=source),) if inputs else ()
    metadata = item.get("metadata")
    filters = metadata.get("native_filter_configuration") if isinstance(metadata, Mapping) else None
    lost = (f"{place}: {len(filters)} filters of the dashboard",) if isinstance(filters, list) and filters else ()
    return Extract(passages=passages, lineage=lineage, lost=lost)
