"""What servers refuse, say and break, told in errors of this package, without keys."""

from __future__ import annotations

import traceback

import pytest

from genie_ext.errors import (
    ModelAccessError,
    ModelBusyError,
    ModelDownError,
    ModelReplyError,
    ModelRequestError,
)
from genie_ext.models.anthropic_messages import AnthropicMessages
from genie_ext.models.base import ChatRequest, ModelCard
from genie_ext.models.openai_chat import OpenAIChat
from genie_ext.models.scripted import Scripted
from tests.genie_ext.models.wires import ASK, KEY, SCHEMA, WIRES, model


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ModelAccessError), (403, ModelAccessError), (404, ModelRequestError), (400, ModelRequestError),
        (422, ModelRequestError), (429, ModelBusyError), (503, ModelBusyError), (500, ModelDownError),
    ],
)  # fmt: skip
def test_a_refusal_becomes_one_clear_error_with_the_servers_own_words(serve, wire, status, error):
    said = f"no such thing, your key {KEY} is known"
    server = serve([Scripted(status=status, text=said, headers={"retry-after": "7"})])
    with pytest.raises(error) as caught:
        model(server, wire).complete(ASK)
    assert "no such thing" in str(caught.value)
    assert (caught.value.status, "“m”" in caught.value.message, bool(caught.value.hint)) == (status, True, True)
    assert KEY not in str(caught.value) + caught.value.said + repr(caught.value)
    assert getattr(caught.value, "wait_s", 7.0) == 7.0
    assert KEY not in repr(model(server, wire))


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_line_that_breaks_off_is_no_reply(serve, wire, streamed):
    server = serve([Scripted(text="a long reply that never ends " * 20, cut=True)])
    own = model(server, wire)
    with pytest.raises(ModelDownError):
        list(own.stream(ASK)) if streamed else own.complete(ASK)


@pytest.mark.parametrize("wire", WIRES)
def test_an_empty_or_cut_off_object_is_no_reply(serve, wire):
    asked = ChatRequest(messages=ASK.messages, schema=SCHEMA, form="json_object")
    with pytest.raises(ModelReplyError, match="empty"):
        model(serve([Scripted(text=" ")]), wire).complete(asked)
    with pytest.raises(ModelReplyError, match="cut off"):
        model(serve([Scripted(text='{"n":', finish="length")]), wire).complete(asked)


@pytest.mark.parametrize("wire", WIRES)
def test_what_is_no_reply_of_the_wire_is_said_so(serve, wire):
    for raw in (b"<html>proxy</html>", b"{}", b"[]"):
        with pytest.raises((ModelReplyError, ModelDownError)):
            model(serve([Scripted(raw=raw)]), wire).complete(ASK)


@pytest.mark.parametrize("wire", WIRES)
def test_a_server_that_is_not_there_is_named_with_the_next_step(wire):
    url = "http://127.0.0.1:9"
    card = ModelCard(name="m", provider=wire, model="x", tier="open", server=url, local=True)
    own = OpenAIChat(card=card) if wire == "openai" else AnthropicMessages(card=card)
    with pytest.raises(ModelDownError, match=r"127\.0\.0\.1:9") as caught:
        own.complete(ASK)
    assert "base_url" in caught.value.hint


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("kind", "error"),
    [("overloaded_error", ModelBusyError), ("api_error", ModelDownError), ("invalid_request_error", ModelRequestError)],
)
def test_a_complaint_in_the_middle_of_a_stream_is_told_by_its_kind(serve, wire, kind, error):
    server = serve([Scripted(text="one two three four five", breakdown=(kind, "too much of it"))])
    with pytest.raises(error, match="too much of it"):
        list(model(server, wire).stream(ASK))


@pytest.mark.parametrize("wire", WIRES)
def test_no_key_stands_anywhere_in_an_error(serve, wire):
    said = f"bad key {KEY}; Authorization: Bearer other-token-1, x-api-key: third-token-2"
    server = serve([Scripted(status=401, text=said)])
    with pytest.raises(ModelAccessError) as caught:
        model(server, wire).complete(ASK)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.said
    assert not [secret for secret in (KEY, "other-token-1", "third-token-2") if secret in shown]
    assert KEY in str(server.requests[0].headers)


@pytest.mark.parametrize("wire", WIRES)
def test_words_of_a_server_are_shown_short_and_without_signs_that_a_terminal_obeys(serve, wire):
    server = serve([Scripted(status=500, text="\x1b[31mboom\u202e\n" + "x" * 5000)])
    with pytest.raises(ModelDownError, match="boom") as caught:
        model(server, wire).complete(ASK)
    assert len(caught.value.said) <= 300
    assert caught.value.said.isprintable()


@pytest.mark.parametrize("wire", WIRES)
def test_a_redirect_is_not_followed_but_told(serve, wire):
    other = serve([Scripted(text="elsewhere")])
    goal = f"{other.anthropic_url}/v1?token=abcdef"
    server = serve([Scripted(status=307, raw=b"", headers={"location": goal})])
    with pytest.raises(ModelRequestError, match="elsewhere") as caught:
        model(server, wire).complete(ASK)
    assert other.anthropic_url in caught.value.hint
    assert "abcdef" not in str(caught.value)
    assert other.requests == []


@pytest.mark.parametrize("wire", WIRES)
def test_the_password_in_an_address_is_not_shown(wire):
    card = ModelCard(name="m", provider=wire, model="x", tier="open", server="http://me:hush@127.0.0.1:9", local=True)
    own = OpenAIChat(card=card) if wire == "openai" else AnthropicMessages(card=card)
    with pytest.raises(ModelDownError) as caught:
        own.complete(ASK)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("wire", WIRES)
def test_the_wait_a_server_asks_for_may_be_a_date(serve, wire):
    server = serve([Scripted(status=429, headers={"retry-after": "Fri, 31 Dec 2999 23:59:59 GMT"})])
    with pytest.raises(ModelBusyError) as caught:
        model(server, wire).complete(ASK)
    assert caught.value.wait_s > 1e6


@pytest.mark.parametrize("wire", WIRES)
def test_an_empty_account_is_no_busy_server(serve, wire):
    body = (
        b'{"error": {"message": "You exceeded your quota", "type": "insufficient_quota", "code": "insufficient_quota"}}'
    )
    with pytest.raises(ModelAccessError, match="quota"):
        model(serve([Scripted(status=429, raw=body)]), wire).complete(ASK)


@pytest.mark.parametrize("wire", WIRES)
def test_a_reply_held_back_is_said_so(serve, wire):
    with pytest.raises(ModelReplyError, match="declined"):
        model(serve([Scripted(text="", finish="filtered")]), wire).complete(ASK)
