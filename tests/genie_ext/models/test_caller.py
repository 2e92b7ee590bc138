"""The one way to call a model: what may leave, what it costs, who steps in, and what is written down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from genie_ext.agent.open_models import open_books
from genie_ext.config import load_settings
from genie_ext.errors import BudgetError, ModelAccessError, ModelDownError, ModelError, ModelReplyError, PrivacyError
from genie_ext.models.base import ChatRequest, Message
from genie_ext.models.bound import bind
from genie_ext.models.caller import Caller, Errand, Job
from genie_ext.models.scripted import Scripted, ScriptedServer
from genie_ext.models.state import State

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
JOB = Job(id="q1", question="How many?", user="ada", thread="t", index_version="v1")


def errand(text="Count.", **changes):
    request = ChatRequest(messages=(Message(role="user", text=text),), schema=SCHEMA, schema_name="count")
    return Errand(**{"role": "plan", "request": request, "why": "a test", **changes})


def read(data):
    return int(data["n"])


@pytest.fixture
def serve(tmp_path):
    """Start a server, and return it with a caller of two models that speak both wires to it."""
    held = []

    def start(script, **changes):
        server = ScriptedServer(script).__enter__()
        held.append(server)
        first = {"provider": "openai", "model": "first", "tier": "frontier", "base_url": server.openai_url,
                 "local": False, "price_in": 1.0, "price_out": 2.0}  # fmt: skip
        second = {"provider": "anthropic", "model": "second", "tier": "frontier", "base_url": server.anthropic_url,
                  "local": False}  # fmt: skip
        roles = {"plan": ["first", "second"], "sql": ["first"]}
        settings = load_settings(tmp_path, **{"models": {"first": first, "second": second}, "roles": roles, **changes})
        state = State(tmp_path / "state.db")
        return server, Caller(bound=bind(settings), books=open_books(state, settings), settings=settings)

    yield start
    for server in held:
        server.__exit__(None, None, None)


def outcomes(caller):
    return [(call.model, call.outcome.partition(":")[0]) for call in caller.books.ledger.calls()]


def test_a_call_is_written_down_with_tokens_price_and_reason(serve):
    _, caller = serve([Scripted(data={"n": 4}, usage=(1000, 500))])
    value, card = caller.ask(errand(), read, JOB)
    (call,) = caller.books.ledger.calls()
    assert (value, card.name) == (4, "first")
    assert (call.user, call.thread, call.role, call.tier, call.why) == ("ada", "t", "plan", "frontier", "a test")
    assert call.usd == pytest.approx((1000 * 1.0 + 500 * 2.0) / 1e6)
    assert caller.spent(JOB).usd == pytest.approx(call.usd)


def test_a_model_that_fails_is_stood_in_for_by_the_next(serve):
    def script(asked):
        return Scripted(status=401, text="no") if asked.wire == "openai" else Scripted(data={"n": 5})

    _, caller = serve(script)
    value, card = caller.ask(errand(), read, JOB)
    assert (value, card.name) == (5, "second")
    assert outcomes(caller) == [("first", "failed"), ("second", "ok")]
    assert caller.spent(JOB).unpriced == 1


def test_where_all_fail_one_message_names_them_all(serve):
    _, caller = serve([Scripted(status=401, text="no")])
    with pytest.raises(ModelAccessError) as caught:
        caller.ask(errand(), read, JOB)
    assert "“first”" in caught.value.message
    assert "“second”" in caught.value.hint


def test_a_model_without_its_key_is_no_call(serve):
    key = {"keyed": {"provider": "openai", "model": "m", "tier": "frontier"}}
    server, caller = serve([Scripted(data={"n": 1})], models=key, roles={"plan": ["keyed"]})
    with pytest.raises(ModelAccessError, match="There is no key for the model “keyed”"):
        caller.ask(errand(), read, JOB)
    assert (caller.spent(JOB).calls, server.requests, outcomes(caller)) == (0, [], [])


def test_a_busy_server_is_tried_again_and_waited_for(serve):
    _, caller = serve([Scripted(status=429, headers={"retry-after": "0"}), Scripted(data={"n": 1})])
    assert caller.ask(errand(), read, JOB)[0] == 1
    assert outcomes(caller) == [("first", "ok")]


def test_nothing_is_sent_that_may_not_leave(serve):
    server, caller = serve([Scripted(data={"n": 1})], privacy="schema")
    with pytest.raises(PrivacyError, match="holds values; privacy is schema"):
        caller.ask(errand(leaves="values"), read, JOB)
    assert server.requests == []


def test_a_role_that_nobody_fills_is_named(serve):
    server, caller = serve([Scripted(data={"n": 1})], local_only=True)
    with pytest.raises(ModelError, match=r"No model fills the role “plan”; local_only keeps out first, second"):
        caller.ask(errand(), read, JOB)
    assert server.requests == []


def test_a_budget_stops_the_call_before_it_is_made_and_no_other_model_is_tried(serve):
    server, caller = serve([Scripted(data={"n": 1})], budget_question=0.001)
    with pytest.raises(BudgetError, match="The next call may cost"):
        caller.ask(errand(), read, JOB)
    assert server.requests == []


def test_a_failed_call_gives_its_money_back(serve):
    _, caller = serve([Scripted(status=400, text="no")], budget_question=0.02, roles={"plan": ["first"]})
    for _ in range(12):
        with pytest.raises(ModelError, match="refused the request"):
            caller.ask(errand(), read, JOB)


def test_a_reply_that_is_cut_off_is_paid_all_the_same(serve):
    server, caller = serve([Scripted(text='{"n": ', finish="length")], roles={"plan": ["first"]}, budget_day=0.01)
    for _ in range(2):
        with pytest.raises(ModelReplyError, match="cut off"):
            caller.ask(errand(), read, JOB)
    with pytest.raises(BudgetError):
        caller.ask(errand(), read, JOB)
    assert caller.spent(JOB).usd == pytest.approx(2 * 2000 * 2.0 / 1e6, rel=0.05)
    assert len(server.requests) == 2


def test_the_same_prompt_is_answered_from_the_cache_until_the_index_changes(serve):
    server, caller = serve([Scripted(data={"n": 1}), Scripted(data={"n": 2})])
    assert [caller.ask(errand(), read, JOB)[0] for _ in range(2)] == [1, 1]
    other = Job(id="q2", user="ada", index_version="v2")
    assert caller.ask(errand(), read, other)[0] == 2
    assert len(server.requests) == 2
    assert [outcome for _, outcome in outcomes(caller)] == ["ok", "cached", "ok"]
    assert (caller.spent(JOB).calls, caller.spent(JOB).cached) == (1, 1)


def test_many_threads_may_call_at_once(serve):
    server, caller = serve(lambda asked: Scripted(data={"n": int(asked.prompt.split()[-1])}))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: caller.ask(errand(f"Count {n}"), read, JOB)[0], range(24)))
    assert found == list(range(24))
    assert len(server.requests) == len(caller.books.ledger.calls()) == caller.spent(JOB).calls == 24


def test_a_ledger_that_cannot_be_written_takes_no_answer_away(serve, tmp_path):
    _, caller = serve([Scripted(data={"n": 4})])
    (tmp_path / "state.db").write_bytes(b"this is no database at all, but long enough to be looked at" * 40)
    assert caller.ask(errand(), read, JOB)[0] == 4
    assert "state.db" in " ".join(caller.take_notes())
    assert caller.take_notes() == ()


def test_a_line_that_breaks_is_an_error_of_the_server(serve):
    _, caller = serve([Scripted(data={"n": 4}, cut=True)], roles={"plan": ["first"]})
    with pytest.raises(ModelDownError):
        caller.ask(errand(), read, JOB)
