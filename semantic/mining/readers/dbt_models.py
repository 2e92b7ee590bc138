"""What semantic models of dbt say beside their metrics: keys, joins, named expressions, saved queries."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from semantic.facts import Source
from semantic.mining.raw import (
    Extract,
    RawDimension,
    RawJoin,
    RawKey,
    RawMetric,
    RawNote,
    RawQuery,
    Relation,
)
from semantic.mining.readers import expressions as ex
from semantic.mining.readers.dbt_metrics import Algebra, Figure
from semantic.mining.readers.dbt_semantics import Element, Model, Part, Spec, conditions
from semantic.mining.readers.expressions import InexpressibleError
from semantic.mining.readers.shapes import mapping, texts, words


def semantics(algebra: Algebra, models: Iterable[Model], specs: Iterable[Spec]) -> Extract:
    """Return all that these models and metrics say; `algebra` also knows those of other files."""
    found = sum((_model(algebra, model) for model in models), Extract())
    metrics: list[RawMetric] = []
    lost: list[str] = []
    for spec in specs:
        try:
            metrics.append(algebra.metric(spec))
        except InexpressibleError as error:
            lost.append(f"{spec.place}: {error}")
            continue
        if spec.obstacle == "timespine":
            lost.append(f"{spec.place}: periods without rows are not filled in (join_to_timespine)")
    return found + Extract(metrics=tuple(metrics), lost=tuple(lost))


def implied(models: Iterable[Model], specs: Iterable[Spec]) -> list[Spec]:
    """Return metrics for the measures that no metric stands for."""
    named = {spec.name for spec in specs}
    used = {spec.parts[0].name for spec in specs if spec.kind == "simple" and len(spec.parts) == 1 and not spec.filters}
    return [
        Spec(name=measure.name, kind="simple", place=f"{model.place}.{measure.name}", label=measure.label,
             parts=(Part(name=measure.name),), description=measure.description)
        for model in models for measure in model.measures if measure.name not in named | used
    ]  # fmt: skip


def saved_queries(algebra: Algebra, raw: Iterable[tuple[dict[str, Any], str]]) -> Extract:
    """Return the saved queries that one SELECT can say; each comes with its place."""
    queries: list[RawQuery] = []
    lost: list[str] = []
    for entry, place in raw:
        try:
            sql = _select(algebra, mapping(entry.get("query_params")) or entry)
        except InexpressibleError as error:
            lost.append(f"{place}: {error}")
            continue
        name = words(entry.get("label")) or words(entry.get("name"))
        queries.append(RawQuery(
            sql=sql, dialect=algebra.dialect, text=words(entry.get("description")) or name.replace("_", " "),
            source=Source(kind="dbt", place=place, title=name),
        ))  # fmt: skip
    return Extract(queries=tuple(queries), lost=tuple(lost))


def _model(algebra: Algebra, model: Model) -> Extract:
    source = Source(kind="dbt", place=model.place, definition=True)
    extract = Extract(
        keys=tuple(RawKey(relation=model.relation, columns=(name,), source=source)
                   for e in model.entities if e.kind in {"primary", "unique"} and (name := _column(algebra, e))),
        joins=tuple(_joins(algebra, model, source)),
        notes=(RawNote(relation=model.relation, kind="description", text=model.description, source=source),)
        if model.description else (),
    )  # fmt: skip
    return extract + sum((_dimension(algebra, model, d, source) for d in model.dimensions), Extract())


def _joins(algebra: Algebra, model: Model, source: Source) -> list[RawJoin]:
    """Return joins to the models whose primary or unique entity has the name of a foreign one here."""
    found: list[RawJoin] = []
    for entity in model.entities:
        if entity.kind != "foreign":
            continue
        for other in algebra.models.values():
            for theirs in other.entities:
                ours, parent = _column(algebra, entity), _column(algebra, theirs)
                fits = theirs.name == entity.name and theirs.kind in {"primary", "unique"} and other is not model
                if fits and ours and parent:
                    found.append(RawJoin(
                        child=model.relation, child_columns=(ours,), parent=other.relation, parent_columns=(parent,),
                        source=source, cardinality="many-to-one",
                    ))  # fmt: skip
    return found


def _column(algebra: Algebra, element: Element) -> str:
    try:
        plain = ex.plain_column(ex.parse(element.expr, algebra.dialect))
    except InexpressibleError:
        return ""
    return plain.name if plain is not None else ""


def _dimension(algebra: Algebra, model: Model, element: Element, source: Source) -> Extract:
    place = f"{model.place}.{element.name}"
    try:
        tree = ex.parse(element.expr, algebra.dialect)
    except InexpressibleError as error:
        return Extract(lost=(f"{place}: {error}",))
    called = (*((element.label,) if element.label else ()), *element.synonyms)
    plain = ex.plain_column(tree)
    if plain is None:
        return Extract(dimensions=(RawDimension(
            name=element.name, expression=ex.render(tree, algebra.dialect), relations={"": model.relation},
            source=Source(kind="dbt", place=place, title=element.label, definition=True), dialect=algebra.dialect,
            description=element.description, synonyms=called,
        ),))  # fmt: skip
    note = partial(RawNote, relation=model.relation, column=plain.name, source=source)
    told = [note(kind="description", text=element.description)] if element.description else []
    told += [note(kind="synonym", text=t) for t in (element.name, *called) if t.lower() != plain.name.lower()]
    return Extract(notes=tuple(told))


def _select(algebra: Algebra, params: dict[str, Any]) -> str:
    """Return the SELECT of a saved query."""
    from sqlglot import exp

    metrics = [(name, _figure(algebra, name)) for name in texts(params.get("metrics"))]
    if len({figure.model.relation for _, figure in metrics}) != 1:
        raise InexpressibleError("its metrics are of several tables, which one query over a join would count twice")
    model = metrics[0][1].model
    joined: dict[str, Relation] = {}
    grouped = []
    for text in texts(params.get("group_by")):
        template = text if "(" in text else f"Dimension('{text}')"
        tree, used = algebra.condition(model, "{{ " + template + " }}")
        joined |= used
        grouped.append((text, tree))
    select = exp.Select()
    for text, tree in grouped:
        select.select(exp.alias_(tree, _alias(text), quoted=False), copy=False)
    for name, figure in metrics:
        joined |= figure.tables
        # Under further conditions the figure is no longer the one of that name.
        figured = figure.closed().tree
        select.select(figured if params.get("where") else exp.alias_(figured, name), copy=False)
    select.from_(ex.table(model.relation, "base"), copy=False)
    for template in conditions(params.get("where")):
        tree, used = algebra.condition(model, template)
        joined |= used
        select.where(tree, copy=False)
    for alias, relation in joined.items():
        select.join(*_joined(algebra, model, alias, relation), join_type="left", copy=False)
    if grouped:
        select.group_by(*(exp.Literal.number(n + 1) for n in range(len(grouped))), copy=False)
    for named in select.find_all(exp.Column):
        if not named.table:
            named.set("table", exp.to_identifier("base"))
    return select.sql(dialect=algebra.dialect)


def _figure(algebra: Algebra, name: str) -> Figure:
    """Return a metric that a plain SELECT can hold."""
    if name not in algebra.specs:
        raise InexpressibleError(f"metric '{name}' is not in these files")
    figure = algebra.figure(algebra.specs[name])
    if figure.stock:
        raise InexpressibleError(f"metric '{name}' takes the last rows of a period (non_additive_dimension)")
    return figure


def _joined(algebra: Algebra, model: Model, alias: str, relation: Relation) -> tuple[Any, Any]:
    """Return the table behind an alias, and the condition that joins it; `select.join` takes them as they are."""
    from sqlglot import exp

    *before, entity = alias.split("__")
    near, _ = algebra.resolve(model, (*before, entity), "Entity")
    other = next(m for m in algebra.models.values() if m.relation == relation)
    theirs = next(e for e in other.entities if e.name == entity and e.unique)
    far = ex.replace_columns(ex.parse(theirs.expr, algebra.dialect), lambda c: ex.column(c.name, alias))
    return ex.table(relation, alias), exp.EQ(this=near, expression=far)


def _alias(text: str) -> str:
    return "_".join(part for part in "".join(c if c.isalnum() else " " for c in text).split()[1:] or [text])
