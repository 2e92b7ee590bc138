"""Synthetic questions are answered by their steps, come again from the same seed, and mean one thing."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pytest

from bench.folds import is_held_out
from bench.train.examples import load_examples
from bench.train.fit import load_held
from bench.train.prepare import ready_index
from bench.train.synthesise import Job, Made, run, synthesise
from bench.train.synthetic_groups import find_groups
from bench.train.synthetic_lake import Asked, Topic, read_topics
from bench.train.synthetic_periods import says_period
from bench.train.synthetic_questions import aggregates
from bench.train.synthetic_speech import Speaker
from genie_ext.config import load_settings
from genie_ext.types import ColumnRef, Filter, Step

ROWS = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, customer_name VARCHAR, country VARCHAR, age INTEGER);
INSERT INTO customers SELECT i, 'Person ' || chr(65 + i::INTEGER), ['France', 'Spain', 'Italy', 'Norway'][1 + i % 4],
    20 + i * 3 FROM range(12) AS r(i);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id),
    status VARCHAR, order_amount DOUBLE, unit_price DOUBLE, ordered_at DATE);
INSERT INTO orders SELECT i, i * i % 9, ['paid', 'open', 'shipped'][1 + i % 3], 10.5 + 7 * (i % 23), 2.25 + i % 11,
    DATE '2023-01-05' + (i * 9)::INTEGER FROM range(60) AS r(i);
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("lakes")
    with closing(duckdb.connect(str(folder / "shop.duckdb"))) as connection:
        connection.execute(ROWS)
    return folder / "shop.duckdb", folder / "home"


@pytest.fixture(scope="module")
def asked(shop: tuple[Path, Path]) -> Iterator[Asked]:
    with closing(ready_index(shop[0], load_settings(shop[0], home=shop[1]))) as index:
        yield read_topics(index)


@pytest.fixture(scope="module")
def made(shop: tuple[Path, Path]) -> list[Made]:
    return synthesise(Job(lake=shop[0], home=shop[1], wanted=40, seed=5))[0]


def _topic(asked: Asked, name: str) -> Topic:
    return next(topic for topic in asked.topics if topic.table.id.name == name)


def test_read_topics_takes_no_key_for_a_figure(asked: Asked) -> None:
    assert [column.name for column in _topic(asked, "orders").figures] == ["order_amount", "unit_price"]
    assert [column.name for column in _topic(asked, "customers").named] == ["customer_name"]
    assert [(link.child.table.id.name, link.parent.table.id.name) for link in asked.links] == [("orders", "customers")]


def test_aggregates_adds_up_amounts_and_no_prices(asked: Asked) -> None:
    amount, price = _topic(asked, "orders").figures
    assert "sum" in aggregates(amount)
    assert "sum" not in aggregates(price)


def test_synthesise_keeps_questions_whose_sql_finds_something(shop: tuple[Path, Path], made: list[Made]) -> None:
    assert len(made) == 40
    assert len({one.kind for one in made}) > 8
    with closing(duckdb.connect(str(shop[0]), read_only=True)) as connection:
        for one in made:
            rows = connection.execute(one.sql).fetchall()
            assert any(cell not in (None, 0) for row in rows for cell in row), one.text


def test_synthesise_repeats_itself_from_one_seed(shop: tuple[Path, Path], made: list[Made]) -> None:
    again = synthesise(Job(lake=shop[0], home=shop[1], wanted=40, seed=5))[0]
    other = synthesise(Job(lake=shop[0], home=shop[1], wanted=40, seed=6))[0]
    assert [(one.text, one.sql) for one in again] == [(one.text, one.sql) for one in made]
    assert [one.text for one in other] != [one.text for one in made]
    np.testing.assert_array_equal(again[0].example.actions, made[0].example.actions)


def test_synthesise_leaves_periods_to_the_rules(made: list[Made]) -> None:
    dated = [one for one in made if one.kind.endswith("dated")]
    assert dated
    assert not any("ordered_at" in one.sql for one in dated)


def test_run_leaves_held_out_databases_out(shop: tuple[Path, Path], tmp_path: Path) -> None:
    names = [f"shop{i}" for i in range(40)]
    kept, held = next(n for n in names if not is_held_out(n)), next(n for n in names if is_held_out(n))
    for name in (kept, held):
        (tmp_path / "db").mkdir(exist_ok=True)
        (tmp_path / "db" / f"{name}.duckdb").write_bytes(shop[0].read_bytes())
    run(
        argparse.Namespace(
            lake=[], databases=[tmp_path / "db"], home=tmp_path / "home", per=5, seed=1, out=tmp_path, workers=1, show=0
        )
    )
    assert {example.db for example in load_examples(tmp_path / "train.npz")} == {kept}


def test_find_groups_compares_figures_of_its_own_rows_only(asked: Asked) -> None:
    orders = _topic(asked, "orders")
    dice = (Speaker(asked=asked, rng=random.Random(seed)) for seed in range(300))  # noqa: S311
    steps = [draw.step for speaker in dice if (draw := find_groups(speaker, orders)) is not None]
    far = [step for step in steps if step.dimensions[0].column.table != orders.table.id]
    assert far
    assert all(step.keys == (ColumnRef(step.dimensions[0].column.table, "customer_id"),) for step in far)


def test_says_period_tells_a_year_that_is_compared_from_a_period(asked: Asked) -> None:
    orders = _topic(asked, "orders").table.id
    founded = Filter(subject=ColumnRef(orders, "order_id"), operator="=", values=(2014,))
    plain, compared = Step(sources=(orders,)), Step(sources=(orders,), filters=(founded,))
    assert says_period("Orders in 2014", wanted=True, step=plain)
    assert says_period("Orders in 2014", wanted=False, step=compared)
    assert not says_period("Orders in 2014", wanted=False, step=plain)
    assert not says_period("Orders", wanted=True, step=plain)


def test_load_held_refuses_folders_without_held_examples(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nothing would be measured"):
        load_held([tmp_path])
