from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb
import pyarrow as pa
import pytest

from genie_ext.agent.checks import (
    CHECKS,
    check_answer,
    check_coverage,
    check_fan_out,
    check_missing,
    check_repeats,
    check_row_loss,
    check_rows,
    check_unread,
)
from genie_ext.agent.context import find_context
from genie_ext.agent.evidence import Evidence
from genie_ext.agent.tie_check import check_ties
from genie_ext.agent.total_check import check_totals
from genie_ext.agent.value_checks import check_values
from genie_ext.config import load_settings
from genie_ext.errors import QueryCancelledError, QueryTimeoutError
from genie_ext.guard import Policy, check
from genie_ext.session import Session
from genie_ext.types import (
    ColumnRef,
    Combination,
    Dimension,
    Filter,
    Measure,
    Plan,
    Question,
    Rows,
    Step,
    TimeRange,
)


@pytest.fixture(scope="session")
def evidence(session):
    """Return a function that makes the evidence of a step over the shop, its rows really fetched."""
    index = session.index
    context = find_context(Question(text="orders", today=dt.date(2024, 7, 15)), index, Policy())

    def probe(text):
        return session.engine.run(check(text, index, row_limit=10))

    def make(step, rows=None, probe=probe, sql="", *, thorough=False):
        plan = Plan(interpretation="", steps=(step,))
        rows = rows or _rows(n=[1, 2])
        return Evidence(context=context, plan=plan, rows=rows, probe=probe, sql=sql, thorough=thorough)

    return make


@pytest.fixture(scope="session")
def ref(session):
    def find(name):
        table, column = name.split(".")
        return ColumnRef(session.index.find((table,))[0], column)

    return find


def _rows(*, truncated=False, **columns):
    return Rows(table=pa.table(columns), truncated=truncated)


def _without_profiles(table):
    return tuple(replace(column, profile=None) for column in table.columns)


def _severities(findings):
    return [finding.severity for finding in findings]


def _count(ref, table):
    return Measure(aggregate="count", table=ref(f"{table}.x").table)


def _figure(ref, column, aggregate="sum"):
    return Measure(aggregate=aggregate, column=ref(column))


def _by(ref, column):
    return Dimension(column=ref(column))


def test_check_rows_warns_of_nothing_and_of_a_cut_end(evidence, ref):
    plain = Step(sources=(), dimensions=(_by(ref, "orders.status"),))
    assert _severities(check_rows(evidence(plain, _rows(n=pa.array([], pa.int64()))))) == ["warning"]
    assert _severities(check_rows(evidence(plain, _rows(n=[1], truncated=True)))) == ["warning"]
    assert _severities(check_rows(evidence(plain, _rows(n=pa.array([None], pa.int64()))))) == ["ok"]


def test_check_rows_tells_a_figure_of_nothing_from_a_count_of_none(evidence, ref):
    figure = Step(sources=(), measures=(_figure(ref, "orders.total"),))
    condition = Filter(subject=ref("orders.status"), operator="=", values=("lost",))
    count = Step(sources=(), measures=(_count(ref, "orders"),), filters=(condition,))
    assert _severities(check_rows(evidence(figure, _rows(n=pa.array([None], pa.int64()))))) == ["error"]
    assert _severities(check_rows(evidence(count, _rows(n=[0])))) == ["warning"]


@pytest.mark.parametrize(
    ("operator", "value", "severity"),
    [
        ("=", "Furniture", "ok"),
        ("=", "Furnitur", "error"),
        ("!=", "Furnitur", "warning"),
        ("=", "x' OR 1=1 --", "error"),
    ],
)
def test_check_values_asks_whether_a_cell_holds_the_value(evidence, ref, operator, value, severity):
    condition = Filter(subject=ref("products.category"), operator=operator, values=(value,))
    (finding,) = check_values(evidence(Step(sources=(ref("products.x").table,), filters=(condition,))))
    assert finding.severity == severity
    assert ("Furniture" in finding.suggestion) == (value == "Furnitur")


def test_check_fan_out_finds_a_sum_that_a_join_repeats(evidence, ref):
    step = Step(sources=(), measures=(_figure(ref, "orders.total"),), dimensions=(_by(ref, "order_items.quantity"),))
    assert _severities(check_fan_out(evidence(step))) == ["error"]


def test_check_fan_out_finds_a_second_figure_that_a_join_repeats(evidence, ref):
    measures = (_figure(ref, "order_items.quantity"), _figure(ref, "orders.total"))
    assert _severities(check_fan_out(evidence(Step(sources=(), measures=measures)))) == ["error"]


@pytest.mark.parametrize("aggregate", ["max", "count_distinct"])
def test_check_fan_out_lets_figures_pass_that_repeats_do_not_change(evidence, ref, aggregate):
    measure = _figure(ref, "orders.total", aggregate)
    step = Step(sources=(), measures=(measure,), dimensions=(_by(ref, "order_items.quantity"),))
    assert _severities(check_fan_out(evidence(step))) == ["ok"]


def test_check_fan_out_lets_a_join_to_one_row_and_a_count_of_keys_pass(evidence, ref):
    total = Step(sources=(), measures=(_figure(ref, "orders.total"),), dimensions=(_by(ref, "customers.country"),))
    count = Step(sources=(), measures=(_count(ref, "orders"),), dimensions=(_by(ref, "order_items.quantity"),))
    assert _severities(check_fan_out(evidence(total))) == ["ok"]
    assert _severities(check_fan_out(evidence(count))) == ["ok"]


@pytest.mark.parametrize(("matched", "severity"), [(700, "warning"), (995, "note")])
def test_check_row_loss_weighs_rows_without_a_partner(evidence, ref, matched, severity):
    step = Step(sources=(), measures=(_count(ref, "orders"),), dimensions=(_by(ref, "customers.country"),))
    made = evidence(step, probe=lambda _: _rows(total=[1000], matched=[matched]))
    unprofiled = replace(
        made.context, tables=tuple(replace(t, columns=_without_profiles(t)) for t in made.context.tables)
    )
    (finding,) = check_row_loss(replace(made, context=unprofiled))
    assert (finding.severity, finding.message.split()[0]) == (severity, str(1000 - matched))


def test_check_row_loss_counts_empty_keys(tmp_path):
    path = tmp_path / "lost.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE teams (team_id INTEGER PRIMARY KEY, city VARCHAR); INSERT INTO teams VALUES (1, 'Rome');"
            "CREATE TABLE players (player_id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES teams (team_id));"
            "INSERT INTO players VALUES (1, 1), (2, NULL), (3, NULL)"
        )
    with Session(path, settings=load_settings(path, encoder="hashing", answer_above=0.0)) as session:
        turn = session.ask("How many players are there for each city?")
    assert "2 of 3 rows of players have no teams and are left out." in [finding.message for finding in turn.findings]


def test_check_row_loss_is_silent_where_every_row_has_a_partner(evidence, ref):
    step = Step(sources=(), measures=(_count(ref, "orders"),), dimensions=(_by(ref, "customers.country"),))
    assert check_row_loss(evidence(step)) == []


def test_check_missing_counts_empty_cells_of_the_figure(evidence, ref):
    (finding,) = check_missing(evidence(Step(sources=(), measures=(_figure(ref, "products.price", "avg"),))))
    assert finding.message.startswith("1 of 7 rows")
    assert check_missing(evidence(Step(sources=(), measures=(_figure(ref, "products.stock"),)))) == []


def test_check_missing_counts_texts_that_are_no_numbers(evidence, ref):
    (finding,) = check_missing(evidence(Step(sources=(), measures=(_figure(ref, "addresses.city"),))))
    assert finding.message.startswith("5 of 5 rows")


@pytest.mark.parametrize(
    ("start", "end", "severity"),
    [
        ("2024-01-01", "2024-07-01", "ok"), ("2024-01-01", "2025-01-01", "note"), ("2020-01-01", "2024-01-01", "note"),
        ("2030-01-01", None, "error"), (None, "2000-01-01", "error"), (None, "2030-01-01", "ok"),
        ("2024-03-01", None, "ok"),
        ("2023-12-30", "2024-07-11", "ok"), ("2024-07-11", None, "error"),
    ],
)  # fmt: skip
def test_check_coverage_compares_the_period_with_the_data(evidence, ref, start, end, severity):
    sides = [side and dt.date.fromisoformat(side) for side in (start, end)]
    time = TimeRange(column=ref("orders.ordered_on"), start=sides[0], end=sides[1])
    step = Step(sources=(), measures=(_count(ref, "orders"),), time=time)
    assert _severities(check_coverage(evidence(step))) == [severity]


def test_check_repeats_counts_rows_that_repeat_an_earlier_one(evidence, ref):
    step = Step(sources=(), dimensions=(_by(ref, "orders.status"),))
    assert _severities(check_repeats(evidence(step, _rows(s=["a", "a", "b"])))) == ["note"]
    assert check_repeats(evidence(step, _rows(s=["a", "b"]))) == []


@pytest.mark.parametrize(("key", "severity"), [("status = 'paid' DESC", "warning"), ("order_id", "ok")])
def test_check_ties_warns_where_chance_picks_the_row_that_is_shown(evidence, key, severity):
    own = evidence(Step(sources=()), _rows(n=[1]), sql=f"SELECT order_id FROM orders ORDER BY {key} LIMIT 1")
    assert _severities(check_ties(own)) == [severity]


def test_check_ties_asks_nothing_where_no_row_is_left_out(evidence):
    def unasked(_):
        raise AssertionError

    for text in ("SELECT order_id FROM orders ORDER BY status LIMIT 9", "SELECT order_id FROM orders", ""):
        assert check_ties(evidence(Step(sources=()), probe=unasked, sql=text)) == []


def test_check_totals_adds_the_parts_up_and_compares_them_with_the_whole(evidence, ref):
    counted = Step(sources=(), measures=(_count(ref, "orders"),), dimensions=(_by(ref, "orders.status"),))
    whole = evidence(counted, _rows(status=["paid", "other"], n=[5, 5]), thorough=True)
    lost = evidence(counted, _rows(status=["paid"], n=[5]), thorough=True)
    assert _severities(check_totals(whole)) == ["ok"]
    (found,) = check_totals(lost)
    assert (found.severity, found.message) == ("warning", "The parts of count add up to 5, and the whole is 10.")


def test_check_totals_is_asked_only_where_an_answer_is_looked_at_closely_and_adds_up(evidence, ref):
    rows = _rows(status=["paid"], n=[5])
    counted = Step(sources=(), measures=(_count(ref, "orders"),), dimensions=(_by(ref, "orders.status"),))
    average = replace(counted, measures=(_figure(ref, "orders.total", "avg"),))
    assert check_totals(evidence(counted, rows)) == []
    for step in (average, replace(counted, limit=1), replace(counted, dimensions=())):
        assert check_totals(evidence(step, rows, thorough=True)) == []


def test_check_answer_keeps_an_answer_whose_checks_time_out(evidence, ref):
    def slow(_):
        raise QueryTimeoutError("Ran longer than 5 s.")

    findings = check_answer(evidence(Step(sources=(), measures=(_figure(ref, "products.price"),)), probe=slow))
    assert "Could not be checked: Ran longer than 5 s." in [finding.message for finding in findings]
    assert len(CHECKS) == 10


def test_check_answer_stops_when_the_user_does(evidence, ref):
    def stopped(_):
        raise QueryCancelledError("Stopped.")

    with pytest.raises(QueryCancelledError):
        check_answer(evidence(Step(sources=(), measures=(_figure(ref, "products.price"),)), probe=stopped))


def test_check_unread_names_the_lost_parts_of_the_tables_that_were_read(evidence):
    orders = next(t.id for t in evidence(Step(sources=())).context.tables if t.id.name == "orders")
    step = Step(sources=(orders,), measures=(Measure(aggregate="count", table=orders),))
    whole = evidence(step)
    assert check_unread(whole) == []
    unread = ("orders/b.parquet: not a complete Parquet file", "reorders/x.parquet: the file is empty")
    (finding,) = check_unread(replace(whole, unread=unread))
    assert finding.severity == "warning"
    assert "orders/b.parquet" in finding.message
    assert "reorders" not in finding.message


def _inside(ref, inner, kind):
    """Return a step that holds another: combined with it, compared with it, or compared with it instead."""
    shown = (_by(ref, "products.name"),)
    nested = Filter(subject=ref("products.product_id"), operator="in", step=inner)
    if kind == "nested":
        return Step(sources=(), dimensions=shown, filters=(nested,))
    if kind == "alternative":
        known = Filter(subject=ref("products.category"), operator="=", values=("Furniture",), alternatives=(nested,))
        return Step(sources=(), dimensions=shown, filters=(known,))
    return Step(sources=(), dimensions=shown, combined=Combination(kind=kind, step=inner))


@pytest.mark.parametrize(
    ("kind", "severity"), [("nested", "error"), ("alternative", "error"), ("union", "error"), ("except", "warning")]
)
def test_check_values_looks_into_the_steps_inside_a_step(evidence, ref, kind, severity):
    lost = Filter(subject=ref("products.category"), operator="=", values=("Furnitur",))
    inner = Step(sources=(), dimensions=(_by(ref, "products.product_id"),), filters=(lost,))
    (finding,) = check_values(evidence(_inside(ref, inner, kind)))
    assert (finding.severity, "Furnitur" in finding.message) == (severity, True)


def test_check_values_looks_at_each_of_several_conditions(evidence, ref):
    lost = Filter(subject=ref("products.category"), operator="=", values=("Furnitur",))
    either = Filter(subject=ref("products.category"), operator="=", values=("Furniture",), alternatives=(lost,))
    (finding,) = check_values(evidence(Step(sources=(ref("products.x").table,), filters=(either,))))
    assert finding.severity == "error"


@pytest.mark.parametrize("kind", ["nested", "alternative", "union"])
def test_checks_of_figures_look_into_the_steps_inside_a_step(evidence, ref, kind):
    repeated = Step(
        sources=(), measures=(_figure(ref, "orders.total"),), dimensions=(_by(ref, "order_items.quantity"),)
    )
    late = TimeRange(column=ref("orders.ordered_on"), start=dt.date(2030, 1, 1), end=None)
    dated = Step(sources=(), measures=(_count(ref, "orders"),), time=late)
    empty = Step(sources=(), measures=(_figure(ref, "products.price", "avg"),))
    assert _severities(check_fan_out(evidence(_inside(ref, repeated, kind)))) == ["error"]
    assert _severities(check_coverage(evidence(_inside(ref, dated, kind)))) == ["error"]
    assert [f.message[:9] for f in check_missing(evidence(_inside(ref, empty, kind)))] == ["1 of 7 ro"]


def test_check_missing_says_that_another_condition_may_keep_a_row_without_a_value(evidence, ref):
    denied = Filter(subject=ref("products.price"), operator="!=", values=(5,))
    kept = replace(denied, subject=ref("products.name"), operator="=", values=("Desk",), alternatives=(denied,))
    (alone,) = check_missing(evidence(Step(sources=(), dimensions=(_by(ref, "products.name"),), filters=(denied,))))
    (either,) = check_missing(evidence(Step(sources=(), dimensions=(_by(ref, "products.name"),), filters=(kept,))))
    assert alone.message.endswith("are left out.")
    assert either.message.endswith("are left out, unless another of the conditions holds.")


def test_check_unread_names_the_lost_parts_of_a_table_inside_a_step(evidence, ref):
    inner = Step(sources=(), dimensions=(_by(ref, "order_items.product_id"),))
    lost = replace(evidence(_inside(ref, inner, "nested")), unread=("order_items/b.parquet: not a complete file",))
    assert _severities(check_unread(lost)) == ["warning"]
