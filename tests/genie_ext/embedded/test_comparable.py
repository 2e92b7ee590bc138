"""Comparable values: texts and numbers that are compared, in real DuckDB."""

from __future__ import annotations

import duckdb
import pytest

from genie_ext.embedded.write import write_sql
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Step
from semantic.types import Column, ColumnProfile, Table, TableId

TABLES = """
CREATE TABLE pilots (id BIGINT, code VARCHAR, pay DOUBLE, since TIMESTAMP, born DATE);
INSERT INTO pilots VALUES (1, '1', 5, '2016-03-01 08:30:00', '1990-01-01'), (2, 'x', 7.5, '2017-01-01', '1991-02-02'),
    (3, '3', NULL, NULL, NULL);
CREATE TABLE wins (pilot VARCHAR, place BIGINT, share DOUBLE, day VARCHAR);
INSERT INTO wins VALUES ('1', 3, 1.0, '1990-01-01'), ('nobody', 1, 7.5, 'unknown');
"""
PILOTS, WINS = TableId("c", "main", "pilots"), TableId("c", "main", "wins")
TYPES = {
    PILOTS: {"id": "BIGINT", "code": "VARCHAR", "pay": "DOUBLE", "since": "TIMESTAMP", "born": "DATE"},
    WINS: {"pilot": "VARCHAR", "place": "BIGINT", "share": "DOUBLE", "day": "VARCHAR"},
}


def _table(table: TableId) -> Table:
    return Table(
        id=table, kind="table", columns=tuple(Column(name=name, type=kind) for name, kind in TYPES[table].items())
    )


def _ids(column: str, operator: str, *values: object, step: Step | None = None) -> list[int]:
    condition = Filter(subject=ColumnRef(PILOTS, column), operator=operator, values=values, step=step)
    shown = (Dimension(column=ColumnRef(PILOTS, "id")),)
    asked = Step(sources=(PILOTS,), dimensions=shown, filters=(condition,))
    sql = write_sql(asked, {PILOTS: "pilots", WINS: "wins"}, (_table(PILOTS), _table(WINS)), ())
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        return sorted(row[0] for row in connection.execute(sql).fetchall())


def _of_wins(column: str) -> Step:
    return Step(sources=(WINS,), dimensions=(Dimension(column=ColumnRef(WINS, column)),))


def _figure(aggregate: str, column: str) -> Step:
    return Step(sources=(WINS,), measures=(Measure(aggregate=aggregate, column=ColumnRef(WINS, column)),))


@pytest.mark.parametrize(
    ("column", "operator", "other", "ids"),
    [
        ("id", "in", "pilot", [1]),
        ("id", "not in", "pilot", [2, 3]),
        ("pay", "not in", "pilot", [1, 2]),
        ("code", "in", "place", [1, 3]),
        ("code", "not in", "place", [2]),
        ("code", "in", "share", [1]),
        ("code", "not in", "share", [2, 3]),
        ("born", "in", "day", [1]),
        ("born", "not in", "day", [2]),
    ],
)
def test_write_sql_looks_for_a_value_among_values_of_another_kind(column, operator, other, ids):
    assert _ids(column, operator, step=_of_wins(other)) == ids


def test_write_sql_finds_what_is_none_of_values_of_which_some_are_missing():
    inner = Step(sources=(PILOTS,), dimensions=(Dimension(column=ColumnRef(PILOTS, "pay")),))
    assert _ids("id", "not in", step=inner) == [1, 2, 3]


@pytest.mark.parametrize(
    ("column", "operator", "figure", "ids"),
    [
        ("code", ">", ("avg", "place"), [3]),
        ("code", "=", ("max", "place"), [3]),
        ("id", "=", ("min", "pilot"), [1]),
        ("id", "!=", ("max", "pilot"), [1, 2, 3]),
        ("id", ">", ("min", "pilot"), [2, 3]),
    ],
)
def test_write_sql_compares_a_column_with_a_figure_of_another_kind(column, operator, figure, ids):
    assert _ids(column, operator, step=_figure(*figure)) == ids


@pytest.mark.parametrize(
    ("column", "operator", "values", "ids"),
    [
        ("pay", "!=", ("null",), [1, 2]),
        ("pay", "=", ("none",), []),
        ("id", "in", ("1", "x"), [1]),
        ("id", "not in", (1, "x"), [2, 3]),
        ("pay", "not in", ("5", "null"), [2]),
        ("id", "=", ("2",), [2]),
        ("since", "like", ("2016%",), [1]),
        ("since", "not like", ("2016%",), [2]),
        ("pay", "like", ("7%",), [2]),
        ("born", "like", ("%-02-%",), [2]),
    ],
)
def test_write_sql_compares_numbers_and_dates_with_texts(column, operator, values, ids):
    assert _ids(column, operator, *values) == ids


def test_write_sql_keeps_the_order_of_texts_that_hold_numbers():
    profile = ColumnProfile(rows=2, nulls=0, distinct=2, exact=True, frequent=(("9", 1), ("10", 1)))
    place = Column(name="place", type="VARCHAR", profile=profile)
    table = Table(id=WINS, kind="table", columns=(place,))
    inner = Step(sources=(WINS,), measures=(Measure(aggregate="max", column=ColumnRef(WINS, "place")),))
    same = Filter(subject=ColumnRef(WINS, "place"), operator="=", step=inner)
    step = Step(sources=(WINS,), dimensions=(Dimension(column=ColumnRef(WINS, "place")),), filters=(same,))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE wins AS SELECT unnest(['9', '10', '']) AS place")
        assert connection.execute(write_sql(step, {WINS: "wins"}, (table,), ())).fetchall() == [("10",)]
