"""genie index: read a lake and keep what it means."""

from __future__ import annotations

from typing import Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.progress import Line


@click.command()
@click.argument("path", metavar="[LAKE]", required=False)
@lake_option
@click.option("--force", is_flag=True, help="Read every table again, also those that did not change.")
@click.option("--encoder", metavar="NAME", help="Text encoder: minilm, hashing or the folder of a model.")
@settings_option
def index(path: str | None, lake: str | None, force: bool, encoder: str | None, overrides: dict[str, Any]) -> None:
    """Build or refresh the index of a LAKE.

    Asking builds it too; this shows how far it is and what it found. Only what changed is read again.
    """
    from semantic.encoders import find_encoder
    from semantic.index import build_index
    from semantic.lake import find_lake

    if encoder:
        overrides = {**overrides, "encoder": encoder}
    place, settings = open_settings(path or lake, overrides)
    found = find_lake(place, home=settings.home_of(place))
    with Line() as line:
        report = build_index(found, encoder=find_encoder(settings.encoder), progress=line.update, force=force)
    click.echo(
        f"{report.tables:,} tables with {report.columns:,} columns and {report.relationships:,} joins; "
        f"{report.changed:,} tables read, {report.embedded:,} texts embedded in {report.seconds:.1f} s."
    )
    for reason in report.skipped:
        click.echo(f"skipped {reason}")
    click.echo(f"Index {report.version} in {found.home}")
