"""Read dbt's `manifest.json`: what its models are, what is tested about them, and the queries that make them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, Lineage, RawNote, RawPassage, RawQuery, Relation
from semantic.mining.readers import dbt_nodes as nodes
from semantic.mining.readers.dbt_files import exposure_source
from semantic.mining.readers.dbt_metrics import Algebra
from semantic.mining.readers.dbt_models import implied, saved_queries, semantics
from semantic.mining.readers.dbt_semantics import read_metric, read_model
from semantic.mining.readers.metricflow import node_relation
from semantic.mining.readers.shapes import (
    dialect_of,
    entries,
    identifier,
    listing,
    mapping,
    opening,
    relation,
    texts,
    words,
)

_TABLES = {"model", "seed", "snapshot", "source"}
_NAMED = re.compile(r"(?:ref|source)\s*\(([^)]*)\)")
_QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")


@dataclass(slots=True)
class _Manifest:
    """A manifest with its nodes by id; `tables` holds those that exist in the warehouse."""

    place: str
    raw: dict[str, Any]
    dialect: str
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, Relation] = field(default_factory=dict)

    def source(self, node: dict[str, Any], *, part: str = "", title: str = "") -> Source:
        """Return where a node is written: the file of its description for what is said, else its own."""
        patch = words(node.get("patch_path")).split("://")[-1] if part else ""
        path = patch or words(node.get("original_file_path")) or self.place
        group = mapping(mapping(self.raw.get("groups")).get(f"group.{node.get('package_name')}.{node.get('group')}"))
        owner = words(nodes.settings(node).get("owner")) or words(mapping(group.get("owner")).get("name"))
        return Source(
            kind="dbt", place=f"{path}:{part}" if part else path, title=title, owner=owner, definition=True,
            certified=bool(nodes.settings(node).get("certified")),
        )  # fmt: skip

    def found(self, text: str, among: tuple[str, ...]) -> str:
        """Return the id of the node that `ref('…')` or `source('…', '…')` names, of those a node depends on."""
        match = _NAMED.search(text)
        named = _QUOTED.findall(match[1]) if match else []
        fitting = [key for key in among if named and words(self.nodes.get(key, {}).get("name")) == named[-1]]
        return fitting[0] if fitting else ""


def fits(file: SourceFile) -> bool:
    """Tell whether a file is a manifest of dbt."""
    return file.suffix == ".json" and "getdbt.com/dbt/manifest" in opening(file, 4096)


def read(file: SourceFile) -> Extract:
    """Return all that a manifest says.

    Raises:
        SourceError: The file does not parse, or is of a dbt too old to name its parts the same.
    """
    raw = file.data
    if not isinstance(raw, dict) or not isinstance(raw.get("nodes"), dict):
        raise SourceError(f"{file.place}: a manifest of dbt without nodes")
    manifest = _Manifest(file.place, raw, dialect_of(mapping(raw.get("metadata")).get("adapter_type")))
    manifest.nodes = {key: node for part in ("nodes", "sources") for key, node in mapping(raw.get(part)).items()
                      if isinstance(node, dict)}  # fmt: skip
    manifest.tables = {key: name for key, node in manifest.nodes.items() if (name := _table(node))}
    return _told(manifest) + _tested(manifest) + _queries(manifest) + _lineage(manifest) + _semantics(manifest)


def _table(node: dict[str, Any]) -> Relation:
    """Return the table of a node, empty where it makes none."""
    config = mapping(node.get("config"))
    if words(node.get("resource_type")) not in _TABLES or config.get("materialized") == "ephemeral":
        return ()
    name = node.get("identifier") if node.get("resource_type") == "source" else node.get("alias")
    return relation(node.get("database"), node.get("schema"), words(name) or node.get("name"))


def _told(manifest: _Manifest) -> Extract:
    """Return descriptions, marks and constraints."""
    found = Extract()
    generated = words(mapping(manifest.raw.get("metadata")).get("generated_at"))[:10]
    passages: dict[str, RawPassage] = {}
    for key, table in manifest.tables.items():
        node = manifest.nodes[key]
        source = manifest.source(node, part=words(node.get("name")))
        told = nodes.notes(table, node, source)
        ends = words(node.get("deprecation_date"))[:10]
        if ends and (not generated or ends <= generated):
            told.append(RawNote(relation=table, kind="deprecated", text=f"deprecated since {ends}", source=source))

        def resolve(text: str, node: dict[str, Any] = node) -> Relation:
            return manifest.tables.get(manifest.found(text, _inputs(node)), ())

        found += Extract(notes=tuple(told)) + nodes.constraints(table, node, source, resolve)
        if text := words(node.get("source_description")):
            title = words(node.get("source_name"))
            passages[title] = RawPassage(title=title, text=text, source=source)
    known = [manifest.nodes[key] for key in manifest.tables]
    inlined = [n for n in manifest.nodes.values() if mapping(n.get("config")).get("materialized") == "ephemeral"]
    ephemeral = [words(node.get("name")) for node in inlined if words(node.get("description"))]
    lost = nodes.unused_tags(known, manifest.place)
    if ephemeral:
        lost.append(f"{manifest.place}: descriptions of ephemeral models ({listing(ephemeral)}): they are no tables")
    return found + Extract(passages=tuple(passages.values()), lost=tuple(lost))


def _tested(manifest: _Manifest) -> Extract:
    """Return what tests say."""
    written = [node for node in manifest.nodes.values() if node.get("resource_type") == "test"]
    single = [words(node.get("name")) for node in written if not mapping(node.get("test_metadata"))]
    kinds = [(node, meta) for node in written if (meta := mapping(node.get("test_metadata")))]
    tests = [test for node, meta in kinds if (test := _test(manifest, node, meta))]
    lost = (f"{manifest.place}: tests written as queries ({listing(single)}): checks, no meaning",)
    return nodes.tested(tests, manifest.place) + Extract(lost=lost if single else ())


def _test(manifest: _Manifest, node: dict[str, Any], meta: dict[str, Any]) -> nodes.Test | None:
    settings = mapping(meta.get("kwargs"))
    settings = {**settings, **mapping(settings.get("arguments"))}
    among = _inputs(node)
    key = words(node.get("attached_node")) or manifest.found(words(settings.get("model")), among)
    table = manifest.tables.get(key or (among[0] if len(among) == 1 else ""), ())
    if not table:
        return None
    return nodes.Test(
        name=words(meta.get("name")), relation=table, settings=settings,
        to=manifest.tables.get(manifest.found(words(settings.get("to")), among), ()),
        column=identifier(node.get("column_name")) or identifier(settings.get("column_name")),
        where=words(mapping(node.get("config")).get("where")),
        source=manifest.source(node, part=words(node.get("name"))),
    )  # fmt: skip


def _inputs(node: dict[str, Any]) -> tuple[str, ...]:
    return texts(mapping(node.get("depends_on")).get("nodes"))


def _queries(manifest: _Manifest) -> Extract:
    """Return the compiled queries of models and analyses."""
    queries: list[RawQuery] = []
    uncompiled: list[str] = []
    for node in manifest.nodes.values():
        if words(node.get("resource_type")) not in {"model", "snapshot", "analysis"}:
            continue
        written = str(node.get("raw_code") or node.get("raw_sql") or "")
        sql = str(node.get("compiled_code") or node.get("compiled_sql") or "").strip() or written.strip()
        name = words(node.get("name"))
        if not sql or "{{" in sql or "{%" in sql or words(node.get("language")) == "python":
            uncompiled.append(name)
            continue
        text = words(node.get("description")) or name.replace("_", " ")
        # What a model computes on its way is no definition of a figure, and nobody vouches for it alone.
        query_source = replace(manifest.source(node, title=name), definition=False, certified=False)
        queries.append(RawQuery(sql=sql, dialect=manifest.dialect, text=text, source=query_source))
    lost = (f"{manifest.place}: queries of {len(uncompiled)} models ({listing(uncompiled)}): "
            "no compiled SQL of theirs is in the manifest; `dbt compile` puts it in")  # fmt: skip
    return Extract(queries=tuple(queries), lost=(lost,) if uncompiled else ())


def _lineage(manifest: _Manifest) -> Extract:
    found: list[Lineage] = []
    for key, table in manifest.tables.items():
        node = manifest.nodes[key]
        if inputs := _behind(manifest, node, ()):
            found.append(Lineage(name=table, inputs=inputs, source=manifest.source(node)))
    for entry in entries(manifest.raw.get("exposures")):
        place = words(entry.get("original_file_path")) or manifest.place
        inputs = _behind(manifest, entry, ())
        found.append(Lineage(name=(), inputs=inputs, source=exposure_source(entry, place)))
    return Extract(lineage=tuple(found))


def _behind(manifest: _Manifest, node: dict[str, Any], above: tuple[str, ...]) -> tuple[Relation, ...]:
    """Return the tables a node reads, through models that are no tables themselves."""
    inputs: list[Relation] = []
    for key in _inputs(node):
        if key in manifest.tables:
            inputs.append(manifest.tables[key])
        elif key not in above and (inner := manifest.nodes.get(key) or _other(manifest, key)):
            inputs += _behind(manifest, inner, (*above, key))
    return tuple(dict.fromkeys(inputs))


def _other(manifest: _Manifest, key: str) -> dict[str, Any]:
    """Return a metric, semantic model or saved query that an exposure depends on."""
    parts = ("metrics", "semantic_models", "saved_queries")
    return next((found for part in parts if (found := mapping(mapping(manifest.raw.get(part)).get(key)))), {})


def _semantics(manifest: _Manifest) -> Extract:
    def place(entry: dict[str, Any]) -> str:
        return f"{words(entry.get('original_file_path')) or manifest.place}:{words(entry.get('name'))}"

    models = []
    for entry in entries(manifest.raw.get("semantic_models")):
        table = next((manifest.tables[key] for key in _inputs(entry) if key in manifest.tables), ())
        models.append(read_model(entry, node_relation(entry) or table, place(entry)))
    written = [read_metric(entry, place(entry)) for entry in entries(manifest.raw.get("metrics"))]
    specs = [*written, *implied(models, written)]
    algebra = Algebra(models, specs, manifest.dialect)
    saved = [(entry, place(entry)) for entry in entries(manifest.raw.get("saved_queries"))]
    return semantics(algebra, models, specs) + saved_queries(algebra, saved)
