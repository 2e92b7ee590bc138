from __future__ import annotations

import io
import json
from pathlib import Path

import duckdb
import nbformat
import pytest
from pyarrow import parquet

from genie_ext.evaluate import read_cases


async def test_status_says_what_the_panel_shows(call, lake):
    code, told = await call("status")
    assert code == 200
    assert told["lake"] == {"path": str(lake), "name": "shop.duckdb", "tables": 2}
    assert told["privacy"] == "values"
    assert (told["models"], told["budget"], told["user"]) == ([], {"day": None, "spent": 0.0}, "local")


async def test_run_answers_with_checked_sql_and_rows(call):
    code, told = await call("run", "POST", {"sql": "select status, count(*) n from orders group by 1 order by 1"})
    assert code == 200
    assert told["rows"]["data"] == [["paid", 3], ["returned", 1]]
    assert told["sql"]["tables"] == ["shop.main.orders"]


@pytest.mark.parametrize("sql", ["DROP TABLE orders", "SELECT * FROM read_text('/etc/passwd')", "SELECT 1; SELECT 2"])
async def test_run_refuses_what_the_guard_refuses(call, sql):
    code, told = await call("run", "POST", {"sql": sql})
    assert code == 400
    assert told["message"]


async def test_run_sees_what_came_into_the_lake_meanwhile(call, lake):
    assert (await call("run", "POST", {"sql": "SELECT count(*) FROM orders"}))[1]["rows"]["data"] == [[4]]
    tables = lake.parent / "more.csv"
    tables.write_text("a\n1\n", encoding="utf-8")  # the folder is the lake now
    code, told = await call("run", "POST", {"sql": "SELECT a FROM more"})
    assert (code, told["rows"]["data"]) == (200, [[1]])


async def test_suggestions_are_questions_that_get_answers(call, ask):
    _, told = await call("suggestions")
    assert 1 < len(told["questions"]) <= 6
    for number, question in enumerate(told["questions"]):
        assert (await ask(question, f"s{number}"))[-1][1]["turn"]["kind"] == "answer"


async def test_threads_are_listed_searched_renamed_and_deleted(ask, call):
    first = (await ask("How many orders are there?", "a"))[-1][1]
    await ask("only the returned ones", "a")
    await ask("How many customers are there?", "b")
    threads = {item["id"]: item for item in (await call("threads"))[1]["threads"]}
    assert (threads["a"]["title"], threads["a"]["count"]) == ("How many orders are there?", 2)
    assert [item["id"] for item in (await call("threads", params={"search": "RETURNED"}))[1]["threads"]] == ["a"]
    await call("threads/a", "PATCH", {"title": "Returns"})
    _, told = await call("threads/a")
    assert told["title"] == "Returns"
    assert told["turns"][0] == {"id": first["id"], "turn": first["turn"], "about": ""}
    await call("threads/a", "DELETE")
    assert (await call("threads/a"))[0] == 404
    assert [item["id"] for item in (await call("threads"))[1]["threads"]] == ["b"]


async def test_a_damaged_lake_hides_no_threads(ask, call, jp_root_dir):
    await ask("How many orders are there?", "a")
    (jp_root_dir / "broken.duckdb").write_bytes(b"12345678DUCK and nothing more")
    (jp_root_dir / "empty.duckdb").touch()
    assert [item["id"] for item in (await call("threads"))[1]["threads"]] == ["a"]


async def test_export_is_a_notebook_that_gives_the_same_rows_without_us(ask, call, jp_fetch):
    await ask("How many orders per status?", "a")
    response = await jp_fetch("genie", "api", "threads", "a", "export")
    assert 'filename="a.ipynb"' in response.headers["Content-Disposition"]
    notebook = nbformat.reads(response.body.decode(), as_version=4)
    nbformat.validate(notebook)
    setup, query = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    space = {}
    exec(setup, space)  # noqa: S102 - it is what a person would run
    frame = eval(query, space)  # noqa: S307
    space["lake"].close()
    assert sorted(map(tuple, frame.values.tolist())) == [("paid", 3), ("returned", 1)]
    assert "genie" not in setup + query


async def test_rows_come_as_csv_and_parquet(ask, jp_fetch):
    turn = (await ask("How many orders per status?", "a"))[-1][1]["id"]
    csv = await jp_fetch("genie", "api", "rows", f"{turn}.csv")
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert sorted(csv.body.decode().splitlines()[1:]) == ["paid,3", "returned,1"]
    table = parquet.read_table(io.BytesIO((await jp_fetch("genie", "api", "rows", f"{turn}.parquet")).body))
    assert sorted(table.column(1).to_pylist()) == [1, 3]


async def test_opinions_become_feedback_proposals_and_cases(ask, call, lake):
    turn = (await ask("How many orders are there?", "a"))[-1][1]["id"]
    assert (await call("feedback", "POST", {"turn": turn, "verdict": "down", "reason": "no"}))[0] == 200
    assert (await call("feedback", "POST", {"turn": turn}))[0] == 400
    for _ in range(2):  # said twice, proposed once
        assert (await call("verify", "POST", {"turn": turn}))[0] == 200
    knowledge = next(lake.parent.rglob("knowledge.yaml")).read_text("utf-8")
    assert knowledge.count("How many orders are there?") == 1
    assert "status: proposed" in knowledge
    assert (await ask("How many orders are there?", "b"))[-1][1]["turn"]["answer"]["label"] == "generated"
    assert (await call("case", "POST", {"turn": turn}))[0] == 200
    (case,) = read_cases(next(lake.parent.rglob("cases.jsonl")))
    assert (case.database, case.question) == ("shop", "How many orders are there?")
    with duckdb.connect(str(lake), read_only=True) as connection:
        assert connection.execute(case.gold[0]).fetchall() == [(4,)]


async def test_a_refusal_has_no_query_to_verify(ask, call):
    told = (await ask("What is the airspeed of a swallow?", "a"))[-1][1]
    assert told["turn"]["kind"] == "refusal"
    code, fault = await call("verify", "POST", {"turn": told["id"]})
    assert (code, fault["message"]) == (400, "This answer has no query.")


async def test_the_extension_is_switched_on_where_it_is_installed():
    config = Path(__file__).parents[3] / "jupyter-config/server-config/genie_ext.json"
    assert json.loads(config.read_text())["ServerApp"]["jpserver_extensions"] == {"genie_ext": True}
