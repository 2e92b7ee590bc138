"""Run a measurement of the semantic layer: `python -m bench.semantics COMMAND --help`."""

from __future__ import annotations

import importlib
import importlib.util

import click


class _Commands(click.Group):
    """Loads the module of a command when it is asked for."""

    _names = ("retrieval", "fit", "joins", "mining", "scale", "values")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands that exist."""
        return super().list_commands(ctx) + [
            name for name in self._names if importlib.util.find_spec(f"bench.semantics.{name}")
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a module, which is named after it."""
        if cmd_name not in self.list_commands(ctx):
            return super().get_command(ctx, cmd_name)
        command = getattr(importlib.import_module(f"bench.semantics.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.command(cls=_Commands)
def main() -> None:
    """Measure what the semantic layer knows, on real databases."""


if __name__ == "__main__":
    main()
