"""Read which tables and columns the gold SQL of a question uses."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from bench.folds import fold_of

Element = tuple[str, str, str]
"""Catalog, table and column, all in lower case; the column is empty for a table itself."""
Columns = Mapping[str, Mapping[str, str]]
"""Type by column by table of one database."""


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what its SQL uses."""

    set: str
    catalog: str
    text: str
    tables: frozenset[Element]
    columns: frozenset[Element]


def read_questions(
    bench: Path,
    name: str,
    catalogs: Mapping[tuple[str, str], str],
    schemas: Mapping[str, Columns],
    seed: int | None = None,
) -> Iterator[GoldQuestion]:
    """Yield the usable questions of a set whose SQL can be qualified; `NAME+syn` takes their reworded form.

    Args:
        bench: Folder of the sets.
        name: Name of the set.
        catalogs: Catalog in the lake by (set, database).
        schemas: Columns of every catalog, names in lower case.
        seed: Decides their order; None keeps that of the file.
    """
    base, _, wording = name.partition("+")
    lines = (bench / base / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    if seed is not None:
        random.Random(seed).shuffle(lines)
    for line in lines:
        row = json.loads(line)
        text = row.get(f"question_{wording}") if wording else row.get("question")
        catalog = _catalog(base, row["db"], catalogs)
        if not row.get("usable") or not row.get("sql_duckdb") or catalog is None or not text:
            continue
        if wording and text == row["question"]:
            continue
        history = [turn if isinstance(turn, str) else turn.get("question", "") for turn in row.get("history") or ()]
        used = gold_columns(row["sql_duckdb"], schemas[catalog])
        if used is not None and used[0]:
            tables = frozenset((catalog, table, "") for table in used[0])
            columns = frozenset((catalog, table, column) for table, column in used[1])
            yield GoldQuestion(name, catalog, " ".join([*history, text]), tables, columns)


def is_tuned_on(question: GoldQuestion) -> bool:
    """Tell whether a question is over the half of the databases of spider_train that weights are fitted on."""
    return question.set.startswith("spider_train") and fold_of(question.catalog, 2) == 0


def gold_columns(sql: str, columns: Columns) -> tuple[set[str], set[tuple[str, str]]] | None:
    """Return the tables of a query and the columns it names; None where it does not fit the schema."""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
        tree = qualify(
            tree, schema={t: dict(c) for t, c in columns.items()}, dialect="duckdb", expand_stars=False,
            quote_identifiers=False, validate_qualify_columns=False,
        )  # fmt: skip
        scopes = traverse_scope(tree)
    except (SqlglotError, RecursionError):
        return None
    tables = {t.name.lower() for s in scopes for t in s.sources.values() if isinstance(t, exp.Table)}
    if not tables <= set(columns):
        return None
    return tables, set(_columns(scopes, columns))


def _columns(scopes: Sequence[Scope], columns: Columns) -> Iterator[tuple[str, str]]:
    for scope in scopes:
        for column in scope.columns:
            source = _source(scope, column.table)
            name = column.name.lower()
            if isinstance(source, exp.Table) and name in columns[source.name.lower()]:
                yield source.name.lower(), name


def _source(scope: Scope | None, alias: str) -> exp.Expr | Scope | None:
    """Return what an alias stands for, in this scope or in one around it."""
    while scope is not None:
        if alias in scope.sources:
            return scope.sources[alias]
        scope = scope.parent
    return None


def _catalog(owner: str, database: str, catalogs: Mapping[tuple[str, str], str]) -> str | None:
    """Return the catalog of a database; the Spider family keeps some in the sets they were first made for."""
    for place in (owner, "spider_dev", "spider_train"):
        if (place, database) in catalogs:
            return catalogs[place, database]
    return None
