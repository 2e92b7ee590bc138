"""Ranking turns what speaks for and against a group of readings into a chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from genie_ext.agent.context import find_context
from genie_ext.embedded.candidates import Candidate, Group, Source
from genie_ext.embedded.plan import Planned, plan_question
from genie_ext.embedded.ranking import features, rank
from genie_ext.types import ColumnRef, Combination, Dimension, Filter, Measure, Plan, Question, Refusal, Step

Make = Callable[..., Candidate]
WEIGHTS = {"share": 1.0, "by rules": 2.0, "empty": -1.5, "bias": 0.25}


@pytest.fixture(scope="module")
def planned(session) -> Planned:
    context = find_context(Question(text="How many orders are paid?"), session.index, session.agent.policy)
    return plan_question(context, session.agent.look_up)


@pytest.fixture(scope="module")
def make(planned) -> Make:
    """Return a function that makes a candidate of one source over the plan of the rules."""

    def candidate(source: Source, score: float, step: Step = planned.result.steps[-1], **more: float) -> Candidate:
        return Candidate(step=step, sql="", draft=planned.draft, source=source, score=score, **more)

    return candidate


def _group(*candidates: Candidate, rows: tuple = ((4,),), share: float = 0.5) -> Group:
    return Group(candidates=candidates, rows=rows, share=share)


def test_features_tell_who_proposed_a_group(planned, make) -> None:
    both = _group(make("parser", -0.2, weakest=-0.1), make("parser", -3.0, weakest=-2.0), make("rules", 0.8))
    alone = _group(make("parser", -1.0, weakest=-0.9), share=0.25)
    groups = (both, alone)
    first, second = (features(planned, group, groups) for group in groups)
    assert (first["score"], first["by rules"], first["rules differ"]) == (-0.2, 1, 0)
    assert first["rules' odds"] == pytest.approx(math.log(4))
    assert (second["score"], second["by rules"], second["rules differ"], second["rules' odds"]) == (-1.0, 0, 1, 0)
    assert (first["share"], second["share"]) == (0.5, 0.25)


def test_features_are_bounded_where_the_parser_believes_nothing(planned, make) -> None:
    lost = _group(make("parser", -2000.0, weakest=-900.0), share=0.0)
    sure = _group(make("rules", 1.0), share=0.0)
    for group in (lost, sure):
        known = features(planned, group, (lost, sure))
        assert all(math.isfinite(value) for value in known.values())
        assert known["score"] == -8.0


@pytest.mark.parametrize(
    ("rows", "empty", "nothing"),
    [((), 1, 0), (((None,),), 0, 1), (((0, None),), 0, 1), (((0, 3),), 0, 0), (((0,), (0,)), 0, 0)],
)
def test_features_tell_results_that_say_nothing(planned, make, rows: tuple, empty: int, nothing: int) -> None:
    group = _group(make("parser", -1.0), rows=rows)
    known = features(planned, group, (group,))
    assert (known["empty"], known["nothing"]) == (empty, nothing)


def test_features_tell_that_the_rules_refuse(planned, make) -> None:
    group = _group(make("parser", -1.0))
    assert isinstance(planned.result, Plan)
    assert features(planned, group, (group,))["rules refuse"] == 0
    refused = replace(planned, result=Refusal(reason="unknown"))
    assert features(refused, group, (group,))["rules refuse"] == 1


def test_features_tell_the_form_of_a_step(planned, make) -> None:
    step = planned.result.steps[-1]
    context = planned.draft.context
    tables = {table.id.name: table for table in context.tables}
    city = Dimension(column=replace(step.filters[0].subject, table=tables["addresses"].id, column="city"))
    count = Measure(aggregate="count", table=tables["orders"].id)
    had = Filter(subject=count, operator=">", values=(1,))
    forms = {
        "plain": step,
        "joined": Step(sources=(), dimensions=(city,), measures=(count,)),
        "nested": replace(step, filters=(*step.filters, had)),
        "combined": replace(step, combined=Combination(kind="union", step=step)),
    }
    group = {name: _group(make("parser", -1.0, form)) for name, form in forms.items()}
    known = {name: features(planned, each, (each,)) for name, each in group.items()}
    assert (known["plain"]["joins"], known["plain"]["nested"], known["plain"]["grouped"]) == (0, 0, 0)
    assert (known["joined"]["joins"], known["joined"]["grouped"]) == (pytest.approx(1 / 3), 1)
    assert (known["nested"]["nested"], known["nested"]["conditions"]) == (1, 0.5)
    assert known["combined"]["nested"] == 1
    assert known["plain"].keys() == known["combined"].keys()


def test_rank_weighs_the_features_and_puts_the_likeliest_group_first(planned, make) -> None:
    likely = _group(make("parser", -0.2), make("rules", 0.8), share=0.4)
    empty = _group(make("parser", -0.1), rows=(), share=0.6)
    weights = dict.fromkeys(features(planned, likely, (likely, empty)), 0.0) | WEIGHTS
    ranked = rank(planned, (empty, likely), weights=weights)
    assert [each.group for each in ranked] == [likely, empty]
    assert ranked[0].chance == pytest.approx(1 / (1 + math.exp(-(0.4 + 2.25))))
    assert ranked[1].chance == pytest.approx(1 / (1 + math.exp(-(0.6 - 1.25))))
    assert "the result is empty" in ranked[1].reasons
    assert "two ways of reading the question disagree" in ranked[1].reasons
    assert "the result is empty" not in ranked[0].reasons


def test_features_tell_keys_that_nobody_asked_for(planned, make, session) -> None:
    step = planned.result.steps[-1]
    orders = step.measures[0].table
    keys = replace(step, measures=(), dimensions=(Dimension(column=ColumnRef(orders, "order_id")),))
    group = _group(make("parser", -1.0, keys))
    assert features(planned, group, (group,))["key unasked"] == 1
    plain = _group(make("parser", -1.0))
    assert features(planned, plain, (plain,))["key unasked"] == 0
    context = find_context(Question(text="What are the ids of paid orders?"), session.index, session.agent.policy)
    asked = plan_question(context, session.agent.look_up)
    wanted = _group(replace(group.candidates[0], draft=asked.draft))
    assert features(asked, wanted, (wanted,))["key unasked"] == 0


def test_a_superlative_without_a_measure_leaves_no_reading_sure(session, make) -> None:
    context = find_context(Question(text="Show me the top customers"), session.index, session.agent.policy)
    vague = plan_question(context, session.agent.look_up)
    assert vague.draft is not None
    assert vague.draft.guessed == "top"
    (ranked,) = rank(vague, (_group(make("rules", 0.9)),))
    assert ranked.chance <= 0.55
    assert "“top” does not say by what" in ranked.reasons
    named = find_context(Question(text="Top 2 orders by total"), session.index, session.agent.policy)
    draft = plan_question(named, session.agent.look_up).draft
    assert draft is not None
    assert not draft.guessed
