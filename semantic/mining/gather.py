"""Equal joins, notes and past queries become one each, with all their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from semantic.facts import MinedJoin, Note, PastQuery, Source, Term
from semantic.mining.keys import Keys
from semantic.mining.mined import JoinUse
from semantic.mining.raw import RawTerm
from semantic.mining.standing import ordered, standing_of
from semantic.names import normalise
from semantic.types import Cardinality, Relationship, TableId

_CONFIDENCE_DEFINED = 0.95
_CONFIDENCE_USED = 0.85

_Ends = tuple[TableId, tuple[str, ...], TableId, tuple[str, ...]]


def merge_joins(joins: Iterable[JoinUse], keys: Keys) -> list[MinedJoin]:
    """Return one join for each pair of ends, from child to parent, most used first."""
    groups: dict[_Ends, list[JoinUse]] = defaultdict(list)
    for join in joins:
        ends = _oriented(join, keys)
        if ends[0] != ends[2] or ends[1] != ends[3]:
            groups[ends].append(join)
    merged = [_merged(ends, group, keys) for ends, group in groups.items()]
    return sorted(merged, key=lambda j: (-j.relationship.uses, j.id))


def _oriented(join: JoinUse, keys: Keys) -> _Ends:
    pairs = sorted(zip(join.left_columns, join.right_columns, strict=True))
    left, right = tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    straight: _Ends = (join.left, left, join.right, right)
    if join.cardinality is not None:
        return straight
    right_is_parent = keys.parent_is_right(join.left, left, join.right, right)
    if right_is_parent is None:
        # Either order will do, as long as all uses of the join agree on it.
        right_is_parent = (join.left, left) <= (join.right, right)
    if right_is_parent:
        return straight
    pairs = sorted(zip(join.right_columns, join.left_columns, strict=True))
    return join.right, tuple(a for a, _ in pairs), join.left, tuple(b for _, b in pairs)


def _merged(ends: _Ends, group: list[JoinUse], keys: Keys) -> MinedJoin:
    child, child_columns, parent, parent_columns = ends
    distinct = dict.fromkeys(j.source for j in group)
    defined = any(s.definition and s.kind != "view" for s in distinct)
    relationship = Relationship(
        child=child,
        child_columns=child_columns,
        parent=parent,
        parent_columns=parent_columns,
        cardinality=_told(group) or _cardinality(ends, keys),
        origin="mined",
        confidence=_CONFIDENCE_DEFINED if defined else _CONFIDENCE_USED,
        uses=sum(s.uses for s in distinct),
    )
    return MinedJoin(relationship=relationship, sources=ordered(distinct))


def _told(group: list[JoinUse]) -> Cardinality | None:
    return next((j.cardinality for j in group if j.cardinality), None)


def _cardinality(ends: _Ends, keys: Keys) -> Cardinality:
    child, child_columns, parent, parent_columns = ends
    if keys.unique(parent, parent_columns):
        return "one-to-one" if keys.unique(child, child_columns) else "many-to-one"
    # Keys that nobody told of are measured later; a name that fits is taken for one.
    return "many-to-many" if keys.parent_is_right(*ends) is None else "many-to-one"


def merge_notes(notes: Iterable[Note]) -> list[Note]:
    """Return each thing that is said once, the best source of each table and column first."""
    groups: dict[tuple[TableId, str, str, str], list[Note]] = defaultdict(list)
    for note in notes:
        if note.text.strip() or note.kind not in {"description", "synonym", "unit", "filter"}:
            groups[note.table, note.column, note.kind, normalise(note.text)].append(note)
    best: dict[tuple[TableId, str, str], list[tuple[Source, Note]]] = defaultdict(list)
    for (table, column, kind, _), group in groups.items():
        source = ordered(n.source for n in group)[0]
        best[table, column, kind].append((source, replace(group[0], source=source)))
    found: list[Note] = []
    for entries in best.values():
        order = {source: number for number, source in enumerate(ordered(s for s, _ in entries))}
        found += [note for _, note in sorted(entries, key=lambda e: (order.get(e[0], len(order)), e[1].text))]
    return found


def merge_queries(queries: Iterable[tuple[str, PastQuery]], newest: str) -> list[PastQuery]:
    """Return each query once for every question it answers, with the uses of all."""
    groups: dict[str, list[PastQuery]] = defaultdict(list)
    for form, query in queries:
        groups[form].append(query)
    found: list[PastQuery] = []
    for group in groups.values():
        texts = list(dict.fromkeys(normalise(q.text) for q in group if q.text)) or [""]
        for number, text in enumerate(texts):
            # Runs without a question are counted with the first question of the same query.
            same = [q for q in group if normalise(q.text) == text or (not q.text and number == 0)]
            told = next((q for q in same if normalise(q.text) == text), same[0])
            sources = ordered(s for q in same for s in q.sources)
            verified = any(q.verified for q in same if normalise(q.text) == text)
            standing = "certified" if verified else standing_of(sources, newest)
            found.append(replace(told, sources=sources, verified=verified, standing=standing))
    return found


def merge_terms(terms: Iterable[RawTerm]) -> list[Term]:
    """Return each meaning of each word once, with all its sources."""
    groups: dict[tuple[str, str], list[RawTerm]] = defaultdict(list)
    for term in terms:
        groups[normalise(term.term), normalise(term.definition)].append(term)
    return [
        Term(
            term=group[0].term,
            definition=group[0].definition,
            synonyms=tuple(dict.fromkeys(s for t in group for s in t.synonyms)),
            sources=ordered(t.source for t in group),
            standing="certified" if any(t.source.certified for t in group) else "modelled",
        )
        for group in groups.values()
    ]
