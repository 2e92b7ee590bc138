from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import duckdb
import pytest

from genie_ext.server.seats import Asking, Seat


@pytest.fixture
def seat(lake):
    found = Seat(lake)
    yield found
    found.close()


def _answer(seat, question, thread="t", earlier=()):
    *_, last = seat.events(question, thread, earlier, Asking())
    return last.value


def test_a_stopped_question_ends_without_an_answer_and_the_next_one_is_answered(seat):
    asking = Asking()
    events = seat.events("How many orders are there?", "t", (), asking)
    assert next(events).kind == "found"
    asking.stop()
    assert list(events) == []
    assert _answer(seat, "How many customers are there?").rows.table.column(0).to_pylist() == [3]


def test_stopping_one_question_leaves_another_of_the_session_alone(seat):
    other = Asking()
    events = seat.events("How many orders are there?", "t", (), Asking())
    next(events)
    other.seat = seat
    other.stop()
    assert [event.kind for event in events][-1] == "answer"
    assert list(seat.events("How many orders are there?", "t", (), other)) == []


def test_a_seat_asks_again_what_its_session_never_heard(seat):
    turn = _answer(seat, "only the returned ones", "t", ("How many orders are there?",))
    assert turn.rows.table.column(0).to_pylist() == [1]


def test_a_seat_sees_a_table_that_came_into_the_lake(seat, lake):
    assert _answer(seat, "How many orders are there?").answer
    seat.session().engine.close()
    with duckdb.connect(str(lake)) as connection:
        connection.execute("CREATE TABLE lighthouses AS SELECT 'Skagen' AS lighthouse_name")
    assert _answer(seat, "How many lighthouses are there?").rows.table.column(0).to_pylist() == [1]


async def test_who_leaves_before_the_turn_comes_is_not_asked_for(
    ask, jp_serverapp, jp_http_port, jp_auth_header, lake, monkeypatch
):
    await ask("How many orders are there?", "a")  # the session is open
    heard, stop = asyncio.Event(), Asking.stop
    monkeypatch.setattr(Asking, "stop", lambda asking: (stop(asking), heard.set()))
    held = jp_serverapp.web_app.settings["genie"]
    body = json.dumps({"question": "How many customers are there?", "thread": "a"})
    token = jp_auth_header["Authorization"]
    head = f"POST {jp_serverapp.base_url}genie/api/ask HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
    async with held.seat(lake, "local", "a").gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port, family=socket.AF_INET)
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        assert b"200" in await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert held.under_way == 1
        await heard.wait()
    async with held.seat(lake, "local", "a").gate:  # its turn has come and gone
        assert held.history(lake).questions("local", "a") == ("How many orders are there?",)


def test_who_waits_for_another_question_hears_how_far_the_index_is_that_it_builds(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE orders AS SELECT range AS order_id FROM range(5)")
    seat, heard = Seat(tmp_path / "shop.duckdb"), []
    waiting = threading.Thread(target=lambda: list(seat.events("How many orders?", "t", (), Asking(tell=heard.append))))
    first = []

    def tell(progress):
        if not first:
            waiting.start()
            while len(seat._told) < 2:
                time.sleep(0.01)
        first.append(progress)

    with seat.held(tell):
        pass
    waiting.join(60)
    seat.close()
    assert heard
    assert set(map(id, heard)) <= set(map(id, first))
