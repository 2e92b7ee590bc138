"""Who leans on what: the graph of a lake's tables, views, models, queries, dashboards and metrics, and its ranks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

from semantic.facts import Metric, Source
from semantic.mining.authority import ranks, weight
from semantic.mining.mined import Mined
from semantic.mining.qualify import Catalog
from semantic.mining.raw import Extract, Relation
from semantic.mining.standing import authority_of
from semantic.types import TableId

_LEAST = 0.1
"""Start weight of things that nobody vouches for, so that use decides."""


def rank_all(extract: Extract, mined: Mined, metrics: Iterable[Metric], catalog: Catalog) -> dict[Hashable, float]:
    """Return the rank of every table (by its id), metric (by its id), place and model."""
    nodes: dict[Hashable, float] = {}
    reads: list[tuple[Hashable, Hashable]] = []
    for table in catalog.lookup.tables.values():
        nodes[table.id] = 2.0 if table.certified else 0.0 if table.stale else _LEAST
    for source, read in mined.leans:
        reads.append((_reader(source, nodes), read))
    for metric in metrics:
        nodes.setdefault(metric.id, _LEAST)
        readers = [_reader(source, nodes) for source in metric.sources]
        # A view that is read by its own figures would pass its rank on to itself.
        reads += [(reader, metric.id) for reader in readers if reader not in metric.tables]
        reads += [(metric.id, table) for table in metric.tables]
    for lineage in extract.lineage:
        name = _named(lineage.name, catalog)
        nodes.setdefault(name, weight(lineage.source))
        for relation in lineage.inputs:
            target = _named(relation, catalog)
            nodes.setdefault(target, _LEAST)
            reads.append((name, target))
    return ranks(nodes, reads)


def with_authority(metrics: Iterable[Metric], by_metric: dict[Hashable, float]) -> list[Metric]:
    """Return metrics with their authority, most trusted first, and their conflicts in the same order."""
    found = [replace(m, authority=authority_of(m.standing, by_metric.get(m.id, 0.0))) for m in metrics]
    found.sort(key=lambda m: (m.deprecated, -m.authority, m.name, m.id))
    place = {m.id: number for number, m in enumerate(found)}
    return [replace(m, conflicts=tuple(sorted(m.conflicts, key=lambda i: place[i]))) for m in found]


def _reader(source: Source, nodes: dict[Hashable, float]) -> Hashable:
    """Return the node that a source is: the view itself for views, else its place."""
    if source.kind == "view":
        parts = source.place.split(".")
        view = TableId(parts[0], parts[1], ".".join(parts[2:])) if len(parts) > 2 else None
        if view in nodes:
            return view
    node = (source.kind, source.place)
    nodes[node] = max(nodes.get(node, 0.0), weight(source))
    return node


def _named(relation: Relation, catalog: Catalog) -> Hashable:
    return catalog.find(relation) or tuple(part.lower() for part in relation)
