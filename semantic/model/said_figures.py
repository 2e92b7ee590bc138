"""What the Ossie file says about metrics and relationships."""

from __future__ import annotations

from semantic.facts import Metric, MinedJoin
from semantic.mining.ossie_forms import OssieMetric, OssieRelationship
from semantic.mining.ossie_sql import ExpressionError
from semantic.model.files import Key
from semantic.model.resolve import Resolver
from semantic.model.said import Said
from semantic.model.said_tables import entry_of, say_instructions
from semantic.types import Relationship, TableId


def say_metric(said: Said, resolver: Resolver, item: OssieMetric, key: Key) -> None:
    """Take a metric."""
    from semantic.mining.naming import snake

    entry, context = entry_of(item.ai_context, key), item.ai_context
    here: Key = (*key, "expression")
    try:
        home = context.dataset or _only_dataset(resolver)
        bound = resolver.expression(item.expression, sort="metric", home=home)
        tables = bound.tables
        if context.dataset:
            here = (*key, "ai_context", "dataset")
            first = resolver.table(resolver.names.dataset(context.dataset))
            tables = (first, *(table for table in tables if table != first))
        if not tables:
            text = "it is not said whose rows are counted; name the dataset in ai_context.dataset"
            said.unusable(entry, here, text)
            return
        here = (*key, "ai_context", "filters")
        conditions = [resolver.bind(text, sort="row", home=home) for text in context.filters]
        here = (*key, "ai_context", "time")
        time = _date(resolver, context.time, home)
        here = (*key, "ai_context", "snapshot")
        snapshot = _date(resolver, context.snapshot, home)
    except ExpressionError as error:
        said.unusable(entry, here, str(error))
        return
    others = (table for condition in conditions for table in condition.tables)
    name = snake(item.name)
    label = context.label or ("" if name == item.name else item.name)
    # A proposal is compared with the fact it came from, so its order is left alone.
    found = [condition.sql for condition in conditions]
    filters = tuple(found if entry.status == "proposed" else sorted(found))
    metric = Metric(
        name=name, expression=bound.sql, tables=tuple(dict.fromkeys((*tables, *others))),
        filters=filters, time=time, snapshot=snapshot, label=label,
        description=item.description, synonyms=context.synonyms, unit=context.unit,
        sources=(said.source(entry, certified=bool(context.certified)),),
        standing="certified" if context.certified else "modelled", authority=1.0 if context.certified else 0.9,
        deprecated=bool(context.deprecated),
    )  # fmt: skip
    said.sort(entry, metric)
    say_instructions(said, entry, context, item.name)


def _only_dataset(resolver: Resolver) -> str:
    names = list(resolver.names.datasets.values())
    return names[0].name if len(names) == 1 else ""


def _date(resolver: Resolver, text: str, home: str) -> tuple[TableId, str] | None:
    if not text:
        return None
    bound = resolver.bind(text, sort="row", home=home)
    if not bound.column:
        raise ExpressionError("a column is wanted here")
    return bound.tables[0], bound.column


def say_relationship(said: Said, resolver: Resolver, item: OssieRelationship, key: Key) -> None:
    """Take a relationship."""
    entry = entry_of(item.ai_context, key)
    if len(item.from_columns) != len(item.to_columns):
        count = f"{len(item.from_columns)} columns point at {len(item.to_columns)}"
        said.unusable(entry, (*key, "to_columns"), f"{count}; both sides need the same number")
        return
    ends: list[tuple[TableId, tuple[str, ...]]] = []
    for name, columns, word in ((item.from_, item.from_columns, "from"), (item.to, item.to_columns, "to")):
        here: Key = (*key, word)
        try:
            table = resolver.table(resolver.names.dataset(name))
            here = (*key, f"{word}_columns")
            ends.append((table, tuple(_column(resolver, name, column) for column in columns)))
        except ExpressionError as error:
            said.unusable(entry, here, str(error))
            return
    (child, child_columns), (parent, parent_columns) = ends
    relationship = Relationship(
        child=child, child_columns=child_columns, parent=parent, parent_columns=parent_columns,
        cardinality=item.ai_context.cardinality or "many-to-one",
    )  # fmt: skip
    said.sort(entry, MinedJoin(relationship=relationship, sources=(said.source(entry),)))


def _column(resolver: Resolver, dataset: str, name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    bound = resolver.bind(quoted, sort="row", home=dataset)
    if not bound.column:
        raise ExpressionError(f"{name} is an expression; a column is wanted here")
    return bound.column
