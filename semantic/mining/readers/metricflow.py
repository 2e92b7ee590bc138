"""Read dbt's YAML files, and the `semantic_manifest.json` that MetricFlow works from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, Relation
from semantic.mining.readers.dbt_files import described, named_table, plain_text, table_entries
from semantic.mining.readers.dbt_metrics import Algebra
from semantic.mining.readers.dbt_models import implied, saved_queries, semantics
from semantic.mining.readers.dbt_semantics import Model, Spec, read_embedded, read_metric, read_model
from semantic.mining.readers.shapes import (
    dialect_of,
    entries,
    identifier,
    keys_of,
    mapping,
    opening,
    relation,
    words,
)

_KEYS = {"models", "sources", "seeds", "snapshots", "semantic_models", "metrics", "saved_queries", "exposures",
         "analyses", "unit_tests", "macros"}  # fmt: skip
_FOREIGN = {"table_name", "source", "tables", "dashboard_title", "cells", "semantic_model", "model-paths", "explore"}
_BUILT = {"target", "dbt_packages", "dbt_modules", ".venv", "node_modules"}
_MOST = 2_000
_REF = re.compile(r"(?P<kind>ref|source)\s*\((?P<args>[^)]*)\)")
_QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")


@dataclass(slots=True)
class Project:
    """The semantic models, metrics and sources of the files that belong together."""

    models: list[Model] = field(default_factory=list)
    specs: list[Spec] = field(default_factory=list)
    saved: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    tables: dict[str, Relation] = field(default_factory=dict)

    def resolve(self, text: str) -> Relation:
        """Return the table that `ref('…')` or `source('…', '…')` names."""
        match = _REF.search(text)
        named = _QUOTED.findall(match["args"]) if match else []
        if not match or not named:
            return ()
        if match["kind"] == "source" and len(named) > 1:
            return self.tables.get(f"{named[0]}.{named[1]}", (named[0], named[1]))
        return self.tables.get(named[-1], (named[-1],))


def fits(file: SourceFile) -> bool:
    """Tell whether a file is dbt's YAML or a semantic manifest."""
    if file.suffix == ".json":
        text = opening(file, 4096).lstrip()
        return text.startswith("{") and '"semantic_models"' in text and "getdbt.com/dbt/manifest" not in text
    if file.suffix not in {".yml", ".yaml"}:
        return False
    keys = keys_of(opening(file))
    return bool(keys & _KEYS) and not keys & _FOREIGN


def read(file: SourceFile) -> Extract:
    """Return descriptions, tests, semantic models and metrics.

    Raises:
        SourceError: The file does not parse, or is no object.
    """
    raw = file.data
    if not isinstance(raw, dict):
        raise SourceError(f"{file.place}: not a file of dbt: the top is no object")
    if file.suffix == ".json":
        return _manifest(raw, file.place)
    own = _project(raw, file.place)
    whole = _together([own, *_beside(file)])
    algebra = Algebra(whole.models, [*whole.specs, *implied(whole.models, whole.specs)], "duckdb")
    specs = [*own.specs, *(s for s in implied(own.models, whole.specs))]
    return (
        described(raw, file.place, whole.resolve, whole.tables)
        + semantics(algebra, own.models, specs)
        + saved_queries(algebra, own.saved)
    )


def _manifest(raw: dict[str, Any], place: str) -> Extract:
    project = Project()
    for entry in entries(raw.get("semantic_models")):
        project.models.append(read_model(entry, node_relation(entry), f"{place}:{words(entry.get('name'))}"))
    for entry in entries(raw.get("metrics")):
        project.specs.append(read_metric(entry, f"{place}:{words(entry.get('name'))}"))
    saved = [(entry, f"{place}:{words(entry.get('name'))}") for entry in entries(raw.get("saved_queries"))]
    specs = [*project.specs, *implied(project.models, project.specs)]
    algebra = Algebra(project.models, specs, dialect_of(mapping(raw.get("metadata")).get("adapter_type")))
    return semantics(algebra, project.models, specs) + saved_queries(algebra, saved)


def node_relation(raw: dict[str, Any]) -> Relation:
    """Return the table of a semantic model in a manifest."""
    node = mapping(raw.get("node_relation"))
    return relation(node.get("database"), node.get("schema_name"), node.get("alias"))


def _project(raw: dict[str, Any], place: str) -> Project:
    """Return what one YAML file defines."""
    project = Project()
    for source in entries(raw.get("sources")):
        schema = words(source.get("schema")) or words(source.get("name"))
        for table in entries(source.get("tables")):
            named = f"{words(source.get('name'))}.{words(table.get('name'))}"
            called = identifier(table.get("identifier")) or words(table.get("name"))
            project.tables[named] = relation(plain_text(source.get("database")), plain_text(schema), called)
    for model in table_entries(raw):
        name = words(model.get("name"))
        project.tables[name] = named_table(model)
        if embedded := read_embedded(model, named_table(model), f"{place}:{name}"):
            project.models.append(embedded)
            project.specs += [read_metric(m, f"{place}:{words(m.get('name'))}", model=embedded.name)
                              for m in entries(model.get("metrics"))]  # fmt: skip
    for entry in entries(raw.get("semantic_models")):
        found = project.resolve(words(entry.get("model")))
        project.models.append(read_model(entry, found, f"{place}:{words(entry.get('name'))}"))
    project.specs += [read_metric(m, f"{place}:{words(m.get('name'))}") for m in entries(raw.get("metrics"))]
    project.saved = [(q, f"{place}:{words(q.get('name'))}") for q in entries(raw.get("saved_queries"))]
    return project


def _together(projects: list[Project]) -> Project:
    """Return all as one; what the first ones say wins."""
    whole = Project()
    for project in projects:
        whole.models += [m for m in project.models if all(m.name != known.name for known in whole.models)]
        whole.specs += [s for s in project.specs if all(s.name != known.name for known in whole.specs)]
        whole.tables = project.tables | whole.tables
    return whole


def _beside(file: SourceFile) -> list[Project]:
    """Return what the other YAML files of the same dbt project define: metrics refer to them freely."""
    above = file.path.resolve().parents
    root = next((folder for folder in above[:8] if (folder / "dbt_project.yml").is_file()), None)
    inside = root.rglob("*.y*ml") if root else above[0].glob("*.y*ml")
    paths = [p for p in sorted(inside) if not _BUILT & set(p.parts) and p.resolve() != file.path.resolve()]
    return [project for path in paths[:_MOST] if (project := _read_beside(path, path.stat().st_mtime_ns))]


@lru_cache(maxsize=_MOST)
def _read_beside(path: Path, changed: int) -> Project | None:  # noqa: ARG001 - `changed` makes the cache forget
    file = SourceFile(path, path.name)
    if not fits(file):
        return None
    try:
        return _project(mapping(file.data), file.place)
    except SourceError:
        # The file is reported when it is read itself.
        return None
