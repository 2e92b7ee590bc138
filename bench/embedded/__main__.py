"""Measure the embedded tier: `python -m bench.embedded --bench DIR --home DIR --set spider_dev …`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.embedded.collect import SETS, collect
from bench.embedded.report import block, head
from genie_ext.config import Settings
from genie_ext.embedded.parser import weights
from genie_ext.embedded.parser.parse import Parser
from genie_ext.embedded.ranking import SHIPPED, read_weights

LEGEND = """
n: questions, each asked alone. right: the winner's rows are the gold rows. rules, parser: the reading of the rules,
and the parser's likeliest one that runs, each alone. executed: any reading that was executed. in three: any of the
three likeliest groups of equal results. from T: share answered with a chance of at least T, and how much of that is
right. ECE: expected calibration error, ten bins. CPU s: seconds of the process per question, p50 / p95, without the
engine's worker and without the first question of each database. Chances are those before the checks of an answer."""


def main() -> None:
    """Collect what is asked for, or read it, and print the table."""
    parser = _arguments()
    arguments = parser.parse_args()
    if arguments.rows is None and (arguments.bench is None or arguments.home is None):
        parser.error("name --bench and --home, or rows to report with --from")
    ranking = read_weights(arguments.ranking)
    collected = _read(arguments.rows) if arguments.rows is not None else _collect(arguments)
    print(*head(Settings().answer_above), sep="\n")
    for rows in collected:
        print(*block(rows, ranking, Settings().answer_above), sep="\n", flush=True)
    print(LEGEND)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.embedded",
        description="Measure rules, trained parser and their ranking on questions with gold SQL.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--bench", type=Path, help="folder of the unpacked question sets")
    parser.add_argument("--home", type=Path, help="folder that keeps an index per database")
    parser.add_argument(
        "--set", dest="sets", action="append", help=f"a set, may be repeated; {', '.join(SETS)} if none"
    )
    parser.add_argument("--held", action="store_true", help="of spider_train only the databases that were held out")
    parser.add_argument("--sample", type=int, help="questions drawn from each set, the same ones each time")
    parser.add_argument("--out", type=Path, help="file for the rows, to be reported again with --from")
    parser.add_argument("--from", dest="rows", type=Path, help="file of rows to report instead of collecting any")
    parser.add_argument("--weights", type=Path, default=weights.SHIPPED, help="weights of the parser")
    parser.add_argument("--ranking", type=Path, default=SHIPPED, help="weights of the ranking")
    return parser


def _collect(arguments: argparse.Namespace) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each set; each row is written as soon as it is known, since a run takes long."""
    parser = Parser(arguments.weights)
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text("", encoding="utf-8")
    for name in arguments.sets or SETS:
        rows = collect(
            arguments.bench, name, arguments.home, parser, held=arguments.held and name == "spider_train",
            sample=arguments.sample,
        )  # fmt: skip
        yield list(_written(rows, arguments.out))


def _written(rows: Iterable[dict[str, Any]], path: Path | None) -> Iterator[dict[str, Any]]:
    """Yield rows, each after it was added to a file."""
    for row in rows:
        if path is not None:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, default=str) + "\n")
        yield row


def _read(path: Path) -> Iterable[list[dict[str, Any]]]:
    sets: dict[str, list[dict[str, Any]]] = {}
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        sets.setdefault(row["set"], []).append(row)
    return sets.values()


if __name__ == "__main__":
    main()
