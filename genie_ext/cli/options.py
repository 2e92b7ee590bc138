"""What several commands share: the lake and the settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from genie_ext.config import SETTING_NAMES, Settings, default_lake, load_settings, parse_setting
from genie_ext.errors import ConfigError

Command = TypeVar("Command", bound=Callable[..., Any])

lake_option = click.option(
    "--lake",
    metavar="PATH",
    help="A DuckDB file, a data file or a folder of them. Default: GENIE_LAKE, else the current folder.",
)


def _settings(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    found = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or name not in SETTING_NAMES:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE with a setting's name ({', '.join(SETTING_NAMES)}).")
        found[name] = parse_setting(name, text, "--set")
    return found


settings_option = click.option(
    "-s",
    "--set",
    "overrides",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_settings,
    help="A setting for this call, such as timeout_s=5; may be repeated. See genie config show.",
)


def find_path(lake: str | None) -> Path:
    """Return the lake that was named, else GENIE_LAKE, else the current folder where it is a lake.

    Raises:
        ConfigError: Nothing was named and the current folder is no lake.
    """
    from semantic.errors import LakeError
    from semantic.lake import find_lake

    if named := lake or default_lake():
        return Path(named)
    try:
        find_lake(Path.cwd())
    except LakeError as error:
        message = f"No lake was named, and the current folder {Path.cwd()} is none."
        raise ConfigError(message, hint="Add --lake PATH or set GENIE_LAKE.") from error
    return Path.cwd()


def open_settings(lake: str | None, overrides: dict[str, Any]) -> tuple[Path, Settings]:
    """Return the lake's path and its settings."""
    path = find_path(lake)
    return path, load_settings(path, **overrides)
