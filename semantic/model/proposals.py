"""What mining proposes to the files: facts that nobody has accepted or turned down."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

from semantic.facts import Dimension, Facts, Metric, MinedJoin, Note, PastQuery, Segment, Source, Term
from semantic.model.meaning import meaning_of
from semantic.model.said import Fact, Said, key_of
from semantic.types import TableId

State = Literal["new", "waiting", "changed", "rival", "against", "gone"]
_SINGLE = frozenset({"description", "unit", "personal", "filter", "hidden", "deprecated", "certified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mined fact for people to accept or reject.

    Attributes:
        id: Key of the fact.
        kind: "metric", "dimension", "segment", "query", "term", "rule", "join", or what a note says.
        name: What it is about.
        what: What it says.
        sources: Where it was found, most trusted first.
        uses: How often those were used, together.
        fact: The fact.
        state: Not in the files, waiting there, waiting there with an older text, of the same name as another proposal,
            against what a person says of that name, or no longer mined.
    """

    id: str
    kind: str
    name: str
    what: str
    sources: tuple[Source, ...]
    uses: int
    fact: Fact
    state: State


def find_proposals(facts: Facts, said: Said) -> tuple[Proposal, ...]:
    """Return the mined facts that people have not settled, by kind and in the order of mining."""
    notes = _Slots(facts, said).proposals()
    kinds: tuple[tuple[tuple[Fact, ...], Callable[[Fact], Hashable | None], Callable[[Fact], Hashable]], ...] = (
        (facts.metrics, lambda f: f.name.lower() if isinstance(f, Metric) else None, meaning_of),
        (facts.joins, lambda _: None, key_of),
        (tuple(_fields(facts, said)), _field_name, meaning_of),
        (facts.segments, _field_name, meaning_of),
        (facts.terms, lambda f: f.term.lower() if isinstance(f, Term) else None, key_of),
        (facts.rules, lambda _: None, key_of),
        (_asked(facts), lambda f: f.text.lower() if isinstance(f, PastQuery) else None, key_of),
    )
    found = [proposal for mined, name, meaning in kinds for proposal in _of_kind(mined, said, name, meaning)]
    return (*found, *notes)


def _asked(facts: Facts) -> tuple[PastQuery, ...]:
    # A query that nobody gave words to answers no question.
    return tuple(query for query in facts.queries if query.text)


def _fields(facts: Facts, said: Said) -> Iterator[Dimension]:
    """Yield the derived columns that a dataset can hold: over one table, under a name that it does not have."""
    for dimension in facts.dimensions:
        if len(dimension.tables) == 1 and dimension.tables[0] in said.lookup.tables:
            table = said.lookup.tables[dimension.tables[0]]
            if table.column(dimension.name) is None:
                yield dimension


def _field_name(fact: Fact) -> Hashable | None:
    return (fact.name.lower(), fact.tables[:1]) if isinstance(fact, Dimension | Segment) else None


def _of_kind(
    mined: tuple[Fact, ...], said: Said, name: Callable[[Fact], Hashable | None], meaning: Callable[[Fact], Hashable]
) -> Iterator[Proposal]:
    if not mined:
        return
    same = [fact for fact in said.facts if isinstance(fact, type(mined[0]))]
    settled = {meaning(fact) for fact in same}
    own = {name(fact) for fact in same} - {None}
    taken = {name(w.fact) for w in said.waiting.values() if isinstance(w.fact, type(mined[0]))} - {None}
    for fact in mined:
        if _holds_a_query(fact):
            continue
        if key_of(fact) in said.waiting:
            yield propose(fact, "waiting")
        elif key_of(fact) in said.rejected or (settled and meaning(fact) in settled):
            continue
        elif name(fact) in own:
            yield from [propose(fact, "against")] if isinstance(fact, Metric) else []
        elif name(fact) in taken:
            yield propose(fact, "rival")
        else:
            taken |= {name(fact)} - {None}
            yield propose(fact, "new")


def _holds_a_query(fact: Fact) -> bool:
    """Tell whether an expression has a query inside it, for which the form of the files has no room."""
    texts = (getattr(fact, "expression", ""), getattr(fact, "condition", ""), *getattr(fact, "filters", ()))
    return any("(SELECT " in text.upper() for text in texts)


class _Slots:
    """The places for notes: one description, one unit, any number of synonyms for each table and column."""

    def __init__(self, facts: Facts, said: Said) -> None:
        self._notes = facts.notes
        self._said = said
        own = [fact for fact in said.facts if isinstance(fact, Note)]
        self._own = {_slot(note) for note in own} | said.denied
        waiting = [w for w in said.waiting.values() if isinstance(w.fact, Note)]
        mined = {note.id for note in facts.notes}
        self._waiting = {_slot(w.fact): w.id in mined for w in waiting if isinstance(w.fact, Note)}

    def proposals(self) -> tuple[Proposal, ...]:
        """Return the notes that are not settled, one for each place."""
        found: dict[Hashable, Proposal] = {}
        for note in self._notes:
            state = self._state(note)
            if state and _slot(note) not in found:
                found[_slot(note)] = propose(note, state)
        return tuple(found.values())

    def _state(self, note: Note) -> State | None:
        if note.id in self._said.waiting:
            return "waiting"
        table = self._said.lookup.tables.get(note.table)
        if note.id in self._said.rejected or _slot(note) in self._own or table is None:
            return None
        column = table.column(note.column) if note.column else None
        if (note.column and column is None) or self._is_said(note):
            return None
        if _slot(note) in self._waiting:
            return None if self._waiting[_slot(note)] else "changed"
        return "new"

    def _is_said(self, note: Note) -> bool:
        """Tell whether the catalog says it already, or says something else that stands before mining."""
        table = self._said.lookup.tables[note.table]
        column = table.column(note.column) if note.column else None
        comment = column.comment if column else table.comment
        if note.kind == "description":
            return bool(comment) and comment != note.text
        name = column.name if column else table.id.name
        return note.kind == "synonym" and note.text.lower() == name.lower()


def _slot(note: Note) -> tuple[TableId, str, str]:
    return (note.table, note.column, note.kind if note.kind in _SINGLE else f"{note.kind} {note.text.lower()}")


def propose(fact: Fact, state: State) -> Proposal:
    """Return a fact as people see it in a list."""
    kind, name, what = _shown(fact)
    sources = (fact.source,) if isinstance(fact, Note) else getattr(fact, "sources", ())
    uses = sum(source.uses for source in sources)
    return Proposal(
        id=key_of(fact), kind=kind, name=name, what=what, sources=sources, uses=uses, fact=fact, state=state
    )


def _shown(fact: Fact) -> tuple[str, str, str]:
    from semantic.mining.writing import shown

    found: tuple[str, str, str]
    match fact:
        case Metric():
            where = " and ".join(shown(condition, {}) for condition in fact.filters)
            found = "metric", fact.name, shown(fact.expression, {}) + (f" where {where}" if where else "")
        case Dimension():
            found = "dimension", f"{fact.tables[0].name}.{fact.name}", shown(fact.expression, {})
        case Segment():
            found = "segment", fact.name, shown(fact.condition, {})
        case PastQuery():
            found = "query", fact.text, " ".join(fact.sql.split())
        case Term():
            found = "term", fact.term, fact.definition
        case MinedJoin():
            r = fact.relationship
            sides = [f"{t.name}.{','.join(c)}" for t, c in ((r.child, r.child_columns), (r.parent, r.parent_columns))]
            found = "join", f"{r.child.name} to {r.parent.name}", " = ".join(sides)
        case Note():
            about = fact.table.name + (f".{fact.column}" if fact.column else "")
            found = fact.kind, about, fact.text or "yes"
        case _:
            found = "rule", f"{fact.kind} {', '.join(fact.words)}".strip(), fact.text
    return found
