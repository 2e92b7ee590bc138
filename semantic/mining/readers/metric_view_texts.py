"""Names, descriptions and units in a metric view."""

from __future__ import annotations

from functools import partial
from typing import Any

from semantic.facts import Source
from semantic.mining.raw import RawNote, Relation
from semantic.mining.readers.shapes import mapping, texts, words


def column_notes(table: Relation, name: str, entry: dict[str, Any], source: Source) -> list[RawNote]:
    """Return what a field that is a plain column says about it."""
    note = partial(RawNote, relation=table, column=name, source=source)
    called = words(entry.get("name"))
    other = (called,) if called.lower() != name.lower() else ()
    synonyms = [note(kind="synonym", text=text) for text in dict.fromkeys((*other, *synonyms_of(entry)))]
    described = words(entry.get("comment"))
    unit = unit_of(entry)
    return [
        *([note(kind="description", text=described)] if described else []),
        *synonyms,
        *([note(kind="unit", text=unit)] if unit else []),
    ]


def synonyms_of(entry: dict[str, Any]) -> tuple[str, ...]:
    """Return the name for people and the synonyms of a field."""
    shown = words(entry.get("display_name"))
    return tuple(dict.fromkeys((*((shown,) if shown else ()), *texts(entry.get("synonyms")))))


def unit_of(entry: dict[str, Any]) -> str:
    """Return what the numbers of a field or measure count, empty where its format does not say."""
    form = mapping(entry.get("format"))
    kind = words(form.get("type")).lower()
    return {"currency": words(form.get("currency_code")), "percentage": "%", "byte": "bytes"}.get(kind, "")
