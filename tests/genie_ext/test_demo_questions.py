"""The demo's questions, asked of a demo lake: the rows are those of SQL written by hand."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.demo.lake import DEMO_DAY, build_demo_lake
from genie_ext.scoring import same_rows, table_rows
from genie_ext.session import Session

DEMO = files("genie_ext.demo")
GOLD = [json.loads(line) for line in DEMO.joinpath("expected.jsonl").read_text(encoding="utf-8").splitlines()]
LINES = [
    line.strip() for line in DEMO.joinpath("questions.txt").read_text(encoding="utf-8").splitlines() if line.strip()
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_demo_lake(tmp_path_factory.mktemp("demo") / "lake", scale=0.1).folder


def test_demo_answers_every_question_as_sql_by_hand_does(lake: Path) -> None:
    gold = {case["question"]: case["sql"] for case in GOLD}
    assert {line.lstrip("> ") for line in LINES} == set(gold)
    thread = 0
    settings = load_settings(lake, today=DEMO_DAY)
    with Session(lake, settings=settings) as session, duckdb.connect() as con:
        con.execute(f"ATTACH '{lake / 'warehouse.duckdb'}' AS warehouse (READ_ONLY)")
        for line in LINES:
            question = line.lstrip("> ")
            thread += not line.startswith(">")
            turn = session.ask(question, thread=str(thread))
            if gold[question] is None:
                assert turn.refusal is not None, question
                continue
            assert turn.rows is not None, (question, turn.refusal)
            expected = table_rows(con.sql(gold[question]).to_arrow_table())
            assert same_rows(expected, table_rows(turn.rows.table), ordered=False), question
