from __future__ import annotations

from pathlib import Path

import duckdb

from semantic.catalog import read_catalog
from semantic.joins.find import find_joins
from semantic.joins.probes import Prober
from semantic.lake import Lake
from semantic.profile import read_table


def _joins(sql: str) -> set[str]:
    con = duckdb.connect()
    try:
        con.execute(sql)
        tables = [read_table(con, t).table for t in read_catalog(con, Lake(Path(), Path())).tables]
        found = find_joins(tables, Prober(con, tables))
    finally:
        con.close()
    return {f"{r.child.name}.{r.child_columns[0]} -> {r.parent.name}.{r.parent_columns[0]}" for r in found}


USERS = "CREATE TABLE user_profiles AS SELECT i AS uid, 'u' || i AS label FROM range(1, 31) t(i);"
FOLLOWS = "CREATE TABLE follows AS SELECT DISTINCT 1 + i % 30 AS f1, 1 + i * 7 % 29 AS f2 FROM range(100) t(i);"
BOTH = {"follows.f1 -> user_profiles.uid", "follows.f2 -> user_profiles.uid"}


def test_find_bridges_joins_both_ends_to_the_one_table_they_fit() -> None:
    assert _joins(USERS + FOLLOWS) == BOTH


def test_find_bridges_takes_people_where_several_tables_fit() -> None:
    songs = "CREATE TABLE songs AS SELECT i AS song_id, 's' || i AS label FROM range(1, 200) t(i);"
    assert _joins(USERS + FOLLOWS + songs) == BOTH


def test_find_bridges_does_not_choose_between_things() -> None:
    things = """CREATE TABLE songs AS SELECT i AS song_id, 's' || i AS label FROM range(1, 200) t(i);
        CREATE TABLE films AS SELECT i AS film_id, 'f' || i AS label FROM range(1, 200) t(i);"""
    assert _joins(things + FOLLOWS) == set()


def test_find_bridges_leaves_pairs_that_repeat_and_pairs_of_measures_alone() -> None:
    repeated = "CREATE TABLE follows AS SELECT 1 + i % 5 AS f1, 1 + i % 6 AS f2 FROM range(100) t(i);"
    scores = """CREATE TABLE games AS SELECT DISTINCT 1 + i % 30 AS home_score, 1 + i * 7 % 29 AS away_score
        FROM range(100) t(i)"""
    assert _joins(USERS + repeated + scores) == set()


def test_find_bridges_leaves_values_alone_that_no_key_holds() -> None:
    assert _joins(USERS + FOLLOWS.replace("1 + i % 30", "20 + i % 30")) == set()
