"""The materials that metrics are mined from: a lake, what was written about it, and the metrics it defines."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from ruamel.yaml import YAML
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genie_ext.demo.lake import build_demo_lake
from semantic.catalog import connect, read_catalog
from semantic.facts import Source
from semantic.lake import find_lake, quote_name
from semantic.mining.raw import Extract, RawQuery
from semantic.mining.sources import read_sources
from semantic.profile import read_table
from semantic.types import Table

_NAME = re.compile(r"[A-Za-z_]\w*")
_WORDS = frozenset(
    [
        "case",
        "when",
        "then",
        "else",
        "end",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "true",
        "false",
        "cast",
        "as",
        "sum",
        "count",
        "avg",
        "distinct",
    ]
)


@dataclass(frozen=True, slots=True)
class Material:
    """One lake with what was written about it.

    Attributes:
        lake: Its database file, for running what was mined; None where its tables hold no rows.
        defined: Names of the metrics that files or views define, as (place, name).
    """

    name: str
    tables: tuple[Table, ...]
    extract: Extract
    defined: tuple[tuple[str, str], ...]
    lake: Path | None = None


def materials(bench: Path, work: Path) -> Iterator[Material]:
    """Yield the materials, those of the demo lake last."""
    house = bench / "lakehouse"
    yield _metricflow(house / "jaffle" / "models", work)
    yield _loaded("saas", house / "saas" / "saas_lakehouse.duckdb", [house / "saas" / "manifests"], work)
    yield _loaded(
        "dbt-synthea", house / "dbt-synthea" / "synthea.duckdb", [house / "dbt-synthea" / "manifest.json"], work
    )
    demo = work / "demo"
    build_demo_lake(demo, scale=0.1)
    yield _loaded("demo", demo, [demo], work, profile=True, database=demo / "warehouse.duckdb")


def past_queries(bench: Path, name: str, work: Path) -> Iterator[Material]:
    """Yield the databases of a set with their gold queries as queries somebody ran."""
    by_database: dict[str, list[RawQuery]] = {}
    for number, line in enumerate((bench / name / "questions.jsonl").read_text(encoding="utf-8").splitlines(), 1):
        row = json.loads(line)
        if row.get("usable") and row.get("sql_duckdb"):
            source = Source(kind="log", place=f"{name}:{number}")
            query = RawQuery(sql=row["sql_duckdb"], text=row["question"], source=source)
            by_database.setdefault(row["db"], []).append(query)
    for database, queries in by_database.items():
        path = bench / name / "db" / f"{database}.duckdb"
        if path.exists():
            yield Material(
                f"{name}/{database}", _tables(path, work, profile=False), Extract(queries=tuple(queries)), ()
            )


def aggregates_of(view: Table) -> Iterator[str]:
    """Yield the aliases of a view's aggregates by a simple rule of its own, without resolving a name."""
    try:
        tree = sqlglot.parse_one(view.definition.replace("count_star()", "count(*)"), dialect="duckdb")
    except SqlglotError:
        return
    outputs = {c.name.lower() for c in view.columns}
    for alias in tree.find_all(exp.Alias):
        folds = isinstance(alias.this.unnest(), (exp.Sum, exp.Count, exp.Avg, exp.Min, exp.Max, exp.Filter, exp.Div))
        if folds and alias.find(exp.AggFunc) and not alias.find(exp.Window) and alias.alias.lower() in outputs:
            yield alias.alias


def _loaded(
    name: str, path: Path, sources: list[Path], work: Path, *, profile: bool = False, database: Path | None = None
) -> Material:
    tables = _tables(path, work, profile=profile)
    views = [t for t in tables if t.kind == "view"]
    defined = tuple(dict.fromkeys((str(v.id), alias) for v in views for alias in aggregates_of(v)))
    return Material(name, tables, read_sources(sources, sources[0]).extract, defined, database or path)


def _tables(path: Path, work: Path, *, profile: bool) -> tuple[Table, ...]:
    con, usable = connect(find_lake(path, home=work / ".genie"))
    try:
        tables = read_catalog(con, usable).tables
        return tuple(read_table(con, t).table for t in tables) if profile else tables
    finally:
        con.close()


def _metricflow(models: Path, work: Path) -> Material:
    """The database at hand is older than its models, so that empty tables are made with the columns they name."""
    parsed = [YAML(typ="safe").load(path) for path in sorted(models.glob("*.yml"))]
    semantic = [m for file in parsed for m in file.get("semantic_models") or []]
    described = {m["name"]: m for file in parsed for m in file.get("models") or []}
    path = work / "jaffle.duckdb"
    path.unlink(missing_ok=True)
    with contextlib.closing(duckdb.connect(str(path))) as con:
        for model in semantic:
            name = re.search(r"ref\('(\w+)'\)", model["model"])
            table = name.group(1) if name else model["name"]
            columns = ", ".join(
                f"{quote_name(c)} {kind}" for c, kind in _columns(model, described.get(table, {})).items()
            )
            con.execute(f"CREATE TABLE {quote_name(table)} ({columns})")
    defined = tuple((f"{models.name}", metric["name"]) for file in parsed for metric in file.get("metrics") or [])
    tables = _tables(path, work, profile=False)
    return Material("jaffle", tables, read_sources([models], models).extract, defined)


def _columns(model: dict[str, Any], described: dict[str, Any]) -> dict[str, str]:
    found = {c["name"].lower(): "INTEGER" for c in described.get("columns") or []}
    for kind in ("entities", "dimensions", "measures"):
        for entry in model.get(kind) or []:
            named = [n.lower() for n in _NAME.findall(str(entry.get("expr") or entry["name"]))]
            typed = "TIMESTAMP" if entry.get("type") == "time" else "INTEGER"
            found |= {n: typed for n in named if n not in _WORDS and n not in found}
    return found
