"""What people said about a lake: found beside it or where the user points, mined, and corrected by reviewed files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semantic.facts import Facts
from semantic.fingerprints import files_token, source_token
from semantic.lake import Lake
from semantic.mining.sources import find_files, read_sources
from semantic.types import Progress, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What is known about a lake.

    Attributes:
        facts: What was mined and what people wrote.
        tables: The tables with what is said about them.
        rejected: Ids of facts that people turned down.
    """

    facts: Facts
    tables: tuple[Table, ...]
    rejected: frozenset[str]


def lake_token(lake: Lake) -> str:
    """Hash names, sizes and times of the data and of all that says what it means; equal: there is nothing to do."""
    return files_token([source_token(lake)], _meaning_files(lake))


def mine_lake(lake: Lake, tables: Sequence[Table], progress: Callable[[Progress], None] = lambda _: None) -> Facts:
    """Return what queries, notebooks, dashboards, models and documents say, before any person's review.

    Args:
        lake: The lake; its documents, the files and folders named with it and its views are read.
        tables: All tables of its catalog.
        progress: Called before and after.
    """
    from semantic.mining.mine import mine

    progress(Progress(phase="meaning", done=0, total=2))
    root = lake.root if lake.root.is_dir() else lake.root.parent
    # What the files of the semantic model say is laid over what is mined, and is no source of proposals to them.
    reading = read_sources(_readable(lake), root, without=_model_files(lake))
    progress(Progress(phase="meaning", done=1, total=2))
    facts = mine(reading.extract, tables)
    progress(Progress(phase="meaning", done=2, total=2))
    gone = tuple(f"{path}: no such file or folder" for path in lake.named if not path.exists())
    return replace(facts, skipped=(*facts.skipped, *reading.skipped, *gone))


def read_meaning(lake: Lake, tables: Sequence[Table], progress: Callable[[Progress], None]) -> Meaning:
    """Return what is known about a lake, the word of people above what was mined.

    Raises:
        ModelError: A file of the semantic model breaks its form.
    """
    from semantic.model.apply import apply
    from semantic.model.load import load_model

    model = load_model(lake.model or lake.home)
    facts, described = apply(mine_lake(lake, tables, progress), tables, model)
    rejected = frozenset(fact.id for fact in model.knowledge.rejected)
    return Meaning(facts=facts, tables=described, rejected=rejected)


def _readable(lake: Lake) -> list[Path]:
    return [path for path in (*lake.documents, *lake.named) if path.exists()]


def _meaning_files(lake: Lake) -> list[Path]:
    gone = (path for path in lake.named if not path.exists())
    return [*find_files(_readable(lake)), *gone, *_model_files(lake)]


def _model_files(lake: Lake) -> tuple[Path, ...]:
    from semantic.model.files import model_files

    return model_files(lake.model or lake.home)
