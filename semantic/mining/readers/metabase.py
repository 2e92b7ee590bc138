"""Metabase: questions, models, metrics, segments and what is said about tables, from its API or its export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import (
    Extract,
    Lineage,
    RawMetric,
    RawPassage,
    RawQuery,
    RawSegment,
    Relation,
)  # fmt: skip
from semantic.mining.readers.mbql_names import Names
from semantic.mining.readers.mbql_queries import clauses, query_sql
from semantic.mining.readers.mbql_terms import NotCarriedError, aggregations, filters, stages
from semantic.mining.readers.metabase_names import names_of
from semantic.mining.readers.metabase_tables import described, source_of
from semantic.mining.readers.statements import Unread, statements
from semantic.mining.readers.templates import is_template, plain, without_optional

_MARKS = ("serdes/meta", "dataset_query", "dashcards", "ordered_cards")


def fits(file: SourceFile) -> bool:
    """Tell whether the file comes from Metabase."""
    if file.suffix in {".yaml", ".yml"}:
        return "serdes/meta:" in file.text
    if file.suffix != ".json" or not any(f'"{mark}"' in file.text for mark in (*_MARKS, "base_type")):
        return False
    return any(_kind(item) for item in _items(file.data))


def read(file: SourceFile) -> Extract:
    """Return what the questions, models, metrics and tables of a file say.

    Raises:
        SourceError: It does not parse.
    """
    names = names_of(file)
    result = Extract()
    for item in _items(file.data):
        for part in _parts(item):
            result += _read(part, file.place, names)
    return result


def _items(data: Any) -> list[Mapping[str, Any]]:
    listed = data.get("data", data) if isinstance(data, Mapping) else data
    items = listed if isinstance(listed, list) else [data]
    return [item for item in items if isinstance(item, Mapping)]


def _parts(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield item
    # The API writes the questions of a dashboard out in full, inside it.
    for placed in item.get("dashcards") or item.get("ordered_cards") or []:
        if isinstance(placed, Mapping):
            series = placed.get("series")
            cards = [placed.get("card"), *(series if isinstance(series, list) else [])]
            yield from (card for card in cards if isinstance(card, Mapping) and card.get("dataset_query"))
    for table in item.get("tables") or []:
        if isinstance(table, Mapping):
            yield table
            yield from (column for column in table.get("fields") or [] if isinstance(column, Mapping))


def _kind(item: Mapping[str, Any]) -> str:
    meta = item.get("serdes/meta")
    if isinstance(meta, list) and meta and isinstance(meta[-1], Mapping):
        return str(meta[-1].get("model") or "")
    if item.get("dataset_query") or "dashcards" in item or "ordered_cards" in item:
        return "Card" if item.get("dataset_query") else "Dashboard"
    return _part_kind(item)


def _part_kind(item: Mapping[str, Any]) -> str:
    if "definition" in item and "table_id" in item:
        return "Segment" if not (item.get("definition") or {}).get("aggregation") else "Measure"
    if "base_type" in item and "table_id" in item:
        return "Field"
    if isinstance(item.get("fields"), list) and "name" in item and ("schema" in item or "db_id" in item):
        return "Table"
    return "Database" if isinstance(item.get("tables"), list) else ""


def _read(item: Mapping[str, Any], place: str, names: Names) -> Extract:
    kind = _kind(item)
    where = f"{place}:{item['name']}" if item.get("name") and place.endswith(".json") else place
    if item.get("archived"):
        return Extract()
    try:
        if kind == "Card":
            return _card(item, where, names)
        if kind in {"Segment", "Measure"}:
            return _defined(item, where, names, kind)
        if kind in {"Field", "Table"}:
            return described(item, where, names, kind)
    except NotCarriedError as error:
        return Extract(lost=(f"{where}: {error} is not carried over",))
    return _dashboard(item, where, names) if kind == "Dashboard" else Extract()


def _card(item: Mapping[str, Any], where: str, names: Names) -> Extract:
    query = item["dataset_query"] if isinstance(item.get("dataset_query"), Mapping) else {}
    source, text = source_of(item, where), _text(item)
    native = _native(query)
    if native:
        return _native_card(native, source, text)
    found = stages(query)
    sql = query_sql(query, names)
    queries = (RawQuery(sql=sql, text=text, source=source, verified=source.certified),)
    metric = _metric(item, found[0], source, names) if item.get("type") == "metric" and len(found) == 1 else None
    return Extract(queries=queries, metrics=(metric,) if metric else ())


def _native(query: Mapping[str, Any]) -> str:
    native = query.get("native")
    if isinstance(native, Mapping):
        native = native.get("query")
    staged = stages(query)
    return str(native or (staged[0].get("native") if len(staged) == 1 else "") or "")


def _native_card(native: str, source: Source, text: str) -> Extract:
    if "{{#" in native.replace(" ", "") or "{{snippet:" in native.replace(" ", ""):
        return Extract(lost=(f"{source.place}: SQL with the text of another question or snippet is not carried over",))
    sql = without_optional(native)
    queries, lost = list[RawQuery](), list[str]()
    for found in statements(plain(sql) if is_template(sql) else sql):
        if isinstance(found, Unread):
            lost.append(f"{source.place}: line {found.line} of the SQL: {found.reason}")
        else:
            said = text or found.text
            queries.append(
                RawQuery(sql=found.sql, dialect=found.dialect, text=said, source=source, verified=source.certified)
            )
    return Extract(queries=tuple(queries), lost=tuple(lost))


def _metric(item: Mapping[str, Any], stage: Mapping[str, Any], source: Source, names: Names) -> RawMetric | None:
    writer, relation = clauses(stage, names)
    measures = aggregations(stage)
    if len(measures) != 1:
        return None
    relations = {"": relation, **{alias: table for table, alias in writer.aliases.items()}}
    times = [clause for clause in stage.get("breakout") or [] if "temporal-unit" in str(clause)]
    time = writer.sql(["field", {}, times[0][-1]]) if times and isinstance(times[0][-1], list | int) else ""
    return RawMetric(
        name=str(item.get("name") or ""), expression=writer.sql(measures[0][0]), relations=relations,
        filters=tuple(writer.sql(clause) for clause in filters(stage)), time=time.replace('"', ""),
        description=str(item.get("description") or ""), source=source,
    )  # fmt: skip


def _defined(item: Mapping[str, Any], where: str, names: Names, kind: str) -> Extract:
    definition = item.get("definition")
    stage = next(iter(stages(definition)), {}) if isinstance(definition, Mapping) else {}
    whole = {"source-table": item.get("table_id"), **stage}
    source = source_of(item, where, definition=True)
    if kind == "Measure":
        metric = _metric(item, whole, source, names)
        return Extract(metrics=(metric,) if metric else ())
    writer, relation = clauses(whole, names)
    condition = " AND ".join(writer.sql(clause) for clause in filters(whole))
    if not condition:
        return Extract(lost=(f"{where}: a segment without a condition is not carried over",))
    name, description = str(item.get("name") or ""), str(item.get("description") or "")
    segment = RawSegment(
        name=name, condition=condition, relations={"": relation}, description=description, source=source
    )
    return Extract(segments=(segment,))


def _dashboard(item: Mapping[str, Any], where: str, names: Names) -> Extract:
    source = source_of(item, where)
    texts = [
        RawPassage(title=source.title, text=text, source=source)
        for text in [str(item.get("description") or "")]
        if text
    ]
    tables: list[Relation] = []
    for placed in item.get("dashcards") or item.get("ordered_cards") or []:
        settings = placed.get("visualization_settings") if isinstance(placed, Mapping) else None
        text = settings.get("text") if isinstance(settings, Mapping) else None
        if isinstance(text, str) and text.strip():
            texts.append(RawPassage(title=source.title, text=text, source=source))
        card = placed.get("card") if isinstance(placed, Mapping) else None
        reference = card.get("table_id") if isinstance(card, Mapping) else None
        if isinstance(reference, list) or reference in names.tables:
            tables.append(names.table(reference))
    inputs = tuple(dict.fromkeys(tables))
    lineage = (Lineage(name=(source.title,), inputs=inputs, source=source),) if inputs else ()
    return Extract(passages=tuple(texts), lineage=lineage)


def _text(item: Mapping[str, Any]) -> str:
    name, description = (str(item.get(key) or "").strip() for key in ("name", "description"))
    return f"{name}. {description}" if description else name
