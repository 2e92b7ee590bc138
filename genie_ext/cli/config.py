"""genie config: what is set, and where it was set."""

from __future__ import annotations

from typing import Any

import click

from genie_ext.cli.options import lake_option, settings_option
from genie_ext.config import SETTING_NAMES, config_file, default_lake, describe_settings, load_settings, variable


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@lake_option
@settings_option
def show(lake: str | None, overrides: dict[str, Any]) -> None:
    """Show every setting, its value and where the value comes from."""
    named = lake or default_lake()
    settings = load_settings(named, **overrides)
    for name in SETTING_NAMES:
        value = getattr(settings, name)
        click.echo(f"{name:<16} {'-' if value is None else value!s:<24} {settings.origins.get(name, 'default')}")
    click.echo(f"\nFile: {config_file(named)}")


@config.command()
def explain() -> None:
    """Explain every setting and name its environment variable."""
    for name, text in describe_settings().items():
        click.echo(f"{name} ({variable(name)})\n    {text}")
