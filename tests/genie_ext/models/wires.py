"""The models of both wires that tests call on a server of their own."""

from __future__ import annotations

from genie_ext.models.anthropic_messages import AnthropicMessages
from genie_ext.models.base import ChatModel, ChatRequest, Message, ModelCard
from genie_ext.models.openai_chat import OpenAIChat
from genie_ext.models.scripted import ScriptedServer

KEY = "sk-very-secret-key"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ASK = ChatRequest(messages=(Message(role="system", text="Be short."), Message(role="user", text="Hi")))
WIRES = ("openai", "anthropic")


def model(server: ScriptedServer, wire: str) -> ChatModel:
    url = server.openai_url if wire == "openai" else server.anthropic_url
    card = ModelCard(name="m", provider=wire, model="test-1", tier="open", server=url, local=True)
    return OpenAIChat(card=card, key=KEY) if wire == "openai" else AnthropicMessages(card=card, key=KEY)
