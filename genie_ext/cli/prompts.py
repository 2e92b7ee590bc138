"""genie prompts: the exact words that a model would be sent."""

from __future__ import annotations

from typing import Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.display_cells import clean


@click.group()
def prompts() -> None:
    """Look at what models are sent."""


@prompts.command()
@click.argument("stage", type=click.Choice(["plan", "sql"]))
@click.argument("question", nargs=-1, required=True)
@lake_option
@settings_option
def show(stage: str, question: tuple[str, ...], lake: str | None, overrides: dict[str, Any]) -> None:
    """Print the exact prompt of a STAGE for a QUESTION, so that it can be judged, and tried on a model of your own.

    No model is called and none needs to be configured. The prompt "sql" is that for the embedded tier's own plan.
    """
    from genie_ext.session import Session

    path, settings = open_settings(lake, overrides)
    with Session(path, settings=settings) as session:
        prompt = session.prompt("plan" if stage == "plan" else "sql", " ".join(question))
    for line in ("# system", *prompt.system.splitlines(), "", "# user", *prompt.user.splitlines()):
        click.echo(clean(line))
    click.echo(f"About {prompt.tokens:,} tokens of at most {settings.context_tokens:,}.", err=True)
