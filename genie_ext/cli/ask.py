"""genie ask: one question, rows to stdout, notes to stderr."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.config import Settings, color_wanted
from genie_ext.errors import ConfigError
from genie_ext.progress import Line, say
from genie_ext.types import Turn


@click.command()
@click.argument("question", nargs=-1, required=True)
@lake_option
@click.option("--json", "as_json", is_flag=True, help="Write the whole answer, or the error, as one JSON object.")
@click.option("--sql", "as_sql", is_flag=True, help="Write only the SQL.")
@click.option("--csv", "as_csv", is_flag=True, help="Write only the rows, as CSV; this is so in a pipe anyway.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the rows to .csv, .parquet or .json.")
@click.option("--chart", type=click.Path(path_type=Path), help="Write the chart to .html, .svg, .png or .json.")
@click.option(
    "--thread",
    default="",
    metavar="NAME",
    help="Conversation to go on with, so that a question may refer to those before.",
)
@click.option(
    "--effort",
    type=click.Choice(["low", "auto", "high"]),
    help="How hard models think: one try, more where signals disagree, or always more. Default: the setting.",
)
@click.option("--no-color", is_flag=True, help="Write plain text; NO_COLOR does the same.")
@click.option("--width", type=click.IntRange(40), help="Columns of text. Default: the terminal's.")
@settings_option
def ask(
    *,
    question: tuple[str, ...],
    lake: str | None,
    as_json: bool,
    as_sql: bool,
    as_csv: bool,
    output: Path | None,
    chart: Path | None,
    thread: str,
    effort: str | None,
    no_color: bool,
    width: int | None,
    overrides: dict[str, Any],
) -> int:
    """Answer a QUESTION.

    On a terminal the whole answer is shown. In a pipe stdout gets the rows as CSV, and how the question was understood,
    what was checked and the SQL go to stderr, so that `genie ask … > rows.csv` holds rows and nothing else.

    Exit codes: 0 answered, 2 wrong use or no lake, 3 cannot answer, 4 refused by the guard, 1 any other error.
    """
    form = _form(json=as_json, sql=as_sql, csv=as_csv)
    path, settings = open_settings(lake, {**overrides, **({"effort": effort} if effort else {})})
    turn = _answer(path, settings, " ".join(question), thread)
    if output and turn.rows and turn.answer:
        from genie_ext.export import write_rows

        write_rows(turn.rows.table, output)
    if chart and turn.answer:
        _save_chart(turn, chart)
    _write(turn, form, width=width, plain=no_color, rows_elsewhere=output is not None)
    if turn.answer and turn.rows and turn.rows.truncated and (output or _in_pipe(form)):
        _say_truncated(turn.rows.table.num_rows, settings, output)
    return 0 if turn.answer else 3


def _form(**wanted: bool) -> str | None:
    chosen = [name for name, is_wanted in wanted.items() if is_wanted]
    if len(chosen) > 1:
        raise click.UsageError(f"Only one of {', '.join(f'--{name}' for name in chosen)} can be used at a time.")
    return chosen[0] if chosen else None


def _answer(path: Path, settings: Settings, question: str, thread: str) -> Turn:
    from genie_ext.session import Session
    from genie_ext.threads import recall

    with Line(quiet=True) as line, Session(path, settings=settings, progress=line.update) as session:
        for earlier in recall(session.lake.home, thread) if thread else ():
            session.ask(earlier, thread=thread)
        for event in session.events(question, thread=thread):
            line.show(event.text)
            if event.kind == "answer" and isinstance(event.value, Turn):
                line.clear()
                if thread and not event.value.refusal:
                    _keep(session.lake.home, thread, question)
                return event.value
    raise RuntimeError("The session ended without an answer.")


def _keep(home: Path, thread: str, question: str) -> None:
    """Add the question to its thread; what was found is shown even where that fails."""
    from genie_ext.threads import remember

    try:
        remember(home, thread, question)
    except ConfigError as error:
        say(f"The thread {thread} does not hold this question: {error}")


def _in_pipe(form: str | None) -> bool:
    return form == "csv" or (form is None and not sys.stdout.isatty())


def _say_truncated(rows: int, settings: Settings, output: Path | None) -> None:
    """Say that there are more rows than were written, and which limit to raise."""
    name = "row_limit" if rows >= settings.row_limit else "byte_limit"
    place = f"{output} holds" if output else "These are"
    say(f"{place} the first {rows:,} rows; there are more. Raise the limit: -s {name}={getattr(settings, name) * 10}")


def _save_chart(turn: Turn, path: Path) -> None:
    from genie_ext.chart import save_chart

    if turn.answer and turn.answer.chart:
        save_chart(turn.answer.chart, path)
        say(f"The chart is in {path}.")
    else:
        say("No chart fits this answer, so none was written.")


def _write(turn: Turn, form: str | None, *, width: int | None, plain: bool, rows_elsewhere: bool) -> None:
    from genie_ext.display import to_json, to_text

    columns = width or min(shutil.get_terminal_size().columns, 120)
    if form == "json":
        click.echo(json.dumps(to_json(turn), ensure_ascii=False, default=str))
        return
    if not turn.answer:
        say(to_text(turn, width=columns, color=_colored(plain, sys.stderr.isatty())))
    elif form == "sql":
        click.echo(turn.sql.text if turn.sql else "")
    elif not _in_pipe(form):
        click.echo(to_text(turn, width=columns, color=_colored(plain, colors=True)))
    else:
        say(to_text(turn, width=columns, color=_colored(plain, sys.stderr.isatty()), max_rows=0))
        if turn.rows and not rows_elsewhere:
            from genie_ext.export import write_csv

            write_csv(turn.rows.table, sys.stdout)


def _colored(plain: bool, colors: bool) -> bool:
    return colors and not plain and color_wanted()
