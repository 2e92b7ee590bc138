"""What is collected of a question: which slices it belongs to, and whether what the product answers is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bench.embedded.collect import choose, collect, slices_of
from bench.folds import is_held_out
from genie_ext.embedded.parser.parse import Parser
from genie_ext.errors import ConfigError
from genie_ext.evaluate import Case

SHOP = """
CREATE TABLE product (product_id INTEGER PRIMARY KEY, name VARCHAR, price INTEGER);
INSERT INTO product SELECT i, 'product ' || i, i % 7 FROM range(1500) AS r (i);
"""
MODEL = """
version: "0.1.1"
semantic_model:
  - name: shop
    datasets: [{name: product, source: main.product}]
    metrics:
      - name: net_worth
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(product.price)}]}
"""
Ask = Callable[[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory, untrained: Parser) -> Ask:
    """Return a function that collects the row of one question about a shop of 1,500 products."""
    bench, home = tmp_path_factory.mktemp("bench"), tmp_path_factory.mktemp("homes")
    folder = bench / "shops" / "db"
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(SHOP)
    (folder / "model.ossie.yaml").write_text(MODEL)
    (folder / "genie.toml").write_text('model = "."\nencoder = "hashing"\n')

    def collected(question: str, sql: str) -> dict[str, Any]:
        case = {"id": "1", "db": "shop", "question": question, "sql_duckdb": sql}
        (bench / "shops" / "questions.jsonl").write_text(json.dumps(case) + "\n")
        (row,) = collect(bench, "shops", home, untrained)
        return row

    return collected


def test_collect_judges_what_is_settled_by_its_rows(ask: Ask) -> None:
    row = ask("What is the net worth?", "SELECT sum(price) FROM product")
    assert row["settled"] == "final"
    (group,) = row["groups"]
    assert group["right"]
    assert 0 < group["chance"] <= 1
    wrong = ask("What is the net worth?", "SELECT max(price) FROM product")
    assert [group["right"] for group in wrong["groups"]] == [False]


def test_collect_judges_all_rows_of_a_reading_not_those_that_were_looked_at(ask: Ask) -> None:
    row = ask("List the flumphy names of all products", "SELECT name FROM product")
    assert row["settled"] == ""
    assert [group["right"] for group in row["groups"] if "rules" in group["sources"]] == [True]


def test_collect_notes_a_refusal_without_groups(ask: Ask) -> None:
    row = ask("What percentage of products is cheap?", "SELECT 1")
    assert (row["settled"], row["groups"]) == ("Refusal", [])


def test_collect_refuses_to_measure_nothing(tmp_path: Path, untrained: Parser) -> None:
    (tmp_path / "shops").mkdir()
    (tmp_path / "shops" / "questions.jsonl").write_text("")
    with pytest.raises(ConfigError, match="No question of shops can be measured"):
        list(collect(tmp_path, "shops", tmp_path, untrained))


def make_case(number: int, database: str = "shop") -> Case:
    return Case(id=str(number), suite="shops", database=database, question="How many?", gold=("SELECT 1",))


def test_choose_draws_the_same_sample_each_time_in_order() -> None:
    cases = [make_case(number) for number in range(100)]
    drawn = choose(cases, held=False, sample=10)
    assert drawn == choose(cases, held=False, sample=10)
    assert len(drawn) == 10
    assert [int(case.id) for case in drawn] == sorted(int(case.id) for case in drawn)


def test_choose_keeps_databases_that_were_held_out() -> None:
    cases = [make_case(number, f"shop_{number}") for number in range(60)]
    kept = choose(cases, held=True, sample=None)
    assert 0 < len(kept) < 60
    assert all(is_held_out(case.database) for case in kept)


@pytest.mark.parametrize(
    ("item", "slices"),
    [
        ({"features": {"joins": 0, "selects": 1}, "sql_duckdb": "SELECT count(*) FROM shop"}, []),
        ({"features": {"joins": 2, "group": True}, "sql_duckdb": "SELECT 1"}, ["joins", "grouping"]),
        ({"features": {"selects": 2}, "sql_duckdb": "SELECT 1"}, ["nesting"]),
        ({"features": {"setop": True}, "sql_duckdb": "SELECT 1"}, ["nesting"]),
        ({"sql_duckdb": "SELECT 1 FROM shop WHERE Open_Year > 2000"}, ["dates"]),
        ({"sql_duckdb": "SELECT 1 FROM shop WHERE name = 'year of the day' AND birthdays = 1"}, []),
        ({"time_dependent": True, "sql_duckdb": "SELECT 1"}, ["dates"]),
    ],
)
def test_slices_of_tells_what_the_gold_needs(item: dict[str, Any], slices: list[str]) -> None:
    assert slices_of(item) == slices
