"""The command `genie`, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

import click

from genie_ext import disk
from genie_ext.cli.ask import ask
from genie_ext.cli.batch import batch
from genie_ext.cli.config import config
from genie_ext.cli.demo import demo
from genie_ext.cli.doctor import doctor
from genie_ext.cli.eval import evaluate
from genie_ext.cli.explain import explain
from genie_ext.cli.index import index
from genie_ext.cli.ledger import ledger
from genie_ext.cli.mcp import mcp
from genie_ext.cli.model import model
from genie_ext.cli.models import models
from genie_ext.cli.prompts import prompts
from genie_ext.cli.reference import reference
from genie_ext.cli.route import route
from genie_ext.cli.search import search
from genie_ext.config import debug_wanted
from genie_ext.errors import GenieError, QueryCancelledError
from semantic.errors import SemanticError


class _Questions(click.Group):
    """A group that takes a first word with a space in it for a question."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and " " in args[0].strip():
            return "ask", ask, args
        return super().resolve_command(ctx, args)


@click.group(cls=_Questions, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genie-ext", prog_name="genie")
def genie() -> None:
    """Ask a DuckDB lakehouse in plain language and get checked SQL and rows.

    \b
      genie demo                                     build a demo lake and ask it
      genie "how many orders last month" --lake demo-lake
      genie batch questions.txt -o run --lake demo-lake
    """  # noqa: D301 - click's mark for a block that keeps its lines


_COMMANDS = (
    ask, explain, search, index, batch, evaluate, doctor, demo, mcp, model, models, route, prompts, ledger, config,
    reference,
)  # fmt: skip
for _command in _COMMANDS:
    genie.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; no error leaves as a traceback unless GENIE_DEBUG asks for it."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = genie.main(args=words, prog_name="genie", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Whoever read the rows has seen enough; click itself makes a SystemExit of that.
        _drop_output()
        return 0
    except click.ClickException as error:
        return _tell(error, words)
    except (click.Abort, KeyboardInterrupt, QueryCancelledError):
        return _tell(GenieError("Stopped."), words, code=130)
    except Exception as error:
        if debug_wanted():
            raise
        return _tell(error, words)
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run())


def _explain(error: Exception) -> tuple[str, str, int]:
    """Return what happened, the next step, and the exit code."""
    if isinstance(error, click.ClickException):
        return error.format_message(), "", error.exit_code
    if isinstance(error, GenieError):
        return error.message, error.hint, error.exit_code
    if isinstance(error, SemanticError):
        return error.message, error.hint, 2
    if isinstance(error, OSError):
        what = "A file or folder cannot be used" if error.filename else "The output cannot be written"
        return disk.explain(what, error), disk.HINT, 1
    return f"Unexpected {type(error).__name__}: {error}.", "Set GENIE_DEBUG=1 to see where.", 1


def _tell(error: Exception, words: Sequence[str], *, code: int | None = None) -> int:
    """Write the error to stderr, or to stdout where JSON was asked for, and return the exit code."""
    message, hint, found = _explain(error)
    lost = isinstance(error, OSError) and not error.filename
    _drop_output()
    try:
        if "--json" in words and not lost:
            click.echo(json.dumps({"error": message, "hint": hint}, ensure_ascii=False))
        elif isinstance(error, click.ClickException):
            error.show()
        else:
            click.echo(f"{message} {hint}".strip(), err=True)
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return found if code is None else code


def _drop_output() -> None:
    """Throw away what cannot be written, lest the interpreter tries again at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
