"""Read semantic models and semantic views of Snowflake (YAML)."""

from __future__ import annotations

from functools import partial
from typing import Any

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import (
    Extract,
    RawDimension,
    RawJoin,
    RawKey,
    RawMetric,
    RawNote,
    RawPassage,
    RawSegment,
    Relation,
)
from semantic.mining.readers import snowflake_queries as queries
from semantic.mining.readers.expressions import InexpressibleError, Tree, plain_column, render
from semantic.mining.readers.shapes import entries, identifier, keys_of, mapping, opening, texts, words
from semantic.mining.readers.snowflake_names import DIALECT, Logical, Names

_COLUMN_LISTS = ("dimensions", "time_dimensions", "facts", "measures")


def fits(file: SourceFile) -> bool:
    """Tell whether a file holds a semantic model of Snowflake."""
    if file.suffix not in {".yml", ".yaml"}:
        return False
    text = opening(file)
    return "tables" in keys_of(text) and "base_table:" in text


def read(file: SourceFile) -> Extract:
    """Return all that a semantic model says.

    Raises:
        SourceError: The file does not parse, or holds no tables.
    """
    raw = mapping(file.data)
    if not entries(raw.get("tables")):
        raise SourceError(f"{file.place}: a semantic model without tables")
    names = Names(file.place)
    parts = [_table(names, names.add(entry), entry) for entry in entries(raw["tables"])]
    names.add_metrics(entries(raw.get("metrics")))
    title = words(raw.get("name")) or file.place
    text = words(raw.get("description")) or words(raw.get("comments"))
    whole = Extract(
        metrics=tuple(_metrics(names)), joins=tuple(_joins(names, entries(raw.get("relationships")))),
        queries=tuple(queries.verified(names, entries(raw.get("verified_queries")))),
        rules=tuple(queries.rules(raw, file.place)),
        passages=(RawPassage(title=title, text=text, source=_source(file.place, "description")),) if text else (),
    )  # fmt: skip
    names.lost += [f"{file.place}: {key}: {why}" for key, why in _UNUSED.items() if raw.get(key)]
    return sum(parts, Extract()) + whole + Extract(lost=tuple(names.lost))


_UNUSED = {
    "variables": "a question cannot set variables of a view",
    "tags": "there is no place for tags of the warehouse",
}


def _source(place: str, part: str, title: str = "") -> Source:
    return Source(kind="semantic view", place=f"{place}:{part}", title=title, definition=True)


def _table(names: Names, table: Logical, raw: dict[str, Any]) -> Extract:
    """Return what is said about one logical table; its metrics are read once all tables are known."""
    source = _source(names.place, table.name)
    if not table.relation:
        names.lost.append(f"{names.place}:{table.name}: made by a query, whose columns have no table of the lake")
        return queries.defined(table, raw, source)
    note = partial(RawNote, relation=table.relation, source=source)
    told = [note(kind="description", text=text) for text in texts(raw.get("description"))]
    known = (table.name, *texts(raw.get("synonyms")))
    told += [note(kind="synonym", text=text) for text in known if text.lower() != table.relation[-1].lower()]
    keys = [mapping(raw.get("primary_key")), *entries(raw.get("unique_keys"))]
    columns = [tuple(names.physical(table, c) for c in texts(key.get("columns"))) for key in keys]
    extract = Extract(
        notes=tuple(told),
        keys=tuple(RawKey(relation=table.relation, columns=key, source=source) for key in columns if key),
        segments=tuple(_segments(names, table, raw)),
    )
    for kind in _COLUMN_LISTS:
        for entry in entries(raw.get(kind)):
            extract += _column(names, table, entry)
    return extract


def _column(names: Names, table: Logical, entry: dict[str, Any]) -> Extract:
    """Return notes for a column of the base table, a dimension for an expression."""
    name = words(entry.get("name"))
    if any(entry.get(key) for key in ("cortex_search_service", "cortex_search_service_name")):
        names.lost.append(f"{names.place}:{table.name}.{name}: its search service; values are found by the index")
    try:
        tree = names.column(table, name)
    except InexpressibleError as error:
        names.lost.append(f"{names.place}:{table.name}.{name}: {error}")
        return Extract()
    source = _source(names.place, f"{table.name}.{name}")
    plain = plain_column(tree)
    if plain is not None and not plain.table:
        return Extract(notes=tuple(_notes(table.relation, plain.name, entry, source)))
    return Extract(dimensions=(RawDimension(
        name=name, expression=render(tree, DIALECT), relations=names.relations(table, tree), source=source,
        dialect=DIALECT, description=words(entry.get("description")), synonyms=texts(entry.get("synonyms")),
    ),))  # fmt: skip


def _notes(table: Relation, column: str, entry: dict[str, Any], source: Source) -> list[RawNote]:
    note = partial(RawNote, relation=table, column=column, source=source)
    described = words(entry.get("description"))
    if entry.get("is_enum") and (values := texts(entry.get("sample_values"))):
        described = f"{described} One of: {', '.join(values)}.".strip()
    synonyms = (words(entry.get("name")), *texts(entry.get("synonyms")))
    hidden = words(entry.get("access_modifier")) == "private_access"
    return [
        *([note(kind="description", text=described)] if described else []),
        *(note(kind="synonym", text=text) for text in dict.fromkeys(synonyms) if text.lower() != column.lower()),
        *([note(kind="hidden", text="private in the semantic view")] if hidden else []),
    ]


def _segments(names: Names, table: Logical, raw: dict[str, Any]) -> list[RawSegment]:
    labelled = [e for kind in _COLUMN_LISTS for e in entries(raw.get(kind)) if "filter" in texts(e.get("labels"))]
    found: list[RawSegment] = []
    for entry in (*entries(raw.get("filters")), *labelled):
        name = words(entry.get("name"))
        try:
            tree = names.expression(table, words(entry.get("expr")))
        except InexpressibleError as error:
            names.lost.append(f"{names.place}:{table.name}.{name}: {error}")
            continue
        found.append(RawSegment(
            name=name, condition=render(tree, DIALECT), relations=names.relations(table, tree), dialect=DIALECT,
            source=_source(names.place, f"{table.name}.{name}"), description=words(entry.get("description")),
            synonyms=texts(entry.get("synonyms")),
        ))  # fmt: skip
    return found


def _metrics(names: Names) -> list[RawMetric]:
    found: list[RawMetric] = []
    for (owner, _), entry in names.metrics.items():
        name = words(entry.get("name"))
        place = f"{owner}.{name}" if owner else name
        if words(entry.get("access_modifier")) == "private_access":
            names.lost.append(f"{names.place}:{place}: private, it is only used inside other metrics")
            continue
        try:
            table, tree = names.metric(owner, name, ())
            metric = _metric(names, table, tree, entry, place)
            if metric.snapshot:
                each = f"where a group ends before the last {metric.snapshot}, Snowflake takes the last of that group"
                names.lost.append(f"{names.place}:{place}: {each}; here it counts as gone by then")
        except InexpressibleError as error:
            names.lost.append(f"{names.place}:{place}: {error}")
            continue
        if entry.get("using_relationships"):
            names.lost.append(f"{names.place}:{place}: which of several joins it takes (using_relationships)")
        found.append(metric)
    return found


def _metric(names: Names, table: Logical, tree: Tree, entry: dict[str, Any], place: str) -> RawMetric:
    return RawMetric(
        name=words(entry.get("name")), expression=render(tree, DIALECT), relations=names.relations(table, tree),
        source=_source(names.place, place), dialect=DIALECT, time=table.time,
        snapshot=names.stock(table, entry),
        description=words(entry.get("description")), synonyms=texts(entry.get("synonyms")),
    )  # fmt: skip


def _joins(names: Names, raw: list[dict[str, Any]]) -> list[RawJoin]:
    found: list[RawJoin] = []
    for entry in raw:
        name = words(entry.get("name")) or "relationship"
        left, right = names.table(entry.get("left_table")), names.table(entry.get("right_table"))
        pairs = entries(entry.get("relationship_columns")) or entries(entry.get("join_conditions"))
        if left is None or right is None or not left.relation or not right.relation:
            names.lost.append(f"{names.place}:{name}: it names a table that is not in the model or made by a query")
            continue
        if not pairs or any(pair.get("type") or not pair.get("right_column") for pair in pairs):
            names.lost.append(f"{names.place}:{name}: it joins on more than equal columns")
            continue
        one = words(entry.get("relationship_type")) == "one_to_one"
        found.append(RawJoin(
            child=left.relation, parent=right.relation, source=_source(names.place, name),
            child_columns=tuple(names.physical(left, identifier(pair.get("left_column"))) for pair in pairs),
            parent_columns=tuple(names.physical(right, identifier(pair.get("right_column"))) for pair in pairs),
            cardinality="one-to-one" if one else "many-to-one",
        ))  # fmt: skip
    return found
