"""The ledger: every call a row, sums that add up, and no answer lost to a row that cannot be written."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from genie_ext.models.base import Usage
from genie_ext.models.ledger import KEYS, Call, Ledger
from genie_ext.models.prices import Price
from genie_ext.models.state import State

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
CALL = Call(
    at=NOON, user="ada", thread="t", question="q1", role="sql", tier="open", model="small", provider="openai",
    server="http://localhost:1", tokens_in=100, tokens_out=20, tokens_cached=40, estimated=True, usd=0.25, seconds=1.5,
    why="unsure", outcome="ok", trajectory=2, privacy="schema", local=True,
)  # fmt: skip

WRITER = """
import sys
from pathlib import Path
from genie_ext.models.ledger import Call, Ledger
from genie_ext.models.state import State
ledger = Ledger(State(Path(sys.argv[1])))
for number in range(25):
    assert ledger.add(Call(role="plan", tier="frontier", model="m", user=sys.argv[2], usd=0.01, tokens_in=number)) == ""
"""


@pytest.fixture
def state(tmp_path):
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def ledger(state):
    return Ledger(state)


def test_ledger_gives_back_what_was_put_in(ledger):
    assert ledger.add(CALL) == ""
    unpriced = replace(CALL, usd=None, estimated=False, local=False)
    ledger.add(unpriced)
    assert ledger.calls() == (CALL, unpriced)


def test_ledger_takes_names_that_have_no_utf8(ledger):
    assert ledger.add(replace(CALL, user="a\udc80")) == ""
    assert ledger.calls()[0].user == "a?"


def test_ledger_of_nothing_is_empty(ledger):
    assert ledger.calls() == ()
    assert ledger.summary("model") == ()
    assert ledger.totals().calls == 0
    assert ledger.spent(NOON) == 0.0
    assert ledger.savings(("big", Price(input=1, output=1))) is None


def test_ledger_finds_calls_by_time_user_and_question(ledger):
    late = replace(CALL, at=NOON + dt.timedelta(hours=1), user="bo", question="q2")
    for call in (CALL, late):
        ledger.add(call)
    assert ledger.calls(since=NOON, until=late.at) == (CALL,)
    assert ledger.calls(since=late.at) == (late,)
    assert ledger.calls(user="bo") == (late,)
    assert ledger.calls(question="q1") == (CALL,)


def test_ledger_counts_days_in_utc(ledger):
    early = dt.datetime(2026, 11, 23, 1, tzinfo=dt.timezone(dt.timedelta(hours=3)))
    ledger.add(replace(CALL, at=early))
    assert [line.key for line in ledger.summary("day")] == ["2026-11-22"]
    assert ledger.calls()[0].at == early


def test_ledger_refuses_a_time_without_a_zone(ledger):
    with pytest.raises(ValueError, match="no time zone"):
        ledger.add(replace(CALL, at=dt.datetime(2026, 1, 1)))  # noqa: DTZ001 - that is the point


def test_ledger_sums_money_of_known_price_alone(ledger):
    for usd in (0.1, None, 0.2):
        ledger.add(replace(CALL, usd=usd))
    assert math.isclose(ledger.spent(NOON), 0.3, abs_tol=1e-9)
    assert ledger.totals().unpriced == 1
    assert ledger.spent(NOON + dt.timedelta(seconds=1)) == 0.0
    assert ledger.spent(NOON, user="bo") == 0.0


CALLS = st.lists(
    st.builds(
        Call,
        at=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 5), timezones=st.just(dt.UTC)),  # noqa: DTZ001
        user=st.sampled_from(["", "ada", "Ada", "bo\n"]),
        role=st.sampled_from(["plan", "sql"]),
        tier=st.sampled_from(["open", "frontier"]),
        model=st.sampled_from(["small", "big"]),
        tokens_in=st.integers(0, 10**6),
        tokens_out=st.integers(0, 10**6),
        usd=st.none() | st.floats(0, 100),
        outcome=st.sampled_from(["ok", "cached", "down"]),
    ),
    max_size=12,
)


@examples(max_examples=25)
@given(calls=CALLS, by=st.sampled_from(KEYS))
def test_ledger_summaries_by_any_key_add_up_to_the_totals(calls, by):
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "state.db")
        ledger = Ledger(state)
        for call in calls:
            assert ledger.add(call) == ""
        lines, totals = ledger.summary(by), ledger.totals()
        state.close()
    assert len({line.key for line in lines}) == len(lines)
    for name in ("calls", "cached", "tokens_in", "tokens_out", "tokens_cached", "unpriced"):
        assert sum(getattr(line, name) for line in lines) == getattr(totals, name)
    assert math.isclose(sum(line.usd for line in lines), totals.usd, abs_tol=1e-9)
    assert totals.calls == len(calls)
    assert totals.tokens_in == sum(call.tokens_in for call in calls if call.outcome != "cached")
    assert math.isclose(totals.usd, math.fsum(call.usd or 0.0 for call in calls), abs_tol=1e-9)


def test_ledger_reckons_savings_from_the_same_tokens_at_the_frontier_price(ledger):
    ledger.add(replace(CALL, tokens_in=1_000_000, tokens_out=100_000, tokens_cached=500_000, usd=0.5))
    ledger.add(replace(CALL, tokens_in=0, tokens_out=1_000_000, tokens_cached=0, usd=0.0))
    ledger.add(replace(CALL, usd=None))
    ledger.add(replace(CALL, usd=None, outcome="cached"))
    saved = ledger.savings(("big", Price(input=10, output=50, cached=1)))
    assert math.isclose(saved.all_frontier, 5 + 0.5 + 5 + 50, abs_tol=1e-9)
    assert math.isclose(saved.saved, 60.0, abs_tol=1e-9)
    assert math.isclose(saved.share, 60 / 60.5, abs_tol=1e-9)
    assert saved.left_out == 1
    assert "price of big" in saved.explain()
    assert "Left out for want of a price: 1." in saved.explain()


def test_ledger_counts_no_answer_of_the_cache_as_unpriced(ledger):
    ledger.add(replace(CALL, usd=None, outcome="cached"))
    assert (ledger.totals().cached, ledger.totals().unpriced) == (1, 0)


def test_ledger_counts_no_token_twice_that_the_cache_answered(ledger):
    for outcome in ("ok", "cached", "cached"):
        ledger.add(replace(CALL, usd=0.25 if outcome == "ok" else 0.0, outcome=outcome))
    totals = ledger.totals()
    assert (totals.calls, totals.cached, totals.tokens_in, totals.tokens_out) == (3, 2, 100, 20)
    once = Price(input=10, output=10).of(Usage(input=100, output=20))
    assert math.isclose(ledger.savings(("big", Price(input=10, output=10))).all_frontier, once, abs_tol=1e-9)


def test_ledger_says_so_when_dearer_models_were_called(ledger):
    ledger.add(replace(CALL, tokens_in=1_000_000, tokens_out=0, tokens_cached=0, usd=5.0))
    assert ledger.savings(("cheap", Price(input=1, output=1))).saved == pytest.approx(-4.0, abs=1e-9)


def test_ledger_keeps_a_row_that_cannot_be_written_and_writes_it_with_the_next(ledger, state):
    ledger.add(CALL)
    connection = state._connection()
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    lost = replace(CALL, why="x" * 100_000)
    note = ledger.add(lost)
    assert "the disk is full" in note
    assert note.endswith("What this call took is not on record yet.")
    assert ledger.calls() == (CALL,)
    last = replace(CALL, user="bo")
    assert ledger.add(last) == ""
    assert ledger.calls() == (CALL, lost, last)


def test_ledger_loses_no_row_of_many_processes(ledger, state):
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, state.path, str(n)]) for n in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert [(line.key, line.calls, line.tokens_in) for line in ledger.summary("user")] == [
        (str(n), 25, 300) for n in range(4)
    ]
    assert math.isclose(ledger.totals().usd, 1.0, abs_tol=1e-9)
