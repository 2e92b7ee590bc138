"""genie index: read a lake and keep what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.display_width import one_line
from genie_ext.lakes import open_index, open_lake, refresh_index
from genie_ext.progress import Line

if TYPE_CHECKING:
    from semantic.facts import Facts

_SHOWN = 10


@click.command()
@click.argument("path", metavar="[LAKE]", required=False)
@lake_option
@click.option(
    "--sources",
    metavar="PATH",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder that says what the data means: queries, logs, notebooks, dashboards, dbt, documents. May be"
    " repeated; later builds read it again.",
)
@click.option("--forget-sources", is_flag=True, help="Stop reading the sources that earlier builds were told of.")
@click.option("--force", is_flag=True, help="Read every table again, also those that did not change.")
@click.option("--encoder", metavar="NAME", help="Text encoder: minilm, hashing or the folder of a model.")
@click.option("--verbose", "-v", is_flag=True, help="List everything that was skipped or could not be carried over.")
@settings_option
def index(
    *,
    path: str | None,
    lake: str | None,
    sources: tuple[Path, ...],
    forget_sources: bool,
    force: bool,
    encoder: str | None,
    verbose: bool,
    overrides: dict[str, Any],
) -> None:
    """Build or refresh the index of a LAKE.

    Asking builds it too; this shows how far it is and what it found. Only what changed is read again.
    """
    from semantic.lake import remember, remembered

    if encoder:
        overrides = {**overrides, "encoder": encoder}
    place, settings = open_settings(path or lake, overrides)
    home = open_lake(place, settings).home
    if sources or forget_sources:
        kept = () if forget_sources else remembered(home)
        remember(home, tuple(dict.fromkeys((*kept, *(source.resolve() for source in sources)))))
    found = open_lake(place, settings)
    with Line() as line:
        report = refresh_index(found, settings, progress=line.update, force=force)
    click.echo(
        f"{report.tables:,} tables with {report.columns:,} columns and {report.relationships:,} joins; "
        f"{report.changed:,} tables read, {report.embedded:,} texts embedded in {report.seconds:.1f} s."
    )
    with open_index(found, settings) as opened:
        facts = opened.facts()
    for text in _meaning(facts):
        click.echo(text)
    for text in _list("skipped", report.skipped, all_of=verbose):
        click.echo(text)
    for text in _list("not carried over", facts.lost, all_of=verbose):
        click.echo(text)
    click.echo(f"Index {report.version} in {found.home}")


def _meaning(facts: Facts) -> Iterator[str]:
    counts = {
        "metrics": len(facts.metrics), "derived columns": len(facts.dimensions), "named filters": len(facts.segments),
        "past queries": len(facts.queries), "joins in use": len(facts.joins), "terms": len(facts.terms),
        "remarks on tables and columns": len(facts.notes),
    }  # fmt: skip
    told = [f"{count:,} {name}" for name, count in counts.items() if count]
    if told:
        yield f"Meaning: {', '.join(told)}."
    if rivals := sum(bool(metric.conflicts) for metric in facts.metrics):
        yield f"{rivals:,} metrics are defined in more than one way: see genie model check, or genie search a name."


def _list(what: str, lines: Sequence[str], *, all_of: bool) -> Iterator[str]:
    shown = lines if all_of else lines[:_SHOWN]
    yield from (f"{what} {one_line(line, 300)}" for line in shown)
    if len(lines) > len(shown):
        yield f"{what} {len(lines) - len(shown):,} more: add --verbose."
