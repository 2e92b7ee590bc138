from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie_ext.scoring import calibration, holds_answer, normal, order_matters, same_rows, table_rows, wilson

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1000, 1000),
    st.floats(-1e6, 1e6),
    st.text("abc ", max_size=3),
    st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 9)),
)


@st.composite
def results(draw):
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.tuples(*[CELLS] * width), max_size=8))


@given(results(), st.randoms(use_true_random=False))
def test_same_rows_ignores_the_order_of_rows_and_columns(rows, chance):
    order = list(range(len(rows[0]) if rows else 0))
    chance.shuffle(order)
    shuffled = [tuple(row[place] for place in order) for row in rows]
    chance.shuffle(shuffled)
    assert same_rows(rows, shuffled)
    assert same_rows(shuffled, rows)


@given(results(), st.randoms(use_true_random=False))
def test_same_rows_in_order_ignores_only_the_order_of_columns(rows, chance):
    order = list(range(len(rows[0]) if rows else 0))
    chance.shuffle(order)
    assert same_rows(rows, [tuple(row[place] for place in order) for row in rows], ordered=True)


@given(results().filter(bool))
def test_same_rows_sees_a_missing_row_and_a_changed_cell(rows):
    assert not same_rows(rows, rows[1:])
    assert not same_rows(rows, [("something else", *rows[0][1:]), *rows[1:]])


@given(results().filter(bool))
def test_same_rows_needs_the_same_number_of_columns(rows):
    assert not same_rows(rows, [(*row, 1) for row in rows])


@pytest.mark.parametrize(
    ("gold", "found"),
    [
        (1, 1.0),
        (1, True),
        (Decimal("2.50"), 2.5),
        (100_000, 100_009),
        (" Paris", "Paris "),
        (dt.datetime(2024, 5, 1, tzinfo=None), dt.date(2024, 5, 1)),  # noqa: DTZ001
        (dt.datetime(2024, 5, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))), dt.date(2024, 5, 1)),
        (float("nan"), float("nan")),
        ([1, 2], (1.0, 2)),
        ({"b": 1, "a": " x"}, {"a": "x", "b": 1.0}),
    ],
)
def test_same_rows_accepts_two_spellings_of_one_value(gold, found):
    assert same_rows([(gold,)], [(found,)])


@pytest.mark.parametrize(
    ("gold", "found"),
    [(1, "1"), (100_000, 100_011), ("paris", "Paris"), (None, 0), (None, ""), (dt.date(2024, 5, 1), "2024-05-01")],
)
def test_same_rows_keeps_different_values_apart(gold, found):
    assert not same_rows([(gold,)], [(found,)])


def test_same_rows_looks_at_the_order_only_when_told():
    assert same_rows([(1,), (2,)], [(2,), (1,)])
    assert not same_rows([(1,), (2,)], [(2,), (1,)], ordered=True)


def test_same_rows_counts_repeated_rows():
    assert not same_rows([(1,), (1,), (2,)], [(1,), (2,), (2,)])


def test_same_rows_keeps_values_of_one_row_together():
    assert not same_rows([("a", 1), ("b", 2)], [("a", 2), ("b", 1)])


def test_same_rows_pairs_numbers_that_sorting_would_pair_wrongly():
    gold = [(1.00000, 5.0), (1.00001, 9.0)]
    found = [(1.00001, 5.0), (1.00000, 9.0)]
    assert same_rows(gold, found)
    assert not same_rows(gold, [(1.00001, 5.0), (1.00000, 8.0)])


def test_same_rows_is_quick_on_many_equal_columns():
    row = (1,) * 12
    assert same_rows([row] * 50, [row] * 50)
    assert not same_rows([row] * 50, [row] * 49 + [(2,) * 12])


def test_same_rows_handles_large_results():
    chance = random.Random(3)  # noqa: S311
    rows = [(chance.random(), chance.random(), chance.randrange(9)) for _ in range(3000)]
    shuffled = [(row[2], row[0] * 1.00001, row[1]) for row in rows]
    chance.shuffle(shuffled)
    assert same_rows(rows, shuffled)


def test_same_rows_calls_two_empty_results_the_same():
    assert same_rows([], [])
    assert not same_rows([], [(1,)])


def test_table_rows_keeps_columns_of_one_name_apart():
    table = pa.table([pa.array([1, 2]), pa.array(["x", "y"])], names=["a", "a"])
    assert table_rows(table) == [(1, "x"), (2, "y")]


def test_normal_leaves_a_time_of_day_in_place():
    value = dt.datetime(2024, 5, 1, 13, tzinfo=None)  # noqa: DTZ001
    assert normal(value) == value


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM t ORDER BY a LIMIT 3", True),
        ("SELECT a FROM t ORDER BY a LIMIT 1", False),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a)", False),
        ("WITH x AS (SELECT a FROM t ORDER BY a) SELECT * FROM x", False),
        ("SELECT sum(a) OVER (ORDER BY b) FROM t", False),
    ],
)
def test_order_matters_reads_the_top_of_the_query(sql, expected):
    assert order_matters(sql) is expected


def test_holds_answer_rounds_to_the_decimals_of_the_answer():
    assert holds_answer([("mean", "34.65")], [(34.6498,)])
    assert not holds_answer([("mean", "34.65")], [(34.6,)])


def test_holds_answer_wants_every_value_and_no_dump():
    answer = [("mean", "2.0"), ("name", "Gibraltar")]
    assert holds_answer(answer, [("gibraltar", 2)])
    assert not holds_answer(answer, [("gibraltar", 3)])
    assert not holds_answer(answer, [("gibraltar", 2), ("a", 1), ("b", 2)])
    assert not holds_answer(answer, [])


def test_wilson_matches_known_intervals():
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.49, 0.943)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_rate(total, data):
    right = data.draw(st.integers(0, total))
    low, high = wilson(right, total)
    assert 0 <= low <= right / total + 1e-9
    assert right / total - 1e-9 <= high <= 1


def test_calibration_counts_each_answer_once():
    bins = calibration([(0.05, False), (0.95, True), (1.0, True), (0.99, False)])
    assert [(item["from"], item["n"]) for item in bins] == [(0.0, 1), (0.8, 3)]
    assert bins[1]["right"] == pytest.approx(2 / 3)
