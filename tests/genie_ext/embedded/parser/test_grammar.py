"""The grammar lets through steps and nothing else."""

from __future__ import annotations

import pytest

from genie_ext.embedded.parser.grammar import (
    COMPARISONS,
    NESTING,
    PATTERNS,
    START,
    WORD,
    WORDS,
    State,
    advance,
    allowed,
    mask,
)
from genie_ext.embedded.parser.inputs import ITEM_KINDS

SAYABLE = (
    "show table end",
    "show column end",
    "distinct show column end",
    "show count table end",
    "show column show avg column by column desc avg column first end",
    "show column from table from table end",
    "show column where column = value where column is null end",
    "show column where column > value or column < value or column is not null end",
    "show column where column between value value end",
    "show column where column in value value value end",
    "show column where column not in ( show column ) end",
    "show column where column > ( show avg column where column like value ) end",
    "show column having count table >= value end",
    "show column having sum column between value value end",
    "show column asc column desc min column limit value end",
    "show column limit value union show column intersect distinct show column end",
)
UNSAYABLE = (
    "end",
    "show end",
    "distinct distinct show column end",
    "where column = value end",
    "show value end",
    "show sum table end",
    "show column or column = value end",
    "show column where table",
    "show column where count table",
    "show column where column value",
    "show column where column = end",
    "show column where column = value value",
    "show column where column between value end",
    "show column where column between ( show column )",
    "show column where column between value ( show column )",
    "show column where column between value value value",
    "show column where column in end",
    "show column where column in value ( show column )",
    "show column where column is null value",
    "show column having column",
    "show column having count table like",
    "show column having count table in",
    "show column by count table",
    "show column asc table",
    "show column limit column",
    "show column first limit value",
    "show column first first",
    "show column by column where column",
    "show column asc column by column",
    "show column )",
    "show column end show",
    *(f"show column where column {word} ( show column )" for word in PATTERNS),
)


def _parts(text: str) -> list[str]:
    """Return the actions of a text, the words of two parts put together again."""
    for word in sorted(WORDS, key=len, reverse=True):
        if " " in word:
            text = text.replace(f" {word} ", f" {word.replace(' ', '_')} ")
    return [part.replace("_", " ") if part.replace("_", " ") in WORD else part for part in text.split()]


def _follow(parts: list[str]) -> State:
    state = START
    for part in parts:
        state = advance(state, part)
    return state


def _reachable() -> set[State]:
    found, new = {START}, [START]
    while new:
        state = new.pop()
        words, kinds = allowed(state)
        after = {advance(state, action) for action in (*words, *kinds)} - found
        found |= after
        new.extend(after)
    return found


def _depth(state: State) -> int:
    return 0 if state.outer is None else 1 + _depth(state.outer)


@pytest.mark.parametrize("text", SAYABLE)
def test_advance_follows_every_clause_to_the_end(text: str) -> None:
    assert _follow(_parts(text)).place == "done"


@pytest.mark.parametrize("text", UNSAYABLE)
def test_advance_refuses_what_is_no_step(text: str) -> None:
    with pytest.raises(ValueError, match="cannot come at"):
        _follow(_parts(text))


def test_every_state_but_the_end_can_go_on_and_can_reach_the_end() -> None:
    states = _reachable()
    ends = {state for state in states if state.place == "done"}
    assert ends
    before: dict[State, set[State]] = {}
    for state in states:
        words, kinds = allowed(state)
        assert bool(words or kinds) == (state not in ends), state
        for action in (*words, *kinds):
            before.setdefault(advance(state, action), set()).add(state)
    alive, new = set(ends), list(ends)
    while new:
        more = before.get(new.pop(), set()) - alive
        alive |= more
        new.extend(more)
    assert alive == states


def test_steps_nest_only_so_deep() -> None:
    assert max(map(_depth, _reachable())) == NESTING
    deep = _follow([*("show", "column", "where", "column", "=", "(") * NESTING, "show", "column", "where", "column"])
    assert allowed(advance(deep, "=")) == (frozenset(), {"value"})
    assert allowed(advance(deep, "in")) == (frozenset(), {"value"})


def test_a_nested_step_closes_into_the_step_around_it() -> None:
    inner = _follow(_parts("show column where column = ( show column limit value"))
    assert "end" not in allowed(inner)[0]
    outer = advance(inner, ")")
    assert outer.outer is None
    assert {"where", "or", "by", "end"} <= allowed(outer)[0]


def test_no_state_lets_in_start_or_an_unknown_word() -> None:
    for state in _reachable():
        assert "start" not in allowed(state)[0]
        assert allowed(state)[0] <= set(WORDS)
    with pytest.raises(ValueError, match="“table scan” cannot come at “head”"):
        advance(START, "table scan")


def test_mask_says_what_allowed_says_in_the_order_of_words_and_kinds() -> None:
    for state in _reachable():
        row, (words, kinds) = mask(state), allowed(state)
        assert {WORDS[i] for i in range(len(WORDS)) if row[i]} == words
        assert {kind for i, kind in enumerate(ITEM_KINDS, start=len(WORDS)) if row[i]} == kinds


def test_every_word_can_be_used_somewhere() -> None:
    used = {word for state in _reachable() for word in allowed(state)[0]}
    assert used == set(WORDS) - {"start"}
    assert set(COMPARISONS) < used
