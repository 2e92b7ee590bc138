"""Related rows: which joins reach them, and which conditions are about the same row."""

from __future__ import annotations

import duckdb
import pytest

from genie_ext.embedded.join_tree import find_path
from genie_ext.embedded.write import write_sql
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Step
from semantic.types import Column, Relationship, Table, TableId

TABLES = """
CREATE TABLE doctors (id INTEGER, name VARCHAR);
INSERT INTO doctors VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cy');
CREATE TABLE wards (id INTEGER, name VARCHAR, head INTEGER, town INTEGER);
INSERT INTO wards VALUES (1, 'Eye', 1, 1), (2, 'Ear', 2, 1);
CREATE TABLE shifts (id INTEGER, doctor INTEGER, ward INTEGER, night BOOLEAN, hours INTEGER);
INSERT INTO shifts VALUES (1, 1, 2, true, 8), (2, 2, 1, false, 6), (3, 2, 2, true, 4), (4, 3, 1, false, 5);
CREATE TABLE towns (id INTEGER, name VARCHAR);
INSERT INTO towns VALUES (1, 'Rome'), (2, 'Bonn'), (3, 'Oslo');
CREATE TABLE airlines (id INTEGER, name VARCHAR, town INTEGER);
INSERT INTO airlines VALUES (1, 'Sky', 1), (2, 'Jet', 2), (3, 'Air', 3);
CREATE TABLE flights (id INTEGER, airline INTEGER, source INTEGER, target INTEGER, price INTEGER);
INSERT INTO flights VALUES (1, 1, 1, 2, 10), (2, 2, 1, 3, 20), (3, 2, 3, 2, 30), (4, 3, 2, 1, 40);
"""
COLUMNS = {
    "doctors": "id name", "wards": "id name head town", "shifts": "id doctor ward night hours", "towns": "id name",
    "airlines": "id name town", "flights": "id airline source target price",
}  # fmt: skip
KEYS = (
    ("wards", "head", "doctors"), ("shifts", "doctor", "doctors"), ("shifts", "ward", "wards"),
    ("wards", "town", "towns"), ("airlines", "town", "towns"), ("flights", "airline", "airlines"),
    ("flights", "source", "towns"), ("flights", "target", "towns"),
)  # fmt: skip


def _id(name: str) -> TableId:
    return TableId("c", "main", name)


JOINS = tuple(
    Relationship(child=_id(child), child_columns=(key,), parent=_id(parent), parent_columns=("id",))
    for child, key, parent in KEYS
)
KNOWN = tuple(
    Table(
        id=_id(name), kind="table", primary_key=("id",),
        columns=tuple(Column(name=c, type="VARCHAR" if c == "name" else "INTEGER") for c in columns.split()),
    )
    for name, columns in COLUMNS.items()
)  # fmt: skip


def _ref(name: str, via: str = "") -> ColumnRef:
    table, column = name.split(".")
    return ColumnRef(_id(table), column, via)


def _is(name: str, *values: object, operator: str = "=", via: str = "", others: tuple[Filter, ...] = ()) -> Filter:
    return Filter(subject=_ref(name, via), operator=operator, values=values, alternatives=others)


def _step(*shown: str, reads: str = "", filters: tuple[Filter, ...] = (), measures: tuple[Measure, ...] = ()) -> Step:
    dimensions = tuple(Dimension(column=_ref(name)) for name in shown)
    sources = tuple(_id(name) for name in reads.split())
    return Step(sources=sources, dimensions=dimensions, filters=filters, measures=measures)


def _sql(step: Step) -> str:
    return write_sql(step, {table.id: table.id.name for table in KNOWN}, KNOWN, JOINS)


def _rows(step: Step) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        return sorted(connection.execute(_sql(step)).fetchall())


def _names(step: Step) -> list[object]:
    return [name for (name,) in _rows(step)]


# --- paths ---


def test_write_sql_joins_through_a_table_that_the_step_reads():
    step = _step("doctors.name", "wards.name", reads="doctors shifts wards")
    assert _rows(step) == [("Ann", "Ear"), ("Bob", "Ear"), ("Bob", "Eye"), ("Cy", "Eye")]
    assert _rows(_step("doctors.name", "wards.name")) == [("Ann", "Eye"), ("Bob", "Ear")]


def test_write_sql_joins_through_a_table_that_a_condition_is_on():
    step = _step("doctors.name", "wards.name", filters=(_is("shifts.hours", 4, operator=">"),))
    assert _rows(step) == [("Ann", "Ear"), ("Bob", "Eye"), ("Cy", "Eye")]


def test_write_sql_reaches_a_condition_through_a_table_that_the_step_reads():
    assert _names(_step("doctors.name", reads="doctors shifts", filters=(_is("wards.name", "Eye"),))) == ["Bob", "Cy"]


def test_write_sql_does_not_repeat_rows_for_the_sake_of_a_table_that_the_step_reads():
    total = Measure(aggregate="sum", column=_ref("wards.town"))
    step = _step("doctors.name", filters=(_is("shifts.hours", 3, operator=">"),), measures=(total,))
    assert _rows(step) == [("Ann", 1), ("Bob", 1)]


def test_find_path_leaves_tables_apart_that_only_share_a_place():
    joins = tuple(join for join in JOINS if join.child != _id("flights"))
    between = Relationship(
        child=_id("wards"), child_columns=("head",), parent=_id("airlines"), parent_columns=("id",), confidence=0.5
    )  # fmt: skip
    (edge,) = find_path(((_id("airlines"), ""),), (_id("wards"), ""), (*joins, between), named={_id("towns")}) or ()
    assert edge.relationship == between


# --- the same row ---


def test_write_sql_asks_one_row_for_conditions_along_a_chain_of_joins():
    filters = (_is("wards.name", "Ear"), _is("shifts.hours", 6, operator=">="))
    assert _names(_step("doctors.name", reads="doctors", filters=filters)) == ["Ann"]


def test_write_sql_asks_one_row_for_two_roles_of_a_table():
    filters = (_is("towns.name", "Rome", via="source"), _is("towns.name", "Bonn", via="target"))
    step = _step("airlines.name", reads="airlines flights", filters=filters)
    assert _names(step) == ["Sky"]


def test_write_sql_asks_one_row_for_two_roles_and_what_leads_to_them():
    filters = (
        _is("towns.name", "Rome", via="source"), _is("towns.name", "Oslo", via="target"),
        _is("flights.price", 10, operator=">"),
    )  # fmt: skip
    assert _names(_step("airlines.name", filters=filters)) == ["Jet"]
    assert _names(_step("airlines.name", filters=(*filters, _is("flights.price", 20, operator=">")))) == []


def test_write_sql_tells_two_roles_apart_of_which_one_may_hold():
    either = _is("towns.name", "Rome", via="source", others=(_is("towns.name", "Rome", via="target"),))
    assert _names(_step("airlines.name", reads="airlines flights", filters=(either,))) == ["Air", "Jet", "Sky"]


def test_write_sql_denies_a_role_of_related_rows():
    filters = (_is("towns.name", "Rome", via="source"), _is("towns.name", "Oslo", via="target", operator="!="))
    assert _names(_step("airlines.name", reads="airlines flights", filters=filters)) == ["Sky"]


def test_write_sql_asks_once_for_a_table_on_the_way_to_a_condition():
    step = _step("doctors.name", reads="doctors shifts", filters=(_is("wards.name", "Eye"),))
    assert _sql(step).count("EXISTS") == 1


@pytest.mark.parametrize(("hours", "names"), [(5, ["Ann", "Bob"]), (9, [])])
def test_write_sql_keeps_conditions_on_one_table_on_one_row(hours, names):
    filters = (_is("shifts.hours", hours, operator=">"), _is("shifts.id", 3, operator="<"))
    assert _names(_step("doctors.name", filters=filters)) == names


def test_write_sql_tells_a_table_from_columns_of_its_name():
    nurse, ward, stay = (_id(name) for name in ("nurse", "ward", "stay"))
    known = tuple(
        Table(id=table, kind="table", columns=tuple(Column(name=name, type="INTEGER") for name in columns))
        for table, columns in ((nurse, ("id",)), (ward, ("id", "nurse")), (stay, ("ward", "nurse")))
    )
    joins = (
        Relationship(child=stay, child_columns=("nurse",), parent=nurse, parent_columns=("id",)),
        Relationship(child=stay, child_columns=("ward",), parent=ward, parent_columns=("id",)),
    )
    held = Filter(subject=ColumnRef(ward, "id"), operator="=", values=(7,))
    shown = (Dimension(column=ColumnRef(nurse, "id")),)
    step = Step(sources=(nurse, stay), dimensions=shown, filters=(held,))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE nurse AS SELECT unnest([1, 2]) AS id")
        connection.execute("CREATE TABLE ward AS SELECT 7 AS id, 2 AS nurse")
        connection.execute("CREATE TABLE stay AS SELECT 7 AS ward, 1 AS nurse")
        sql = write_sql(step, {table.id: table.id.name for table in known}, known, joins)
        assert connection.execute(sql).fetchall() == [(1,)]
