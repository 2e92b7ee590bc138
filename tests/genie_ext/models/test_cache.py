"""The response cache and the remembered rungs: the same prompt once, bounded, and never in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genie_ext.models.base import ChatRequest, Message, ModelCard, Reply, Usage
from genie_ext.models.cache import ResponseCache, cache_key
from genie_ext.models.rung_store import StoredRungs
from genie_ext.models.state import State

CARD = ModelCard(name="n", provider="openai", model="m", tier="open", server="http://localhost:1", local=True)
ASKED = ChatRequest(messages=(Message(role="user", text="hello"),), schema={"type": "object"})
REPLY = Reply(text='{"a": "“ü”"}', usage=Usage(input=10, output=3, cached=2, estimated=True), model="m-1", seconds=0.5)


@pytest.fixture
def state(tmp_path):
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


def test_cache_gives_back_the_whole_reply(state):
    cache = ResponseCache(state)
    assert cache.get("k") is None
    cache.put("k", REPLY)
    assert cache.get("k") == REPLY
    cache.put("k", replace(REPLY, text="later"))
    assert cache.get("k").text == "later"


def test_cache_keeps_text_that_has_no_utf8(state):
    cache = ResponseCache(state)
    cache.put("k", replace(REPLY, text="\ud800"))
    assert cache.get("k").text == "\ud800"


@pytest.mark.parametrize("finish", ["length", "filtered"])
def test_cache_keeps_no_reply_that_is_not_whole(state, finish):
    cache = ResponseCache(state)
    cache.put("k", replace(REPLY, finish=finish))
    assert cache.get("k") is None


def test_cache_lets_the_oldest_go_by_number_and_by_size(state):
    cache = ResponseCache(state, rows=3, bytes_kept=2000)
    for key in "abcd":
        cache.put(key, REPLY)
    assert [key for key in "abcd" if cache.get(key)] == ["b", "c", "d"]
    cache.put("e", replace(REPLY, text="x" * 1600))
    assert [key for key in "abcde" if cache.get(key)] == ["d", "e"]
    cache.put("f", replace(REPLY, text="x" * 3000))
    assert [key for key in "abcdef" if cache.get(key)] == ["d", "e"]
    assert state.rows("SELECT SUM(bytes) FROM replies")[0][0] <= 2000


def test_cache_keeps_no_word_of_the_prompt(state):
    ResponseCache(state).put(cache_key(CARD, ASKED, "v1"), replace(REPLY, text="nothing"))
    state.close()
    assert b"hello" not in state.path.read_bytes()


@pytest.mark.parametrize(
    ("card", "request_", "version"),
    [
        (replace(CARD, model="other"), ASKED, "v1"),
        (replace(CARD, server="http://localhost:2"), ASKED, "v1"),
        (CARD, replace(ASKED, messages=(Message(role="user", text="hello "),)), "v1"),
        (CARD, replace(ASKED, messages=(Message(role="system", text="hello"),)), "v1"),
        (CARD, replace(ASKED, schema=None), "v1"),
        (CARD, replace(ASKED, temperature=0.5), "v1"),
        (CARD, replace(ASKED, seed=1), "v1"),
        (CARD, ASKED, "v2"),
    ],
)
def test_cache_key_changes_with_all_that_a_reply_depends_on(card, request_, version):
    assert cache_key(card, request_, version) != cache_key(CARD, ASKED, "v1")


def test_cache_key_does_not_depend_on_the_form_or_the_name_in_the_settings():
    same = replace(ASKED, form="text", timeout_s=1.0)
    assert cache_key(replace(CARD, name="x"), same, "v1") == cache_key(CARD, ASKED, "v1")


def test_cache_is_not_in_the_way_of_a_file_that_cannot_be_used(tmp_path):
    (tmp_path / "state.db").write_bytes(b"no database" * 1000)
    cache = ResponseCache(State(tmp_path / "state.db"))
    cache.put("k", REPLY)
    assert cache.get("k") is None


def test_rungs_are_remembered_across_processes(state):
    StoredRungs(state).put("s", "m", "tool")
    again = StoredRungs(State(state.path))
    assert again.get("s", "m") == "tool"
    assert again.get("s", "other") is None
    again.put("s", "m", "text")
    assert StoredRungs(state).get("s", "m") == "text"


def test_rungs_are_remembered_in_memory_where_the_file_cannot_be_used(tmp_path):
    (tmp_path / "state.db").write_bytes(b"no database" * 1000)
    rungs = StoredRungs(State(tmp_path / "state.db"))
    assert rungs.get("s", "m") is None
    rungs.put("s", "m", "tool")
    assert rungs.get("s", "m") == "tool"
