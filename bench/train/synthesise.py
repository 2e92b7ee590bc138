"""Synthesis: questions made from the grammar over the schemas and values of lakes, through the product's own context.

Every step is sampled first and said second; what cannot be said, does not run, or changes nothing is dropped.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.folds import is_held_out
from bench.train.examples import Example, save_examples
from bench.train.prepare import make_example, ready_index
from bench.train.synthetic_checks import UnfitError, checked_sql
from bench.train.synthetic_groups import combine, find_groups, group_count, group_figure, rank_groups
from bench.train.synthetic_lake import Asked, Topic, read_topics
from bench.train.synthetic_names import with_articles
from bench.train.synthetic_periods import TODAY, says_period, with_period
from bench.train.synthetic_questions import (
    Draw,
    compute,
    count_rows,
    find_extreme,
    list_columns,
    list_distinct,
    list_named,
    list_sorted,
    list_whole,
    look_up,
)
from bench.train.synthetic_speech import Speaker
from genie_ext.agent.context import find_context
from genie_ext.config import load_settings
from genie_ext.embedded.parser.literals import UnsayableError
from genie_ext.embedded.parser.parse import read_tokenizer
from genie_ext.embedded.parser.serialise import Serialiser
from genie_ext.guard import Policy
from genie_ext.policies import make_policy
from genie_ext.types import Question
from semantic.index import Index

if TYPE_CHECKING:
    import duckdb

_RECIPES: dict[Callable[[Speaker, Topic], Draw | None], int] = {
    list_columns: 14, list_named: 9, list_whole: 2, look_up: 5, list_distinct: 6, count_rows: 14, compute: 13,
    list_sorted: 6, find_extreme: 15, group_figure: 19, group_count: 15, find_groups: 11, rank_groups: 15, combine: 12,
}  # fmt: skip
_DOUBLED = re.compile(r"\b(\w+) \1\b|\b(?:total|average|mean|overall) (?:total|average|mean|max|min)", re.IGNORECASE)
_TRIES = 8
"""Draws for each question that is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A lake to ask about.

    Attributes:
        lake: Its file.
        home: Folder of its index.
        wanted: Questions to make.
        seed: Seed of the dice.
    """

    lake: Path
    home: Path
    wanted: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A question that was kept."""

    kind: str
    text: str
    sql: str
    example: Example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--lake", type=Path, action="append", default=[], help="DuckDB file; may be repeated")
    parser.add_argument(
        "--databases", type=Path, action="append", default=[], help="folder of DuckDB files, held-out ones left out"
    )
    parser.add_argument("--home", type=Path, required=True, help="folder that keeps an index per database")
    parser.add_argument("--per", type=int, default=80, help="questions for each lake")
    parser.add_argument("--seed", type=int, default=11, help="seed of the questions")
    parser.add_argument("--out", type=Path, help="folder for train.npz")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print so many questions with their SQL")


def run(arguments: argparse.Namespace) -> None:
    """Write the examples of all lakes and print what they are and what was dropped."""
    made: list[Made] = []
    dropped: Counter[str] = Counter()
    with ProcessPoolExecutor(arguments.workers) as pool:
        for some, lost in pool.map(synthesise, _jobs(arguments)):
            made.extend(some)
            dropped.update(lost)
            sys.stderr.write(f"\r{len(made)} questions, {dropped.total()} dropped")
    if not made:
        raise SystemExit("No question could be made: name lakes with data by --lake or --databases.")
    if arguments.out is not None:
        save_examples(arguments.out / "train.npz", [one.example for one in made])
    for one in random.Random(arguments.seed).sample(made, min(arguments.show, len(made))):
        print(f"\n[{one.kind}] {one.example.db}: {one.text}\n    {' '.join(one.sql.split())}")
    print(f"\n{len(made)} questions from {len({one.example.db for one in made})} lakes")
    for title, counts in (("kept", Counter(one.kind for one in made)), ("dropped", dropped)):
        print("\n".join(f"{title} {count:6d}  {name}" for name, count in counts.most_common()))


def _jobs(arguments: argparse.Namespace) -> list[Job]:
    found = [file for folder in arguments.databases for file in sorted(folder.glob("*.duckdb"))]
    lakes = [*arguments.lake, *(file for file in found if not is_held_out(file.stem))]
    return [
        Job(
            lake=lake,
            home=arguments.home / f"{lake.resolve().parent.parent.name}-{lake.stem}",
            wanted=arguments.per,
            seed=arguments.seed,
        )
        for lake in dict.fromkeys(lakes)
    ]


def synthesise(job: Job) -> tuple[list[Made], Counter[str]]:
    """Return the questions of one lake, and how many draws were dropped for which reason."""
    import duckdb

    settings = load_settings(job.lake, home=job.home)
    made: dict[str, Made] = {}
    dropped: Counter[str] = Counter()
    with closing(ready_index(job.lake, settings)) as index, duckdb.connect(str(job.lake), read_only=True) as connection:
        maker = _Maker(index=index, policy=make_policy(settings, index), connection=connection, db=job.lake.stem)
        for draw, speaker in _draws(read_topics(index), job):
            try:
                one = maker.make(draw, speaker, number=len(made))
            except UnfitError as error:
                dropped[str(error)] += 1
                continue
            made.setdefault(one.text.lower(), one)
            if len(made) >= job.wanted:
                break
    return list(made.values()), dropped


def _draws(asked: Asked, job: Job) -> Iterator[tuple[Draw, Speaker]]:
    """Yield questions by chance, those of topics with more to ask about more often."""
    speaker = Speaker(asked=asked, rng=random.Random(f"{job.seed}:{job.lake.stem}"))
    topics = list(asked.topics)
    weights = [1 + len(topic.figures) + len(topic.kinds) + 2 * bool(topic.named) for topic in topics]
    for _ in range(_TRIES * job.wanted if topics else 0):
        topic = speaker.rng.choices(topics, [min(weight, 8) for weight in weights])[0]
        recipe = speaker.rng.choices(tuple(_RECIPES), tuple(_RECIPES.values()))[0]
        draw = recipe(speaker, topic)
        if draw is not None:
            yield draw, speaker


class _Maker:
    """Makes checked examples over one lake.

    Args:
        index: Its index.
        policy: What may be read.
        connection: Its data.
        db: Its name.
    """

    def __init__(self, *, index: Index, policy: Policy, connection: duckdb.DuckDBPyConnection, db: str) -> None:
        self._index, self._policy, self._connection, self._db = index, policy, connection, db
        self._serialiser = Serialiser(read_tokenizer())

    def make(self, draw: Draw, speaker: Speaker, *, number: int) -> Made:
        """Return the example of a draw.

        Raises:
            UnfitError: Nothing is to be learnt from it.
        """
        text, dated = with_period(speaker, draw)
        text = _written(text, speaker)
        if _DOUBLED.search(text):
            raise UnfitError("a word said twice")
        if not says_period(text, wanted=dated, step=draw.step):
            raise UnfitError("a period that is not meant")
        context = find_context(Question(text=text, today=TODAY), self._index, self._policy)
        sql = checked_sql(draw.step, context, self._connection)
        try:
            example = make_example(
                context, draw.step, self._serialiser, name=f"synthetic:{self._db}:{number}", db=self._db
            )
        except UnsayableError as error:
            raise UnfitError("cannot be said") from error
        return Made(kind=f"{draw.kind}, dated" if dated else draw.kind, text=text, sql=sql, example=example)


def _written(text: str, speaker: Speaker) -> str:
    """Return a question as it is typed: with or without its first capital and its last mark."""
    text = " ".join(with_articles(text).split())
    if speaker.chance(0.15):
        text = text.rstrip("?.")
    return text if speaker.chance(0.12) else text[0].upper() + text[1:]
