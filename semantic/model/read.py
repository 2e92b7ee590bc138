"""Find what the files of a model say in the catalog of its lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from semantic.mining.lookup import Lookup
from semantic.mining.ossie_sql import Names
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE, Key, Model
from semantic.model.queries import QueryReader
from semantic.model.resolve import Resolver
from semantic.model.said import Said
from semantic.model.said_figures import say_metric, say_relationship
from semantic.model.said_knowledge import say_query, say_rule, say_segment, say_term
from semantic.model.said_tables import entry_of, say_dataset, say_instructions
from semantic.types import Table


def read_said(model: Model, tables: Iterable[Table] | Lookup) -> Said:
    """Return what the files say, every name found in the catalog; what is not found is among the problems."""
    lookup = tables if isinstance(tables, Lookup) else Lookup(tables)
    said = Said(model=model, lookup=lookup)
    said.rejected |= {item.id for item in model.knowledge.rejected}
    for position, part in model.parts:
        resolver = Resolver(Names(part), lookup)
        key: Key = ("semantic_model", position)
        say_instructions(said, entry_of(part.ai_context, key), part.ai_context, "")
        for number, dataset in enumerate(part.datasets):
            say_dataset(said, resolver, dataset, (*key, "datasets", number))
        for number, join in enumerate(part.relationships):
            say_relationship(said, resolver, join, (*key, "relationships", number))
        for number, metric in enumerate(part.metrics):
            say_metric(said, resolver, metric, (*key, "metrics", number))
        for name, items in (
            ("datasets", part.datasets),
            ("metrics", part.metrics),
            ("relationships", part.relationships),
        ):
            _check_names(said, (*key, name), [item.name for item in items])
        for number, dataset in enumerate(part.datasets):
            _check_names(said, (*key, "datasets", number, "fields"), [item.name for item in dataset.fields])
    _read_knowledge(said)
    return said


def _read_knowledge(said: Said) -> None:
    knowledge = said.model.knowledge
    names = Names(*(part for _, part in said.model.parts), closed=False)
    resolver = Resolver(names, said.lookup)
    if knowledge.queries:
        reader = QueryReader(said.lookup)
        for number, query in enumerate(knowledge.queries):
            say_query(said, reader, query, ("queries", number))
    for number, segment in enumerate(knowledge.segments):
        say_segment(said, resolver, segment, ("segments", number))
    for number, term in enumerate(knowledge.terms):
        say_term(said, term, ("terms", number))
    for number, rule in enumerate(knowledge.rules):
        say_rule(said, rule, ("rules", number))
        if rule.kind == "clarify" and len(rule.choices) == 1:
            text = "a question back needs two choices at least, or none"
            said.problems.append(said.model.problem("error", KNOWLEDGE_FILE, ("rules", number, "choices"), text))


def _check_names(said: Said, key: Key, names: list[str]) -> None:
    """Say which names are used twice; the format wants them unique."""
    seen: Counter[str] = Counter()
    for position, name in enumerate(names):
        seen[name.lower()] += 1
        if seen[name.lower()] == 2:
            here = (*key, position, "name")
            said.problems.append(said.model.problem("error", MODEL_FILE, here, f"{name} is there twice"))
