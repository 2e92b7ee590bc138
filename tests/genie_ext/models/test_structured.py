"""An object is got from any server, by the best way that it knows, which is remembered."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from genie_ext.errors import ModelReplyError, ModelRequestError
from genie_ext.models.base import FORMS, ChatRequest, Message, ModelCard
from genie_ext.models.openai_chat import OpenAIChat
from genie_ext.models.scripted import Scripted, ScriptedServer
from genie_ext.models.structured import RungsInMemory, ask_for, find_object, strict_schema


class Wanted(BaseModel):
    n: int = Field(ge=0)
    words: list[str] = []


ASK = ChatRequest(
    messages=(Message(role="user", text="Count."),),
    schema=strict_schema(Wanted.model_json_schema()),
    schema_name="count",
)


def ask(server: ScriptedServer, rungs: RungsInMemory | None = None) -> Wanted:
    card = ModelCard(name="m", provider="openai", model="x", tier="open", server=server.openai_url, local=True)
    return ask_for(
        card,
        ASK,
        Wanted.model_validate,
        rungs=rungs or RungsInMemory(),
        call=lambda r: OpenAIChat(card=card).complete(r),
    )


def forms(server: ScriptedServer) -> list[str]:
    return [asked.form for asked in server.requests]


@pytest.mark.parametrize("known", range(len(FORMS)))
def test_the_best_way_that_a_server_knows_is_found_and_remembered(known):
    rungs = RungsInMemory()
    with ScriptedServer([Scripted(data={"n": 3, "words": []}, unknown_forms=FORMS[:known])]) as server:
        assert ask(server, rungs).n == 3
        assert forms(server) == list(FORMS[: known + 1])
        assert ask(server, rungs).n == 3
        assert forms(server)[known + 1 :] == [FORMS[known]]


def test_a_server_that_ignores_the_form_is_asked_in_words():
    with ScriptedServer(lambda a: Scripted(text='```json\n{"n": 4}\n```' if a.form == "text" else "Sure!")) as server:
        assert ask(server).n == 4
        assert forms(server) == list(FORMS)
        assert '"additionalProperties": false' in server.requests[-1].prompt


def test_an_object_of_the_wrong_shape_is_sent_back_once_with_the_reason():
    with ScriptedServer([Scripted(data={"n": -1}), Scripted(data={"n": 5})]) as server:
        assert ask(server).n == 5
        assert "n: Input should be greater than or equal to 0" in server.requests[1].prompt
        assert forms(server) == ["json_schema", "json_schema"]


def test_two_wrong_objects_are_an_error_that_says_what_is_wrong():
    with ScriptedServer([Scripted(data={"n": -1})]) as server, pytest.raises(ModelReplyError, match="nothing usable"):
        ask(server)


def test_an_unknown_model_is_not_asked_in_other_ways():
    with ScriptedServer([Scripted(status=404, text="no such model")]) as server:
        with pytest.raises(ModelRequestError, match="no such model"):
            ask(server)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [('{"a": 1}', {"a": 1}), ('Here: {"a": {"b": 2}} Done.', {"a": {"b": 2}}), ("{", None), ("none", None),
     ("{a: 1}", None)],
)  # fmt: skip
def test_find_object_finds_it_between_words(text, found):
    assert find_object(text) == found


def test_a_strict_schema_requires_every_property_and_no_other():
    schema = strict_schema(Wanted.model_json_schema())
    assert schema["required"] == ["n", "words"]
    assert schema["additionalProperties"] is False
    assert "default" not in str(schema)
