"""What is of OpenAI's wire alone: strict schemas, tool calls in pieces, words of the vendor, gateways."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from genie_ext.errors import ModelBusyError, ModelDownError, ModelReplyError
from genie_ext.models.base import ModelCard
from genie_ext.models.openai_chat import OpenAIChat, is_strict
from genie_ext.models.scripted import Scripted
from tests.genie_ext.models.wires import ASK, SCHEMA, model


def events(*deltas, finish="tool_calls"):
    ends = [None] * (len(deltas) - 1) + [finish]
    chunks = [
        {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m",
         "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in zip(deltas, ends, strict=True)
    ]  # fmt: skip
    return Scripted(raw="".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode())


def call(text, index=0):
    return {"tool_calls": [{"index": index, "function": {"arguments": text}}]}


def test_arguments_of_the_first_tool_call_stand_apart_from_words_and_other_calls(serve):
    server = serve([events({"content": "Let me see."}, call('{"n":'), call('{"x": 1}', 1), call(" 3}"))])
    asked = replace(ASK, schema=SCHEMA, form="tool")
    assert list(model(server, "openai").stream(asked))[-1].reply.text == '{"n": 3}'


def test_a_schema_is_strict_only_where_all_of_it_is_closed_and_required(serve):
    open_inside = {**SCHEMA, "properties": {"n": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    optional = {**SCHEMA, "required": []}
    assert (is_strict(SCHEMA), is_strict(open_inside), is_strict(optional)) == (True, False, False)
    server = serve([Scripted(data={"n": 1})])
    for schema in (SCHEMA, optional):
        model(server, "openai").complete(replace(ASK, schema=schema))
    sent = [asked.body["response_format"]["json_schema"]["strict"] for asked in server.requests]
    assert sent == [True, False]


def test_the_vendor_gets_its_own_words_and_other_servers_the_usual_ones():
    def sent(server, name):
        card = ModelCard(name="m", provider="openai", model=name, tier="open", server=server, local=False)
        return OpenAIChat(card=card)._arguments(ASK)

    for server in ("https://api.openai.com/v1", "https://eu.api.openai.com/v1"):
        assert {"max_completion_tokens"} == {"max_completion_tokens", "max_tokens", "temperature"} & set(
            sent(server, "gpt-5")
        )
        assert sent(server, "gpt-4.1")["temperature"] == 0
    assert {"max_tokens", "temperature"} <= set(sent("https://api.openai.com.example/v1", "gpt-5"))


def test_a_gateway_that_reports_a_failure_as_success_is_understood(serve):
    raw = json.dumps({"error": {"message": "upstream is full", "code": 429}}).encode()
    with pytest.raises(ModelBusyError, match="upstream is full"):
        model(serve([Scripted(raw=raw)]), "openai").complete(ASK)


def test_a_refusal_in_pieces_is_told_with_its_words(serve):
    with pytest.raises(ModelReplyError, match="declined") as caught:
        list(model(serve([events({"refusal": "I will not."}, {}, finish="stop")]), "openai").stream(ASK))
    assert caught.value.said == "I will not."


def test_a_stream_that_ends_before_the_reply_does_is_broken_off(serve):
    with pytest.raises(ModelDownError, match="broke off"):
        list(model(serve([events({"content": "one"}, {"content": " two"}, finish=None)]), "openai").stream(ASK))
