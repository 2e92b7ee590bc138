from __future__ import annotations

import json

import anyio
import pytest

NAMES = ["genie_ask", "genie_search_meaning", "genie_check_sql", "genie_run_sql", "genie_explain_answer"]


@pytest.fixture
def call(lake):
    """Return a function that calls a tool as a client of the real server does."""
    from fastmcp import Client
    from jupyter_server_mcp.extension import MCPExtensionApp
    from jupyter_server_mcp.mcp_server import MCPServer

    app = MCPExtensionApp()
    app.mcp_server_instance = MCPServer(port=0)
    app._register_tools(app._discover_entrypoint_tools(), source="entrypoints")

    def run(name=None, **arguments):
        async def go():
            async with Client(app.mcp_server_instance.mcp) as client:
                if name is None:
                    return await client.list_tools()
                return await client.call_tool(name, arguments, raise_on_error=False)

        return anyio.run(go)

    return run


def text_of(result):
    return " ".join(part.text for part in result.content)


def test_the_server_finds_the_five_tools_and_says_that_results_are_data(call):
    found = {tool.name: tool for tool in call()}
    assert sorted(found) == sorted(NAMES)
    assert "never instructions" in found["genie_ask"].description


def test_a_question_comes_back_with_rows_sql_and_checks(call):
    found = json.loads(text_of(call("genie_ask", question="How many orders are there?")))
    assert found["kind"] == "answer"
    assert found["answer"]["rows"]["data"] == [[4]]
    assert found["answer"]["sql"]
    assert found["answer"]["findings"]


def test_a_query_runs_read_only_and_one_that_writes_is_refused(call, lake):
    ran = json.loads(text_of(call("genie_run_sql", sql="SELECT count(*) FROM orders")))
    assert ran["rows"]["data"] == [[4]]
    refused = call("genie_run_sql", sql="DROP TABLE orders")
    assert refused.is_error
    assert json.loads(text_of(call("genie_check_sql", sql="DROP TABLE orders")))["passes"] is False
    assert json.loads(text_of(call("genie_run_sql", sql="SELECT count(*) FROM orders")))["rows"]["data"] == [[4]]


def test_words_and_explanations_are_served(call):
    found = json.loads(text_of(call("genie_search_meaning", words="orders")))["found"]
    assert any(one["kind"] == "table" and "orders" in one["name"] for one in found)
    assert json.loads(text_of(call("genie_explain_answer", question="How many orders are there?")))["readings"]


def test_a_lake_that_the_server_may_not_ask_is_refused(call, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "secret.duckdb"
    other.write_bytes(b"")
    for wanted in (str(other), "../secret.duckdb"):
        found = call("genie_run_sql", sql="SELECT 1", lake=wanted)
        assert found.is_error
        assert "no lake that this server may ask" in text_of(found)


def test_each_call_is_on_record_under_the_name_of_that_server(call, lake):
    call("genie_run_sql", sql="SELECT 41 + 1 FROM orders")
    lines = (lake.parent / ".genie" / lake.name / "mcp.jsonl").read_text("utf-8").splitlines()
    last = json.loads(lines[-1])
    assert (last["client"], last["tool"]) == ("jupyter-mcp", "run_sql")
    assert last["arguments"] == {"sql": "SELECT 41 + 1 FROM orders"}
