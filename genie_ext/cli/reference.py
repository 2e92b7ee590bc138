"""genie reference: the pages of docs/ that are made from the program itself."""

from __future__ import annotations

from pathlib import Path

import click

from genie_ext.config import CONFIG_FILE, Settings, describe_settings, variable

_NOTE = "<!-- Written by `make docs`; change the program, not this page. -->"


@click.command(hidden=True)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def reference(context: click.Context, folder: Path) -> None:
    """Write cli.md, config.md and the schemas of the semantic model to a FOLDER."""
    from semantic.model.schema import SCHEMA_FOLDER, write_schemas

    (folder / "cli.md").write_text(cli_page(context.find_root().command), encoding="utf-8")
    (folder / "config.md").write_text(config_page(), encoding="utf-8")
    write_schemas(folder / SCHEMA_FOLDER)


def cli_page(command: click.Command) -> str:
    """Return docs/cli.md: the help of every command."""
    blocks = [f"## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(command, "genie", None)]
    return "\n".join(["# Command line", "", _NOTE, "", *blocks])


def config_page() -> str:
    """Return docs/config.md: every setting."""
    defaults = Settings()
    lines = [
        "# Settings",
        "",
        _NOTE,
        "",
        f"A value is looked for in the call, then in the environment, then in `{CONFIG_FILE}` beside the lake (in the",
        "folder of a lake, or next to a single file), then the default holds. `genie config show` says what is set and",
        "where. Two more variables: `GENIE_LAKE` names the lake where `--lake` does not, and `GENIE_DEBUG=1` shows",
        "where an unexpected error comes from.",
        "",
        "| setting | environment | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, text in describe_settings().items():
        default = getattr(defaults, name)
        shown = "none" if default in (None, (), {}) else f"`{default}`"
        lines.append(f"| `{name}` | `{variable(name)}` | {shown} | {text} |")
    example = [
        f"# {CONFIG_FILE}",
        "timeout_s = 60",
        'allowed_tables = ["sales.*"]',
        'hidden_columns = ["sales.customers.email"]',
        "",
        "[row_filters]",
        '"sales.orders" = "region = \'EU\'"',
    ]
    return "\n".join([*lines, "", "```toml", *example, "```", ""])


def _helps(command: click.Command, name: str, parent: click.Context | None) -> list[tuple[str, str]]:
    word = name.rsplit(maxsplit=1)[-1]
    names = ["-h", "--help"]
    context = click.Context(command, info_name=word, parent=parent, terminal_width=100, help_option_names=names)
    found = [(name, command.get_help(context))]
    if isinstance(command, click.Group):
        for key in command.list_commands(context):
            child = command.get_command(context, key)
            if child and not child.hidden:
                found += _helps(child, f"{name} {key}", context)
    return found
