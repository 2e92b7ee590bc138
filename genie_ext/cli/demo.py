"""genie demo: a lake to try, and its questions asked."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import click

from genie_ext.config import CONFIG_FILE, color_wanted, load_settings
from genie_ext.progress import Line, say


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo-lake"), show_default=True)
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="Size.")
def demo(folder: Path, scale: float) -> None:
    """Build a demo lake where there is none, index it, and ask it every question of the demo."""
    from genie_ext.display import to_text
    from genie_ext.session import Session

    _build(folder, scale)
    color = sys.stdout.isatty() and color_wanted()
    questions = _questions()
    with Line() as line, Session(folder, settings=load_settings(folder), progress=line.update) as session:
        for thread, question in questions:
            turn = session.ask(question, thread=thread)
            line.clear()
            click.echo(f"\n? {question}\n\n{to_text(turn, color=color)}")
    click.echo(f'\nNext: make lab, or: genie ask "{questions[0][1]}" --lake {folder}')


def _build(folder: Path, scale: float) -> None:
    from genie_ext.demo.lake import DEMO_DAY, MARKER, build_demo_lake

    if (folder / MARKER).is_file():
        return
    say(f"Building a demo lake in {folder} …")
    build_demo_lake(folder, scale=scale)
    settings = folder / CONFIG_FILE
    if not settings.exists():
        settings.write_text(f"# The demo data end on this day.\ntoday = {DEMO_DAY.isoformat()}\n", encoding="utf-8")


def _questions() -> list[tuple[str, str]]:
    """Return (thread, question) for every line; one that begins with ">" goes on with the thread before it."""
    found: list[tuple[str, str]] = []
    for line in files("genie_ext.demo").joinpath("questions.txt").read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith(">"):
            found.append((found[-1][0], text.lstrip("> ")))
        elif text:
            found.append((f"demo-{len(found)}", text))
    return found
