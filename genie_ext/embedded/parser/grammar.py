"""The grammar of plans as a language of actions: words, and pointers to tables, columns and values.

A step is written as its clauses in a fixed order, and nested steps stand between "(" and ")":

    [distinct] (show figure|column|table)+ (from table)* (where|or condition)* (having condition)* (by column)*
    (asc|desc figure|column)* [limit value | first] [union|intersect|except step]

Whatever the automaton allows is a step, and no other sequence can be written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genie_ext.embedded.parser.inputs import ITEM_KINDS, ItemKind

AGGREGATES = ("count", "count_distinct", "sum", "avg", "min", "max")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
PATTERNS = ("like", "not like", "starts with", "ends with")
SETS = ("union", "intersect", "except")
WORDS = (
    "start", "end", "(", ")", "distinct", "show", "from", "where", "or", "having", "by", "asc", "desc", "limit",
    "first", *AGGREGATES, *COMPARISONS, "between", "in", "not in", *PATTERNS, "is null", "is not null", *SETS,
)  # fmt: skip
"""The actions that point to nothing; action i ≥ len(WORDS) points to item i − len(WORDS)."""
WORD = {word: i for i, word in enumerate(WORDS)}
NESTING = 2
"""Steps within steps that may be open at once."""

Place = Literal[
    "head", "shown", "figure", "column", "operator", "operand", "first of two", "literal", "first of list", "list",
    "table", "number", "clause", "done",
]  # fmt: skip

_RANK = {
    "distinct": 0, "show": 1, "from": 2, "where": 3, "or": 3, "having": 4, "by": 5, "asc": 6, "desc": 6,
    "limit": 7, "first": 7, "union": 8, "intersect": 8, "except": 8,
}  # fmt: skip
_ONCE = frozenset({"distinct", "limit", "first", *SETS})
_OPENS: dict[str, Place] = {
    "distinct": "head", "show": "shown", "from": "table", "where": "column", "or": "column", "having": "figure",
    "by": "column", "asc": "shown", "desc": "shown", "limit": "number", "first": "clause",
}  # fmt: skip
_OPERANDS: dict[str, Place] = {
    "between": "first of two", "in": "first of list", "not in": "first of list",
    "is null": "clause", "is not null": "clause", **dict.fromkeys(PATTERNS, "literal"),
}  # fmt: skip
_CONDITIONS = frozenset({"where", "or", "having"})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where in a plan the next action stands.

    Attributes:
        place: What is expected.
        clause: The word that began the clause, empty before the first.
        aggregate: The aggregate of the figure that is being written, empty where there is none.
        outer: The state around a nested step, None at the top.
    """

    place: Place = "head"
    clause: str = ""
    aggregate: str = ""
    outer: State | None = None


START = State()


def allowed(state: State) -> tuple[frozenset[str], frozenset[ItemKind]]:
    """Return the words and the kinds of items that may come next."""
    words, kinds = _expected(state)
    return frozenset(words), frozenset(kinds)


@lru_cache(maxsize=4096)
def mask(state: State) -> NDArray[np.bool_]:
    """Return which words, and which kinds of items behind them, may come next, shape (len(WORDS) + 3,)."""
    words, kinds = allowed(state)
    return np.array([*(word in words for word in WORDS), *(kind in kinds for kind in ITEM_KINDS)], dtype=np.bool_)


@lru_cache(maxsize=16384)
def advance(state: State, action: str) -> State:
    """Return the state after an action, which is a word or the kind of the item pointed to.

    Raises:
        ValueError: The action is not allowed here.
    """
    words, kinds = allowed(state)
    if action not in words and action not in kinds:
        raise ValueError(f"“{action}” cannot come at “{state.place}”")
    if action == "(":
        return State(outer=replace(state, place="clause", aggregate=""))
    if action == ")" and state.outer is not None:
        return state.outer
    if action in SETS:
        return State(clause="", outer=state.outer)
    if action in _OPENS:
        return replace(state, place=_OPENS[action], clause=action, aggregate="")
    if action in AGGREGATES:
        return replace(state, place="figure", aggregate=action)
    return replace(state, place=_after(state, action), aggregate="")


def _expected(state: State) -> tuple[set[str], set[ItemKind]]:
    if state.place in ("clause", "list"):
        return _next_clauses(state), {"value"} if state.place == "list" else set()
    if state.place in ("operand", "first of list"):
        return {"("} if _depth(state) < NESTING else set(), {"value"}
    if state.place == "operator":
        return {*COMPARISONS, "between"} if state.clause == "having" else set(_OPERATORS), set()
    return _expected_figure(state) if state.place == "figure" else _expected_start(state)


def _expected_start(state: State) -> tuple[set[str], set[ItemKind]]:
    """Return what begins a step or a clause."""
    if state.place == "head":
        return {"show"} if state.clause else {"show", "distinct"}, set()
    if state.place == "shown":
        return set(AGGREGATES), {"column", "table"} if state.clause == "show" else {"column"}
    kinds: dict[Place, ItemKind] = {
        "column": "column", "table": "table", "number": "value", "first of two": "value", "literal": "value",
    }  # fmt: skip
    return set(), {kinds[state.place]} if state.place in kinds else set()


def _expected_figure(state: State) -> tuple[set[str], set[ItemKind]]:
    """Return what a figure needs next: its aggregate, or what it combines; rows of a table can only be counted."""
    if not state.aggregate:
        return set(AGGREGATES), set()
    return set(), {"column", "table"} if state.aggregate == "count" else {"column"}


def _next_clauses(state: State) -> set[str]:
    """Return the words that may follow a finished clause: one that begins another, or the end of the step."""
    now = _RANK[state.clause]
    follow = {w for w, rank in _RANK.items() if rank > now or (rank == now and w not in _ONCE)}
    if state.clause not in ("where", "or"):
        follow.discard("or")
    if state.clause == "show" and state.outer is not None:
        follow.discard("show")  # a nested step gives the one column that is compared with
    return follow | {")" if state.outer is not None else "end"}


def _after(state: State, action: str) -> Place:
    """Return what is expected after an operator, an item or the end."""
    if action == "end":
        return "done"
    if state.place == "operator":
        return _OPERANDS.get(action, "operand")
    if state.place == "first of two":
        return "literal"
    if state.place in ("first of list", "list"):
        return "list"
    if state.place in ("column", "figure") and state.clause in _CONDITIONS:
        return "operator"
    return "clause"


def _depth(state: State) -> int:
    return 0 if state.outer is None else 1 + _depth(state.outer)


_OPERATORS = (*COMPARISONS, "between", "in", "not in", *PATTERNS, "is null", "is not null")
