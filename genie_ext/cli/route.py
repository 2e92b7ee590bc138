"""genie route: which tier would answer a question, and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.display_cells import clean


@click.group()
def route() -> None:
    """Look at where questions go."""


@route.command()
@click.argument("question", nargs=-1, required=True)
@lake_option
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
@settings_option
def explain(question: tuple[str, ...], lake: str | None, as_json: bool, overrides: dict[str, Any]) -> None:
    """Say which tier would answer a QUESTION, and why; no model is called."""
    from genie_ext.session import Session

    path, settings = open_settings(lake, overrides)
    with Session(path, settings=settings) as session:
        found = session.route(" ".join(question))
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False))
        return
    click.echo(f"{found.tier or 'no'} tier")
    for reason in found.why:
        click.echo(clean(f"  {reason}"))
    for missing in found.missing:
        click.echo(clean(f"  missing: {missing}"))
