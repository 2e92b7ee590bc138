from __future__ import annotations

import asyncio

import pytest


@pytest.fixture
def chat(lake, tmp_path):
    """Return a function that says things in one real chat and returns its messages and the statuses shown."""
    from jupyter_ai_persona_manager.persona_manager import PersonaManager
    from jupyterlab_chat.models import Message
    from jupyterlab_chat.websocket_model import WsChatModel

    class Watched(WsChatModel):
        def broadcast_writing_status(self, user, status):
            self.shown.append((status or {}).get("typingIndicator"))
            if self.stop is not None:
                asyncio.ensure_future(self.stop())  # noqa: RUF006 - the loop outlives it
            super().broadcast_writing_status(user, status)

    def say(*bodies, stop_first=False):
        async def go():
            model = Watched(path="one.chat", root_dir=tmp_path)
            model.shown, model.stop = [], None
            manager = PersonaManager(chat=model, root_dir=str(tmp_path), event_loop=asyncio.get_running_loop())
            (persona,) = [one for one in manager.personas.values() if one.name == "Genie"]
            model.stop = persona.cancel_response if stop_first else None
            for number, body in enumerate(bodies):
                await persona.on_message(Message(body=body, id=str(number), time=number, sender="ann"))
            await persona.shutdown()
            return [one for one in model.get_messages() if one.sender == persona.id], model.shown

        return asyncio.run(go())

    return say


def test_a_question_in_the_chat_is_answered_with_sql_and_checks(chat):
    (message,), shown = chat("@Genie How many orders are there?")
    assert "4" in message.body
    assert "```sql\n" in message.body
    assert "✓ ok" in message.body
    assert len([one for one in shown if one]) > 1
    assert shown[-1] is None


def test_a_table_of_rows_is_a_markdown_table(chat):
    (message,), _ = chat("How many orders per customer?")
    assert "| --:" in message.body or "| :--" in message.body


def test_a_second_question_sees_the_first(chat):
    messages, _ = chat("How many orders are there?", "only the returned ones")
    assert "returned" in messages[1].body.split("```sql")[1]


def test_a_question_that_is_stopped_says_so_and_the_next_is_answered(chat):
    (message,), _ = chat("How many orders are there?", stop_first=True)
    assert message.body == "Stopped."
    (message,), _ = chat("How many orders are there?")
    assert "4" in message.body


def test_what_is_wrong_is_said_in_the_chat(chat, monkeypatch):
    monkeypatch.delenv("GENIE_LAKE")
    (message,), _ = chat("How many orders are there?")
    assert "There is no lake in" in message.body
    assert "Traceback" not in message.body
