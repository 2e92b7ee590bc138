"""genie batch: a file of questions."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.progress import Line, say


@click.command()
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path), required=True, help="Results folder.")
@lake_option
@click.option("--csv", "as_csv", is_flag=True, help="Write the rows as CSV as well as Parquet.")
@click.option("--retry", is_flag=True, help="Ask again what ended in an error.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Questions asked at once.")
@settings_option
def batch(
    *, questions: Path, folder: Path, lake: str | None, as_csv: bool, retry: bool, jobs: int, overrides: dict[str, Any]
) -> None:
    """Answer a file of QUESTIONS: JSONL with id and question, CSV with a question column, or text, one a line.

    In a text file blank lines and lines that begin with # do not count; the others are numbered 1, 2, 3.

    Each answer is added to results.jsonl in the output folder before the next question is asked, its rows as Parquet
    in rows/. Run it again to go on where it was stopped; questions whose text changed are asked again. With several
    jobs, results stand in the order of answering; the questions of a thread are always asked in order.
    """
    from genie_ext.batch import run_batch
    from genie_ext.batch_results import RESULTS, read_records
    from genie_ext.question_files import read_questions
    from genie_ext.session import Session

    items = read_questions(questions)
    path, settings = open_settings(lake, overrides)
    asked = 0
    try:
        with ExitStack() as opened:
            line = opened.enter_context(Line())
            sessions = [
                opened.enter_context(Session(path, settings=settings, progress=line.update))
                for _ in range(min(jobs, len(items)))
            ]
            for record in run_batch(items, folder, sessions, as_csv=as_csv, retry=retry):
                asked += 1
                line.show(f"{asked} of {len(items)}  {record.id}  {record.status}  {record.question}")
    finally:
        if (folder / RESULTS).is_file():
            _summary(asked, len(items), read_records(folder), {item.id for item in items})
            say(f"Results are in {folder}")


def _summary(asked: int, total: int, records: dict[str, Any], ids: set[str]) -> None:
    counts = Counter(record.status for name, record in records.items() if name in ids)
    parts = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    click.echo(f"{sum(counts.values())} of {total} questions done, {asked} of them now: {parts or 'none'}")
