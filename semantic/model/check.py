"""Check the files of a model: their form, every name in them, and whether they contradict themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from semantic.facts import Facts, Metric
from semantic.mining.lookup import Lookup
from semantic.mining.ossie_forms import Context
from semantic.mining.ossie_sql import meant
from semantic.model.files import MODEL_FILE, Key, Model, Problem
from semantic.model.load import read_model
from semantic.model.meaning import meaning_of
from semantic.model.read import read_said
from semantic.model.said import Said
from semantic.types import Table


def check(folder: Path, tables: Iterable[Table], facts: Facts) -> tuple[Problem, ...]:
    """Return all that is wrong or doubtful in the files of a folder, by file and line.

    Args:
        folder: Where the files are.
        tables: Tables of the lake.
        facts: What was mined.
    """
    model, broken = read_model(folder)
    said = read_said(model, Lookup(tables))
    found = [*broken, *said.problems, *_unknown_words(model), *_conflicts(said, facts)]
    return tuple(sorted(found, key=lambda problem: (problem.file, problem.line, problem.text)))


def _unknown_words(model: Model) -> Iterator[Problem]:
    """Yield keys of ai_context that nothing here reads; the format allows them, but they may be misspelt."""
    for key, context in _contexts(model):
        known = list(type(context).model_fields)
        for word in context.model_extra or {}:
            if near := meant(word, known):
                text = f"is not read by anything here{near}"
                yield model.problem("warning", MODEL_FILE, (*key, "ai_context", word), text)


def _contexts(model: Model) -> Iterator[tuple[Key, Context]]:
    for position, part in model.parts:
        key: Key = ("semantic_model", position)
        yield key, part.ai_context
        for number, dataset in enumerate(part.datasets):
            yield (*key, "datasets", number), dataset.ai_context
            for column, item in enumerate(dataset.fields):
                yield (*key, "datasets", number, "fields", column), item.ai_context
        for number, join in enumerate(part.relationships):
            yield (*key, "relationships", number), join.ai_context
        for number, metric in enumerate(part.metrics):
            yield (*key, "metrics", number), metric.ai_context


def _conflicts(said: Said, facts: Facts) -> Iterator[Problem]:
    """Yield metrics that something mined contradicts: one name, two meanings."""
    rivals: dict[str, list[Metric]] = {}
    for metric in facts.metrics:
        if metric.id not in said.rejected:
            rivals.setdefault(metric.name.lower(), []).append(metric)
    for fact in said.facts:
        others = rivals.get(fact.name.lower(), []) if isinstance(fact, Metric) else []
        for other in others:
            if isinstance(fact, Metric) and meaning_of(other) != meaning_of(fact) and fact.sources:
                yield _conflict(fact, other)


def _conflict(metric: Metric, other: Metric) -> Problem:
    from semantic.mining.writing import shown

    file, _, line = metric.sources[0].place.rpartition(":")
    where = other.sources[0].place if other.sources else "mining"
    text = f"{metric.name} is also {shown(other.expression, {})} in {where}; genie model reject {other.id} settles it"
    return Problem(level="warning", file=file, line=int(line), key="", text=text)
