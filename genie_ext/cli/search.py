"""genie search: what the index knows about some words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option

if TYPE_CHECKING:
    from semantic.index import Index
    from semantic.types import Found


@click.command()
@click.argument("words", nargs=-1, required=True)
@lake_option
@settings_option
def search(words: tuple[str, ...], lake: str | None, overrides: dict[str, Any]) -> None:
    """Show the tables, columns, cell values and documents that the index finds for some WORDS."""
    from semantic.encoders import find_encoder
    from semantic.index import Index
    from semantic.lake import find_lake

    if not "".join(words).strip():
        raise click.UsageError("Name at least one word to look for.")
    place, settings = open_settings(lake, overrides)
    with Index.open(find_lake(place, home=settings.home_of(place)), encoder=find_encoder(settings.encoder)) as index:
        found = index.search(" ".join(words), tables=8, columns=12, values=8, passages=3)
        for line in _lines(found, index):
            click.echo(line)


def _lines(found: Found, index: Index) -> Iterator[str]:
    for hit in found.tables:
        if hit.document.table:
            yield f"table    {hit.score:6.2f}  {index.short_name(hit.document.table)}"
    for hit in found.columns:
        if hit.document.table:
            yield f"column   {hit.score:6.2f}  {index.short_name(hit.document.table)}.{hit.document.column}"
    for value in found.values:
        place = f"{index.short_name(value.table)}.{value.column}"
        yield f"value    {value.score:6.2f}  {value.phrase!r} is {value.value!r} in {place} ({value.match})"
    for hit in found.passages:
        yield f"passage  {hit.score:6.2f}  {hit.document.title} ({hit.document.source})"
