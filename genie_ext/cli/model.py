"""genie model: the semantic model as files that people review."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genie_ext.cli.model_text import lines_of, summary
from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.lakes import open_index, open_lake
from genie_ext.progress import Line

if TYPE_CHECKING:
    from semantic.facts import Facts
    from semantic.model.diff import Difference
    from semantic.model.edit import Written
    from semantic.model.files import Problem
    from semantic.model.proposals import Proposal
    from semantic.model.said import Said
    from semantic.types import Table

SOURCE_KINDS = (
    "catalog", "view", "sql", "log", "notebook", "dashboard", "dbt", "metric view", "semantic view", "ossie",
    "document",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review:
    """What a command looks at: the folder of the files, what was mined, and the tables of the lake."""

    folder: Path
    name: str
    facts: Facts
    tables: tuple[Table, ...]
    declared: frozenset[str]

    def said(self) -> Said:
        """Return what the files say now.

        Raises:
            ModelError: A file breaks its form.
        """
        from semantic.model.load import load_model
        from semantic.model.read import read_said

        return read_said(load_model(self.folder), self.tables)

    def compare(self, said: Said) -> Difference:
        """Return how the files differ from what was mined."""
        from semantic.model.diff import compare

        return compare(self.facts, said, declared=self.declared)


@click.group()
def model() -> None:
    """Review what the data means, as files for people and for git.

    model.ossie.yaml holds tables, columns, joins and metrics in the Apache Ossie format; knowledge.yaml holds verified
    queries, named filters, terms and rules. What was mined stands there as a proposal until a person accepts or rejects
    it. What people write wins over what was mined.
    """


@model.command()
@lake_option
@click.option("--all", "everything", is_flag=True, help="Write every table with all its columns.")
@click.option("--tables", "pattern", metavar="PATTERN", help='Write these tables whole, such as "sales.*".')
@click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="Most proposals of one kind.")
@settings_option
def init(lake: str | None, everything: bool, pattern: str | None, limit: int, overrides: dict[str, Any]) -> None:
    """Write what was mined into the files, as proposals.

    Only tables and columns about which something is said are written. Run it again to add what is new: what stands in
    the files stays as it is, with its comments and its order.
    """
    from semantic.model.edit import choose_tables, propose_all

    with _open(lake, overrides) as review:
        said = review.said()
        ids = [table.id for table in review.tables]
        chosen = ids if everything else choose_tables(ids, pattern) if pattern else ()
        if pattern and not chosen:
            raise click.UsageError(f"No table fits {pattern!r}.")
        difference = review.compare(said)
        written = propose_all(said, difference, limit=limit, tables=chosen, name=review.name)
    _tell(written, "proposed")
    for kind, count in written.over:
        click.echo(f"{count:,} more of kind {kind} are left out; --limit {limit + count} writes them.")
    if not written.paths:
        click.echo(f"Nothing is new; the files are in {review.folder}.")
    elif written.done:
        click.echo("Next: read them, then genie model accept ID or genie model reject ID.")


@model.command()
@lake_option
@click.option("--json", "as_json", is_flag=True, help="Write what was found as JSON.")
@settings_option
def check(lake: str | None, as_json: bool, overrides: dict[str, Any]) -> int:
    """Check the form of the files and every table, column and expression in them against the lake.

    Exit codes: 0 no errors, 1 errors, 2 wrong use or no lake.
    """
    from semantic.model.check import check as check_files
    from semantic.model.files import model_files

    with _open(lake, overrides) as review:
        problems = check_files(review.folder, review.tables, review.facts)
        there = model_files(review.folder)
    errors = sum(problem.level == "error" for problem in problems)
    if as_json:
        click.echo(json.dumps({"folder": str(review.folder), "problems": [_as_json(p) for p in problems]}))
        return 1 if errors else 0
    for problem in problems:
        click.echo(f"{problem.level}: {problem}")
    if not there:
        click.echo(f"There are no files in {review.folder} yet; genie model init writes them.")
    else:
        names = " and ".join(path.name for path in there)
        click.echo(f"{names}: {errors} errors, {len(problems) - errors} warnings.")
    return 1 if errors else 0


@model.command()
@lake_option
@click.option("--json", "as_json", is_flag=True, help="Write the differences as JSON.")
@settings_option
def diff(lake: str | None, as_json: bool, overrides: dict[str, Any]) -> None:
    """Show how the files differ from what was mined and from the lake as it is."""
    with _open(lake, overrides) as review:
        difference = review.compare(review.said())
    if as_json:
        click.echo(json.dumps(_difference(difference), ensure_ascii=False))
        return
    for line in lines_of(difference):
        click.echo(line)
    click.echo(summary(difference))


@model.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@lake_option
@click.option("--all-from", "source", type=click.Choice(SOURCE_KINDS), help="All that this kind of source says.")
@settings_option
def accept(ids: tuple[str, ...], lake: str | None, source: str | None, overrides: dict[str, Any]) -> None:
    """Make proposals the word of a person; the IDs, or unique beginnings of them, are those of genie model diff."""
    from semantic.model import edit

    _settle(edit.accept, "accepted", ids, source, lake=lake, overrides=overrides)


@model.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@lake_option
@click.option("--all-from", "source", type=click.Choice(SOURCE_KINDS), help="All that this kind of source says.")
@settings_option
def reject(ids: tuple[str, ...], lake: str | None, source: str | None, overrides: dict[str, Any]) -> None:
    """Take proposals out of the files; knowledge.yaml remembers them, so that they are not proposed again."""
    from semantic.model import edit

    _settle(edit.reject, "rejected", ids, source, lake=lake, overrides=overrides)


def _settle(
    settle: Callable[[Said, Sequence[Proposal]], Written], done: str, ids: Sequence[str], source: str | None, *,
    lake: str | None, overrides: dict[str, Any],
) -> None:  # fmt: skip
    """Accept or reject the proposals that are named, and tell what was done."""
    from semantic.model.edit import pick

    if not ids and not source:
        raise click.UsageError("Name at least one ID of genie model diff, or --all-from KIND.")
    with _open(lake, overrides) as review:
        said = review.said()
        found = pick(review.compare(said), ids, source)
        if not found:
            click.echo(f"Nothing that {source} says waits for a decision.")
        _tell(settle(said, found), done)


@contextmanager
def _open(lake: str | None, overrides: dict[str, Any]) -> Iterator[_Review]:
    from semantic.facts import MinedJoin
    from semantic.meaning import mine_lake

    place, settings = open_settings(lake, overrides)
    found = open_lake(place, settings)
    with Line(quiet=True) as line, open_index(found, settings) as index:
        tables = tuple(index.table(table) for table in index.table_ids())
        facts = mine_lake(found, tables, line.update)
        line.clear()
        joins = index.relationships(index.table_ids())
        declared = frozenset(MinedJoin(relationship=join).id for join in joins if join.origin == "declared")
        folder = found.model or found.home
        yield _Review(folder=folder, name=found.root.stem, facts=facts, tables=tables, declared=declared)


def _tell(written: Written, done: str) -> None:
    for proposal in written.left:
        click.echo(f"left out: {proposal.id} {proposal.kind} {proposal.name}: the files have no form for it")
    if written.done:
        names = " and ".join(str(path) for path in written.paths)
        click.echo(f"{len(written.done):,} {done} in {names}.")
    elif written.paths:
        click.echo(f"Written: {' and '.join(str(path) for path in written.paths)}.")


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "level": problem.level, "file": problem.file, "line": problem.line, "key": problem.key, "text": problem.text,
    }  # fmt: skip


def _difference(difference: Difference) -> dict[str, Any]:
    proposals = [
        {
            "id": p.id, "kind": p.kind, "name": p.name, "what": p.what, "state": p.state, "uses": p.uses,
            "sources": [{"kind": s.kind, "place": s.place, "uses": s.uses} for s in p.sources],
        }
        for p in difference.proposals
    ]  # fmt: skip
    return {
        "proposals": proposals,
        "broken": [_as_json(p) for p in difference.broken],
        "gone": [_as_json(p) for p in difference.gone],
    }
