"""genie config: what is set, and where it was set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from genie_ext.cli.options import lake_option, settings_option
from genie_ext.config import SETTING_NAMES, config_file, default_lake, describe_settings, load_settings, variable
from genie_ext.model_settings import ModelSettings
from genie_ext.models.said import shown_server


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
        click.echo(f"{name:<16} {_shown(getattr(settings, name)):<24} {settings.origins.get(name, 'default')}")
    click.echo(f"\nFile: {config_file(named)}")


def _shown(value: object) -> str:
    """Return a value as a person reads it: parts of several separated by commas, each model in a few words."""
    if value is None:
        return "-"
    if isinstance(value, ModelSettings):
        server = f" at {shown_server(value.base_url)}" if value.base_url else ""
        return f"{value.provider} {value.model} ({value.tier}){server}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_shown(own)}" for key, own in value.items()) or "-"
    return ", ".join(map(str, value)) or "-" if isinstance(value, tuple) else str(value)


@config.command()
def explain() -> None:
    """Explain every setting and name its environment variable."""
    for name, text in describe_settings().items():
        click.echo(f"{name} ({variable(name)})\n    {text}")
