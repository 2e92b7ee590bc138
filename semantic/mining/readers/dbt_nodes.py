"""What dbt says about a table and its columns: descriptions, marks, tests and constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from semantic.facts import NoteKind, Source
from semantic.mining.raw import Extract, RawJoin, RawKey, RawNote, Relation
from semantic.mining.readers.shapes import dotted, entries, identifier, listing, mapping, texts, words

Resolve = Callable[[str], Relation]
"""Finds the table that `ref('…')` or `source('…', '…')` names; empty where it is not known."""

_MARKS: dict[str, NoteKind] = {
    "hidden": "hidden", "certified": "certified", "deprecated": "deprecated", "pii": "personal",
    "contains_pii": "personal", "personal": "personal",
}  # fmt: skip
_COMBINED = {
    "unique_combination_of_columns": "combination_of_columns", "expect_compound_columns_to_be_unique": "column_list",
}  # fmt: skip
_UNIQUE = {"unique", "expect_column_values_to_be_unique"}
_FILLED = {"not_null", "expect_column_values_to_not_be_null"}
_FOREIGN = {"relationships", "relationships_where"}
_ACCEPTED = {"accepted_values", "expect_column_values_to_be_in_set"}
_REFERENCE = re.compile(r"^\s*(?P<table>[\w.\"`\[\]]+)\s*\(\s*(?P<columns>[^)]*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test of one table, and of one column where `column` is not empty; `to` is the table it compares with."""

    name: str
    relation: Relation
    source: Source
    column: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    to: Relation = ()
    where: str = ""


def settings(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the free settings of a node or column; newer manifests keep them under `config`."""
    return {**mapping(mapping(raw.get("config")).get("meta")), **mapping(raw.get("meta"))}


def tags(raw: dict[str, Any]) -> tuple[str, ...]:
    """Return the tags of a node or column."""
    return tuple(dict.fromkeys((*texts(raw.get("tags")), *texts(mapping(raw.get("config")).get("tags")))))


def notes(table: Relation, raw: dict[str, Any], source: Source) -> list[RawNote]:
    """Return what is said about a table and its columns."""
    found = _notes(table, "", raw, source)
    for column in entries(raw.get("columns")):
        found += _notes(table, identifier(column.get("name")), column, source)
    return found


def unused_tags(raw: Iterable[dict[str, Any]], place: str) -> list[str]:
    """Return one line about the tags that say nothing known."""
    rest = [tag for node in raw for tag in tags(node) if tag.lower() not in _MARKS]
    return [f"{place}: tags ({listing(rest)}): there is no place for them"] if rest else []


def _notes(table: Relation, column: str, raw: dict[str, Any], source: Source) -> list[RawNote]:
    meta = settings(raw)
    note = partial(RawNote, relation=table, column=column, source=source)
    described = words(raw.get("description"))
    found = [note(kind="description", text=described)] if described else []
    called = (words(meta.get("display_name")), words(meta.get("label")), *texts(meta.get("synonyms")))
    found += [note(kind="synonym", text=text) for text in dict.fromkeys(filter(None, called))]
    if unit := words(meta.get("unit")):
        found.append(note(kind="unit", text=unit))
    marks = {key: meta[key] for key in _MARKS if meta.get(key) and str(meta[key]).lower() not in {"false", "no"}}
    marks |= {tag.lower(): f"tag {tag}" for tag in tags(raw) if tag.lower() in _MARKS}
    for key, value in marks.items():
        told = "personal data" if _MARKS[key] == "personal" else words(value)
        found.append(note(kind=_MARKS[key], text=told or f"{key} in dbt"))
    return found


def constraints(table: Relation, raw: dict[str, Any], source: Source, resolve: Resolve) -> Extract:
    """Return the keys and joins that the contract of a model promises."""
    named = [(texts(entry.get("columns")), entry) for entry in entries(raw.get("constraints"))]
    for column in entries(raw.get("columns")):
        named += [((identifier(column.get("name")),), entry) for entry in entries(column.get("constraints"))]
    keys: list[RawKey] = []
    joins: list[RawJoin] = []
    for columns, entry in named:
        kind = words(entry.get("type")).lower()
        own = tuple(map(identifier, columns))
        if kind == "primary_key" and own:
            keys.append(RawKey(relation=table, columns=own, source=source))
        elif kind == "foreign_key":
            joins += _foreign(table, own, entry, source, resolve)
    return Extract(keys=tuple(keys), joins=tuple(joins))


def tested(tests: Iterable[Test], place: str) -> Extract:
    """Return keys, joins and notes from tests, and a line for each kind of test that says nothing to keep."""
    known = list(tests)
    filled = {(t.relation, t.column.lower()) for t in known if t.name in _FILLED and not t.where}
    keys: list[RawKey] = []
    joins: list[RawJoin] = []
    told: list[RawNote] = []
    rest: dict[str, list[str]] = {}
    for test in known:
        if test.where and test.name in _UNIQUE | set(_COMBINED):
            rest.setdefault(f"{test.name} under a condition", []).append(_subject(test))
        elif test.name in _UNIQUE and test.column:
            if (test.relation, test.column.lower()) in filled:
                keys.append(RawKey(relation=test.relation, columns=(test.column,), source=test.source))
            else:
                rest.setdefault("unique without not_null (no key)", []).append(_subject(test))
        elif test.name in _COMBINED:
            columns = tuple(map(identifier, texts(test.settings.get(_COMBINED[test.name]))))
            keys += [RawKey(relation=test.relation, columns=columns, source=test.source)] if columns else []
        elif test.name in _FOREIGN and (join := _relationship(test)):
            joins.append(join)
        elif test.name in _ACCEPTED and (values := texts(test.settings.get("values", test.settings.get("value_set")))):
            told.append(RawNote(relation=test.relation, column=test.column, kind="description", source=test.source,
                                text=f"One of: {', '.join(values)}."))  # fmt: skip
        elif test.name not in _FILLED:
            rest.setdefault(test.name, []).append(_subject(test))
        if test.settings.get("from_condition") or test.settings.get("to_condition"):
            rest.setdefault("conditions of relationships_where", []).append(_subject(test))
    lost = [f"{place}: tests {name} of {listing(names)}: they say nothing that is kept" for name, names in rest.items()]
    return Extract(keys=tuple(keys), joins=tuple(joins), notes=tuple(told), lost=tuple(lost))


def _relationship(test: Test) -> RawJoin | None:
    theirs = identifier(test.settings.get("field"))
    if not (test.to and test.column and theirs):
        return None
    return RawJoin(child=test.relation, child_columns=(test.column,), parent=test.to, parent_columns=(theirs,),
                   source=test.source)  # fmt: skip


def _foreign(
    table: Relation, own: tuple[str, ...], entry: dict[str, Any], source: Source, resolve: Resolve
) -> list[RawJoin]:
    to, columns = words(entry.get("to")), tuple(map(identifier, texts(entry.get("to_columns"))))
    parent = resolve(to) or dotted(to)
    if not to and (match := _REFERENCE.match(words(entry.get("expression")).removeprefix("references "))):
        parent = dotted(match["table"])
        columns = tuple(identifier(name.strip()) for name in match["columns"].split(","))
    if not parent or not own or len(own) != len(columns):
        return []
    return [RawJoin(child=table, child_columns=own, parent=parent, parent_columns=columns, source=source)]


def _subject(test: Test) -> str:
    table = ".".join(test.relation[-1:])
    return f"{table}.{test.column}" if test.column else table
