"""Fit the weights of the search on questions over half of the databases of Spider's training set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from bench.semantics.gold import GoldQuestion, is_tuned_on, read_questions
from bench.semantics.lake import BenchLake, make_lake
from bench.semantics.retrieval import schemas_of
from semantic.index import Index, build_index
from semantic.lake import find_lake
from semantic.search.evidence import Evidence
from semantic.search.outline import Outline
from semantic.search.searcher import Searcher
from semantic.search.weighing import Features, shortlist, weigh
from semantic.store.reader import STORE_FILE, Store
from semantic.values.find import find_values
from semantic.vectors.encoders import find_encoder
from semantic.vectors.nearest import FAISS, VectorHome

Rows = NDArray[np.float64]
_SETS = ("spider_train", "spider_train+syn")
_VALUES_WEIGHED = 200
_PULL = 1e-3
# Sizes may count against what is large; everything else is evidence and cannot count against.
_FREE = frozenset({"size", "width"})
_SEED = 5


@dataclass(frozen=True, slots=True)
class _Example:
    """A question's evidence with what its SQL uses."""

    evidence: Evidence
    schema: int
    tables: frozenset[int]
    columns: frozenset[int]


@click.command()
@click.option("--bench", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the sets.")
@click.option("--sample", type=int, default=500, help="Questions drawn from each set.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("out/bench"), help="Folder for lake and index.")
def fit(bench: Path, sample: int, work: Path) -> None:
    """Print the constants of semantic/search/weighing.py."""
    made = make_lake(bench, work / "lake")
    lake = find_lake(made.folder, home=work / "home")
    version = build_index(lake).version
    with Index.open(lake) as index:
        drawn = [q for name in _SETS for q in islice(_questions(bench, name, made, index), sample)]
    if not drawn:
        raise click.ClickException(f"{bench} holds no question of spider_train that weights are fitted on.")
    store = Store(lake.home / "index" / version / STORE_FILE)
    nearest = VectorHome(FAISS, lake.home).open(store, {"table": "", "column": ""})
    searcher = Searcher(store, nearest, find_encoder())
    examples = [_example(store, searcher, question) for question in drawn]
    store.close()
    for name, weights in _fit(searcher.outline, examples).items():
        click.echo(f"{name} = {{{', '.join(f'{key!r}: {value:.2f}' for key, value in weights.items())}}}")


def _questions(bench: Path, name: str, made: BenchLake, index: Index) -> Iterator[GoldQuestion]:
    return filter(is_tuned_on, read_questions(bench, name, made.catalogs, schemas_of(index), _SEED))


def _example(store: Store, searcher: Searcher, question: GoldQuestion) -> _Example:
    outline = searcher.outline
    values = find_values(store, question.text, limit=_VALUES_WEIGHED)
    evidence = searcher.gather(question.text, searcher.ask(question.text), values)
    named = {(t.catalog, t.name.lower()): number for number, t in enumerate(outline.tables)}
    tables = frozenset(named[catalog, table] for catalog, table, _ in question.tables)
    columns = (outline.columns_named(named[catalog, table], column) for catalog, table, column in question.columns)
    schema = int(outline.schema_of[min(tables)])
    return _Example(evidence, schema, tables, frozenset(p for found in columns for p in found))


def _fit(outline: Outline, examples: Sequence[_Example]) -> dict[str, dict[str, float]]:
    schemas = _softmax([(e.evidence.of_schemas(), e.schema) for e in examples])
    chosen = [shortlist(outline, outline.tables_of(e.schema)) for e in examples]
    near = [
        (e.evidence.compare("table", outline.table_positions[c.tables]), e.evidence.compare("column", c.columns))
        for e, c in zip(examples, chosen, strict=True)
    ]
    right = [np.isin(c.tables, list(e.tables)) for e, c in zip(examples, chosen, strict=True)]
    alone = [e.evidence.of_tables(c, *n) for e, c, n in zip(examples, chosen, near, strict=True)]
    tables = _logistic(zip(alone, right, strict=True))
    joined = [e.evidence.of_joined(c, weigh(a, tables)) for e, c, a in zip(examples, chosen, alone, strict=True)]
    last = _logistic(zip(joined, right, strict=True))
    columns = [
        (e.evidence.of_columns(c, n[1], weigh(j, last)), np.isin(c.columns, list(e.columns)))
        for e, c, n, j in zip(examples, chosen, near, joined, strict=True)
        if e.columns
    ]
    return {
        "SCHEMA_WEIGHTS": schemas,
        "TABLE_WEIGHTS": tables,
        "JOINED_WEIGHTS": last,
        "COLUMN_WEIGHTS": _logistic(columns),
    }


def _softmax(examples: Sequence[tuple[Features, int]]) -> dict[str, float]:
    """Fit the choice of one among many."""
    names = list(examples[0][0])
    rows = np.stack([_rows(features, names) for features, _ in examples])
    gold = np.array([schema for _, schema in examples])
    scale = rows.std(axis=(0, 1)) + 1e-9
    rows /= scale
    at = np.arange(len(gold))

    def loss(weights: Rows) -> tuple[float, Rows]:
        odds = rows @ weights
        chance = np.exp(odds - np.logaddexp.reduce(odds, axis=1)[:, None])
        slope = (np.einsum("qs,qsf->f", chance, rows) - rows[at, gold].sum(axis=0)) / len(gold)
        return -np.log(chance[at, gold] + 1e-12).mean() + _PULL * weights @ weights, slope + 2 * _PULL * weights

    return dict(zip(names, (_minimise(loss, names) / scale).tolist(), strict=True))


def _logistic(examples: Iterable[tuple[Features, NDArray[np.bool_]]]) -> dict[str, float]:
    """Fit what is right and what is not, every question counting the same; the last weight is the constant."""
    known = list(examples)
    names = list(known[0][0])
    rows = np.concatenate([_rows(features, names) for features, _ in known])
    right = np.concatenate([r for _, r in known]).astype(float)
    share = np.concatenate([np.full(len(r), 1 / len(r) / len(known)) for _, r in known])
    scale = rows.std(axis=0) + 1e-9
    rows = np.concatenate([rows / scale, np.ones((len(rows), 1))], axis=1)

    def loss(weights: Rows) -> tuple[float, Rows]:
        odds = rows @ weights
        pull = np.append(weights[:-1], 0.0) * _PULL / 10
        slope = rows.T @ (share * (1 / (1 + np.exp(-odds)) - right)) + 2 * pull
        return float(share @ np.logaddexp(0, np.where(right, -odds, odds)) + pull @ weights), slope

    found = _minimise(loss, [*names, ""])
    return dict(zip([*names, ""], [*(found[:-1] / scale), found[-1]], strict=True))


def _rows(features: Mapping[str, NDArray[np.float32]], names: Sequence[str]) -> Rows:
    return np.stack([np.asarray(features[name], dtype=np.float64) for name in names], axis=-1)


def _minimise(loss: object, names: Sequence[str]) -> Rows:
    from scipy.optimize import minimize

    bounds = [(None, None) if not name or name in _FREE else (0.0, None) for name in names]
    found: Rows = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", bounds=bounds).x
    return found
