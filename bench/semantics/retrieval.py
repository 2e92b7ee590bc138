"""Measure how well tables and columns are found: each database alone, and all of them as one lake."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click

from bench.semantics.gold import Columns, Element, GoldQuestion, is_tuned_on, read_questions
from bench.semantics.lake import BenchLake, make_lake
from bench.semantics.peer import Found, Search, names_search, peer_search
from semantic.index import Index, build_index
from semantic.lake import find_lake
from semantic.search.within import Within

_SETS = ("spider_dev", "spider_train", "spider_realistic", "spider_syn_dev", "spider_train+syn")
_SEED = 11


@dataclass(slots=True)
class Tally:
    """Shares of the gold tables and columns found, one figure a question, and the seconds each took."""

    tables: list[float] = field(default_factory=list)
    columns: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Return mean share found, share of questions with all found, n and latency."""
        return {
            "n": len(self.tables),
            "table recall@10": statistics.fmean(self.tables),
            "all tables": statistics.fmean(share == 1 for share in self.tables),
            "column recall@25": statistics.fmean(self.columns) if self.columns else 0.0,
            "all columns": statistics.fmean(share == 1 for share in self.columns) if self.columns else 0.0,
            "p50 ms": 1000 * statistics.median(self.seconds),
            "p95 ms": 1000 * sorted(self.seconds)[int(0.95 * len(self.seconds))],
        }


@click.command()
@click.option("--bench", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the sets.")
@click.option("--sets", "names", default=",".join(_SETS), help="Sets, by commas; NAME+syn takes the reworded form.")
@click.option(
    "--sample",
    type=int,
    default=0,
    help="Questions drawn from each set, of spider_train from either half; all where it is 0.",
)
@click.option("--per-database", is_flag=True, help="Measure each database alone as well.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/bench"), help="Folder for lake and index.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def retrieval(bench: Path, names: str, *, sample: int, per_database: bool, work: Path, as_json: bool) -> None:
    """Print table recall@10 and column recall@25 beside names alone and a vector store over DDL."""
    made = make_lake(bench, work / "lake")
    lake = find_lake(made.folder, home=work / "home")
    report = build_index(lake)
    with Index.open(lake) as index:
        index.search("warm")
        questions = [q for name in names.split(",") for q in _draw(bench, name, made, index, sample)]
        figures = {
            f"{way}, {place}": {
                name: tally.figures() for name, tally in _measure(search, questions, alone=alone).items()
            }
            for place, alone in (("one lake", False), ("each database", True))[: 2 if per_database else 1]
            for way, search in _ways(index, work).items()
        }
    about = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}: {report.tables} tables, {report.columns} columns of "
        f"{len(set(made.catalogs.values()))} databases; {len(made.copies)} more were left out because another has the "
        f"same schema, {len(made.near_copies)} because another has nearly the same ({', '.join(made.near_copies)})"
    )
    print(json.dumps({"about": about, "figures": figures}, indent=2) if as_json else _table(about, figures))


def _draw(bench: Path, name: str, made: BenchLake, index: Index, sample: int) -> Iterator[GoldQuestion]:
    """Yield questions of a set, as many of either half where weights were fitted on one of them."""
    schemas = schemas_of(index)
    for tuned in (True, False):
        questions = read_questions(bench, name, made.catalogs, schemas, _SEED)
        yield from islice((q for q in questions if is_tuned_on(q) == tuned), sample or None)


def _label(question: GoldQuestion) -> str:
    half = " tuned" if is_tuned_on(question) else " held out" if question.set.startswith("spider_train") else ""
    return f"{question.set}{half}"


def schemas_of(index: Index) -> Mapping[str, Columns]:
    """Return the columns of every catalog; of schemas with the same table, those of the last."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for table_id in index.table_ids():
        columns = {c.name.lower(): c.type for c in index.table(table_id).columns}
        found.setdefault(table_id.catalog, {})[table_id.name.lower()] = columns
    return found


def _ways(index: Index, work: Path) -> dict[str, Search]:
    ways = {"semantic": _semantic_search(index), "names alone": names_search(index, work)}
    if importlib.util.find_spec("langchain_core"):
        ways["LangChain over DDL"] = peer_search(index, work)
    return ways


def _semantic_search(index: Index) -> Search:
    catalogs = {table.catalog.lower(): table.catalog for table in index.table_ids()}

    def search(question: str, catalog: str | None) -> Found:
        within = None if catalog is None else Within(catalogs=frozenset({catalogs[catalog]}))
        found = index.search(question, within=within)
        documents = [hit.document for hit in (*found.tables, *found.columns)]
        elements = [
            (d.table.catalog.lower(), d.table.name.lower(), d.column.lower()) for d in documents if d.table is not None
        ]
        return [e for e in elements if not e[2]], [e for e in elements if e[2]]

    return search


def _measure(search: Search, questions: Iterable[GoldQuestion], *, alone: bool) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for question in questions:
        tally = found.setdefault(_label(question), Tally())
        start = time.perf_counter()
        tables, columns = search(question.text, question.catalog.lower() if alone else None)
        tally.seconds.append(time.perf_counter() - start)
        tally.tables.append(_share(question.tables, tables))
        if question.columns:
            tally.columns.append(_share(question.columns, columns))
    return found


def _share(gold: frozenset[Element], found: list[Element]) -> float:
    wanted = {(catalog.lower(), table, column) for catalog, table, column in gold}
    return len(wanted & set(found)) / len(wanted)


def _table(about: str, figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    lines = [about, ""]
    for way, sets in figures.items():
        lines.append(way)
        for name, row in sets.items():
            shares = "  ".join(f"{key} {value:.3f}" for key, value in row.items() if "ms" not in key and key != "n")
            lines.append(f"  {name:<27} n={row['n']:<5} {shares}  p50 {row['p50 ms']:.0f} p95 {row['p95 ms']:.0f} ms")
    return "\n".join(lines)
