"""Make one lake of all the databases of the bench, each distinct schema once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

# Where several sets hold the same schema, the one of the set named first is kept.
_ORDER = ("spider_dev", "spider_train")
# Two databases that share more of all their columns are versions of one: in the bench, pairs share at least 0.83 or at
# most 0.44, and those above are the known variants ("pets_1" and "new_pets_1").
_COPY = 0.8
_PARQUET = "*.parquet"

Columns = frozenset[tuple[str, str]]
"""The columns of a database with their tables, in lower case."""


@dataclass(frozen=True, slots=True)
class BenchLake:
    """One folder with a link to every distinct database.

    Attributes:
        folder: The folder.
        catalogs: Catalog in the lake by (set, database).
        copies: Databases left out because another one has the same tables and columns.
        near_copies: Databases left out because another one has nearly the same, each as "name = the one kept".
    """

    folder: Path
    catalogs: dict[tuple[str, str], str]
    copies: tuple[str, ...]
    near_copies: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    catalogs: dict[Columns, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def nearest(self, columns: Columns) -> Columns:
        """Return the columns of the database that shares most of all columns."""
        return max(self.catalogs, key=lambda other: _shared(columns, other), default=frozenset())


def make_lake(bench: Path, folder: Path) -> BenchLake:
    """Link every distinct database below `bench` into `folder`, and the Parquet files beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for link in folder.iterdir():
        link.unlink()
    known, copies, near_copies = _Known(), list[str](), list[str]()
    catalogs: dict[tuple[str, str], str] = {}
    for owner, path in _databases(bench):
        columns = _columns(path)
        nearest = known.nearest(columns)
        if columns in known.catalogs:
            copies.append(f"{owner}/{path.stem}")
        elif _shared(columns, nearest) > _COPY:
            near_copies.append(f"{owner}/{path.stem} = {known.catalogs[nearest]}")
            continue
        else:
            known.catalogs[columns] = _name(owner, path, known.names)
            link = folder / f"{known.catalogs[columns]}.duckdb"
            link.symlink_to(os.path.relpath(path.resolve(), folder.resolve()))
        catalogs[owner, path.stem] = known.catalogs[columns]
    for path in sorted(bench.rglob(_PARQUET)):
        (folder / path.name).symlink_to(os.path.relpath(path.resolve(), folder.resolve()))
    return BenchLake(folder, catalogs, tuple(copies), tuple(near_copies))


def _databases(bench: Path) -> Iterator[tuple[str, Path]]:
    paths = [(path.relative_to(bench).parts[0], path) for path in bench.rglob("*.duckdb")]
    last = len(_ORDER)
    # Variants of the evaluation's own (a test suite of rows) lie one folder deeper and are no databases of their own.
    paths = [(owner, path) for owner, path in paths if "testsuite" not in path.parts]
    return iter(sorted(paths, key=lambda p: (_ORDER.index(p[0]) if p[0] in _ORDER else last, p)))


def _name(owner: str, path: Path, taken: set[str]) -> str:
    name = path.stem if path.stem.lower() not in taken else f"{path.stem}_{owner}"
    taken.add(name.lower())
    return name


def _shared(columns: Columns, others: Columns) -> float:
    return len(columns & others) / max(1, len(columns | others))


def _columns(path: Path) -> Columns:
    con = duckdb.connect(str(path), read_only=True)
    try:
        rows = con.execute(
            "SELECT DISTINCT lower(table_name), lower(column_name) FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    finally:
        con.close()
    return frozenset((table, column) for table, column in rows)
