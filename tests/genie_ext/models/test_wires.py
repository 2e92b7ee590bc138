"""Both wires against a server that speaks them: replies, streams, stalls, and being stopped."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from genie_ext.errors import (
    ModelStoppedError,
    ModelTimeoutError,
)
from genie_ext.models.base import Cancel, ChatRequest, Message
from genie_ext.models.scripted import Scripted
from tests.genie_ext.models.wires import ASK, SCHEMA, WIRES, model


@pytest.mark.parametrize("wire", WIRES)
def test_a_reply_comes_with_its_words_tokens_and_model(serve, wire):
    server = serve([Scripted(text="Hello.", usage=(120, 7))])
    reply = model(server, wire).complete(ASK)
    assert (reply.text, reply.usage.input, reply.usage.output, reply.model) == ("Hello.", 120, 7, "test-1")
    assert not reply.usage.estimated
    assert "Be short." in server.requests[0].prompt


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("form", ["json_schema", "tool"])
@pytest.mark.parametrize("streamed", [False, True])
def test_an_object_is_asked_for_in_the_form_wanted(serve, wire, form, streamed):
    server = serve([Scripted(data={"n": 3})])
    asked = ChatRequest(messages=ASK.messages, schema=SCHEMA, form=form)
    own = model(server, wire)
    reply = list(own.stream(asked))[-1].reply if streamed else own.complete(asked)
    assert reply.text.replace(" ", "") == '{"n":3}'
    assert server.requests[0].form == form
    assert str(SCHEMA["properties"]) in str(server.requests[0].body)


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_yields_the_words_as_they_come_and_the_whole_at_the_end(serve, wire):
    server = serve([Scripted(text="one two three four five", usage=(9, 5))])
    *pieces, last = model(server, wire).stream(ASK)
    assert len(pieces) > 1
    assert "".join(piece.text for piece in pieces) == last.reply.text == "one two three four five"
    assert (last.reply.usage.output, last.text) == (5, "")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("usage", [None, (0, 0)])
def test_tokens_that_a_server_does_not_say_are_estimated_and_marked(serve, wire, usage):
    own = model(serve([Scripted(text="Hello there.", usage=usage)]), wire)
    for reply in (own.complete(ASK), list(own.stream(ASK))[-1].reply):
        assert reply.usage.estimated
        assert reply.usage.input > 0 < reply.usage.output


@pytest.mark.parametrize("wire", WIRES)
def test_a_server_that_says_nothing_in_time_is_given_up(serve, wire):
    asked = ChatRequest(messages=ASK.messages, timeout_s=0.2)
    with pytest.raises(ModelTimeoutError):
        model(serve([Scripted(text="late", stall_s=3)]), wire).complete(asked)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_call_is_stopped_while_the_server_says_nothing(serve, wire, streamed):
    asked, cancel = threading.Event(), Cancel()

    def stall(_):
        asked.set()
        return Scripted(text="late", stall_s=20)

    server = serve(stall)
    own = model(server, wire)
    stopper = threading.Thread(target=lambda: asked.wait(60) and cancel.set())
    stopper.start()
    with pytest.raises(ModelStoppedError):
        list(own.stream(ASK, cancel=cancel)) if streamed else own.complete(ASK, cancel=cancel)
    stopper.join()
    assert server.broken.wait(10)
    with pytest.raises(ModelStoppedError):
        own.complete(ASK, cancel=cancel)
    assert len(server.requests) == 1


@pytest.mark.parametrize("wire", WIRES)
def test_a_call_is_stopped_in_the_middle_of_a_stream_and_the_line_is_closed(serve, wire):
    server, cancel = serve([Scripted(text="word " * 60, drip_s=0.2)]), Cancel()
    pieces = model(server, wire).stream(ASK, cancel=cancel)
    assert next(pieces).text
    timer = threading.Timer(0.05, cancel.set)
    timer.start()
    with pytest.raises(ModelStoppedError):
        list(pieces)
    timer.join()
    assert server.broken.wait(10)


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_that_is_left_closes_its_line(serve, wire):
    server = serve([Scripted(text="one two three four five six", drip_s=0.1)])
    pieces = model(server, wire).stream(ASK)
    assert next(pieces).text
    pieces.close()
    assert server.broken.wait(10)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_server_that_drips_without_end_is_given_up_in_time(serve, wire, streamed):
    own = model(serve([Scripted(text="word " * 2000, drip_s=0.05)]), wire)
    asked = replace(ASK, timeout_s=0.5)
    with pytest.raises(ModelTimeoutError):
        list(own.stream(asked)) if streamed else own.complete(asked)


@pytest.mark.parametrize("wire", WIRES)
def test_the_time_that_a_call_may_take_is_the_requests_own_whatever_the_sdks_defaults(serve, wire):
    server = serve([Scripted(text="long")])
    own = model(server, wire)
    own.complete(replace(ASK, timeout_s=5.0))  # an HTTP client's five seconds are taken for "not set" by the SDKs
    headers = server.requests[0].headers
    assert float(headers.get("x-stainless-read-timeout") or headers["x-stainless-timeout"]) == 5
    assert own.complete(replace(ASK, max_tokens=64_000)).text == "long"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("streamed", [False, True])
def test_tokens_from_the_cache_are_counted(serve, wire, streamed):
    own = model(serve([Scripted(text="Hello.", usage=(120, 7, 100))]), wire)
    usage = (list(own.stream(ASK))[-1].reply if streamed else own.complete(ASK)).usage
    assert (usage.input, usage.output, usage.cached) == (120, 7, 100)


@pytest.mark.parametrize("wire", WIRES)
def test_the_proxy_of_the_environment_is_not_used_for_this_machine(serve, wire, monkeypatch):
    proxy, server = serve([Scripted(status=502, text="proxied")]), serve([Scripted(text="direct")])
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.anthropic_url)
    assert model(server, wire).complete(ASK).text == "direct"
    assert proxy.requests == []


@pytest.mark.parametrize("wire", WIRES)
def test_one_model_serves_several_threads_each_with_its_own_reply(serve, wire):
    own = model(serve(lambda asked: Scripted(text=f"you said {asked.body['messages'][-1]['content']}")), wire)

    def ask(number):
        return own.complete(ChatRequest(messages=(Message(role="user", text=f"n{number}"),))).text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(24))) == [f"you said n{number}" for number in range(24)]


def test_importing_the_wires_imports_no_sdk():
    code = "import genie_ext.models.openai_chat, genie_ext.models.anthropic_messages, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"openai", "anthropic", "httpx2", "keyring"} & set(done.stdout.split())
