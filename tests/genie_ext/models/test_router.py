"""Which tier answers a question, and why: each case is signals and settings, and the tier with words of the reason."""

from __future__ import annotations

import pytest

from genie_ext.config import load_settings
from genie_ext.models.bound import bind
from genie_ext.models.capability import Capability, Rate
from genie_ext.models.router import Signals, choose_route
from genie_ext.models.state import State

FRONTIER = {"provider": "anthropic", "model": "big", "tier": "frontier"}
OPEN = {"provider": "openai", "model": "small", "tier": "open", "base_url": "http://localhost:1/v1"}
BOTH = {"big": FRONTIER, "small": OPEN}
PLANS = {"plan": ["big", "small"], "sql": ["small"]}
GOOD, BAD = Rate(asked=100, right=90), Rate(asked=100, right=40)


@pytest.mark.parametrize(
    ("signals", "changes", "rates", "tier", "why"),
    [
        ({"kind": "plan", "confidence": 0.9}, {"models": BOTH}, {}, "embedded", "90% sure"),
        ({"kind": "plan", "confidence": 0.3}, {"models": BOTH}, {}, "frontier", "earns its price"),
        ({"kind": "refuse"}, {"models": BOTH}, {}, "frontier", "earns its price"),
        ({"kind": "clarify"}, {"models": BOTH}, {}, "frontier", "earns its price"),
        ({"kind": "settled"}, {"models": BOTH, "least_tier": "frontier"}, {}, "embedded", "decided by a rule"),
        ({"kind": "refuse"}, {}, {}, "embedded", "no model is configured"),
        ({"kind": "refuse"}, {"models": {"small": OPEN}}, {}, "open", "the only one"),
        ({"kind": "refuse"}, {"models": BOTH, "local_only": True}, {}, "open", "the only one"),
        ({"kind": "refuse"}, {"models": {"big": FRONTIER}, "local_only": True}, {}, "embedded", "keeps out big"),
        ({"kind": "plan", "confidence": 0.9}, {"models": BOTH, "least_tier": "open"}, {}, "frontier", "earns"),
        ({"kind": "refuse"}, {"least_tier": "open"}, {}, None, "least_tier is open"),
        ({"kind": "refuse", "soft": True}, {"models": BOTH, "roles": PLANS}, {}, "open", "the only one"),
        ({"kind": "refuse", "soft": True}, {"models": {"big": FRONTIER}}, {}, None, "soft limit"),
        ({"kind": "refuse", "soft": True}, {"models": BOTH, "at_soft": "ask"}, {}, None, "soft limit"),
        ({"kind": "refuse", "sticky": "open"}, {"models": BOTH, "roles": PLANS}, {}, "open", "thread"),
        ({"kind": "plan", "confidence": 0.9, "sticky": "open"}, {"models": BOTH}, {}, "embedded", "at least"),
        ({"kind": "refuse"}, {"models": BOTH}, {"open": GOOD, "frontier": GOOD}, "open", "as good"),
        ({"kind": "refuse"}, {"models": BOTH}, {"open": BAD, "frontier": GOOD}, "frontier", "earns"),
        ({"kind": "refuse"}, {"models": BOTH}, {"open": GOOD}, "frontier", "earns"),
        ({"kind": "plan", "confidence": 0.9, "failed": ("embedded",)}, {"models": BOTH}, {}, "frontier", "earns"),
        ({"kind": "refuse", "failed": ("embedded", "open")}, {"models": {"small": OPEN}}, {}, None, "could not"),
    ],
)  # fmt: skip
def test_a_question_goes_to_the_cheapest_tier_that_may_answer_it(tmp_path, signals, changes, rates, tier, why):
    settings = load_settings(tmp_path, **changes)
    found = choose_route(Signals(**signals), bind(settings), settings, rates)
    assert found.tier == tier
    assert any(why in reason for reason in found.why)
    assert bool(found.missing) is (tier is None)


def test_what_is_missing_is_named_where_no_tier_may_answer(tmp_path):
    settings = load_settings(tmp_path, models={"big": FRONTIER}, local_only=True, least_tier="open")
    found = choose_route(Signals(kind="refuse"), bind(settings), settings)
    assert "a model of the open tier" in found.missing[0]
    assert "local_only keeps out big" in found.missing[1]


def test_capability_counts_what_was_right_and_outlives_the_process(tmp_path):
    for right in (True, True, False):
        Capability(State(tmp_path / "state.db")).record("open", "m", right=right)
    found = Capability(State(tmp_path / "state.db")).rate("open")
    assert (found.asked, found.right, found.known) == (3, 2, False)
    assert Capability(State(tmp_path / "none.db")).rate("open") == Rate()
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(("asked", "right", "least"), [(0, 0, 0.0), (10, 10, 0.722), (100, 50, 0.404)])
def test_a_rate_is_believed_as_far_as_its_interval_reaches(asked, right, least):
    assert Rate(asked=asked, right=right).least == pytest.approx(least, abs=0.001)
