"""Read semantic models in the Apache Ossie format, as other tools write them."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.ossie_forms import (
    Dataset,
    Expression,
    OssieField,
    OssieFile,
    OssieMetric,
    OssieRelationship,
    SemanticModel,
)
from semantic.mining.ossie_sql import ExpressionError, Names, source_relation
from semantic.mining.raw import Extract, RawDimension, RawJoin, RawKey, RawMetric, RawPassage, Relation
from semantic.mining.readers.ossie_shape import pruned
from semantic.mining.readers.ossie_texts import Reading, is_settled, name_unread, read_instructions, read_notes
from semantic.mining.readers.shapes import keys_of, opening

_LIST = re.compile(r'"semantic_model"\s*:\s*\[')


def fits(file: SourceFile) -> bool:
    """Tell whether a file holds an Ossie model."""
    head = opening(file)
    if file.suffix == ".json":
        # The schema of the format has the same words, but describes the list instead of holding one.
        return _LIST.search(head) is not None and '"version"' in head and '"datasets"' in head
    if file.suffix not in {".yml", ".yaml"}:
        return False
    keys = keys_of(head)
    return {"version", "semantic_model"} <= keys or ({"version", "name", "datasets"} <= keys and "tables" not in keys)


def read(file: SourceFile) -> Extract:
    """Return what a model says; keys that the format does not know are named in `lost`.

    Raises:
        SourceError: The file holds no Ossie model.
    """
    reading = Reading(file.place)
    for model in _form(file, reading).semantic_model:
        _read_model(model, reading)
    return reading.extract()


def _form(file: SourceFile, reading: Reading) -> OssieFile:
    data = file.data
    if not isinstance(data, dict):
        raise SourceError(f"{file.place}: no Ossie model, but a {type(data).__name__}")
    if "semantic_model" not in data:
        # Later drafts of 0.2 put the one model at the top.
        outer = {key: data[key] for key in ("version", "dialects", "vendors") if key in data}
        data = {**outer, "semantic_model": [{key: item for key, item in data.items() if key not in outer}]}
    if not isinstance(data["semantic_model"], list):
        raise SourceError(f"{file.place}: no Ossie model: semantic_model is no list")
    cleaned, lost = pruned({**data, "version": str(data.get("version", ""))}, OssieFile)
    reading.lost += [f"{file.place}: {line}" for line in lost]
    try:
        return OssieFile.model_validate(cleaned)
    except ValidationError as error:
        raise SourceError(f"{file.place}: no Ossie model: {error.errors()[0]['msg']}") from error


def _read_model(model: SemanticModel, reading: Reading) -> None:
    names = Names(model)
    name_unread(reading, f"model {model.name}", (model,))
    title = model.name.replace("_", " ")
    for text in (model.description, model.ai_context.instructions):
        if text:
            source = reading.source(f"model {model.name}", model.ai_context)
            reading.add("passages", RawPassage(title=title, text=text, source=source))
    relations: dict[str, Relation] = {}
    for dataset in model.datasets:
        relation = source_relation(dataset.source)
        if relation is None:
            reading.lose(f"dataset {dataset.name}", "it reads a query; only tables and views can be carried over")
            continue
        relations[dataset.name.lower()] = relation
        _read_dataset(dataset, relation, names, reading)
    for join in model.relationships:
        _read_join(join, relations, names, reading)
    for metric in model.metrics:
        _read_metric(metric, relations, names, reading)


def _read_dataset(dataset: Dataset, relation: Relation, names: Names, reading: Reading) -> None:
    part = f"dataset {dataset.name}"
    name_unread(reading, part, (dataset, *dataset.fields))
    source = reading.source(part, dataset.ai_context)
    known = [dataset.name] if dataset.name.lower() != relation[-1].lower() else []
    read_notes(reading, (relation, ""), dataset.ai_context, dataset.description, known=known, source=source)
    for columns in (dataset.primary_key, *dataset.unique_keys):
        if columns:
            reading.add("keys", RawKey(relation=relation, columns=columns, source=source))
    read_instructions(reading, dataset.ai_context, dataset.name, source)
    for item in dataset.fields:
        _read_field(item, dataset, relation, names, reading)


def _read_field(item: OssieField, dataset: Dataset, relation: Relation, names: Names, reading: Reading) -> None:
    part = f"field {dataset.name}.{item.name}"
    if not is_settled(reading, part, item.ai_context):
        return
    source = reading.source(part, item.ai_context)
    tree = _expanded(item.expression, dataset.name, names, part, reading)
    if tree is None:
        return
    if tree.key == "column":
        known = [word for word in (item.name, item.label) if word and word.lower() != tree.name.lower()]
        read_notes(reading, (relation, tree.name), item.ai_context, item.description, known=known, source=source)
    else:
        synonyms = (*item.ai_context.synonyms, *((item.label,) if item.label else ()))
        dimension = RawDimension(
            name=item.name, expression=tree.sql(dialect="duckdb"), relations={dataset.name: relation, "": relation},
            source=source, description=item.description, synonyms=synonyms,
        )  # fmt: skip
        reading.add("dimensions", dimension)
    read_instructions(reading, item.ai_context, item.name, source)


def _read_join(join: OssieRelationship, relations: dict[str, Relation], names: Names, reading: Reading) -> None:
    part = f"relationship {join.name}"
    if not is_settled(reading, part, join.ai_context):
        return
    name_unread(reading, part, (join,))
    ends: list[tuple[Relation, tuple[str, ...]]] = []
    for name, columns in ((join.from_, join.from_columns), (join.to, join.to_columns)):
        relation = relations.get(name.lower())
        if relation is None or len(join.from_columns) != len(join.to_columns):
            reading.lose(part, f"there is no dataset {name}" if relation is None else "its sides differ in length")
            return
        ends.append((relation, tuple(_column(name, column, names) for column in columns)))
    raw = RawJoin(
        child=ends[0][0], child_columns=ends[0][1], parent=ends[1][0], parent_columns=ends[1][1],
        source=reading.source(part, join.ai_context), cardinality=join.ai_context.cardinality,
    )  # fmt: skip
    reading.add("joins", raw)


def _column(dataset: str, name: str, names: Names) -> str:
    """Return the column that a field stands for, the name itself where it stands for none."""
    try:
        tree = names.expand('"' + name.replace('"', '""') + '"', home=dataset)
    except ExpressionError:
        return name
    return str(tree.name) if tree.key == "column" else name


def _read_metric(metric: OssieMetric, relations: dict[str, Relation], names: Names, reading: Reading) -> None:
    part, context = f"metric {metric.name}", metric.ai_context
    if not is_settled(reading, part, context):
        return
    name_unread(reading, part, (metric,))
    home = context.dataset or (next(iter(relations)) if len(relations) == 1 else "")
    tree = _expanded(metric.expression, home, names, part, reading)
    if tree is None:
        return
    # Filters and dates are part of the figure, and written in the same words.
    filters = [_written(text, home, names) for text in context.filters if text]
    dates = {text: _written(text, home, names) for text in (context.time, context.snapshot) if text}
    parts = [*filters, *dates.values()]
    if None in parts:
        reading.lose(part, "a filter or a date of it names nothing that is known")
        return
    used = list(dict.fromkeys(c.table for one in (tree, *parts) for c in one.find_all(_column_type())))
    missing = [name for name in used if name.lower() not in relations]
    if missing or not (home or used):
        reading.lose(
            part, f"its dataset {missing[0]} is not read" if missing else "it is not said whose rows it counts"
        )
        return
    raw = RawMetric(
        name=metric.name, expression=tree.sql(dialect="duckdb"),
        relations={**{name: relations[name.lower()] for name in used}, "": relations[(home or used[0]).lower()]},
        source=reading.source(part, context), filters=tuple(one.sql(dialect="duckdb") for one in filters),
        time=_date(dates.get(context.time)), snapshot=dates[context.snapshot].sql("duckdb") if context.snapshot else "",
        label=context.label, description=metric.description, synonyms=context.synonyms, unit=context.unit,
        deprecated=bool(context.deprecated),
    )  # fmt: skip
    reading.add("metrics", raw)
    read_instructions(reading, context, metric.name, raw.source)


def _date(tree: Any) -> str:
    return f"{tree.table}.{tree.name}" if tree is not None and tree.key == "column" else ""


def _written(text: str, home: str, names: Names) -> Any:
    """Return the tree of a condition or column, None where it names nothing that is known."""
    try:
        return names.expand(text, home=home)
    except ExpressionError:
        return None


def _column_type() -> Any:
    from sqlglot import exp

    return exp.Column


def _expanded(expression: Expression, home: str, names: Names, part: str, reading: Reading) -> Any:
    """Return the tree of an expression, None where it cannot be carried over."""
    best = expression.best()
    if best is None:
        written = ", ".join(item.dialect for item in expression.dialects)
        reading.lose(part, f"its expression is in {written} only, which cannot be read")
        return None
    try:
        return names.expand(*best, home=home)
    except ExpressionError as error:
        reading.lose(part, str(error))
        return None
