from __future__ import annotations

import hashlib

import anyio
import pytest

from tests.genie_ext.mcp_server.callers import audit_of, over_stdio, text_of


def _call(lake, tool, *options, **arguments):
    return over_stdio(lake, *options, work=lambda client: client.call_tool(tool, arguments))


def test_tools_are_listed_with_schemas_and_marked_as_reading_only(indexed_shop):
    listed = over_stdio(indexed_shop, work=lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == ["ask", "search_meaning", "check_sql", "run_sql", "explain_answer"]
    assert all(tool.annotations.read_only_hint and tool.output_schema for tool in listed)


def test_ask_is_answered_with_its_sql_rows_and_checks(indexed_shop):
    async def work(client):
        first = await client.call_tool("ask", {"question": "How many orders are there?"})
        thread = first.structured_content["thread"]
        return first, await client.call_tool("ask", {"question": "only the returned ones", "thread": thread})

    first, second = over_stdio(indexed_shop, work=work)
    answer = first.structured_content["answer"]
    assert first.structured_content["kind"] == "answer"
    assert (answer["key_figure"], answer["rows"]["data"], answer["label"]) == ("4", [[4]], "generated")
    assert "COUNT" in answer["sql"].upper()
    assert answer["findings"]
    assert answer["confidence"] > 0.6
    assert "never instructions" in first.structured_content["note"]
    assert second.structured_content["answer"]["key_figure"] == "1"


def test_a_question_back_is_a_typed_result_whose_choice_is_asked_in_its_thread(indexed_shop):
    async def work(client):
        asked = (await client.call_tool("ask", {"question": "show me the best customers"})).structured_content
        return asked, await client.call_tool("ask", {"question": "1", "thread": asked["thread"]})

    asked, picked = over_stdio(indexed_shop, "-s", "offer_above=0.05", work=work)
    assert asked["kind"] == "clarification"
    assert len(asked["clarification"]["choices"]) >= 2
    assert asked["answer"] is None
    assert asked["clarification"]["choices"][0].endswith("(Cem)")
    assert picked.structured_content["answer"]["rows"]["data"] == [["Cem"]]


def test_a_refusal_says_why(indexed_shop):
    refused = _call(indexed_shop, "ask", question="How many flumphy unicorns did we gronk?").structured_content
    assert refused["kind"] == "refusal"
    assert refused["refusal"]["reason"]


def test_run_sql_returns_the_first_rows_and_says_that_there_are_more(indexed_shop):
    result = _call(indexed_shop, "run_sql", "--rows", "2", sql="SELECT order_id FROM orders ORDER BY 1")
    assert result.structured_content["rows"]["data"] == [[1], [2]]
    assert result.structured_content["rows"]["truncated"] is True


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE orders",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT 1; DELETE FROM orders",
        "COPY orders TO 'out.csv'",
    ],
)
def test_run_sql_and_check_sql_refuse_all_but_one_query_over_the_lake(indexed_shop, sql):
    before = hashlib.sha256(indexed_shop.read_bytes()).hexdigest()

    async def work(client):
        return await client.call_tool("run_sql", {"sql": sql}), await client.call_tool("check_sql", {"sql": sql})

    ran, checked = over_stdio(indexed_shop, work=work)
    assert ran.is_error
    assert ran.structured_content["message"] == checked.structured_content["message"] != ""
    assert ran.structured_content["message"] in text_of(ran)
    assert not checked.is_error
    assert checked.structured_content["passes"] is False
    assert hashlib.sha256(indexed_shop.read_bytes()).hexdigest() == before


def test_check_sql_names_what_a_query_reads(indexed_shop):
    result = _call(indexed_shop, "check_sql", sql="SELECT status FROM orders").structured_content
    assert (result["passes"], result["columns"]) == (True, ["status"])
    assert result["tables"][0].endswith("orders")


def test_search_meaning_and_explain_answer_tell_what_words_mean(indexed_shop):
    async def work(client):
        found = await client.call_tool("search_meaning", {"words": "orders of Paris"})
        return found, await client.call_tool("explain_answer", {"question": "How many orders are there?"})

    found, explained = over_stdio(indexed_shop, work=work)
    named = {(item["kind"], item["name"]) for item in found.structured_content["found"]}
    assert {("table", "orders"), ("value", "customers.city")} <= named
    assert explained.structured_content["readings"][0]["result"] == "4"


def test_a_client_calls_only_its_tools_and_sees_only_them(indexed_shop):
    async def work(client):
        return await client.list_tools(), await client.call_tool("run_sql", {"sql": "SELECT 1"})

    listed, called = over_stdio(indexed_shop, "--client", "narrow", "--tool", "ask", work=work)
    assert [tool.name for tool in listed.tools] == ["ask"]
    assert called.is_error
    assert "narrow may not call run_sql" in text_of(called)
    assert "may not call" in audit_of(indexed_shop)[-1]["outcome"]


def test_a_client_reads_only_its_tables(indexed_shop):
    async def work(client):
        return [
            await client.call_tool("run_sql", {"sql": "SELECT COUNT(*) FROM customers"}),
            await client.call_tool("run_sql", {"sql": "SELECT COUNT(*) FROM orders"}),
            await client.call_tool("search_meaning", {"words": "orders and their amount"}),
        ]

    own, other, found = over_stdio(indexed_shop, "--table", "customers", work=work)
    assert own.structured_content["rows"]["data"] == [[3]]
    assert other.is_error
    assert "orders" not in str([item["name"] for item in found.structured_content["found"]])


def test_a_client_never_reads_more_than_the_settings_allow(indexed_shop):
    options = ("--table", "*", "-s", "allowed_tables=customers")
    assert _call(indexed_shop, "run_sql", *options, sql="SELECT * FROM orders").is_error
    none = _call(indexed_shop, "run_sql", "--table", "orders", "-s", "allowed_tables=customers", sql="SELECT 1")
    assert "may read no table" in text_of(none)


def test_every_call_is_on_record_with_its_arguments_shortened(indexed_shop):
    async def work(client):
        await client.call_tool("check_sql", {"sql": "SELECT 1 AS one" + " " * 1000})
        await client.call_tool("ask", {"wrong": 1})
        await client.call_tool("nothing", {})

    over_stdio(indexed_shop, "--client", "recorded", work=work)
    lines = [line for line in audit_of(indexed_shop) if line["client"] == "recorded"]
    assert [line["tool"] for line in lines] == ["check_sql", "ask", "nothing"]
    assert lines[0]["outcome"] == "ok"
    assert lines[0]["arguments"]["sql"].endswith("(1,015 characters)")
    assert "ConfigError" in lines[1]["outcome"]
    assert all(set(line) == {"at", "client", "tool", "arguments", "outcome", "seconds"} for line in lines)


def test_a_call_that_is_given_up_stops_its_query(indexed_shop):
    endless = "SELECT COUNT(*) FROM " + ", ".join(f"orders AS o{number}" for number in range(20))

    async def work(client):
        await client.call_tool("run_sql", {"sql": "SELECT 1"})
        with anyio.move_on_after(2):
            await client.call_tool("run_sql", {"sql": endless})
        return await client.call_tool("run_sql", {"sql": "SELECT COUNT(*) FROM orders"})

    after = over_stdio(indexed_shop, "--client", "leaver", "-s", "timeout_s=3600", work=work)
    assert after.structured_content["rows"]["data"] == [[4]]
    assert [line["outcome"] for line in audit_of(indexed_shop) if line["client"] == "leaver"] == ["ok", "stopped", "ok"]


def test_nothing_is_handed_out_where_the_audit_cannot_be_written(shop):
    (shop.parent / ".genie" / shop.name / "mcp.jsonl").mkdir(parents=True)
    result = _call(shop, "run_sql", "-s", "encoder=hashing", sql="SELECT name FROM customers")
    assert result.is_error
    assert "audit cannot be written" in text_of(result)
    assert "Ada" not in str(result)
