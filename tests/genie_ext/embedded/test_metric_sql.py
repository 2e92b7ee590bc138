"""Definitions as SQL: what can be computed for parts of the data, over which rows, and what is refused."""

from __future__ import annotations

import pytest

from genie_ext.embedded.figure_words import figure_kind
from genie_ext.embedded.grain import find_grain
from genie_ext.embedded.metric_sql import condition_columns, write_condition, write_metric
from genie_ext.errors import CannotAnswerError
from semantic.facts import Metric
from semantic.types import Column, Relationship, Table, TableId

ORDERS, ITEMS, REFUNDS, PEOPLE = (TableId("c", "m", name) for name in ("orders", "items", "refunds", "people"))
TABLES = tuple(
    Table(id=t, kind="table", columns=(Column(name="x", type="INTEGER"),)) for t in (ORDERS, ITEMS, REFUNDS, PEOPLE)
)


def _join(child, parent, key="k", cardinality="many-to-one"):
    return Relationship(
        child=child, child_columns=(key,), parent=parent, parent_columns=("id",), cardinality=cardinality
    )


JOINS = (_join(ITEMS, ORDERS), _join(REFUNDS, ORDERS), _join(ORDERS, PEOPLE, "buyer"))


def _metric(expression, *tables, filters=()):
    return Metric(name="figure", expression=_full(expression), tables=tables or (ORDERS,), filters=filters)


def _full(text):
    for table in ("orders", "items", "refunds", "people"):
        text = text.replace(f"{table}.", f'"c"."m"."{table}".')
    return text


def _place(_catalog, _schema, table, column):
    return table[:1], column


def _written(expression, filters=()):
    metric = _metric(expression, filters=tuple(_full(text) for text in filters))
    return write_metric(metric, _place, filtered=True).lower()


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("sum(orders.x)", "sum(o.x)"),
        ("sum(orders.x) - sum(orders.y)", "sum(o.x) - sum(o.y)"),
        ("count(*)", "count(*)"),
        ("coalesce(sum(orders.x), 0)", "coalesce(sum(o.x), 0)"),
        ("count(distinct orders.x)", "count(distinct o.x)"),
    ],
)
def test_write_metric_names_columns_by_the_alias_of_their_table(expression, written):
    assert _written(expression) == written


def test_write_metric_narrows_every_aggregate_by_all_conditions():
    written = _written("sum(orders.x) / count(*)", ("orders.a = 1 OR orders.b = 2", "orders.s <> 'x'"))
    condition = "filter(where (o.a = 1 or o.b = 2) and o.s <> 'x')"
    assert written == f"sum(o.x) {condition} / count(*) {condition}"


def test_write_metric_keeps_a_condition_that_an_aggregate_has_already():
    written = _written("sum(orders.x) filter (where orders.a or orders.b)", ("orders.s = 1",))
    assert written == "sum(o.x) filter(where (o.a or o.b) and o.s = 1)"


@pytest.mark.parametrize(
    "expression",
    [
        "orders.x", "sum(orders.x) / orders.y", "sum(orders.x) over ()", "(select sum(x) from t)", "1",
        "sum(orders.x); drop table orders", "sum(", "sum((select 1))",
    ],
)  # fmt: skip
def test_write_metric_refuses_what_is_no_aggregate_of_columns(expression):
    with pytest.raises(CannotAnswerError):
        _written(expression)


@pytest.mark.parametrize("text", ["sum(x) > 1", "x in (select 1)", "row_number() over () = 1", "x = 1; select 2", "("])
def test_write_condition_refuses_what_is_not_about_single_rows(text):
    with pytest.raises(CannotAnswerError):
        write_condition(text, _place)


def test_write_condition_puts_alternatives_in_brackets_and_drops_comments():
    assert write_condition("a = 1 OR b = 2 -- note", lambda *parts: ("t", parts[3])) == "(t.a = 1 OR t.b = 2)"


def test_condition_columns_names_what_a_condition_reads():
    assert condition_columns("NOT Is_Test AND lower(status) <> 'x'") == {"is_test", "status"}


@pytest.mark.parametrize(
    ("expression", "tables", "grain"),
    [
        ("sum(orders.x)", (ORDERS,), ORDERS),
        ("sum(items.x)", (ORDERS, ITEMS), ITEMS),
        ("sum(items.x * orders.x)", (ITEMS, ORDERS), ITEMS),
        ("count(distinct orders.x) / count(*)", (ITEMS, ORDERS), ITEMS),
        ("sum(orders.x)", (ITEMS, ORDERS), ITEMS),
        ("max(people.x)", (ORDERS, PEOPLE), ORDERS),
    ],
)
def test_find_grain_is_the_table_that_no_other_repeats(expression, tables, grain):
    assert find_grain(_metric(expression, *tables), TABLES, JOINS) == grain


@pytest.mark.parametrize(
    ("expression", "tables"),
    [
        ("sum(orders.x) - sum(refunds.x)", (ORDERS, REFUNDS)),
        ("sum(orders.x) - sum(refunds.x)", (REFUNDS, ORDERS)),
        ("sum(orders.x)", (ORDERS, ITEMS)),
        ("sum(items.x) - sum(refunds.x)", (ITEMS, REFUNDS)),
        ("sum(orders.x)", (TableId("c", "m", "gone"),)),
        ("sum(orders.x)", ()),
    ],
)
def test_find_grain_refuses_definitions_that_count_rows_more_than_once(expression, tables):
    metric = Metric(name="figure", expression=_full(expression), tables=tables)
    with pytest.raises(CannotAnswerError):
        find_grain(metric, TABLES, JOINS)


def test_find_grain_refuses_to_choose_between_two_keys():
    joins = (_join(ORDERS, PEOPLE, "buyer"), _join(ORDERS, PEOPLE, "seller"))
    with pytest.raises(CannotAnswerError, match="buyer, seller"):
        find_grain(_metric("sum(orders.x * people.x)", ORDERS, PEOPLE), TABLES, joins)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("SUM(orders.x)", "sum"), ("sum(orders.x) - sum(orders.y)", "sum"), ("sum(orders.x) / count(*)", "avg"),
        ("count(*)", "count"), ("COUNT(DISTINCT orders.x)", "count_distinct"), ("avg(orders.x)", "avg"),
        ("round(sum(orders.x), 2)", "sum"), ("max(orders.x)", "max"), ("quantile_cont(orders.x, 0.9)", "avg"),
    ],
)  # fmt: skip
def test_figure_kind_says_how_a_figure_behaves(expression, kind):
    assert figure_kind(_metric(expression)) == kind
