"""Measure how well the words of questions reach the cell values that their gold SQL filters by."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from semantic.catalog import connect, read_catalog
from semantic.found import ValueHit
from semantic.lake import find_lake
from semantic.profile import read_table
from semantic.store.reader import Store
from semantic.store.writer import StoreWriter
from semantic.types import Table
from semantic.values.find import find_values

Triple = tuple[str, str, str]
"""Table, column and value; names in lower case."""
_SETS = ("spider_train", "spider_dev", "spider_realistic")
_HITS = 50
_NUMBER = re.compile(r"\d[\d.,]*")


@dataclass(slots=True)
class _Tally:
    """What was counted over the questions of one set."""

    questions: int = 0
    wanted: int = 0
    found: int = 0
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    def add(self, question: str, compared: set[Triple], known: set[Triple], hits: tuple[ValueHit, ...]) -> None:
        """Count one question; only values that exist can be missed, but one that does not is no stray either."""
        gold = compared & known
        spans: dict[tuple[int, int], list[ValueHit]] = {}
        for hit in hits:
            spans.setdefault((hit.start, hit.end), []).append(hit)
        reached = {(h.table.name.lower(), h.column.lower(), h.value) for h in hits}
        self.questions += 1
        self.wanted += len(gold)
        self.found += len(gold & reached)
        self.missed += [f"{question} :: {table}.{column} = {value}" for table, column, value in gold - reached]
        values = {value.strip().casefold() for _, _, value in compared}
        for group in spans.values():
            if _NUMBER.fullmatch(group[0].phrase):
                continue  # those who use the hits read numbers as numbers
            # A span is right where one of its readings is the value that is meant, in whatever column.
            right = any(hit.value.strip().casefold() in values for hit in group)
            (self.right if right else self.wrong)[group[0].match] += 1
            if not right:
                self.strays.append(f"{question} :: {group[0].match} {group[0].phrase!r} -> {group[0].value!r}")

    def lines(self, name: str) -> Iterator[str]:
        """Yield the report."""
        times = sorted(self.seconds)
        kinds = ", ".join(f"{k} {self.right[k]}/{self.wrong[k]}" for k in sorted({*self.right, *self.wrong}))
        yield (
            f"{name}: {self.questions} questions, recall {self.found / max(self.wanted, 1):.4f} of {self.wanted}, "
            f"{self.wrong.total() / max(self.questions, 1):.3f} wrong phrases a question, "
            f"p95 {1000 * times[int(0.95 * (len(times) - 1))]:.1f} ms; right/wrong by kind: {kinds}"
        )


@click.command("values")
@click.option("--bench", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the sets.")
@click.option("--set", "sets", multiple=True, default=_SETS, show_default=True, help="Sets to measure.")
@click.option("--every", default=1, show_default=True, help="Take every so many-th database of a set only.")
@click.option("--show", default=0, show_default=True, help="Print so many missed and wrong ones.")
def values(bench: Path, sets: tuple[str, ...], every: int, show: int) -> None:
    """Print recall of filtered values and wrong matches."""
    with tempfile.TemporaryDirectory() as folder:
        for name in sets:
            tally = _measure(bench, name, every, Path(folder))
            for line in tally.lines(name):
                click.echo(line)
            for line in [*tally.missed[:show], "--", *tally.strays[:show]] if show else ():
                click.echo(f"  {line}")


def _measure(bench: Path, name: str, every: int, folder: Path) -> _Tally:
    rows = [json.loads(line) for line in (bench / name / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    databases = sorted({row["db"] for row in rows})[::every]
    tally = _Tally()
    for database in databases:
        owners = (owner for owner in (name, "spider_dev", "spider_train")
                  if (bench / owner / "db" / f"{database}.duckdb").is_file())  # fmt: skip
        store, tables = _store(bench / next(owners) / "db" / f"{database}.duckdb", folder / f"{name}_{database}.db")
        known = {(t.id.name.lower(), column.lower(), v) for t in tables for column, v, _ in store.values(t.id)}
        for row in rows:
            if row["db"] == database and row.get("usable"):
                gold = set(gold_values(row["sql_duckdb"], tables))
                start = time.perf_counter()
                hits = find_values(store, row["question"], limit=_HITS)
                tally.seconds.append(time.perf_counter() - start)
                tally.add(row["question"], gold, known, hits)
        store.close()
    return tally


def _store(path: Path, target: Path) -> tuple[Store, list[Table]]:
    """Write the tables and values of one database, without the rest of an index."""
    con, lake = connect(find_lake(path, home=target.parent / "home"))
    writer = StoreWriter(target)
    tables: list[Table] = []
    try:
        for table in read_catalog(con, lake).tables:
            try:
                reading = read_table(con, table)
            except duckdb.Error:
                continue
            tables.append(reading.table)
            writer.add_table(reading.table)
            writer.add_values(table.id, [(c, v, n) for c, pairs in reading.values.items() for v, n in pairs])
    finally:
        writer.close()
        con.close()
    return Store(target), tables


def gold_values(sql: str, tables: list[Table]) -> Iterator[Triple]:
    """Yield the texts a query compares columns with."""
    schema = {t.id.name.lower(): {c.name.lower(): c.type for c in t.columns} for t in tables}
    try:
        tree = qualify(sqlglot.parse_one(sql, read="duckdb"), schema=schema, dialect="duckdb", expand_stars=False,
                       quote_identifiers=False, validate_qualify_columns=False)  # fmt: skip
        scopes = traverse_scope(tree)
    except (SqlglotError, RecursionError):
        return
    aliases = {alias: s.name.lower() for scope in scopes for alias, s in scope.sources.items()
               if isinstance(s, exp.Table)}  # fmt: skip
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        column = _column(node.this)
        others = node.expressions if isinstance(node, exp.In) else [node.args.get("expression")]
        for literal in others:
            if column is not None and isinstance(literal, exp.Literal) and literal.is_string:
                yield aliases.get(column.table, ""), column.name.lower(), literal.this


def _column(node: exp.Expr) -> exp.Column | None:
    inner = node.this if isinstance(node, exp.Lower | exp.Upper | exp.Cast) else node
    return inner if isinstance(inner, exp.Column) else None
