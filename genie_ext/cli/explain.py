"""genie explain: how a question is read, which readings stood against each other, and why the first one won."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.display_cells import clean
from genie_ext.display_width import columns_of

if TYPE_CHECKING:
    from genie_ext.agent.explain import Explained, Explanation
    from genie_ext.embedded.linked import Linked


@click.command()
@click.argument("question", nargs=-1, required=True)
@lake_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@settings_option
def explain(question: tuple[str, ...], lake: str | None, as_json: bool, overrides: dict[str, Any]) -> None:
    """Show how a QUESTION is read, and why.

    What each of its words was read as, the likeliest readings with their chance, result and SQL, who proposed them
    (rules or the trained parser), and what spoke for the first one.
    """
    from genie_ext.session import Session

    path, settings = open_settings(lake, overrides)
    with Session(path, settings=settings) as session:
        explanation = session.explain(" ".join(question))
    if as_json:
        click.echo(json.dumps(asdict(explanation), indent=1, ensure_ascii=False))
        return
    for line in _lines(explanation):
        click.echo(clean(line))


def _lines(explanation: Explanation) -> Iterator[str]:
    yield explanation.question
    yield ""
    yield from _words(explanation.words)
    if explanation.unused:
        yield f"Words not used: {', '.join(explanation.unused)}"
    if explanation.settled:
        yield ""
        yield f"Settled: {explanation.settled}"
    for number, reading in enumerate(explanation.readings, start=1):
        yield from _reading(number, reading)
    yield ""
    if explanation.reasons:
        yield f"Why the first: {'; '.join(explanation.reasons)}."
    if explanation.against:
        yield f"For the second: {'; '.join(explanation.against)}."
    yield explanation.outcome


def _words(words: tuple[Linked, ...]) -> Iterator[str]:
    """Yield one line for each linked part of the question, in columns."""
    width = max((columns_of(linked.words) for linked in words), default=0)
    for linked in words:
        gap = " " * (width - columns_of(linked.words))
        others = f" (or {', or '.join(linked.others)})" if linked.others else ""
        yield f"{linked.words}{gap}  {linked.kind:<11}  {linked.meaning}{others}"


def _reading(number: int, reading: Explained) -> Iterator[str]:
    yield ""
    yield f"{number}. {reading.sentence}"
    yield f"   {reading.chance:.0%} likely, by {' and '.join(reading.proposed_by)}; result: {reading.result}"
    yield from (f"   {line}" for line in reading.sql.splitlines())
