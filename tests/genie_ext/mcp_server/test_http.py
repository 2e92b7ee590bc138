from __future__ import annotations

import re

import httpx

from tests.genie_ext.mcp_server.callers import http_server, over_http

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


def _status(address, **headers):
    accept = {"Accept": "application/json, text/event-stream"}
    return httpx.post(address, json=HELLO, headers={**accept, **headers}, timeout=60).status_code


def test_http_answers_who_has_the_token_that_was_shown_once(indexed_shop):
    with http_server(indexed_shop) as (address, told):
        (token,) = re.findall(r"shown once: (\S+)", told)
        result = over_http(
            address, token, lambda client: client.call_tool("ask", {"question": "How many orders are there?"})
        )
        wrong = [_status(address), _status(address, Authorization="Bearer wrong")]
        elsewhere = _status(address, Authorization=f"Bearer {token}", Host="evil.example")
    assert result.structured_content["answer"]["key_figure"] == "4"
    assert wrong == [401, 401]
    assert elsewhere == 421


def test_http_knows_clients_by_their_tokens(indexed_shop, tmp_path):
    file = tmp_path / "clients.toml"
    file.write_text(
        '[reader]\ntools = ["run_sql"]\ntables = ["customers"]\ntoken_variable = "READER"\n'
        '[asker]\ntools = ["ask"]\ntoken_variable = "ASKER"\n',
        "utf-8",
    )
    tokens = {"READER": "reader-token-of-test", "ASKER": "asker-token-of-test"}

    async def work(client):
        query = await client.call_tool("run_sql", {"sql": "SELECT COUNT(*) FROM customers"})
        return [tool.name for tool in (await client.list_tools()).tools], query.is_error

    with http_server(indexed_shop, "--clients", str(file), env=tokens) as (address, told):
        assert over_http(address, tokens["READER"], work) == (["run_sql"], False)
        assert over_http(address, tokens["ASKER"], work) == (["ask"], True)
    assert "token-of-test" not in told


def test_a_session_of_one_client_is_closed_to_another(indexed_shop, tmp_path):
    file = tmp_path / "clients.toml"
    file.write_text('[a]\ntoken_variable = "A"\n[b]\ntoken_variable = "B"\n', "utf-8")
    tokens = {"A": "a" * 20, "B": "b" * 20}
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {tokens['A']}"}
    with http_server(indexed_shop, "--clients", str(file), env=tokens) as (address, _):
        begun = httpx.post(address, json=HELLO, headers=headers, timeout=60)
        own = {**headers, "Mcp-Session-Id": begun.headers["mcp-session-id"]}
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        stolen = httpx.post(
            address, json=listing, headers={**own, "Authorization": f"Bearer {tokens['B']}"}, timeout=60
        )
    assert begun.status_code == 200
    assert stolen.status_code == 404
