"""Budgets: together no processes pass a hard limit, whatever dies or fails on the way."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
import time

import pytest

from genie_ext.config import Settings
from genie_ext.errors import BudgetError, StateError
from genie_ext.models.budget import STALE, Budget
from genie_ext.models.state import State

NIGHT = dt.datetime(2026, 11, 22, 23, 50, tzinfo=dt.UTC)

# In each round all processes ask at the same moment for what only two of them can have; every seventh call fails.
SPENDER = """
import sys, time
from pathlib import Path
from genie_ext.config import Settings
from genie_ext.errors import BudgetError
from genie_ext.models.budget import Budget
from genie_ext.models.state import State
budget = Budget(State(Path(sys.argv[1])), Settings(budget_question=0.05))
spent = 0
for number in range(70):
    time.sleep(max(0.0, float(sys.argv[3]) + 0.02 * number - time.time()))
    try:
        with budget.reserve(f"user {sys.argv[2]}", str(number), 0.02) as held:
            if number % 7:
                assert held.settle(0.02) == ""
                spent += 1
    except BudgetError:
        continue
print(spent)
"""

DIES = """
import os, signal, sys
from pathlib import Path
from genie_ext.config import Settings
from genie_ext.models.budget import Budget
from genie_ext.models.state import State
with Budget(State(Path(sys.argv[1])), Settings(budget_question=1.0)).reserve("ada", "q", 0.7):
    os.kill(os.getpid(), signal.SIGKILL)
"""


class Clock:
    def __init__(self, now=NIGHT):
        self.now = now

    def __call__(self):
        return self.now


def budget_of(state, **values):
    """Return a budget late on one day, so that no test sees midnight pass."""
    return Budget(state, Settings(**values), clock=Clock())


@pytest.fixture
def state(tmp_path):
    opened = State(tmp_path / "state.db", wait_s=0.2)
    yield opened
    opened.close()


def fill(state):
    """Let no page be added, as on a full disk."""
    connection = state._connection()
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")


def test_budget_lets_many_processes_together_never_pass_the_limit(tmp_path):
    state = State(tmp_path / "state.db")
    words = [state.path, str(time.time() + 1.5)]
    processes = [
        subprocess.Popen([sys.executable, "-c", SPENDER, words[0], str(n), words[1]], stdout=-1, text=True)
        for n in range(4)
    ]
    counts = [int(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    rows = state.rows("SELECT question, SUM(usd) AS usd, SUM(open) AS open FROM spending GROUP BY 1")
    assert len(rows) == 70
    assert {row["open"] for row in rows} == {0}
    # Two calls fit each question; none passes, and none is refused that fits.
    assert {round(row["usd"], 9) for row in rows} == {0.0, 0.04}
    assert math.isclose(sum(row["usd"] for row in rows), 0.02 * sum(counts), abs_tol=1e-9)
    state.close()


def test_budget_checks_its_limits_while_no_other_process_can_write(state):
    Budget(state, Settings()).reserve("ada", "q", 0.1).settle(0.1)
    other = State(state.path, wait_s=0.02)
    blocked = []

    def clock():
        try:
            with other.write():
                blocked.append(False)
        except StateError:
            blocked.append(True)
        return NIGHT

    Budget(state, Settings(budget_day=1.0), clock=clock).reserve("ada", "q", 0.1)
    # The last thing that needs the time is the sum of what was spent.
    assert blocked[-1]
    assert not blocked[0]
    other.close()


def test_budget_refuses_before_the_call_and_says_what_and_how(state):
    budget = budget_of(state, budget_day=1.0)
    assert budget.reserve("ada", "q", 0.6).settle(0.6) == ""
    with pytest.raises(BudgetError) as refused:
        budget.reserve("bo", "r", 0.5)
    assert refused.value.message == (
        "The next call may cost $0.5000; with $0.6000 spent or set aside, that passes the $1.0000 for all users today."
    )
    assert refused.value.hint == "Raise budget_day, or wait for the next day, UTC."
    with pytest.raises(BudgetError, match="its price is not known, so that the dearest known one is assumed"):
        budget.reserve("bo", "r", 0.5, assumed=True)


def test_budget_can_be_used_to_its_last_cent(state):
    budget = budget_of(state, budget_day=0.3)
    for number in range(3):
        with budget.reserve("ada", f"q{number}", 0.1) as held:
            held.settle(0.1)
    with pytest.raises(BudgetError):
        budget.reserve("ada", "q", 0.001)


def test_budget_counts_what_others_have_set_aside(state):
    budget = budget_of(state, budget_day=1.0)
    with budget.reserve("ada", "q", 0.6), pytest.raises(BudgetError):
        budget.reserve("bo", "r", 0.6)
    budget.reserve("bo", "r", 0.6)


def test_budget_gives_back_what_a_failed_call_did_not_use(state):
    budget = budget_of(state, budget_day=1.0)
    with pytest.raises(KeyError), budget.reserve("ada", "q", 1.0):
        raise KeyError
    with budget.reserve("ada", "q", 1.0) as held:
        held.settle(0.25)
    budget.reserve("ada", "q", 0.75)


def test_budgets_of_question_day_and_user_are_kept_apart(state):
    budget = budget_of(state, budget_question=0.5, budget_user=0.8, budget_day=1.0)
    budget.reserve("ada", "q1", 0.5).settle(0.5)
    with pytest.raises(BudgetError, match="for this question"):
        budget.reserve("ada", "q1", 0.01)
    with pytest.raises(BudgetError, match="for “ada” today"):
        budget.reserve("ada", "q2", 0.4)
    budget.reserve("bo", "q3", 0.4).settle(0.4)
    with pytest.raises(BudgetError, match="for all users today"):
        budget.reserve("bo", "q4", 0.2)


def test_budget_of_a_day_ends_with_the_day_and_that_of_a_question_does_not(state):
    clock = Clock()
    budget = Budget(state, Settings(budget_day=1.0, budget_question=1.0), clock=clock)
    budget.reserve("ada", "q", 1.0).settle(1.0)
    clock.now = NIGHT + dt.timedelta(minutes=11)
    budget.reserve("ada", "other", 1.0)
    with pytest.raises(BudgetError, match="for this question"):
        budget.reserve("ada", "q", 0.1)


def test_budget_forgets_what_a_dead_process_set_aside_after_a_while(state):
    dead = subprocess.run([sys.executable, "-c", DIES, state.path], check=False)
    assert dead.returncode != 0
    clock = Clock(dt.datetime.now(dt.UTC))
    budget = Budget(state, Settings(budget_question=1.0), clock=clock)
    with pytest.raises(BudgetError):
        budget.reserve("ada", "q", 0.5)
    clock.now += STALE + dt.timedelta(seconds=1)
    budget.reserve("ada", "q", 0.5)


def test_budget_counts_a_call_that_took_longer_than_that(state):
    clock = Clock(NIGHT - dt.timedelta(hours=2))
    budget = Budget(state, Settings(budget_day=1.0), clock=clock)
    slow = budget.reserve("ada", "q", 0.7)
    clock.now += STALE + dt.timedelta(minutes=1)
    slow.settle(0.7)
    with pytest.raises(BudgetError):
        budget.reserve("ada", "q", 0.5)


def test_budget_takes_names_that_have_no_utf8(state):
    budget = budget_of(state, budget_user=1.0)
    budget.reserve("a\udc80", "q", 0.9).settle(0.9)
    with pytest.raises(BudgetError):
        budget.reserve("a\udc80", "r", 0.2)


def test_budget_tells_when_the_soft_limit_is_reached(state):
    budget = budget_of(state, budget_user=1.0, budget_soft=0.5)
    assert not budget.soft("ada")
    budget.reserve("ada", "q", 0.5).settle(0.5)
    assert budget.soft("ada")
    assert not budget.soft("bo")
    assert not budget_of(state).soft("ada")


def test_budget_lets_free_calls_pass_and_writes_nothing_for_them(state):
    budget = budget_of(state, budget_day=0.01)
    with budget.reserve("ada", "q", 0.0) as held:
        assert held.settle(0.0) == ""
    assert not state.path.exists()
    budget.reserve("ada", "q", 0.01).settle(0.01)
    budget.reserve("ada", "q", 0.0)


def test_budget_counts_what_was_spent_before_it_was_set(state):
    budget_of(state).reserve("ada", "q", 5.0).settle(0.9)
    with pytest.raises(BudgetError):
        budget_of(state, budget_day=1.0).reserve("ada", "q", 0.2)


def test_budget_takes_no_call_it_cannot_set_aside(state):
    budget = budget_of(state, budget_day=1.0)
    fill(state)
    with pytest.raises(StateError, match="the disk is full"):
        budget.reserve("x" * 100_000, "q", 0.001)
    budget_of(state).reserve("ada", "q", 0.5)


def test_budget_takes_no_answer_away_that_was_paid_for_and_counts_it_later(state):
    budget = budget_of(state, budget_day=1.0)
    held = budget.reserve("ada", "q", 0.5)
    holder = State(state.path)._connection()
    holder.execute("BEGIN IMMEDIATE")
    note = held.settle(0.9)
    assert "is held by another process" in note
    assert "not on record yet" in note
    with pytest.raises(StateError, match="is held by another process"):
        budget.reserve("ada", "r", 0.05)
    holder.execute("ROLLBACK")
    with pytest.raises(BudgetError, match=r"with \$0\.9000 spent"):
        budget.reserve("ada", "r", 0.2)
    budget.reserve("ada", "r", 0.05)
    assert state.rows("SELECT usd FROM spending WHERE question = 'q'")[0][0] == 0.9
    holder.close()
