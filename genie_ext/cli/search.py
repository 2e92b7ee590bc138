"""genie search: what the index knows about some words, and why it thinks so."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.display_cells import clean
from genie_ext.display_width import cut, one_line
from genie_ext.lakes import open_index, open_lake

if TYPE_CHECKING:
    from semantic.facts import Metric, Source
    from semantic.found import Found, Hit
    from semantic.index import Index

_WIDTH = 200
Line = tuple[str, float | None, str, str]
"""Kind, score, what was found, why."""


@click.command()
@click.argument("words", nargs=-1, required=True)
@lake_option
@click.option("--schema", "schemas", metavar="NAME", multiple=True, help="Look in this schema or database only.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@settings_option
def search(
    words: tuple[str, ...], lake: str | None, schemas: tuple[str, ...], as_json: bool, overrides: dict[str, Any]
) -> None:
    """Show what the index finds for some WORDS, and why.

    Tables, columns, cell values, metrics, past queries, joins, terms of the business and passages of documents.
    """
    if not "".join(words).strip():
        raise click.UsageError("Name at least one word to look for.")
    place, settings = open_settings(lake, overrides)
    with open_index(open_lake(place, settings), settings) as index:
        found = index.search(
            " ".join(words), tables=8, columns=12, values=8, passages=3, facts=4, within=_within(schemas)
        )
        lines = list(_lines(found, index))
    if as_json:
        keys = ("kind", "score", "found", "why")
        click.echo(json.dumps([dict(zip(keys, line, strict=True)) for line in lines], indent=1, ensure_ascii=False))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    for kind, score, what, why in lines:
        figure = "      " if score is None else f"{score:6.2f}"
        click.echo(cut(clean(f"{kind:<8} {figure}  {what}" + (f"  — {why}" if why else "")), width))


def _lines(found: Found, index: Index) -> Iterator[Line]:
    yield from _hits("table", found.tables, index)
    yield from _hits("column", found.columns, index)
    for value in found.values:
        place = f"{index.short_name(value.table)}.{value.column}"
        yield "value", value.score, f"{value.phrase!r} is {value.value!r} in {place}", value.match
    for metric in found.metrics:
        yield "metric", metric.score, _say_metric(metric.fact, index), _why(metric.reasons, metric.fact.sources)
        for rival in filter(None, map(index.metric, metric.fact.conflicts)):
            yield "  rival", None, _say_metric(rival, index), _why(("same name, other figure",), rival.sources)
    for query in found.queries:
        title = query.fact.text or query.fact.sql
        yield "query", query.score, one_line(title, 90), _why(query.reasons, query.fact.sources)
    for join in found.joins:
        ends = zip(join.child_columns, join.parent_columns, strict=True)
        on = " and ".join(f"{a} = {b}" for a, b in ends)
        name = f"{index.short_name(join.child)} → {index.short_name(join.parent)} on {on}"
        uses = f", in {join.uses:,} queries" if join.uses else ""
        yield "join", None, name, f"{join.cardinality}, {join.origin}, {join.coverage:.0%} matched{uses}"
    for term in found.terms:
        yield "term", term.score, f"{term.fact.term}: {term.fact.definition}", _why(term.reasons, term.fact.sources)
    for hit in found.passages:
        yield "passage", hit.score, hit.document.title, _why(hit.reasons, ()) + f" ({hit.document.source})"


def _hits(kind: str, hits: Iterable[Hit], index: Index) -> Iterator[Line]:
    for hit in hits:
        if hit.document.table:
            column = f".{hit.document.column}" if hit.document.column else ""
            marks = _personal(hit, index)
            yield kind, hit.score, index.short_name(hit.document.table) + column, "; ".join((*hit.reasons, *marks))


def _personal(hit: Hit, index: Index) -> tuple[str, ...]:
    """Say what personal data a column holds, if it does."""
    column = index.table(hit.document.table).column(hit.document.column) if hit.document.table else None
    return (f"personal data: {column.personal}",) if column and column.personal else ()


def _say_metric(metric: Metric, index: Index) -> str:
    from semantic.mining.writing import shown

    where = f" where {' and '.join(shown(f, index.short_name) for f in metric.filters)}" if metric.filters else ""
    tables = ", ".join(index.short_name(table) for table in metric.tables)
    return f"{metric.name} = {shown(metric.expression, index.short_name)} over {tables}{where} [{metric.standing}]"


def _why(reasons: Iterable[str], sources: Iterable[Source]) -> str:
    places = [f"{source.kind} {source.place}" for source in sources]
    more = f" and {len(places) - 2} more" if len(places) > 2 else ""
    told = f"from {', '.join(places[:2])}{more}" if places else ""
    return "; ".join(filter(None, (*reasons, told)))


def _within(schemas: tuple[str, ...]) -> Any:
    from semantic.search.within import Within

    return Within(names=frozenset(name.lower() for name in schemas)) if schemas else None
