"""Lay notes on tables and columns: those of mining where the catalog is silent, those of people always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from semantic.facts import Note
from semantic.model.said import Said
from semantic.types import Column, Table, TableId

Notes = dict[tuple[TableId, str], list[Note]]


def noted(tables: Sequence[Table], notes: Iterable[Note], said: Said) -> tuple[Table, ...]:
    """Return the tables with what is said about them; of two notes about one thing the later one counts."""
    by_place: Notes = {}
    # People come after mining, so that they have the last word.
    for note in sorted(notes, key=lambda note: note.source.kind == "person"):
        by_place.setdefault((note.table, note.column.lower()), []).append(note)
    denied = {(table, column.lower()) for table, column, _ in said.denied}
    touched = {table for table, _ in by_place} | {table for table, _ in denied} | set(said.keys)
    return tuple(_table(table, by_place, said) if table.id in touched else table for table in tables)


def _table(table: Table, notes: Notes, said: Said) -> Table:
    columns = tuple(_column(table.id, column, notes, said) for column in table.columns)
    found = notes.get((table.id, ""), [])
    no = {mark for place, column, mark in said.denied if (place, column) == (table.id, "")}
    return replace(
        table,
        columns=columns,
        comment=_comment(table.comment, found),
        synonyms=_synonyms(table.synonyms, found),
        certified=_marked(table.certified, "certified", found, no),
        hidden=_marked(table.hidden, "hidden", found, no),
        stale=_marked(table.stale, "deprecated", found, no),
        default_filter=_last(found, "filter", table.default_filter),
        primary_key=table.primary_key or said.keys.get(table.id, ()),
    )


def _column(table: TableId, column: Column, notes: Notes, said: Said) -> Column:
    found = notes.get((table, column.name.lower()), [])
    no = {mark for place, name, mark in said.denied if (place, name.lower()) == (table, column.name.lower())}
    if not found and not no:
        return column
    return replace(
        column,
        comment=_comment(column.comment, found),
        synonyms=_synonyms(column.synonyms, found),
        unit=_last(found, "unit", column.unit),
        personal=_last(found, "personal", column.personal),
        hidden=_marked(column.hidden, "hidden", found, no),
        deprecated=_marked(column.deprecated, "deprecated", found, no),
    )


def _comment(known: str, notes: Sequence[Note]) -> str:
    """Return what a person wrote, else the catalog's comment, else the most trusted thing that was mined."""
    people = [n.text for n in notes if n.kind == "description" and n.source.kind == "person"]
    mined = [n.text for n in notes if n.kind == "description" and n.source.kind != "person"]
    return people[-1] if people else known or (mined[0] if mined else "")


def _synonyms(known: tuple[str, ...], notes: Sequence[Note]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *(n.text for n in notes if n.kind == "synonym" and n.text))))


def _marked(known: bool, mark: str, notes: Sequence[Note], no: Iterable[str]) -> bool:
    return mark not in no and (known or any(n.kind == mark for n in notes))


def _last(notes: Sequence[Note], kind: str, known: str) -> str:
    found = [n for n in notes if n.kind == kind]
    people = [n.text for n in found if n.source.kind == "person"]
    return people[-1] if people else known or (found[0].text if found else "")
