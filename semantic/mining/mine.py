"""Turn what readers took from files, and the views of the lake, into facts: resolved, merged and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from semantic.errors import SourceError
from semantic.facts import Dimension, Facts, PastQuery, Rule, Segment, Source, Standing
from semantic.mining.authority import scaled
from semantic.mining.gather import merge_joins, merge_notes, merge_queries, merge_terms
from semantic.mining.keys import Keys
from semantic.mining.lookup import Lookup
from semantic.mining.merge import merge_derived, merge_measures
from semantic.mining.mined import Mined
from semantic.mining.qualify import Catalog
from semantic.mining.rank import rank_all, with_authority
from semantic.mining.raw import Extract
from semantic.mining.resolve import Resolver
from semantic.mining.rolled import rolled
from semantic.mining.select import QueryMiner
from semantic.mining.snapshots import with_snapshots
from semantic.mining.standing import authority_of
from semantic.mining.terms import tie_terms
from semantic.types import Document, Table, TableId

_Ranked = TypeVar("_Ranked", Dimension, Segment, PastQuery)


def mine(extract: Extract, tables: Sequence[Table]) -> Facts:
    """Return the facts that an extract and the views among the tables tell.

    Nothing is raised for what cannot be used; it gets a line in `Facts.lost`.

    Args:
        extract: What readers took from files.
        tables: All tables of the lake, as profiled as they are.
    """
    lookup = Lookup(tables)
    facts = _mine(extract, lookup)
    if refused := lookup.contested():
        # Which of them is the table cannot be told, so none is; whether it is contested shows when all is read.
        lookup = Lookup(tables, refused)
        facts = _mine(extract, lookup)
        names = sorted(".".join(name) for name in refused)
        facts = replace(facts, lost=(f"{', '.join(names)}: several would be one table of the lake", *facts.lost))
    told = (f"{there}: the lake has no such place, {', '.join(names)} are read in {here}"
            for there, here, names in lookup.borrowed())  # fmt: skip
    return replace(facts, lost=(*facts.lost, *told))


def _mine(extract: Extract, lookup: Lookup) -> Facts:
    tables = tuple(lookup.tables.values())
    catalog, keys = Catalog(lookup), Keys(lookup)
    miner = QueryMiner(catalog, keys)
    resolver = Resolver(catalog, miner.view_frame)
    mined = Mined()
    _learn_keys(extract, resolver, keys)
    for table in tables:
        if table.kind == "view" and table.definition:
            miner.mine_view(table, mined)
    miner.mine_queries(extract.queries, mined)
    resolver.resolve(extract, mined)
    # Told over other tables, a figure may turn out to be a sum over a known stock.
    mined.measures = with_snapshots(rolled(with_snapshots(mined.measures), miner.grouped))
    return _facts(extract, mined, catalog, keys)


def _learn_keys(extract: Extract, resolver: Resolver, keys: Keys) -> None:
    """Note the keys that models tell before joins are read by them."""
    for raw in extract.keys:
        try:
            table, columns = resolver.key(raw)
        except SourceError:
            # The resolver reports it when it comes to the keys.
            continue
        keys.add(table, columns)


def _facts(extract: Extract, mined: Mined, catalog: Catalog, keys: Keys) -> Facts:
    for table, columns in mined.keys:
        keys.add(table, columns)
    newest = max((s.last for s in _sources(extract)), default="")
    metrics = merge_measures(mined.measures, keys, newest)
    dimensions, segments = merge_derived(mined.derived, newest)
    queries = merge_queries(mined.queries, newest)
    terms = tuple(merge_terms(extract.terms))
    rank = rank_all(extract, mined, metrics, catalog)
    by_table = scaled({t: rank[t] for t in catalog.lookup.tables})
    by_metric = scaled({m.id: rank[m.id] for m in metrics})

    def trust(standing: Standing, leaned_on: tuple[TableId, ...]) -> float:
        return authority_of(standing, max((by_table.get(t, 0.0) for t in leaned_on), default=0.0))

    return Facts(
        metrics=tuple(tie_terms(with_authority(metrics, by_metric), terms)),
        dimensions=_best_first(replace(d, authority=trust(d.standing, d.tables)) for d in dimensions),
        segments=_best_first(replace(s, authority=trust(s.standing, s.tables)) for s in segments),
        queries=_best_first(replace(q, authority=trust(q.standing, q.tables)) for q in queries),
        terms=terms,
        notes=tuple(merge_notes(mined.notes)),
        joins=tuple(merge_joins(mined.joins, keys)),
        rules=tuple(Rule(kind=r.kind, words=r.words, text=r.text, choices=r.choices) for r in extract.rules),
        passages=tuple(
            Document(kind="passage", table=None, title=p.title, text=p.text, source=p.source.place)
            for p in extract.passages
        ),
        lost=tuple(dict.fromkeys((*extract.lost, *mined.lost))),
    )


def _best_first(facts: Iterable[_Ranked]) -> tuple[_Ranked, ...]:
    return tuple(sorted(facts, key=lambda fact: (-fact.authority, fact.id)))


def _sources(extract: Extract) -> Iterator[Source]:
    for part in (extract.queries, extract.metrics, extract.dimensions, extract.segments, extract.joins, extract.notes,
                 extract.terms, extract.lineage):  # fmt: skip
        yield from (raw.source for raw in part)
