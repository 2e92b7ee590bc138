from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genie_ext.embedded.sql_reader.read import say_step
from genie_ext.embedded.sql_reader.scope import NotSaidError
from genie_ext.embedded.write import write_sql
from genie_ext.scoring import order_matters, same_rows
from genie_ext.types import ColumnRef, Filter, Measure, Step
from semantic.types import Column, Relationship, Table, TableId

ROWS = """
CREATE TABLE singer (id INTEGER, name VARCHAR, country VARCHAR, age INTEGER, fee VARCHAR);
INSERT INTO singer VALUES (1, 'Ann', 'France', 30, '100'), (2, 'Bob', 'Spain', 40, '90'), (3, 'Cy', 'Spain', 20, NULL),
    (4, 'Dee', NULL, 50, '7');
CREATE TABLE song (id INTEGER, singer_id INTEGER, title VARCHAR, genre VARCHAR, year INTEGER);
INSERT INTO song VALUES (1, 1, 'x', 'jazz', 2001), (2, 1, 'y', 'rock', 2010), (3, 3, 'z', 'jazz', 2020),
    (4, 2, 'w', 'pop', 2020);
CREATE TABLE airport (code VARCHAR, city VARCHAR);
INSERT INTO airport VALUES ('A', 'Rome'), ('B', 'Oslo'), ('C', 'Bern');
CREATE TABLE flight (id INTEGER, source VARCHAR, dest VARCHAR);
INSERT INTO flight VALUES (1, 'A', 'B'), (2, 'A', 'C'), (3, 'C', 'A');
"""


def _id(name: str) -> TableId:
    return TableId("c", "main", name)


def _join(child: str, column: str, parent: str, key: str) -> Relationship:
    return Relationship(child=_id(child), child_columns=(column,), parent=_id(parent), parent_columns=(key,))


JOINS = (
    _join("song", "singer_id", "singer", "id"),
    _join("flight", "source", "airport", "code"),
    _join("flight", "dest", "airport", "code"),
)
KEYS = {"airport": "code"}


@pytest.fixture(scope="module")
def lake() -> Iterator[tuple[duckdb.DuckDBPyConnection, tuple[Table, ...]]]:
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        found: dict[str, list[Column]] = {}
        for table, name, kind in connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY table_name, column_index"
        ).fetchall():
            found.setdefault(table, []).append(Column(name=name, type=kind))
        yield (
            connection,
            tuple(
                Table(id=_id(name), kind="table", columns=tuple(columns), primary_key=(KEYS.get(name, "id"),))
                for name, columns in found.items()
            ),
        )


def _say(tables: tuple[Table, ...], sql: str) -> Step:
    return say_step(sql, tables, JOINS, {table.id: table.id.name for table in tables})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM singer",
        "SELECT * FROM singer WHERE age > 25",
        "SELECT name, country FROM singer ORDER BY age DESC LIMIT 2",
        "SELECT DISTINCT T1.country FROM singer AS T1 WHERE NOT T1.name ILIKE 'A%'",
        "SELECT AVG(COALESCE(TRY_CAST(fee AS DOUBLE), 0)), MAX(age) FROM singer WHERE NOT fee IS NULL",
        "SELECT COUNT(DISTINCT country) FROM singer WHERE age BETWEEN 20 AND 40",
        "SELECT T1.name FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id WHERE T2.genre = 'rock'",
        "SELECT COUNT(*) FROM song AS T1 JOIN singer AS T2 ON T2.id = T1.singer_id WHERE T2.country = 'France'",
        (
            "SELECT ANY_VALUE(T1.name), COUNT(*) FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id "
            "GROUP BY T2.singer_id ORDER BY COUNT(*) DESC LIMIT 1"
        ),
        "SELECT T2.genre FROM song AS T2 GROUP BY T2.genre HAVING COUNT(*) > 1",
        (
            "SELECT ANY_VALUE(T1.name) FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id "
            "GROUP BY T1.id HAVING COUNT(*) >= 2"
        ),
        (
            "SELECT ANY_VALUE(T1.name) FROM singer AS T1 JOIN song AS T2 ON T1.id = T2.singer_id "
            "GROUP BY T1.id HAVING COUNT(T1.id) >= 2"
        ),
        "SELECT genre FROM song GROUP BY genre",
        "SELECT name FROM singer WHERE NOT id IN (SELECT singer_id FROM song)",
        "SELECT name FROM singer WHERE age > (SELECT AVG(age) FROM singer)",
        "SELECT name FROM singer WHERE country = 'France' OR age < 25",
        "SELECT country FROM singer WHERE age > 35 INTERSECT SELECT country FROM singer WHERE age < 25",
        "SELECT id FROM singer EXCEPT SELECT singer_id FROM song WHERE year = 2020",
        "SELECT COUNT(*) FROM flight AS T1 JOIN airport AS T2 ON T1.dest = T2.code WHERE T2.city = 'Rome'",
        (
            "SELECT COUNT(*) FROM flight AS T1 JOIN airport AS T2 ON T1.dest = T2.code "
            "JOIN airport AS T3 ON T1.source = T3.code WHERE T2.city = 'Oslo' AND T3.city = 'Rome'"
        ),
        "SELECT name AS n FROM singer ORDER BY n",
        "SELECT name, age FROM singer ORDER BY 2 DESC",
    ],
)
def test_say_step_of_gold_gives_the_rows_of_gold(lake, sql):
    connection, tables = lake
    written = write_sql(_say(tables, sql), {table.id: table.id.name for table in tables}, tables, JOINS)
    gold, found = connection.execute(sql).fetchall(), connection.execute(written).fetchall()
    assert gold
    assert same_rows(gold, found, ordered=order_matters(sql)), written


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT age + 1 FROM singer", "a computed value shown"),
        ("SELECT name FROM singer WHERE age > id", "a column compared with a column"),
        ("SELECT ARG_MAX(name, age) FROM singer", "the figure argmax"),
        ("SELECT COUNT(*) FROM (SELECT DISTINCT genre FROM song)", "a subquery in FROM"),
        ("SELECT T1.name FROM singer AS T1 JOIN song AS T2 ON T1.age = T2.year", "a join that the lake does not know"),
        ("SELECT a.name FROM singer AS a JOIN singer AS b ON a.age = b.id", "a join that the lake does not know"),
        ("SELECT name FROM singer AS s WHERE EXISTS (SELECT 1 FROM song WHERE singer_id = s.id)", "a condition exists"),
        ("SELECT name FROM singer WHERE age = (SELECT MAX(year) FROM song WHERE singer_id = singer.id)", "outer query"),
        ("SELECT name FROM singer LEFT JOIN song ON singer.id = song.singer_id", "an outer join"),
        ("SELECT name FROM singer LIMIT 2 OFFSET 1", "rows after the first ones"),
        ("SELECT name FROM singer UNION ALL SELECT title FROM song", "repeated rows"),
        ("SELECT name FROM nobody", "a table that is not known"),
        ("SELECT name FROM singer WHERE (age = 1 AND id = 2) OR id = 3", "AND within OR"),
    ],
)
def test_say_step_gives_the_reason_where_no_step_can_say_a_query(lake, sql, reason):
    tables = lake[1]
    with pytest.raises(NotSaidError, match=reason):
        _say(tables, sql)


def test_say_step_keeps_literals_as_gold_types_them(lake):
    step = _say(lake[1], "SELECT name FROM singer WHERE fee = '100' AND TRY_CAST(fee AS DOUBLE) > 7.5 AND age <> -1")
    assert [f.values for f in step.filters] == [("100",), (7.5,), (-1,)]


def test_say_step_makes_one_list_of_equalities_on_one_column(lake):
    (condition,) = _say(lake[1], "SELECT name FROM singer WHERE age = 20 OR age = 30 OR age = 20").filters
    assert condition == Filter(subject=ColumnRef(_id("singer"), "age"), operator="in", values=(20, 30))


def test_say_step_counts_the_rows_of_the_table_that_points_at_the_others(lake):
    step = _say(lake[1], "SELECT COUNT(*) FROM singer AS a JOIN song AS b ON a.id = b.singer_id")
    assert step.measures == (Measure(aggregate="count", table=_id("song")),)
    assert step.sources == (_id("song"), _id("singer"))


def test_say_step_names_the_key_by_which_a_table_is_reached(lake):
    step = _say(lake[1], "SELECT b.city FROM flight AS a JOIN airport AS b ON b.code = a.source WHERE a.dest = 'B'")
    assert step.filters[0].subject == ColumnRef(_id("flight"), "dest", "source")
