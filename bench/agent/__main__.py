"""Measure the model path: `python -m bench.agent COMMAND --help`."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.agent import share, speed, tokens


def main() -> None:
    """Do what a command says."""
    told = _arguments().parse_args()
    told.do(told)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.agent", description=__doc__)
    commands = parser.add_subparsers(required=True)
    shape = argparse.ArgumentDefaultsHelpFormatter
    timed = commands.add_parser("speed", help="overhead and throughput against peers", formatter_class=shape)
    timed.add_argument("--database", type=Path, required=True, help="a DuckDB file")
    timed.add_argument("--questions", type=Path, required=True, help="JSONL with question and sql_duckdb for it")
    timed.add_argument("--peers", type=Path, help="an interpreter that has vanna and LangChain; see bench/README.md")
    timed.add_argument("--alone", type=int, default=100, help="questions asked one after the other")
    timed.add_argument("--many", type=int, default=1000, help="questions of the batch")
    timed.add_argument("--jobs", type=int, default=8, help="questions of the batch that are asked at once")
    timed.set_defaults(do=speed.measure)
    read = commands.add_parser("tokens", help="prompts on one lake of all databases", formatter_class=shape)
    read.add_argument("--bench", type=Path, required=True, help="folder of the unpacked question sets")
    read.add_argument("--work", type=Path, required=True, help="folder for the lake and its index")
    read.add_argument("--set", dest="sets", action="append", required=True, help="a set; may be repeated")
    read.add_argument("--sample", type=int, default=100, help="questions drawn from each set")
    read.set_defaults(do=tokens.measure)
    sent = commands.add_parser("share", help="questions that need a model, and which", formatter_class=shape)
    sent.add_argument("--bench", type=Path, required=True, help="folder of the unpacked question sets")
    sent.add_argument("--list", type=Path, required=True, help="lines of set and id")
    sent.add_argument("--home", type=Path, required=True, help="folder that keeps an index per database")
    sent.set_defaults(do=share.measure)
    return parser


if __name__ == "__main__":
    main()
