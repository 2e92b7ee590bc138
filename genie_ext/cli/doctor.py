"""genie doctor: what works here and what to do about the rest."""

from __future__ import annotations

from typing import Any

import click

from genie_ext.cli.options import lake_option, settings_option
from genie_ext.config import default_lake


@click.command()
@lake_option
@settings_option
def doctor(lake: str | None, overrides: dict[str, Any]) -> int:
    """Check the installation and, where one is named, a lake with its index and its worker."""
    from genie_ext.doctor import examine

    sound = True
    for found in examine(lake or default_lake(), **overrides):
        sound = sound and found.ok
        click.echo(f"{'ok  ' if found.ok else 'FAIL'}  {found.name:<22} {found.text}")
        if found.hint:
            click.echo(f"{'':<28} → {found.hint}")
    return 0 if sound else 1
