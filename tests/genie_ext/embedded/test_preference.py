"""What speaks for one group of readings rather than for another."""

from __future__ import annotations

from functools import cache

import pytest

from genie_ext.agent.context import find_context
from genie_ext.agent.vote import vote
from genie_ext.embedded.candidates import find_candidates
from genie_ext.embedded.plan import plan_question
from genie_ext.embedded.preference import SHARED, TOPICS, prefer
from genie_ext.embedded.ranking import features
from genie_ext.types import Question

NAMES = [name for topic in TOPICS for name in topic.features]
ALIKE = dict.fromkeys(NAMES, 0.5)
WEIGHTS = {**dict.fromkeys(NAMES, 1.0), "empty": -2.0}


def test_topics_say_something_of_each_feature_in_which_groups_can_differ(session):
    agent = session.agent
    context = find_context(Question(text="How many customers are there?"), agent.index, agent.policy)
    planned = plan_question(context, cache(agent.look_up))
    groups = vote(find_candidates(planned, ()), agent.read)
    assert sorted([*NAMES, *SHARED]) == sorted(features(planned, groups[0], groups))


def test_prefer_says_nothing_of_groups_that_are_alike():
    assert prefer(ALIKE, ALIKE, WEIGHTS) == ()


def test_prefer_puts_the_weightiest_difference_first_with_its_direction():
    group = ALIKE | {"joins": 0.9, "empty": 0.0}
    other = ALIKE | {"empty": 1.0}
    reasons = prefer(group, other, WEIGHTS)
    assert [(reason.text, reason.weight) for reason in reasons] == [
        ("the other finds no row", pytest.approx(2.0)),
        ("it joins more tables", pytest.approx(0.4)),
    ]


def test_prefer_weighs_against_a_group_what_speaks_for_the_other():
    group, other = ALIKE | {"empty": 1.0}, ALIKE | {"empty": 0.0}
    (reason,) = prefer(group, other, WEIGHTS)
    assert (reason.text, reason.weight) == ("it finds no row", pytest.approx(-2.0))


def test_prefer_adds_up_the_features_of_a_topic_and_shows_shares():
    group, other = ALIKE | {"share": 0.7}, ALIKE | {"share": 0.2}
    (reason,) = prefer(group, other, WEIGHTS)
    assert reason.text == "more of the parser's belief is on it (70% against 20%)"
    assert reason.weight == pytest.approx(0.5)
