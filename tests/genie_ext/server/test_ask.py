from __future__ import annotations

import asyncio
import json

import pytest

from genie_ext.server import ask as ask_module
from genie_ext.server import rooms


def _cells(event):
    return event[1]["turn"]["rows"]["data"]


async def test_ask_streams_every_event_and_ends_with_the_answer(ask):
    events = await ask("How many orders are there?")
    kinds = list(dict.fromkeys(kind for kind, _ in events if kind != "finding"))
    assert kinds == ["index", "found", "planned", "sql", "rows", "answer"]  # the first question reads the lake
    assert all(data["text"] for kind, data in events[:-1])
    assert len(events[-1][1]["id"]) == 32
    assert _cells(events[-1]) == [[4]]


async def test_ask_says_an_error_as_the_last_event(ask):
    events = await ask("how " * 2_500)
    assert [kind for kind, _ in events if kind != "index"] == ["error"]
    assert "limit" in events[-1][1]["message"]
    assert events[-1][1]["hint"]


@pytest.mark.parametrize("body", ['{"question": 1}', "[", '{"question": "x", "thread": "../x"}'])
async def test_ask_refuses_what_is_no_question(jp_fetch, lake, body):
    response = await jp_fetch("genie", "api", "ask", method="POST", body=body, raise_error=False)
    assert response.code == 400
    assert json.loads(response.body)["message"]


async def test_ask_follows_up_also_after_the_server_was_restarted(ask, jp_serverapp):
    await ask("How many orders are there?", "a")
    assert _cells((await ask("only the returned ones", "a"))[-1]) == [[1]]
    old = jp_serverapp.web_app.settings["genie"]
    await asyncio.to_thread(old.close)
    jp_serverapp.web_app.settings["genie"] = rooms.Rooms(old.root)
    assert _cells((await ask("only the paid ones", "a"))[-1]) == [[3]]


async def test_twenty_questions_at_once_are_all_answered_while_the_server_serves_on(
    ask, jp_fetch, http_server_client, jp_serverapp
):
    http_server_client.max_clients = 30
    held = jp_serverapp.web_app.settings["genie"]
    ended, waiting = [], set()

    async def one(number):
        events = await ask("How many orders are there?", f"thread-{number}")
        ended.append(number)
        return events

    asked = [asyncio.ensure_future(one(number)) for number in range(20)]
    served = 0
    while not all(task.done() for task in asked):
        assert (await jp_fetch("api", "status")).code == 200
        served += len(ended) < 20
        waiting.add(held.under_way)
    found = [task.result() for task in asked]
    assert [_cells(events[-1]) for events in found] == [[[4]]] * 20
    assert len({events[-1][1]["id"] for events in found}) == 20
    assert served > 1
    assert max(waiting) == 20
    assert held.under_way == 0
    for events in found:
        assert [kind for kind, _ in events if kind in {"found", "sql", "rows", "answer"}][-3:] == [
            "sql",
            "rows",
            "answer",
        ]


async def test_ask_turns_away_more_than_the_server_can_keep(call, jp_serverapp):
    jp_serverapp.web_app.settings["genie"].under_way = rooms.MOST_WAITING
    code, told = await call("ask", "POST", {"question": "How many orders are there?", "thread": "t"})
    assert code == 503
    assert told["hint"]


async def test_ask_keeps_a_slow_stream_alive(jp_fetch, lake, monkeypatch):
    monkeypatch.setattr(ask_module, "_ALIVE_S", 0.001)
    body = json.dumps({"question": "How many orders are there?", "thread": "t"})
    response = await jp_fetch("genie", "api", "ask", method="POST", body=body, request_timeout=120)
    assert ": alive\n\n" in response.body.decode()
