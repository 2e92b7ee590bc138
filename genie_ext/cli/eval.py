"""genie eval: how often the answers are right."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from genie_ext.cli.options import settings_option
from genie_ext.progress import Line

if TYPE_CHECKING:
    from genie_ext.evaluate import Case, Outcome

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("eval")
@click.argument("questions", type=_FILE, nargs=-1)
@click.option("--databases", type=_FOLDER, multiple=True, help="Folder with <db>.duckdb, or a lake <db>; in order.")
@click.option("--only", type=_FILE, help="List of ids to ask, the last field of each tab-separated line.")
@click.option("--bench", type=_FOLDER, help="Folder of sets, each with questions.jsonl and db/.")
@click.option("--list", "listing", type=_FILE, help="Lines of set and id to ask from the bench folder.")
@click.option("--home", type=click.Path(path_type=Path), help="Folder that keeps the indexes for the next run.")
@click.option("--limit", type=click.IntRange(1), help="Ask only the first so many questions.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--details", type=click.Path(path_type=Path), help="Write one JSON line per question to this file.")
@settings_option
def evaluate(
    *,
    questions: tuple[Path, ...],
    databases: tuple[Path, ...],
    only: Path | None,
    bench: Path | None,
    listing: Path | None,
    home: Path | None,
    limit: int | None,
    form: str,
    details: Path | None,
    overrides: dict[str, Any],
) -> None:
    """Measure execution accuracy over files of QUESTIONS with gold SQL or gold answers.

    Each line holds id, db, question and sql_duckdb (or sqls_duckdb, any of which is right, or answer as a list of name
    and value); history holds the questions before it. Rows are compared as bags under any order of the columns,
    numbers to a relative 1e-4; the order of rows counts where the gold SQL sorts and does not pick one row. An answer
    is right where the rows hold every value and there are no more rows than values.
    """
    from genie_ext.evaluate import summarise

    cases = _cases(questions, only, bench, listing)[:limit]
    folders = [*databases, *([bench, *sorted(bench.glob("*/db"))] if bench else [])]
    folders = folders or [path.parent / "db" for path in questions]
    with ExitStack() as stack:
        place = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genie-eval-")))
        stream = stack.enter_context(details.open("w", encoding="utf-8")) if details else None
        outcomes = _run(cases, folders, place, stream, overrides)
    figures = summarise(outcomes)
    click.echo(json.dumps(figures, default=str) if form == "json" else _table(figures))


def _cases(questions: Sequence[Path], only: Path | None, bench: Path | None, listing: Path | None) -> tuple[Case, ...]:
    from genie_ext.evaluate import read_bench, read_cases, read_only_list

    if bench and listing:
        return read_bench(bench, listing)
    if bench or listing or not questions:
        raise click.UsageError("Name files of questions, or both --bench and --list.")
    chosen = read_only_list(only) if only else None
    return tuple(case for path in questions for case in read_cases(path, only=chosen))


def _run(
    cases: Sequence[Case], folders: Sequence[Path], home: Path, details: IO[str] | None, overrides: dict[str, Any]
) -> list[Outcome]:
    from genie_ext.evaluate import detail
    from genie_ext.evaluate import evaluate as evaluate_cases

    outcomes: list[Outcome] = []
    with Line(quiet=True) as line:
        for outcome in evaluate_cases(cases, folders, home, **overrides):
            outcomes.append(outcome)
            if details:
                details.write(json.dumps(detail(outcome), default=str) + "\n")
                details.flush()
            right = sum(item.right for item in outcomes)
            line.show(f"{len(outcomes)} of {len(cases)}, {right} right  {outcome.case.database}")
    return outcomes


def _table(figures: dict[str, Any]) -> str:
    head = f"{'set':<22}{'n':>6}{'answered':>10}{'right':>7}{'wrong':>7}{'refused':>9}{'errors':>8}{'accuracy':>10}"
    lines = [f"{head}  95 % interval  precision   p50 s   p95 s"]
    lines += [_line(name, part) for name, part in figures["suites"].items()]
    lines += [_line("all", figures), "", "confidence      n   said  right"]
    lines += [
        f"{item['from']:.1f} to {item['to']:.1f}  {item['n']:>5}  {item['confidence']:>5.2f}  {item['right']:>5.2f}"
        for item in figures["calibration"]
    ]
    return "\n".join(lines)


def _line(name: str, part: dict[str, Any]) -> str:
    low, high = part["interval"]
    widths = {"n": 6, "answered": 10, "right": 7, "wrong": 7, "refused": 9, "errors": 8}
    counts = "".join(f"{part[key]:>{width}}" for key, width in widths.items())
    times = "".join(f"{'-' if part[mark] is None else format(part[mark], '.2f'):>8}" for mark in ("p50", "p95"))
    return f"{name:<22}{counts}{part['accuracy']:>10.1%}  {low:>6.1%} {high:>6.1%}  {part['precision']:>9.1%}{times}"
