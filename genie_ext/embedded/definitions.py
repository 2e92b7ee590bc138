"""Definitions in words: what a metric or a segment means and where it is defined."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genie_ext.embedded.named import NamedFact
from semantic.facts import Metric, Source, SourceKind

_PART = r'"(?:[^"]|"")*"'
_COLUMN = re.compile(rf"{_PART}\.{_PART}\.({_PART})\.({_PART})")
_DAY = re.compile(r"\bCAST\(('\d{4}-\d\d-\d\d') AS DATE\)|\bDATE ('\d{4}-\d\d-\d\d')", re.IGNORECASE)
_KINDS: dict[SourceKind, str] = {
    "view": "the view ", "catalog": "the catalog of ", "notebook": "the notebook ", "dashboard": "the dashboard ",
    "dbt": "the dbt file ", "metric view": "the metric view ", "semantic view": "the semantic view ",
    "log": "the query log ", "person": "the semantic model, ", "ossie": "the semantic model, ",
}  # fmt: skip
_LONGEST = 240


def title_of(fact: NamedFact) -> str:
    """Return the name of a fact for people."""
    label = fact.label if isinstance(fact, Metric) else ""
    return label or " ".join(fact.name.replace("_", " ").split())


def say_definition(fact: NamedFact) -> str:
    """Return what a fact computes or demands, in the names of columns alone."""
    if not isinstance(fact, Metric):
        return _cut(say_sql(fact.condition, several=len(fact.tables) > 1))
    read = " ".join((fact.expression, *fact.filters))
    joined = [table.name for table in fact.tables[1:] if f'"{table.schema}"."{table.name}"."' not in read]
    over = f" over {fact.tables[0].name} that have {' and '.join(joined)}" if joined else ""
    several = len(fact.tables) - len(joined) > 1
    where = " and ".join(say_sql(text, several=several) for text in fact.filters)
    return _cut(say_sql(fact.expression, several=several) + over + (f" where {where}" if where else ""))


def say_sql(text: str, *, several: bool = False) -> str:
    """Return an expression with every column by its name, behind its table's name where `several` are read."""
    return _DAY.sub(r"\1\2", " ".join(_COLUMN.sub(lambda found: _column(found, several=several), text).split()))


def say_sources(sources: Sequence[Source]) -> str:
    """Return where a fact is from: its first source and how many others there are."""
    if not sources:
        return "the index"
    first, others = sources[0], len({source.place for source in sources}) - 1
    place = f"{_KINDS.get(first.kind, '')}{first.place}" + (f" (“{first.title}”)" if _adds(first) else "")
    return place if not others else f"{place} and {others} other place{'s' if others > 1 else ''}"


def _adds(source: Source) -> bool:
    return bool(source.title) and source.title.casefold() not in source.place.casefold()


def _column(found: re.Match[str], *, several: bool) -> str:
    table, column = (part[1:-1].replace('""', '"') for part in found.groups())
    return f"{table}.{column}" if several else column


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
