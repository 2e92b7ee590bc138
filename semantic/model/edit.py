"""Propose, accept and reject: the three ways a program writes into the files of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from semantic.errors import ModelError
from semantic.facts import Note, PastQuery
from semantic.model.diff import Difference
from semantic.model.document import Document
from semantic.model.files import Key
from semantic.model.proposals import Proposal
from semantic.model.said import Fact, Said, Waiting
from semantic.model.schema import SCHEMA_FOLDER, write_schemas
from semantic.model.write import Files
from semantic.types import TableId


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was done to the files.

    Attributes:
        paths: Files that changed.
        done: Proposals that were written, accepted or rejected.
        left: Proposals that the form of the files cannot hold.
        over: How many were left out because there are too many of their kind, by kind.
    """

    paths: tuple[Path, ...] = ()
    done: tuple[Proposal, ...] = ()
    left: tuple[Proposal, ...] = ()
    over: tuple[tuple[str, int], ...] = ()


def propose_all(
    said: Said, difference: Difference, *, limit: int, tables: Iterable[TableId] = (), name: str = "lake"
) -> Written:
    """Write what mining proposes and the files lack; what is there stays as it is.

    Args:
        said: What the files say now.
        difference: How mining differs from that.
        limit: Most proposals of one kind that are written, the most trusted first.
        tables: Tables that are written with all their columns, whether or not anything is said about them.
        name: Name of the semantic model where a new file is made.
    """
    files = Files(said, name)
    for table in tables:
        for column in said.lookup.tables[table].columns:
            files.field(table, column.name)
    counts: Counter[str] = Counter()
    done: list[Proposal] = []
    left: list[Proposal] = []
    for proposal in difference.proposals:
        if proposal.state not in {"new", "changed"}:
            continue
        counts[proposal.kind] += 1
        if counts[proposal.kind] > limit:
            continue
        if proposal.state == "changed":
            _forget_older(files, said, proposal)
        written = files.add(proposal.fact, proposal.sources, proposed=True)
        (done if written else left).append(proposal)
    over = tuple((kind, count - limit) for kind, count in counts.items() if count > limit)
    return Written(paths=_save(files, said), done=tuple(done), left=tuple(left), over=over)


def propose_query(said: Said, query: PastQuery, name: str = "lake") -> Path:
    """Write a query that somebody vouches for into knowledge.yaml, for a person to accept; return the file.

    Raises:
        ModelError: The files cannot be written.
    """
    files = Files(said, name)
    files.add(query, query.sources, proposed=True)
    _save(files, said)
    return files.knowledge.path


def accept(said: Said, proposals: Sequence[Proposal]) -> Written:
    """Make proposals the word of a person.

    Raises:
        ModelError: Two of them define the same name, or a person has defined it already.
    """
    if against := [p for p in proposals if p.state == "against"]:
        hint = f"Change the definition of {against[0].name} in the file, or reject the proposal."
        raise ModelError(f"{against[0].id} says otherwise than a person about {against[0].name}.", hint=hint)
    names = Counter((p.kind, _name(p.fact)) for p in proposals if _name(p.fact) and p.kind in {"metric", "term"})
    if twice := [name for (_, name), count in names.items() if count > 1]:
        raise ModelError(f"Two of the proposals define {twice[0]}.", hint="Accept one of them.")
    files = Files(said)
    done: list[Proposal] = []
    left: list[Proposal] = []
    displaced = [waiting for proposal in proposals for waiting in _in_the_way(said, proposal)]
    settled = [waiting for proposal in proposals if (waiting := said.waiting.get(proposal.id))]
    for waiting in _last_first(said, [*settled, *displaced]):
        (_remove if waiting in displaced else _settle)(files.documents[waiting.file], waiting)
    for proposal in proposals:
        written = proposal.id in said.waiting or files.add(proposal.fact, proposal.sources, proposed=False)
        (done if written else left).append(proposal)
    return Written(paths=_save(files, said), done=tuple(done), left=tuple(left))


def reject(said: Said, proposals: Sequence[Proposal]) -> Written:
    """Take proposals out of the files and remember that people do not want them."""
    files = Files(said)
    waiting = [found for proposal in proposals if (found := said.waiting.get(proposal.id))]
    for item in _last_first(said, waiting):
        _remove(files.documents[item.file], item)
    for proposal in proposals:
        what = f"{proposal.kind} {proposal.name}: {proposal.what}"
        entry = CommentedMap({"id": proposal.id, "what": what if len(what) <= 100 else what[:99] + "…"})
        files.knowledge.items(files.knowledge.root, "rejected").append(entry)
    return Written(paths=_save(files, said), done=tuple(proposals))


def pick(difference: Difference, ids: Sequence[str], source: str | None = None) -> tuple[Proposal, ...]:
    """Return the proposals that ids, or unique beginnings of them, name, and all of one kind of source.

    Raises:
        ModelError: An id names none, or several.
    """
    found: dict[str, Proposal] = {}
    known = (*difference.proposals, *difference.left)
    for word in ids:
        fitting = [p for p in known if p.id == word] or [p for p in known if p.id.startswith(word)]
        if len(fitting) != 1:
            names = ", ".join(p.id for p in fitting[:5])
            reason = f"fits several proposals: {names}" if fitting else "is no proposal"
            raise ModelError(f"{word} {reason}.", hint="genie model diff lists the proposals with their ids.")
        found[fitting[0].id] = fitting[0]
    for proposal in difference.proposals if source else ():
        if proposal.state not in {"rival", "against"} and any(s.kind == source for s in proposal.sources):
            found[proposal.id] = proposal
    return tuple(found.values())


def choose_tables(tables: Iterable[TableId], pattern: str) -> tuple[TableId, ...]:
    """Return the tables whose name, or name with schema or catalog, fits a pattern such as "sales.*"."""
    wanted = pattern.lower()
    names = ((t, (t.name, f"{t.schema}.{t.name}", f"{t.catalog}.{t.name}", str(t))) for t in tables)
    return tuple(t for t, spelled in names if any(fnmatchcase(name.lower(), wanted) for name in spelled))


def _save(files: Files, said: Said) -> tuple[Path, ...]:
    paths = files.save()
    if paths:
        write_schemas(said.model.folder / SCHEMA_FOLDER)
    return paths


def _last_first(said: Said, items: Sequence[Waiting]) -> list[Waiting]:
    """Return proposals from the end of the files on, so that taking one out moves none that is still to be done."""

    def place(item: Waiting) -> tuple[int, list[str]]:
        return said.model.line(item.file, item.key), [
            f"{part:09}" if isinstance(part, int) else part for part in item.key
        ]

    return sorted(items, key=place, reverse=True)


def _settle(document: Document, waiting: Waiting) -> None:
    """Take the marks of a proposal off an entry; where it was found stays."""
    entry = document.at(waiting.entry)
    context = entry if waiting.entry and waiting.entry[0] != "semantic_model" else entry.get("ai_context", {})
    if isinstance(waiting.fact, Note):
        _drop_mark(context, waiting)
        known = document.items(context, "sources") if waiting.sources else CommentedSeq()
        known.extend(text for text in waiting.sources if text not in known)
    else:
        for key in ("status", "id"):
            context.pop(key, None)
    if "ai_context" in entry and not entry["ai_context"]:
        del entry["ai_context"]


def _remove(document: Document, waiting: Waiting) -> None:
    """Take a proposal out, and what stands there for nothing else."""
    entry = document.at(waiting.entry)
    if not isinstance(waiting.fact, Note):
        _delete(document, waiting.entry)
        return
    inner = waiting.key[len(waiting.entry) :]
    if inner in {("name",), ("label",)}:
        return
    _delete(document, waiting.key)
    context = entry.get("ai_context", {})
    _drop_mark(context, waiting)
    if "ai_context" in entry and not entry["ai_context"]:
        del entry["ai_context"]


def _drop_mark(context: Any, waiting: Waiting) -> None:
    marks = context.get("proposed", {})
    marks.pop(waiting.id, None)
    if not marks:
        context.pop("proposed", None)


def _delete(document: Document, key: Key) -> None:
    del document.at(key[:-1])[key[-1]]
    if isinstance(key[-1], int) and not document.at(key[:-1]):
        del document.at(key[:-2])[key[-2]]


def _forget_older(files: Files, said: Said, proposal: Proposal) -> None:
    """Take out the older text of a note that nobody has looked at."""
    note = proposal.fact
    for waiting in said.waiting.values():
        old = waiting.fact
        if isinstance(old, Note) and isinstance(note, Note) and old.kind != "synonym" and old.id != note.id:
            same = (old.table, old.column, old.kind) == (note.table, note.column, note.kind)
            if same:
                _remove(files.documents[waiting.file], waiting)


def _in_the_way(said: Said, proposal: Proposal) -> list[Waiting]:
    """Return the proposals of the same name that a person did not choose."""
    if proposal.state != "rival":
        return []
    rivals = (w for w in said.waiting.values() if isinstance(w.fact, type(proposal.fact)))
    return [w for w in rivals if _name(w.fact) == _name(proposal.fact)]


def _name(fact: Fact | None) -> str:
    return str(getattr(fact, "name", getattr(fact, "term", getattr(fact, "text", "")))).lower()
