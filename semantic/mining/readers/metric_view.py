"""Read metric views of Unity Catalog: YAML of version 0.1 and 1.1, alone or inside CREATE VIEW … WITH METRICS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import (
    Extract,
    Lineage,
    RawDimension,
    RawMetric,
    RawNote,
    RawPassage,
    RawQuery,
    Relation,
)
from semantic.mining.readers import metric_view_joins as joins
from semantic.mining.readers.expressions import (
    InexpressibleError,
    Tree,
    column,
    parse,
    parts_of,
    plain_column,
    render,
    replace_columns,
)
from semantic.mining.readers.metric_view_texts import column_notes, synonyms_of, unit_of
from semantic.mining.readers.shapes import dotted, entries, keys_of, mapping, opening, texts, words

DIALECT = "databricks"
_VIEW = re.compile(
    r"VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>[\w.`\"-]+)(?:(?!\$\$).)*?WITH\s+METRICS(?:(?!\$\$).)*?"
    r"\$\$(?P<yaml>.*?)\$\$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class _View:
    """One metric view on its way into an extract."""

    place: str
    name: Relation
    base: Relation
    tables: dict[tuple[str, ...], joins.Joined]
    filters: tuple[str, ...] = ()
    fields: dict[str, Tree] = field(default_factory=dict)
    measures: dict[str, Tree] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def source(self, part: str, title: str = "") -> Source:
        return Source(kind="metric view", place=f"{self.place}:{part}", title=title, definition=True)


def fits(file: SourceFile) -> bool:
    """Tell whether a file holds a metric view."""
    if file.suffix == ".sql":
        return _VIEW.search(opening(file)) is not None
    if file.suffix not in {".yml", ".yaml"}:
        return False
    keys = keys_of(opening(file))
    return "source" in keys and bool(keys & {"measures", "dimensions", "fields"}) and not keys & {"tables", "models"}


def read(file: SourceFile) -> Extract:
    """Return the measures, fields, joins and texts of a metric view.

    Raises:
        SourceError: The file does not parse, or names no source.
    """
    if file.suffix == ".sql":
        views = [(match["name"], match["yaml"]) for match in _VIEW.finditer(file.text)]
        return sum((_read(file.place, dotted(name), _parsed(text, file.place)) for name, text in views), Extract())
    return _read(file.place, (), file.data)


def _parsed(text: str, place: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text)
    except (YAMLError, RecursionError) as error:
        raise SourceError(f"{place}: the YAML of its metric view does not parse") from error


def _read(place: str, name: Relation, data: Any) -> Extract:
    raw = mapping(data)
    if not words(raw.get("source")):
        raise SourceError(f"{place}: a metric view without a source")
    base, condition = joins.source_table(words(raw["source"]))
    title = name[-1] if name else place.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if not base:
        lost = f"{place}: its measures and fields: the source is a query, and columns of a query have no table"
        query = RawQuery(sql=words(raw["source"]), dialect=DIALECT, text=words(raw.get("comment")) or title,
                         source=Source(kind="metric view", place=f"{place}:source", title=title))  # fmt: skip
        return Extract(queries=(query,), lost=(lost,))
    found = joins.read_joins(raw.get("joins"), base, place)
    view = _View(place, name, base, found.tables, lost=list(found.lost))
    view.filters = _filters(view, (words(raw.get("filter")), condition))
    dimensions, notes = _fields(view, [*entries(raw.get("fields")), *entries(raw.get("dimensions"))])
    metrics = _measures(view, entries(raw.get("measures")))
    view.lost += [f"{place}: {key}: {why}" for key, why in _UNUSED.items() if raw.get(key)]
    inputs = tuple(dict.fromkeys([base, *(table.relation for table in found.tables.values())]))
    comment = words(raw.get("comment"))
    return Extract(
        metrics=tuple(metrics), dimensions=tuple(dimensions), notes=tuple(notes), joins=found.joins,
        passages=(RawPassage(title=title, text=comment, source=view.source("comment", title)),) if comment else (),
        lineage=(Lineage(name=name, inputs=inputs, source=view.source("source", title)),), lost=tuple(view.lost),
    )  # fmt: skip


_UNUSED = {
    "materialization": "how results are stored in advance is the warehouse's own business",
    "parameters": "a question cannot set parameters of a view",
}


def _filters(view: _View, found: tuple[str, ...]) -> tuple[str, ...]:
    filters = []
    for text in filter(None, found):
        try:
            filters.append(render(_resolved(view, parse(text, DIALECT)), DIALECT))
        except InexpressibleError as error:
            view.lost.append(f"{view.place}:filter: {error}")
    return tuple(filters)


def _fields(view: _View, raw: list[dict[str, Any]]) -> tuple[list[RawDimension], list[RawNote]]:
    dimensions: list[RawDimension] = []
    notes: list[RawNote] = []
    for entry in raw:
        name, expression = words(entry.get("name")), words(entry.get("expr"))
        try:
            tree = _resolved(view, parse(expression or f"`{name}`", DIALECT))
        except InexpressibleError as error:
            view.lost.append(f"{view.place}:{name}: {error}")
            continue
        view.fields[name.lower()] = tree
        source = view.source(name, words(entry.get("display_name")))
        plain = plain_column(tree)
        if plain is not None:
            joined = next((t.relation for t in view.tables.values() if t.alias == plain.table), view.base)
            notes += column_notes(joined, plain.name, entry, source)
            continue
        dimensions.append(RawDimension(
            name=name, expression=render(tree, DIALECT), relations=_relations(view, tree), source=source,
            dialect=DIALECT, description=words(entry.get("comment")), synonyms=synonyms_of(entry),
        ))  # fmt: skip
    return dimensions, notes


def _measures(view: _View, raw: list[dict[str, Any]]) -> list[RawMetric]:
    by_name = {words(entry.get("name")).lower(): entry for entry in raw}
    metrics: list[RawMetric] = []
    for key, entry in by_name.items():
        name = words(entry.get("name"))
        try:
            tree = _measure(view, key, by_name, ())
        except InexpressibleError as error:
            view.lost.append(f"{view.place}:{name}: {error}")
            continue
        metrics.append(RawMetric(
            name=name, expression=render(tree, DIALECT), relations=_relations(view, tree), filters=view.filters,
            source=view.source(name, words(entry.get("display_name"))), dialect=DIALECT, unit=unit_of(entry),
            label=words(entry.get("display_name")), description=words(entry.get("comment")),
            synonyms=texts(entry.get("synonyms")),
        ))  # fmt: skip
    return metrics


def _measure(view: _View, key: str, by_name: dict[str, dict[str, Any]], above: tuple[str, ...]) -> Tree:
    """Return a measure with the measures it names put in."""
    from sqlglot import exp

    if key in view.measures:
        return view.measures[key]
    entry = by_name.get(key)
    if entry is None or key in above:
        raise InexpressibleError(f"measure '{key}' is {'defined by itself' if entry else 'not defined here'}")
    if entry.get("window"):
        raise InexpressibleError(f"'{key}' looks over a window of time, which one aggregate cannot hold")
    holder = exp.Paren(this=parse(words(entry.get("expr")), DIALECT))
    inner: list[Tree] = []
    for call in list(holder.find_all(exp.Anonymous)):
        if call.name.upper() == "MEASURE" and call.expressions:
            inner.append(_measure(view, call.expressions[0].name.lower(), by_name, (*above, key)))
            # Put in after the names around it are resolved: its own are resolved already.
            call.replace(exp.Placeholder(this=str(len(inner) - 1)))
    holder = exp.Paren(this=_resolved(view, holder.this))
    for mark in list(holder.find_all(exp.Placeholder)):
        found = inner[int(mark.name)]
        mark.replace(exp.Paren(this=found.copy()) if isinstance(found, exp.Binary) else found.copy())
    view.measures[key] = holder.this.copy()
    return view.measures[key]


def _resolved(view: _View, tree: Tree) -> Tree:
    """Write every column bare where it is the source's own, and with the alias of its join elsewhere."""

    def found(named: Any) -> Tree | None:
        parts = tuple(part.lower() for part in parts_of(named))
        if named.table and any(table.alias == named.table for table in view.tables.values()) and len(parts) == 2:
            table = next(t for t in view.tables.values() if t.alias == named.table)
        elif len(parts) == 1 or (parts[0] == "source" and len(parts) == 2):
            known = view.fields.get(parts[-1]) if len(parts) == 1 else None
            return _known(known, parts[-1]) or column(parts_of(named)[-1])
        else:
            start = parts[1:-1] if parts[0] == "source" else parts[:-1]
            match = view.tables.get(start) or joins.by_last_name(view.tables, start)
            if match is None:
                raise InexpressibleError(f"'{'.'.join(parts_of(named))}' names no join of the view")
            table = match
        if table.many:
            raise InexpressibleError(f"it reads '{'.'.join(table.path)}', which has many rows for one of the source")
        return column(parts_of(named)[-1], table.alias)

    return replace_columns(tree, found)


def _known(tree: Tree | None, name: str) -> Tree | None:
    """Return a field's expression unless it is built on a column of its own name, which is then meant."""
    from sqlglot import exp

    if tree is None or any(c.name.lower() == name and not c.table for c in tree.find_all(exp.Column)):
        return None
    return tree


def _relations(view: _View, tree: Tree) -> dict[str, Relation]:
    from sqlglot import exp

    used = {named.table for named in tree.find_all(exp.Column)}
    for text in view.filters:
        used |= {named.table for named in parse(text, DIALECT).find_all(exp.Column)}
    return {"": view.base} | {t.alias: t.relation for t in view.tables.values() if t.alias in used}
