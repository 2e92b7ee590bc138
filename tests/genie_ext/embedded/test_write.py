from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_ext.embedded.interpret import say
from genie_ext.embedded.join_tree import find_path
from genie_ext.embedded.sql_text import literal, quote, table_name
from genie_ext.embedded.steps import base_table
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.guard import check
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Step, TimeRange
from semantic.types import Column, Relationship, Table, TableId


def _table(name, *columns, key=("id",)):
    return Table(
        id=TableId("c", "main", name), kind="table", columns=tuple(Column(name=c, type="INTEGER") for c in columns),
        primary_key=key,
    )  # fmt: skip


A, B = _table("Order Details", "id", "naïve-col", "select"), _table("group", "id", "detail_id")
LINK = Relationship(child=B.id, child_columns=("detail_id",), parent=A.id, parent_columns=("id",))
NAMES = {A.id: "Order Details", B.id: "group"}


def _write(step):
    return write_sql(step, NAMES, (A, B), (LINK,))


@pytest.fixture(scope="module")
def odd():
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE "Order Details" (id INTEGER, "naïve-col" INTEGER, "select" INTEGER)')
        connection.execute('CREATE TABLE "group" (id INTEGER, detail_id INTEGER)')
        connection.execute('INSERT INTO "Order Details" VALUES (1, 5, 7), (2, 6, 8), (3, NULL, 9)')
        connection.execute('INSERT INTO "group" VALUES (1, 1), (2, 1), (3, 2)')
        yield connection


def _odd(column):
    return ColumnRef(A.id, column)


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (Filter(subject=_odd("naïve-col"), operator="=", values=(5,)), [1]),
        (Filter(subject=_odd("select"), operator="between", values=(8, 9)), [2, 3]),
        (Filter(subject=_odd("select"), operator="not in", values=(7, 8)), [3]),
        (Filter(subject=_odd("naïve-col"), operator="is null"), [3]),
        (Filter(subject=ColumnRef(B.id, "id"), operator="=", values=(3,)), [2]),
        (Filter(subject=ColumnRef(B.id, "id"), operator="!=", values=(3,)), [1, 3]),
        (Filter(subject=Measure(aggregate="count", table=B.id), operator="=", values=(0,)), [3]),
        (Filter(subject=Measure(aggregate="count", table=B.id), operator=">=", values=(2,)), [1]),
    ],
)
def test_write_sql_quotes_odd_names_and_keeps_the_rows(odd, condition, ids):
    step = Step(sources=(A.id,), dimensions=(Dimension(column=_odd("id")),), filters=(condition,))
    assert sorted(row[0] for row in odd.execute(_write(step)).fetchall()) == ids


def test_write_sql_sorts_a_list_without_repeats_by_what_it_does_not_show(odd):
    order = (Order(by=Dimension(column=_odd("select")), descending=True),)
    step = Step(sources=(A.id,), dimensions=(Dimension(column=_odd("id")),), order=order, distinct=True)
    assert odd.execute(_write(step)).fetchall() == [(3,), (2,), (1,)]


def test_write_sql_refuses_a_figure_that_nothing_groups():
    condition = Filter(subject=Measure(aggregate="count", table=A.id), operator=">", values=(3,))
    with pytest.raises(CannotAnswerError):
        _write(Step(sources=(A.id,), measures=(Measure(aggregate="count", table=A.id),), filters=(condition,)))


def test_write_sql_refuses_tables_that_nothing_joins():
    step = Step(sources=(A.id, B.id), dimensions=(Dimension(column=_odd("id")),))
    with pytest.raises(CannotAnswerError, match="No join"):
        write_sql(step, NAMES, (A, B), ())


def test_quote_covers_every_keyword_that_is_no_name():
    with duckdb.connect() as connection:
        words = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'")
        assert {quote(word) for (word,) in words.fetchall() if not quote(word).startswith('"')} == set()


def test_table_name_keeps_a_dot_inside_a_part():
    table = TableId("c", "main", "v1.orders")
    assert table_name(table, {table: "v1.orders"}) == '"v1.orders"'
    assert table_name(table, {table: "main.v1.orders"}) == 'main."v1.orders"'


@given(st.one_of(st.text(), st.integers(-(2**60), 2**60), st.booleans(), st.dates(dt.date(1, 1, 1))))
def test_literal_is_read_back_as_the_same_value(value):
    if isinstance(value, str) and "\x00" in value:
        return
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {literal(value)}").fetchone() == (value,)


def test_say_names_the_figure_the_groups_and_the_conditions():
    step = Step(
        sources=(A.id,), measures=(Measure(aggregate="avg", column=_odd("select")),),
        dimensions=(Dimension(column=_odd("id")),), filters=(Filter(subject=_odd("id"), operator=">", values=(2,)),),
    )  # fmt: skip
    assert say(step, base_table(step)) == (
        "The average of select (order details), for each id (order details), where id (order details) is more than 2."
    )


# --- any plan over the shop compiles ---


@st.composite
def _steps(draw, tables):
    """Draw a step such as the composer makes, over any of the tables."""
    columns = [(table, column) for table in tables for column in table.columns]
    refs = st.sampled_from([ColumnRef(table.id, column.name) for table, column in columns])
    numbers = st.sampled_from([ColumnRef(t.id, c.name) for t, c in columns if c.family == "number"])
    dates = st.sampled_from([ColumnRef(t.id, c.name) for t, c in columns if c.family == "date"])
    texts = st.sampled_from([ColumnRef(t.id, c.name) for t, c in columns if c.family == "text"])
    counts = st.builds(lambda t: Measure(aggregate="count", table=t.id, label="n"), st.sampled_from(tables))
    sums = st.builds(lambda a, r: Measure(aggregate=a, column=r), st.sampled_from(["sum", "avg", "max"]), numbers)
    filters = st.one_of(
        st.builds(lambda r, v: Filter(subject=r, operator=">", values=(v,)), numbers, st.integers(-9, 999)),
        st.builds(lambda r, v: Filter(subject=r, operator="!=", values=(v,)), texts, st.text()),
        st.builds(lambda r: Filter(subject=r, operator="is null"), refs),
        st.builds(lambda m, v: Filter(subject=m, operator=">=", values=(v,)), counts, st.integers(0, 3)),
    )  # fmt: skip
    shown = draw(st.lists(st.builds(lambda r: Dimension(column=r), refs), max_size=2, unique=True))
    measures = draw(st.lists(st.one_of(counts, sums), min_size=0 if shown else 1, max_size=2, unique=True))
    order = draw(
        st.lists(st.builds(lambda r, d: Order(by=Dimension(column=r), descending=d), refs, st.booleans()), max_size=1)
    )
    time = draw(st.none() | st.builds(lambda r: TimeRange(column=r, start=dt.date(2024, 1, 1), end=None), dates))
    return Step(
        sources=(draw(st.sampled_from(tables)).id,), dimensions=tuple(shown), measures=tuple(measures),
        filters=tuple(draw(st.lists(filters, max_size=3))), time=time, order=tuple(order),
        limit=draw(st.none() | st.integers(1, 5)), distinct=draw(st.booleans()),
    )  # fmt: skip


@given(data=st.data())
def test_write_sql_of_any_plan_passes_the_guard_and_runs(session, data):
    index = session.index
    tables = [index.table(table) for table in index.table_ids()]
    step = data.draw(_steps(tables))
    if any("\x00" in value for f in step.filters for value in f.values if isinstance(value, str)):
        return
    names = {table.id: index.short_name(table.id) for table in tables}
    try:
        text = write_sql(step, names, tables, index.relationships([table.id for table in tables]))
    except CannotAnswerError:
        return
    session.engine.run(check(text, index, row_limit=10))


@given(data=st.data())
def test_find_path_is_a_chain_to_the_target_without_repeats(session, data):
    ids = session.index.table_ids()
    joins = session.index.relationships(ids)
    start, target = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
    path = find_path(((start, ""),), (target, ""), joins)
    assert path is not None
    visited = [start, *(edge.far[0] for edge in path)]
    assert visited[-1] == target
    assert len(set(visited)) == len(visited)
    assert [edge.near[0] for edge in path] == visited[:-1]
