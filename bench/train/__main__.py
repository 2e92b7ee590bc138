"""Train the parser: `python -m bench.train COMMAND --help`, in the order prepare, fit, export."""

from __future__ import annotations

import argparse
import importlib

COMMANDS = {
    "prepare": "make examples from questions with gold SQL",
    "synthesise": "make examples from questions sampled over lakes",
    "fit": "train on prepared examples",
    "average": "make one network of several runs",
    "coverage": "show how much of the gold a plan can say",
    "readings": "show what the parser makes of held-out questions",
    "rank": "fit the ranking of readings on them",
    "export": "write the weights that ship from a checkpoint",
}


def main() -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m bench.train", description="Train the parser.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in COMMANDS.items():
        module = importlib.import_module(f"bench.train.{name}")
        command = commands.add_parser(name, help=purpose, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
