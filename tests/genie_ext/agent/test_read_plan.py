"""Plans that models write become typed plans of the lake; what is wrong with them is said so that they can mend it."""

from __future__ import annotations

import datetime as dt

import pytest

from genie_ext.agent.context import find_context
from genie_ext.agent.plan_form import PlanForm
from genie_ext.agent.read_plan import read_plan
from genie_ext.embedded.write import write_sql
from genie_ext.types import Clarification, ColumnRef, Plan, Question, Refusal

STEP = {
    "purpose": "Paid orders", "sources": ["orders"], "measures": [{"label": "n", "aggregate": "count"}],
    "filters": [{"column": "orders.status", "operator": "=", "values": ["paid"]}],
}  # fmt: skip


@pytest.fixture(scope="module")
def context(session):
    return find_context(Question(text="orders of customers"), session.index, session.agent.policy)


def read(context, *steps, **changes):
    form = PlanForm.model_validate({"kind": "plan", "interpretation": "I.", "steps": list(steps), **changes})
    return read_plan(form, context, tier="frontier", most_steps=3)


def rows(session, context, plan):
    text = write_sql(plan.steps[-1], context.names, context.tables, context.relationships)
    table = session.agent.read(text).table
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def test_a_plan_of_known_parts_is_typed_and_compiles(context, session):
    grouped = {
        **STEP, "dimensions": [{"column": "customers.country"}], "order": [{"by": "N", "descending": True}], "limit": 1,
        "time": {"column": "ordered_on", "start": "2024-01-01", "end": "2024-04-01"}, "sources": ["orders"],
    }  # fmt: skip
    plan = read(context, grouped, assumptions=["by the day ordered"])
    step = plan.steps[0]
    assert isinstance(plan, Plan)
    assert not step.free
    assert step.time.start == dt.date(2024, 1, 1)
    assert step.filters[0].subject == ColumnRef(step.sources[0], "status")
    assert (plan.tier, plan.assumptions) == ("frontier", ("by the day ordered",))
    assert rows(session, context, plan) == [("Germany", 1)] or rows(session, context, plan)[0][1] == 1


def test_names_are_found_in_any_case_and_with_schema(context):
    plan = read(
        context, {**STEP, "sources": ["MAIN.Orders"], "filters": [{**STEP["filters"][0], "column": "Orders.STATUS"}]}
    )
    assert plan.steps[0].filters[0].subject.column == "status"


def test_a_formula_leaves_the_query_to_a_model(context):
    share = {"label": "share", "formula": "paid / all"}
    plan = read(context, {**STEP, "measures": [share]})
    assert plan.steps[0].free
    assert plan.steps[0].purpose == "Paid orders. share = paid / all."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sources": ["ordres"]}, "there is no table ordres; the nearest are orders"),
        (
            {"filters": [{"column": "orders.statuss", "operator": "=", "values": ["x"]}]},
            "the nearest are orders.status",
        ),
        ({"filters": [{"column": "name", "operator": "=", "values": ["x"]}]}, "is in several tables"),
        ({"measures": [{"label": "m", "metric": "margin"}]}, "there is no metric margin"),
        ({"measures": [{"label": "m", "aggregate": "sum"}]}, "no column"),
        ({"order": [{"by": "size"}]}, "neither a measure nor a dimension"),
        ({"filters": [{"column": "orders.status", "operator": "between", "values": ["x"]}]}, "has 1 values"),
        ({"filters": [{"column": "orders.status", "operator": "=", "values": ["x", "y"]}]}, "use “in”"),
        ({"filters": [{"column": "orders.status", "operator": "="}]}, "has 0 values"),
        ({"time": {"column": "ordered_on", "start": "2024-02-01", "end": "2024-01-01"}}, "the day after"),
        ({"uses": ["before"]}, "no step before it"),
        ({"purpose": "x", "limit": 0}, "limit"),
        ({"name": "a b"}, "name"),
    ],
)
def test_what_is_wrong_is_said_for_the_model(context, change, said):
    with pytest.raises(ValueError, match=said):
        read(context, {**STEP, **change})


def test_steps_may_use_only_what_came_before_and_no_name_twice(context):
    first = {**STEP, "name": "a"}
    plan = read(context, first, {"name": "b", "purpose": "Largest", "sources": ["a"]})
    assert (plan.steps[1].uses, plan.steps[1].free, plan.steps[1].sources) == (("a",), True, ())
    with pytest.raises(ValueError, match="two steps are called a"):
        read(context, first, first)
    with pytest.raises(ValueError, match="as a table is"):
        read(context, {**STEP, "name": "Orders"})
    with pytest.raises(ValueError, match="at most 3 steps"):
        read(context, *({**STEP, "name": f"s{i}"} for i in range(4)))
    with pytest.raises(ValueError, match="at least one step"):
        read(context)


def test_a_question_back_needs_choices_and_a_refusal_a_reason(context):
    asked = read(context, kind="clarify", question="Which?", choices=["A?", "B?"])
    assert asked == Clarification(question="Which?", choices=("A?", "B?"), readings=("A?", "B?"))
    assert read(context, kind="refuse", missing=["costs"]) == Refusal(
        reason="What it needs is not in the lake.", missing=("costs",)
    )
    with pytest.raises(ValueError, match="at least 2"):
        read(context, kind="clarify", choices=["A?", "A?"])
    with pytest.raises(ValueError, match="needs a reason"):
        read(context, kind="refuse")
