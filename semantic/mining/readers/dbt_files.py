"""Descriptions, tests and dashboards in dbt's YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from semantic.facts import Source
from semantic.mining.raw import Extract, Lineage, RawPassage, Relation
from semantic.mining.readers import dbt_nodes as nodes
from semantic.mining.readers.shapes import entries, identifier, mapping, relation, texts, words


def plain_text(value: Any) -> str:
    """Return a setting, empty where it is a template that only dbt can fill in."""
    text = words(value)
    return "" if "{{" in text or "{%" in text else text


def table_entries(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a file that become tables."""
    return [entry for kind in ("models", "seeds", "snapshots") for entry in entries(raw.get(kind))]


def named_table(raw: dict[str, Any]) -> Relation:
    """Return the table of a model, as far as its entry names it: its schema is set elsewhere."""
    config = mapping(raw.get("config"))
    name = plain_text(config.get("alias")) or plain_text(raw.get("alias")) or words(raw.get("name"))
    versions = [words(entry.get("v")) for entry in entries(raw.get("versions"))]
    latest = words(raw.get("latest_version")) or max(versions, default="")
    return relation(f"{name}_v{latest}" if latest and not config.get("alias") else name)


def described(raw: dict[str, Any], place: str, resolve: nodes.Resolve, tables: Mapping[str, Relation]) -> Extract:
    """Return descriptions, marks, keys, joins and dashboards of one file."""
    found = Extract()
    tests: list[nodes.Test] = []
    known = [(named_table(entry), entry) for entry in table_entries(raw)]
    for source in entries(raw.get("sources")):
        name = words(source.get("name"))
        known += [(tables[f"{name}.{words(t.get('name'))}"], t) for t in entries(source.get("tables"))]
        if text := words(source.get("description")):
            place_of = Source(kind="dbt", place=f"{place}:{name}", definition=True)
            found += Extract(passages=(RawPassage(title=name, text=text, source=place_of),))
    for table, entry in known:
        owner = words(nodes.settings(entry).get("owner"))
        source_of = Source(kind="dbt", place=f"{place}:{words(entry.get('name'))}", owner=owner, definition=True)
        found += Extract(notes=tuple(nodes.notes(table, entry, source_of)))
        found += nodes.constraints(table, entry, source_of, resolve)
        tests += _tests(table, entry, source_of, resolve)
    unused = nodes.unused_tags([entry for _, entry in known], place)
    lineage = tuple(_dashboard(entry, place, resolve) for entry in entries(raw.get("exposures")))
    return found + nodes.tested(tests, place) + Extract(lineage=lineage, lost=tuple(unused))


def _tests(table: Relation, entry: dict[str, Any], source: Source, resolve: nodes.Resolve) -> list[nodes.Test]:
    found = [_test(raw, table, "", source) for raw in _listed(entry)]
    for column in entries(entry.get("columns")):
        found += [_test(raw, table, identifier(column.get("name")), source) for raw in _listed(column)]
    return [replace(test, to=resolve(words(test.settings.get("to")))) for test in found]


def _listed(entry: dict[str, Any]) -> list[Any]:
    return [raw for key in ("data_tests", "tests") if isinstance(entry.get(key), list) for raw in entry[key]]


def _test(raw: Any, table: Relation, column: str, source: Source) -> nodes.Test:
    """Return a test, written as its name or as an object with settings of which some may stand deeper."""
    if not isinstance(raw, dict):
        return nodes.Test(name=_bare(raw), relation=table, source=source, column=column)
    name = words(raw.get("test_name")) or next(iter(raw), "")
    settings = raw if raw.get("test_name") else mapping(raw.get(name))
    settings = {**settings, **mapping(settings.get("arguments"))}
    where = words(settings.get("where")) or words(mapping(settings.get("config")).get("where"))
    return nodes.Test(
        name=_bare(name), relation=table, source=source, where=where, settings=settings,
        column=column or identifier(settings.get("column_name")),
    )  # fmt: skip


def _bare(name: Any) -> str:
    return words(name).rsplit(".", 1)[-1]


def _dashboard(entry: dict[str, Any], place: str, resolve: nodes.Resolve) -> Lineage:
    inputs = tuple(found for text in texts(entry.get("depends_on")) if (found := resolve(text)))
    return Lineage(name=(), inputs=inputs, source=exposure_source(entry, place))


def exposure_source(entry: dict[str, Any], place: str) -> Source:
    """Return where an exposure stands, with its owner."""
    owner = mapping(entry.get("owner"))
    return Source(
        kind="dbt", place=f"{place}:{words(entry.get('name'))}", definition=True,
        title=words(entry.get("label")) or words(entry.get("name")),
        owner=words(owner.get("name")) or words(owner.get("email")),
    )  # fmt: skip
