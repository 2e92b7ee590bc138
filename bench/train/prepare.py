"""Preparation: questions with gold SQL become examples, through the same context stage that answers questions.

Databases are split by a hash of their name, so that no question of a held-out database is trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.folds import is_held_out
from bench.train.examples import ROLES, Example, save_examples
from genie_ext.agent.context import find_context
from genie_ext.config import Settings, load_settings
from genie_ext.embedded.parser.grammar import START, WORDS, advance, mask
from genie_ext.embedded.parser.inputs import ITEM_KINDS
from genie_ext.embedded.parser.items import Items, find_items
from genie_ext.embedded.parser.literals import UnsayableError
from genie_ext.embedded.parser.parse import read_tokenizer
from genie_ext.embedded.parser.serialise import Serialiser
from genie_ext.embedded.parser.write_actions import write_actions
from genie_ext.embedded.sql_reader.read import say_step
from genie_ext.embedded.sql_reader.scope import NotSaidError
from genie_ext.lakes import open_index, open_lake, refresh_index
from genie_ext.policies import make_policy
from genie_ext.types import ColumnRef, Context, Measure, Question, Step
from semantic.errors import IndexNotFoundError
from semantic.index import Index
from semantic.types import TableId


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--bench", type=Path, required=True, help="folder of the unpacked question sets")
    parser.add_argument("--set", dest="sets", action="append", help="sets to read (default: spider_train)")
    parser.add_argument("--home", type=Path, required=True, help="folder that keeps an index per database")
    parser.add_argument("--out", type=Path, required=True, help="folder for train.npz and held.npz")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--databases", type=int, default=0, help="only the first so many databases")


def run(arguments: argparse.Namespace) -> None:
    """Write the examples of all sets and print what could not be said."""
    jobs = [job for name in arguments.sets or ["spider_train"] for job in _jobs(arguments.bench / name, arguments.home)]
    examples: list[Example] = []
    lost: Counter[str] = Counter()
    with ProcessPoolExecutor(arguments.workers) as pool:
        for made, missed in pool.map(_prepare, jobs[: arguments.databases or None]):
            examples.extend(made)
            lost.update(missed)
            sys.stderr.write(f"\r{len(examples)} examples, {lost.total()} lost")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, held in (("train", False), ("held", True)):
        save_examples(arguments.out / f"{name}.npz", [e for e in examples if is_held_out(e.db) == held])
    print(f"\n{len(examples)} examples; {lost.total()} questions cannot be said:")
    for reason, count in lost.most_common(25):
        print(f"{count:6d}  {reason}")


def _jobs(folder: Path, home: Path) -> list[tuple[Path, Path, list[dict[str, Any]]]]:
    """Return one job per database: its file, its home and its questions."""
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if item.get("usable", True):
            grouped[item["db"]].append(item)
    return [(folder / "db" / f"{db}.duckdb", home / f"{folder.name}-{db}", rows) for db, rows in grouped.items()]


def _prepare(job: tuple[Path, Path, list[dict[str, Any]]]) -> tuple[list[Example], Counter[str]]:
    path, home, rows = job
    settings = load_settings(path, home=home)
    made: list[Example] = []
    lost: Counter[str] = Counter()
    with closing(ready_index(path, settings)) as index:
        policy = make_policy(settings, index)
        serialiser = Serialiser(read_tokenizer())
        for row in rows:
            for text in dict.fromkeys(filter(None, (row["question"], row.get("question_syn")))):
                context = find_context(Question(text=text), index, policy)
                try:
                    made.append(_example(context, row, serialiser))
                except UnsayableError as error:
                    lost[f"{type(error).__name__}: {str(error)[:60]}"] += 1
    return made, lost


def ready_index(path: Path, settings: Settings) -> Index:
    """Return the index of a lake, built where there is none yet."""
    lake = open_lake(path, settings)
    try:
        return open_index(lake, settings)
    except IndexNotFoundError:
        refresh_index(lake, settings)
        return open_index(lake, settings)


def _example(context: Context, row: dict[str, Any], serialiser: Serialiser) -> Example:
    try:
        step = say_step(row["sql_duckdb"], context.tables, context.relationships, context.names)
    except NotSaidError as error:
        raise UnsayableError("outside the plan") from error
    wording = "syn" if context.question.text != row["question"] else "own"
    return make_example(context, step, serialiser, name=f"{row['id']}:{wording}", db=row["db"])


def make_example(context: Context, step: Step, serialiser: Serialiser, *, name: str, db: str) -> Example:
    """Return the example of a question and the step that answers it.

    Raises:
        UnsayableError: The actions cannot say the step over what the context shows.
    """
    items = find_items(context)
    actions = np.array(write_actions(step, items), dtype=np.int64)
    return Example(
        inputs=serialiser.read(context, items),
        actions=actions,
        allowed=np.array(list(_allowed(actions, items))),
        roles=_roles(step, items),
        id=name,
        db=db,
    )


def _allowed(actions: Sequence[int] | NDArray[np.int64], items: Items) -> Iterator[NDArray[np.bool_]]:
    kinds = [ITEM_KINDS[0]] * len(items.tables) + [ITEM_KINDS[1]] * len(items.columns)
    kinds += [ITEM_KINDS[2]] * len(items.values)
    state = START
    for action in actions[1:]:
        yield mask(state)
        state = advance(state, WORDS[action] if action < len(WORDS) else kinds[action - len(WORDS)])


def _roles(step: Step, items: Items) -> NDArray[np.float32]:
    """Return which roles the items play in a step and the steps within it."""
    places = {table.id: i for i, table in enumerate(items.tables)}
    columns = {(ref.table, ref.column.lower()): i for i, ref in enumerate(items.columns, start=len(places))}
    roles = np.zeros((len(items), len(ROLES)), dtype=np.float32)

    def mark(role: str, subject: Measure | ColumnRef) -> None:
        read = subject.column or subject.table if isinstance(subject, Measure) else subject
        key = (read.table, read.column.lower()) if isinstance(read, ColumnRef) else None
        place = columns.get(key) if key is not None else places.get(read) if isinstance(read, TableId) else None
        if place is not None:
            roles[place, ROLES.index(role)] = 1.0

    def walk(part: Step) -> None:
        for dimension in part.dimensions:
            mark("group" if part.measures else "show", dimension.column)
        for measure in part.measures:
            mark("figure", measure)
        for key in part.keys:
            mark("group", key)
        for order in part.order:
            mark("order", order.by if isinstance(order.by, Measure) else order.by.column)
        for condition in (c for f in part.filters for c in (f, *f.alternatives)):
            mark("having" if isinstance(condition.subject, Measure) else "filter", condition.subject)
            if condition.step is not None:
                walk(condition.step)
        if part.combined is not None:
            walk(part.combined.step)

    walk(step)
    return roles
