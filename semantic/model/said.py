"""What the files say, found in the catalog: what people stand for, what waits for them, what they turned down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from semantic.facts import Dimension, Metric, MinedJoin, Note, NoteKind, PastQuery, Rule, Segment, Source, Term, fact_id
from semantic.mining.lookup import Lookup
from semantic.mining.ossie_forms import Status
from semantic.model.files import Key, Model, Problem
from semantic.types import TableId

Fact = Metric | Dimension | Segment | PastQuery | Term | MinedJoin | Note | Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A proposal in a file that nobody has looked at.

    Attributes:
        id: Key of the mined fact.
        file: Name of the file.
        entry: The way to the entry.
        key: The way to what is proposed, for a note to the very value inside its entry.
        fact: What the file says, None where its names are not in the catalog.
        sources: Where it was found, as the file says.
    """

    id: str
    file: str
    entry: Key
    key: Key
    fact: Fact | None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a file: where it stands and who stands for it."""

    file: str
    key: Key
    status: Status | None = None
    id: str = ""
    sources: tuple[str, ...] = ()

    def waiting(self, known: str, fact: Fact | None) -> Waiting:
        """Return the entry as a proposal."""
        return Waiting(id=known, file=self.file, entry=self.key, key=self.key, fact=fact, sources=self.sources)


@dataclass(slots=True, kw_only=True)
class Said:
    """What the files say.

    Attributes:
        model: The files.
        lookup: The tables of the lake.
        facts: What people stand for.
        waiting: Proposals nobody has looked at, by the key of the mined fact.
        rejected: Keys of mined facts that people turned down.
        denied: Marks that people say do not hold, as (table, column, mark).
        keys: Key columns that people name.
        tables: Datasets of the files by the table they read.
        problems: Names that are not in the catalog, and whatever else cannot be used.
    """

    model: Model
    lookup: Lookup
    facts: list[Fact] = field(default_factory=list)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    denied: set[tuple[TableId, str, NoteKind]] = field(default_factory=set)
    keys: dict[TableId, tuple[str, ...]] = field(default_factory=dict)
    tables: dict[TableId, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def sort(self, entry: Entry, fact: Fact) -> None:
        """Put a fact where it belongs: with what people stand for, what waits, or what they turned down.

        An entry that was proposed and then changed by a person is theirs.
        """
        known = key_of(fact)
        if entry.status == "rejected":
            self.rejected |= {entry.id or known, known}
        elif entry.status == "proposed" and entry.id in {"", known}:
            self.waiting.setdefault(known, entry.waiting(known, fact))
        else:
            self.facts.append(fact)

    def unusable(self, entry: Entry, key: Key, text: str) -> None:
        """Keep why an entry cannot be used; nobody stands for a proposal, so that is no error."""
        level: Literal["error", "warning"] = "warning" if entry.status else "error"
        if entry.status == "accepted":
            level = "error"
        if entry.status == "proposed" and entry.id:
            self.waiting.setdefault(entry.id, entry.waiting(entry.id, None))
        elif entry.status == "rejected":
            self.rejected |= {entry.id} - {""}
        self.problems.append(self.model.problem(level, entry.file, key, text))

    def source(
        self, entry: Entry, *, title: str = "", owner: str = "", day: str = "", certified: bool = False
    ) -> Source:
        """Return the person behind an entry as a source."""
        place = self.model.place(entry.file, entry.key)
        return Source(
            kind="person", place=place, title=title, owner=owner, last=day, certified=certified, definition=True
        )


def key_of(fact: Fact) -> str:
    """Return the key of a fact, for rules as well."""
    return fact_id("r", fact.kind, *fact.words, fact.text) if isinstance(fact, Rule) else fact.id


def evidence(sources: tuple[Source, ...]) -> tuple[str, ...]:
    """Return sources as people read them, the first five."""
    found = []
    for source in sources[:5]:
        uses = f", {source.uses} uses" if source.uses > 1 else ""
        title = f" “{source.title}”" if source.title else ""
        found.append(f"{source.kind} {source.place}{title}{uses}")
    rest = len(sources) - len(found)
    return (*found, f"and {rest} more") if rest else tuple(found)
