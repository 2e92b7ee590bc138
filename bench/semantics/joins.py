"""Hide the declared constraints of real databases and find them again: precision and recall of the joins.

Every database is copied by `CREATE TABLE AS`, which keeps rows and types and drops primary and foreign keys. What is
found on the copy is compared with the foreign keys the original declares. Strictly right is a join between the very
columns of a declared key; one that holds one to one is right in either direction. *Implied* are the joins that follow
from declared ones (two keys to the same column); they count as wrong in the strict figure and are named beside it.
Databases are split in two halves by a hash of their name: rules are tuned on one half and reported on both.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import duckdb

from semantic.catalog import connect, read_catalog
from semantic.joins.find import find_joins
from semantic.joins.probes import Prober
from semantic.lake import find_lake, quote_name
from semantic.profile import read_table
from semantic.types import Relationship, Table

HALVES = ("tuning", "held out")
_COLUMNS = {"databases": 9, "declared": 8, "found": 5, "right": 5, "precision": 9, "recall": 6, "implied": 7,
            "with implied": 12, "seconds": 7}  # fmt: skip
Ends = frozenset[tuple[str, str]]
"""The pairs of columns of a join, each as "table.column", whatever their order."""


@dataclass(slots=True)
class Score:
    """Joins of some databases, found against declared.

    Attributes:
        seconds: Time the search for joins took, without the profiles.
        wrong: Found, not declared and not implied.
        implied: Found, not declared, but following from declared ones.
        missed: Declared and not found.
    """

    databases: int = 0
    declared: int = 0
    found: int = 0
    right: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    implied: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of what was found that is declared."""
        return self.right / self.found if self.found else 0.0

    @property
    def precision_implied(self) -> float:
        """The share of what was found that is declared or follows from it."""
        return (self.right + len(self.implied)) / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of the declared joins that were found."""
        return (self.declared - len(self.missed)) / self.declared if self.declared else 0.0

    def add(self, other: Score) -> None:
        """Count another score in."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


@click.command("joins")
@click.option("--bench", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder that holds the sets.")  # fmt: skip
@click.option("--set", "name", default="spider_train", show_default=True, help="Set whose meta.json lists the keys.")
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=Path("out/bench"), show_default=True,
              help="Folder for the copies without constraints.")  # fmt: skip
@click.option("--db", "only", multiple=True, help="Only these databases.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--errors", is_flag=True, help="List what is wrong and what was missed.")
def joins(bench: Path, name: str, work: Path, only: tuple[str, ...], *, as_json: bool, errors: bool) -> None:
    """Hide the declared foreign keys and find them again."""
    scores = {half: Score() for half in HALVES}
    meta = json.loads((bench / name / "meta.json").read_text(encoding="utf-8"))
    for db, known in meta.items():
        declared = declared_keys(known)
        # Without one declared key there is no truth to compare with.
        if declared and (not only or db in only):
            copy = strip(bench / name / "db" / f"{db}.duckdb", work / "joins" / name / f"{db}.duckdb")
            scores[half_of(db)].add(_measure(db, copy, declared))
    both = Score()
    for score in list(scores.values()):
        both.add(score)
    scores["both"] = both
    click.echo(json.dumps(_plain(scores), indent=2) if as_json else "\n".join(_lines(scores, errors=errors)))


def half_of(database: str) -> str:
    """Return the half of the split a database belongs to."""
    return HALVES[int(hashlib.sha256(database.encode()).hexdigest(), 16) % 2]


def declared_keys(known: dict[str, Any]) -> dict[str, Ends]:
    """Return the declared foreign keys of one database by how they are written."""
    keys: dict[str, Ends] = {}
    for table, facts in known["tables"].items():
        for key in facts["fk_declared"]:
            sides = [(table, key["cols"]), (key["to"], key["refs"])]
            keys[_written(sides)] = _ends(sides)
    return keys


def strip(source: Path, target: Path) -> Path:
    """Copy a database without its constraints, unless a newer copy is there."""
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with contextlib.closing(duckdb.connect(str(target))) as con:
        con.execute(f"ATTACH '{source}' AS original (READ_ONLY)")
        # The list of keys names no schema; other schemas hold variants of the same tables.
        tables = "SELECT table_name FROM duckdb_tables() WHERE (database_name, schema_name) = ('original', 'main')"
        for (table,) in con.execute(f"{tables} ORDER BY ALL").fetchall():
            con.execute(f"CREATE TABLE {quote_name(table)} AS FROM original.main.{quote_name(table)}")
    return target


def search(copy: Path) -> tuple[list[Relationship], float]:
    """Return the joins found in a database and the seconds it took, profiles left out."""
    lake = find_lake(copy, home=copy.parent / ".genie")
    con, usable = connect(lake)
    try:
        tables: list[Table] = [read_table(con, table).table for table in read_catalog(con, usable).tables]
        start = time.perf_counter()
        found = find_joins(tables, Prober(con, tables))
        return found, time.perf_counter() - start
    finally:
        con.close()


def _measure(db: str, copy: Path, declared: dict[str, Ends]) -> Score:
    found, seconds = search(copy)
    score = Score(databases=1, declared=len(declared), found=len(found), seconds=seconds)
    wanted, met = set(declared.values()), set()
    linked = list(_linked(declared.values()))
    for join in found:
        sides = [(join.child.name, join.child_columns), (join.parent.name, join.parent_columns)]
        ends = _ends(sides)
        if ends in wanted and ends not in met and (join.cardinality == "one-to-one" or _written(sides) in declared):
            met.add(ends)
            score.right += 1
            continue
        follows = all(any(set(pair) <= group for group in linked) for pair in ends)
        text = f"{db}: {_written(sides)} ({join.cardinality}, {join.coverage:.2f}, {join.confidence:.2f})"
        (score.implied if follows else score.wrong).append(text)
    score.missed = [f"{db}: {written}" for written, ends in declared.items() if ends not in met]
    return score


def _linked(keys: Iterable[Ends]) -> Iterator[set[str]]:
    """Yield the groups of columns that declared keys make equal, directly or by way of others."""
    groups: list[set[str]] = []
    for key in keys:
        for pair in key:
            touched = [g for g in groups if g & set(pair)]
            groups = [g for g in groups if not g & set(pair)]
            groups.append(set(pair).union(*touched))
    yield from groups


def _ends(sides: Iterable[tuple[str, Iterable[str]]]) -> Ends:
    (child, columns), (parent, keys) = sides
    pairs = zip(columns, keys, strict=True)
    low = [sorted((f"{child}.{a}".lower(), f"{parent}.{b}".lower())) for a, b in pairs]
    return frozenset((first, second) for first, second in low)


def _written(sides: Iterable[tuple[str, Iterable[str]]]) -> str:
    return " -> ".join(f"{table}({', '.join(sorted(columns))})".lower() for table, columns in sides)


def _lines(scores: dict[str, Score], *, errors: bool) -> Iterator[str]:
    yield " ".join(("half".ljust(9), *(name.rjust(width) for name, width in _COLUMNS.items())))
    for half, s in scores.items():
        counts = (s.databases, s.declared, s.found, s.right)
        shares = (f"{s.precision:.3f}", f"{s.recall:.3f}", len(s.implied), f"{s.precision_implied:.3f}")
        row = (*counts, *shares, f"{s.seconds:.1f}")
        yield " ".join((half.ljust(9), *(str(v).rjust(w) for v, w in zip(row, _COLUMNS.values(), strict=True))))
    if errors:
        for half in HALVES:
            for kind in ("wrong", "implied", "missed"):
                yield from (f"{half} {kind}: {text}" for text in getattr(scores[half], kind))


def _plain(scores: dict[str, Score]) -> dict[str, Any]:
    return {
        half: {**asdict(s), "precision": s.precision, "recall": s.recall, "precision_implied": s.precision_implied}
        for half, s in scores.items()
    }
