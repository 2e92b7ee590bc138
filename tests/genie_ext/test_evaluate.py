from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from genie_ext.errors import ConfigError
from genie_ext.evaluate import (
    Case,
    Outcome,
    detail,
    evaluate,
    find_database,
    judge,
    read_bench,
    read_cases,
    read_only_list,
    summarise,
)
from genie_ext.types import Answer, Question, Refusal, Rows, Turn


def case(**fields):
    return Case(**{"id": "1", "suite": "s", "database": "shop", "question": "?", "gold": ("SELECT 1",), **fields})


def turn(table=None):
    question = Question(text="?")
    if table is None:
        return Turn(question=question, refusal=Refusal(reason="no"))
    return Turn(question=question, rows=Rows(table=pa.table(table)), answer=Answer(text="a", confidence=0.8))


def write_lines(path, *items):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return path


def test_read_cases_reads_every_kind_of_gold(tmp_path):
    path = write_lines(
        tmp_path / "set" / "questions.jsonl",
        {"id": 1, "db": "a", "question": "x", "sql_duckdb": "A", "order_matters": True, "history": ["w"]},
        {"id": 2, "db": "a", "question": "x", "sql_duckdb": "A", "sql_duckdb_alternatives": ["A", "B"]},
        {"id": 3, "db": "a", "question": "x", "sql_duckdb": "A", "sqls_duckdb": ["A", "C"]},
        {"id": 4, "db": "a", "question": "x", "answer": [["mean", "2.5"]]},
        {"id": 5, "db": "a", "question": "x", "sql_duckdb": "A", "usable": False},
        {"id": 6, "db": "a", "question": "x", "sql_duckdb": "A", "unanswerable": True},
    )
    cases = {item.id: item for item in read_cases(path)}
    assert (cases["1"].suite, cases["1"].ordered, cases["1"].history) == ("set", True, ("w",))
    assert cases["2"].gold == ("A", "B")
    assert cases["3"].gold == ("A", "C")
    assert (cases["4"].gold, cases["4"].answer) == ((), (("mean", "2.5"),))
    assert "5" not in cases
    assert not cases["6"].answerable


@pytest.mark.parametrize(
    "line", ["{bad", '{"id": 1, "question": "x", "sql_duckdb": "A"}', '{"id": 1, "db": "a"}', "[]"]
)
def test_read_cases_names_the_line_that_is_no_question(tmp_path, line):
    path = tmp_path / "q.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1"):
        read_cases(path)


def test_read_bench_takes_the_listed_questions_of_each_set(tmp_path):
    for name in ("one", "two"):
        items = ({"id": f"{name}{n}", "db": "a", "question": "x", "sql_duckdb": "A"} for n in range(3))
        write_lines(tmp_path / name / "questions.jsonl", *items)
    listing = tmp_path / "list.tsv"
    listing.write_text("two\ttwo2\none\tone0\n", encoding="utf-8")
    assert [(item.suite, item.id) for item in read_bench(tmp_path, listing)] == [("two", "two2"), ("one", "one0")]
    assert read_only_list(listing) == {"two2", "one0"}
    listing.write_text("only-one-field\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not set and id"):
        read_bench(tmp_path, listing)


def test_find_database_looks_into_the_set_first_and_then_into_each_folder(tmp_path):
    own, other = tmp_path / "bench" / "s" / "db" / "shop.duckdb", tmp_path / "more" / "shop.duckdb"
    for path in (own, other):
        path.parent.mkdir(parents=True)
        path.touch()
    folders = [tmp_path / "more", tmp_path / "bench"]
    assert find_database(case(), [tmp_path / "bench", tmp_path / "more"]) == own
    assert find_database(case(), folders) == other
    with pytest.raises(ConfigError, match=r"gone\.duckdb"):
        find_database(case(database="gone"), folders)


def test_a_folder_is_the_lake_of_a_case_where_there_is_no_file(tmp_path):
    lake = tmp_path / "lakes" / "shop"
    lake.mkdir(parents=True)
    (lake / "orders.csv").write_text("order_id,status\n1,paid\n2,open\n3,paid\n")
    asked = case(database="shop", question="How many orders are there?", gold=("SELECT count(*) FROM orders",))
    assert find_database(asked, [tmp_path, lake.parent]) == lake
    (outcome,) = evaluate([asked], [lake.parent], tmp_path / "home")
    assert (outcome.error, outcome.answered, outcome.right) == ("", True, True)


def test_judge_compares_rows_with_any_gold():
    wanted = case(gold=("A", "B"), ordered=False)
    assert judge(wanted, turn({"x": [2, 1]}), [[(5,)], [(1,), (2,)]])
    assert not judge(wanted, turn({"x": [3]}), [[(5,)], [(1,), (2,)]])


def test_judge_looks_at_the_order_where_the_gold_sorts():
    sorted_gold = case(gold=("SELECT x FROM t ORDER BY x",))
    assert judge(sorted_gold, turn({"x": [1, 2]}), [[(1,), (2,)]])
    assert not judge(sorted_gold, turn({"x": [2, 1]}), [[(1,), (2,)]])


def test_judge_reads_values_of_an_answer():
    assert judge(case(gold=(), answer=(("mean", "34.65"),)), turn({"x": [34.6512]}), [])
    assert not judge(case(gold=(), answer=(("mean", "34.65"),)), turn({"x": [34.0]}), [])


def test_judge_wants_no_answer_where_there_is_none():
    assert judge(case(answerable=False), turn(), [])
    assert not judge(case(answerable=False), turn({"x": [1]}), [[(1,)]])
    assert not judge(case(), turn(), [[(1,)]])


def test_summarise_counts_each_outcome_once():
    outcomes = [
        Outcome(case=case(), answered=True, right=True, confidence=0.9, seconds=0.1),
        Outcome(case=case(), answered=True, right=False, confidence=0.7, seconds=0.2),
        Outcome(case=case(), answered=False, right=False, seconds=0.3),
        Outcome(case=case(answerable=False, suite="t"), answered=False, right=True, seconds=0.4),
        Outcome(case=case(suite="t"), answered=False, right=False, error="boom", warm=False, seconds=9.0),
    ]
    found = summarise(outcomes)
    assert {key: found[key] for key in ("n", "answered", "right", "wrong", "refused", "errors")} == {
        "n": 5, "answered": 2, "right": 2, "wrong": 1, "refused": 2, "errors": 1,
    }  # fmt: skip
    assert (found["accuracy"], found["precision"]) == (0.4, 0.5)
    assert found["p50"] == pytest.approx(0.25)
    assert found["p95"] < 1
    assert {name: part["n"] for name, part in found["suites"].items()} == {"s": 3, "t": 2}
    assert sum(item["n"] for item in found["calibration"]) == 2


def test_summarise_has_figures_for_nothing():
    found = summarise([])
    assert (found["n"], found["accuracy"], found["p50"]) == (0, 0.0, None)


def test_evaluate_asks_the_agent_and_writes_only_to_its_home(shop, tmp_path):
    cases = [
        case(id="right", question="How many orders are there?", gold=("SELECT count(*) FROM orders",)),
        case(id="wrong", question="How many orders are there?", gold=("SELECT 17",)),
        case(
            id="follow", question="and how many of them are from customers in Paris?",
            history=("How many orders are paid?",), gold=("SELECT 2",),
        ),
        case(id="broken gold", question="How many orders are there?", gold=("SELECT nothing",)),
        case(id="empty", question=" "),
    ]  # fmt: skip
    outcomes = {item.case.id: item for item in evaluate(cases, [shop.parent], tmp_path / "home", encoder="hashing")}
    assert {name: item.right for name, item in outcomes.items()} == {
        "right": True, "wrong": False, "follow": True, "broken gold": False, "empty": False,
    }  # fmt: skip
    assert "nothing" in outcomes["broken gold"].error
    assert "empty" in outcomes["empty"].error
    assert [item.warm for item in outcomes.values()] == [False, True, True, True, True]
    assert outcomes["right"].sql
    assert detail(outcomes["right"])["gold"] == ["SELECT count(*) FROM orders"]
    assert [path.name for path in Path(shop.parent).iterdir()] == ["shop.duckdb"]


def test_evaluate_records_a_database_without_tables_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    duckdb.connect(str(tmp_path / "db" / "empty.duckdb")).close()
    with duckdb.connect(str(tmp_path / "db" / "shop.duckdb")) as con:
        con.execute("CREATE TABLE orders AS SELECT range AS order_id FROM range(3)")
    cases = [
        Case(id="1", suite="s", database="empty", question="How many orders are there?", gold=("SELECT 3",)),
        Case(id="2", suite="s", database="shop", question="How many orders are there?", gold=("SELECT 3",)),
    ]
    outcomes = list(evaluate(cases, [tmp_path / "db"], tmp_path / "home", encoder="hashing"))
    assert [(outcome.right, "no tables" in outcome.error) for outcome in outcomes] == [(False, True), (True, False)]
