"""How much of a set's gold SQL a step can say, and how much of that comes back with the same rows."""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genie_ext.config import load_settings
from genie_ext.embedded.sql_reader.read import say_step
from genie_ext.embedded.sql_reader.scope import NotSaidError
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.evaluate import Case, find_database, read_cases
from genie_ext.lakes import open_index, open_lake, refresh_index
from genie_ext.scoring import Row, order_matters, same_rows, table_rows
from semantic.errors import SemanticError

if TYPE_CHECKING:
    import duckdb

    from genie_ext.types import Step
    from semantic.types import Relationship, Table, TableId


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The tables of one database, how they are written and how they join."""

    tables: tuple[Table, ...]
    names: dict[TableId, str]
    relationships: tuple[Relationship, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """How one query went through a step and back.

    Attributes:
        reason: Why it did not come back equal, empty where it did.
        sql: What was written, empty where no step said it.
    """

    case: Case
    reason: str = ""
    step: Step | None = None
    sql: str = ""


def read_schema(database: Path, home: Path) -> Schema:
    """Return the tables of a database from its index, which is built where there is none of this version."""
    settings = load_settings(database, home=home)
    lake = open_lake(database, settings)
    try:
        index = open_index(lake, settings)
    except SemanticError:
        refresh_index(lake, settings)
        index = open_index(lake, settings)
    with closing(index):
        ids = tuple(index.table_ids())
        names = {table: index.short_name(table) for table in ids}
        return Schema(
            tables=tuple(index.table(table) for table in ids), names=names, relationships=index.relationships(ids)
        )


def round_trips(cases: Sequence[Case], bench: Path, home: Path) -> Iterator[Trip]:
    """Yield how the gold of each case went through a step and back, database by database."""
    import duckdb

    grouped: dict[Path, list[Case]] = defaultdict(list)
    for case in cases:
        folders = (bench / case.suite / "db", bench / "spider_train" / "db", bench / "spider_dev" / "db")
        grouped[find_database(case, folders)].append(case)
    for database, group in grouped.items():
        schema = read_schema(database, home / f"{database.parent.parent.name}-{database.stem}")
        with closing(duckdb.connect(str(database), read_only=True)) as connection:
            for case in group:
                yield round_trip(case, schema, connection)


def round_trip(case: Case, schema: Schema, connection: duckdb.DuckDBPyConnection) -> Trip:
    """Return how the gold of a case went through a step and back."""
    import duckdb

    gold = case.gold[0]
    try:
        step = say_step(gold, schema.tables, schema.relationships, schema.names)
    except NotSaidError as error:
        return Trip(case=case, reason=str(error))
    try:
        sql = write_sql(step, schema.names, schema.tables, schema.relationships)
    except CannotAnswerError as error:
        return Trip(case=case, reason="refused by the writer: " + error.message.split(" is ")[0][:60], step=step)
    wanted = _rows(connection, gold)
    try:
        found = _rows(connection, sql)
    except duckdb.Error as error:
        return Trip(case=case, reason=f"an error of the engine: {str(error)[:40]}", step=step, sql=sql)
    return Trip(case=case, reason=_difference(wanted, found, gold), step=step, sql=sql)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    return table_rows(connection.sql(sql).to_arrow_table())


def _difference(gold: list[Row], found: list[Row], sql: str) -> str:
    """Return what differs between the rows of gold and those of the step, empty where nothing does."""
    if same_rows(gold, found, ordered=order_matters(sql)):
        return ""
    if same_rows(gold, found):
        return "unequal: only the order of the rows"
    if same_rows(list(set(gold)), list(set(found))):
        return "unequal: only how often rows are repeated"
    return "unequal: other rows" if len(gold) == len(found) else "unequal: more or fewer rows"


def show(trips: Sequence[Trip], examples: int) -> str:
    """Return the shares and the reasons of the rest, by count, with examples."""
    said = sum(trip.step is not None for trip in trips)
    equal = sum(not trip.reason for trip in trips)
    total = len(trips)
    lines = [f"{total} queries: {said} ({said / total:.1%}) said by a step, {equal} ({equal / total:.1%}) equal rows"]
    reasons = Counter(trip.reason for trip in trips if trip.reason)
    for reason, count in reasons.most_common():
        lines.append(f"{count:5} {reason}")
        for trip in [trip for trip in trips if trip.reason == reason][:examples]:
            lines.append(f"      {trip.case.id} {trip.case.database}: {trip.case.gold[0]}")
            lines += [f"        → {' '.join(trip.sql.split())}"] if trip.sql else []
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--bench", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--set", default="spider_train", help="name of the set")
    parser.add_argument("--home", type=Path, required=True, help="folder that keeps one index per database")
    parser.add_argument("--sample", type=int, default=0, help="number of questions, 0 for all")
    parser.add_argument("--examples", type=int, default=3, help="examples shown of each reason")
    parser.add_argument("--out", type=Path, help="file for one line of JSON per question")


def run(options: argparse.Namespace) -> None:
    """Print how much of a set steps can say."""
    cases = list(read_cases(options.bench / options.set / "questions.jsonl"))
    if options.sample:
        cases = random.Random(0).sample(cases, min(options.sample, len(cases)))
    trips = list(round_trips(cases, options.bench, options.home))
    if options.out:
        options.out.write_text("".join(_line(trip) for trip in trips), encoding="utf-8")
    print(show(trips, options.examples))


def _line(trip: Trip) -> str:
    case = trip.case
    detail = {"id": case.id, "db": case.database, "gold": case.gold[0], "sql": trip.sql, "reason": trip.reason}
    return json.dumps(detail) + "\n"


def main() -> None:
    """Run the command by itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
