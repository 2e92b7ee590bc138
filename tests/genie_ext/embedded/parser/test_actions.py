"""Actions and steps say the same: what the grammar lets through is read, and what was read is written again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from genie_ext.embedded.candidates import find_candidates
from genie_ext.embedded.parser.grammar import START, WORD, WORDS, advance, allowed
from genie_ext.embedded.parser.items import Items
from genie_ext.embedded.parser.literals import UnsayableError
from genie_ext.embedded.parser.parse import Parsed
from genie_ext.embedded.parser.read_actions import read_actions
from genie_ext.embedded.parser.write_actions import write_actions
from genie_ext.embedded.plan import Planned, plan_question
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Step

ASKED = 'How many orders of "Ada Berg" in Berlin over 50 dollars have 3 or "100%_a\\b" verified products in 2024?'
walks = given(picks=st.lists(st.integers(0, 10_000), max_size=24))
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def _kinds(items: Items) -> list[str]:
    return [*("table",) * len(items.tables), *("column",) * len(items.columns), *("value",) * len(items.values)]


def _walk(items: Items, picks: list[int]) -> list[int]:
    """Return actions that the grammar allows from "start" to "end"; without further picks what is open is closed."""
    state, actions, left = START, [WORD["start"]], list(reversed(picks))
    while state.place != "done":
        words, kinds = allowed(state)
        if not left:
            words, kinds = (words & {"end", ")"}, frozenset()) if words & {"end", ")"} else (words - {"("}, kinds)
        choices = [(len(WORDS) + i, kind) for i, kind in enumerate(_kinds(items)) if kind in kinds]
        choices += [(WORD[word], word) for word in sorted(words)]
        action, said = choices[left.pop() % len(choices) if left else 0]
        actions.append(action)
        state = advance(state, said)
    return actions


@pytest.fixture(scope="module")
def items(items_of: Callable[[str], Items]) -> Items:
    return items_of(ASKED)


def _read(actions: list[int], items: Items) -> Step | None:
    try:
        return read_actions(actions, items)
    except UnsayableError:
        return None


def _write(step: Step, items: Items) -> list[int] | None:
    try:
        return write_actions(step, items)
    except UnsayableError:
        return None


def _read_from(step: Step) -> Step:
    """Return a step without the tables that it names although other clauses name them as well."""

    def shorter(condition: Filter) -> Filter:
        others = tuple(map(shorter, condition.alternatives))
        nested = _read_from(condition.step) if condition.step is not None else None
        return replace(condition, alternatives=others, step=nested)

    combined = step.combined and replace(step.combined, step=_read_from(step.combined.step))
    return replace(step, sources=(), filters=tuple(map(shorter, step.filters)), combined=combined)


@walks
@often
def test_read_actions_reads_every_walk_or_calls_it_unsayable(items, picks) -> None:
    step = _read(_walk(items, picks), items)
    assert step is None or step.dimensions or step.measures or step.sources


@walks
@often
def test_write_actions_says_again_within_the_grammar_what_was_read(items, picks) -> None:
    step = _read(_walk(items, picks), items)
    assume(step is not None)
    written = _write(step, items)
    assume(written is not None)
    again = read_actions(written, items)
    assert _read_from(again) == _read_from(step)
    assert write_actions(again, items) == written
    state = START
    for action in written[1:]:
        state = advance(state, WORDS[action] if action < len(WORDS) else _kinds(items)[action - len(WORDS)])
    assert state.place == "done"


@pytest.fixture(scope="module")
def planned(context_of, session) -> Planned:
    return plan_question(context_of(ASKED), session.agent.look_up)


@walks
@settings(parent=often, max_examples=50)
def test_find_candidates_compiles_every_step_or_leaves_it_out(planned, items, picks) -> None:
    step = _read(_walk(items, picks), items)
    assume(step is not None)
    for found in find_candidates(planned, [Parsed(step=step, score=-1.0, weakest=-0.5)]):
        assert found.sql.lstrip("(").startswith("SELECT")


def _ref(items: Items, table: str, column: str) -> ColumnRef:
    return next(ref for ref in items.columns if (ref.table.name, ref.column) == (table, column))


def test_actions_of_a_whole_step_name_each_of_its_clauses(
    items_of: Callable[[str], Items], actions_of: Callable[[Items, str], list[int]]
) -> None:
    items = items_of("Top 3 countries by average credit limit above 100 with at least two customers that are active")
    country, credit = _ref(items, "customers", "country"), _ref(items, "customers", "credit_limit")
    active = _ref(items, "customers", "active")
    said = actions_of(
        items,
        "show | customers.country | show | avg | customers.credit_limit | where | customers.active | = | “true” | or |"
        " customers.country | is null | having | count | customers | >= | “two” | by | customers.customer_id | desc |"
        " avg | customers.credit_limit | limit | “3”",
    )
    step = read_actions(said, items)
    average = Measure(aggregate="avg", column=credit, label="average_credit_limit")
    counted = Measure(aggregate="count", table=country.table, label="number_of_customers")
    empty = Filter(subject=country, operator="is null")
    assert step == Step(
        sources=(),
        dimensions=(Dimension(column=country, label="country"),),
        measures=(average,),
        filters=(
            Filter(subject=active, operator="=", values=(True,), phrase="true", alternatives=(empty,)),
            Filter(subject=counted, operator=">=", values=(2,), phrase="two"),
        ),
        keys=(_ref(items, "customers", "customer_id"),),
        order=(Order(by=average, descending=True),),
        limit=3,
    )
    assert write_actions(step, items) == said


@pytest.mark.parametrize(
    "text",
    [
        "show | customers | show | orders",
        "show | customers | show | orders.total",
        "show | customers | show | count | customers",
        "show | orders.total | where | orders.total | = | “Berlin”",
        "show | orders.total | having | sum | orders.total | > | “Berlin”",
        "show | orders.total | limit | “Berlin”",
        "show | orders.total | limit | “0”",
        "show | orders.total | limit | “2.5”",
        "show | orders.total | where | customers.active | = | “yes” ",
    ],
)
def test_read_actions_refuses_what_no_step_says(items_of, actions_of, text: str) -> None:
    items = items_of("Orders in Berlin with 0 or 2.5 verified reviews")
    with pytest.raises(UnsayableError):
        read_actions(actions_of(items, text), items)


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash", "50% off_"])
@pytest.mark.parametrize("word", ["like", "not like", "starts with", "ends with"])
def test_patterns_of_odd_signs_are_written_as_they_were_read(items_of, actions_of, text: str, word: str) -> None:
    items = items_of(f'Products whose name has "{text}"')
    said = actions_of(items, f"show | products.name | where | products.name | {word} | “{text}”")
    assert write_actions(read_actions(said, items), items) == said


def test_write_actions_refuses_what_is_no_item_and_what_no_action_says(items_of) -> None:
    items = items_of("Total of all orders")
    total = _ref(items, "orders", "total")
    dimension = Dimension(column=total, label="total")
    plain = Step(sources=(), dimensions=(dimension,))
    refused = [
        Step(sources=(), dimensions=(Dimension(column=replace(total, column="margin")),)),
        Step(sources=(), dimensions=(replace(dimension, grain="month"),)),
        Step(sources=(), measures=(Measure(aggregate="median", column=total),)),
        replace(plain, filters=(Filter(subject=total, operator=">", values=(77,)),)),
        replace(plain, filters=(Filter(subject=total, operator="like", values=("%77%",)),)),
        replace(plain, limit=77),
    ]
    assert write_actions(plain, items)[0] == WORD["start"]
    for step in refused:
        with pytest.raises(UnsayableError):
            write_actions(step, items)
