"""What an Ossie model says in words, and what of it nothing here reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from semantic.facts import NoteKind, Source
from semantic.mining.ossie_forms import Context, Extended, OssieField
from semantic.mining.raw import Extract, RawNote, RawRule, Relation

_MARKS: tuple[NoteKind, ...] = ("hidden", "deprecated", "certified")
_TEXTS: tuple[tuple[NoteKind, str], ...] = (("unit", "unit"), ("personal", "personal"), ("filter", "default_filter"))


@dataclass(slots=True)
class Reading:
    """One file on its way into an extract."""

    place: str
    parts: dict[str, list[Any]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def add(self, kind: str, item: object) -> None:
        """Keep a part of the extract."""
        self.parts.setdefault(kind, []).append(item)

    def source(self, part: str, context: Context, title: str = "") -> Source:
        """Return an entry of the file as a source."""
        certified = bool(getattr(context, "certified", None))
        place = f"{self.place}:{part}"
        return Source(kind="ossie", place=place, title=title, certified=certified, definition=True)

    def lose(self, part: str, why: str) -> None:
        """Keep what cannot be carried over."""
        self.lost.append(f"{self.place}:{part}: {why}")

    def extract(self) -> Extract:
        """Return all that was kept."""
        return Extract(**{kind: tuple(items) for kind, items in self.parts.items()}, lost=tuple(self.lost))


def read_notes(
    reading: Reading,
    what: tuple[Relation, str],
    context: Context,
    description: str,
    *,
    known: Iterable[str],
    source: Source,
) -> None:
    """Take what is said about a table, or about a column of it.

    Args:
        reading: The file.
        what: The table, and the column or nothing.
        context: What its entry says.
        description: What it means.
        known: Other names that the entry gives it.
        source: The entry.
    """
    found: list[tuple[NoteKind, str]] = [("description", description)] if description else []
    found += [("synonym", word) for word in dict.fromkeys((*known, *context.synonyms))]
    for mark in _MARKS:
        value = getattr(context, mark, None)
        found += [(mark, "" if value is True else str(value))] if value else []
    found += [(kind, text) for kind, name in _TEXTS if (text := getattr(context, name, ""))]
    for kind, text in found:
        reading.add("notes", RawNote(relation=what[0], column=what[1], kind=kind, text=text, source=source))


def read_instructions(reading: Reading, context: Context, name: str, source: Source) -> None:
    """Take what people want heeded as a rule for questions that name the thing."""
    if context.instructions:
        words = (name.replace("_", " "), *context.synonyms)
        reading.add("rules", RawRule(kind="instruct", words=words, text=context.instructions, source=source))


def is_settled(reading: Reading, part: str, context: Context) -> bool:
    """Tell whether somebody stands for an entry; what is only proposed in another model defines nothing."""
    if context.status in {"proposed", "rejected"}:
        reading.lose(part, f"it is {context.status} there")
        return False
    return True


def name_unread(reading: Reading, part: str, items: Iterable[Extended]) -> None:
    """Name what other tools added and nothing here reads."""
    for item in items:
        about = part if not isinstance(item, OssieField) else f"{part} field {item.name}"
        for extension in item.custom_extensions:
            reading.lose(about, f"custom_extensions of {extension.vendor_name} are not read")
        context = getattr(item, "ai_context", None)
        if isinstance(context, Context):
            if context.examples:
                reading.lose(about, "its examples are not read: they name questions without a query")
            for word in context.model_extra or {}:
                reading.lose(about, f"ai_context.{word} is not read")
