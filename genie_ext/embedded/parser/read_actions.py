"""Reading actions: a sequence of actions as the typed step that it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, cast

from genie_ext.embedded.figures import count_of, measure_of
from genie_ext.embedded.parser.grammar import AGGREGATES, PATTERNS, SETS, WORDS
from genie_ext.embedded.parser.items import Items, ValueItem, as_number
from genie_ext.embedded.parser.literals import UnsayableError, literal, pattern
from genie_ext.types import (
    Aggregate,
    ColumnRef,
    Combination,
    Dimension,
    Filter,
    Measure,
    Operator,
    Order,
    Scalar,
    Step,
)
from semantic.types import TableId

Item = TableId | ColumnRef | ValueItem


def read_actions(actions: Sequence[int], items: Items) -> Step:
    """Return the step that a sequence from "start" to "end" says.

    Raises:
        UnsayableError: It compares a column with what the column cannot hold, or sorts by nothing that can be sorted.
    """
    reader = _Reader(actions[1:], items)
    return reader.step()


class _Reader:
    """Reads one sequence that the grammar allows, front to back."""

    def __init__(self, actions: Sequence[int], items: Items) -> None:
        self._actions = list(actions)
        self._at = 0
        self._items = items
        self._pool: tuple[Item, ...] = (*(table.id for table in items.tables), *items.columns, *items.values)

    def step(self) -> Step:
        """Return the step that begins here; its end is read as well."""
        parts = _Parts()
        while True:
            word = self._word()
            if word in (")", "end"):
                return parts.finish()
            if word in SETS:
                return parts.finish(
                    Combination(kind=cast('Literal["union", "intersect", "except"]', word), step=self.step())
                )
            self._clause(word, parts)

    def _clause(self, word: str, parts: _Parts) -> None:
        if word == "distinct":
            parts.distinct = True
        elif word == "show":
            parts.show(self._figure_or_item())
        elif word == "from":
            parts.sources.append(cast("TableId", self._item()))
        elif word in ("where", "or", "having"):
            parts.restrict(self._condition(), either=word == "or")
        elif word == "by":
            parts.keys.append(cast("ColumnRef", self._item()))
        elif word in ("asc", "desc"):
            parts.sort(self._figure_or_item(), descending=word == "desc")
        else:
            parts.limit = 1 if word == "first" else self._limit()

    def _figure_or_item(self) -> Measure | TableId | ColumnRef:
        if self._peek() in AGGREGATES:
            return self._measure()
        return cast("TableId | ColumnRef", self._item())

    def _measure(self) -> Measure:
        aggregate = cast("Aggregate", self._word())
        item = cast("TableId | ColumnRef", self._item())
        return measure_of(aggregate, item) if isinstance(item, ColumnRef) else count_of(item)

    def _condition(self) -> Filter:
        subject = self._measure() if self._peek() in AGGREGATES else cast("ColumnRef", self._item())
        word = self._word()
        if word in PATTERNS:
            value = cast("ValueItem", self._item())
            operator, text = pattern(word, value)
            return Filter(subject=subject, operator=operator, values=(text,), phrase=value.text)
        operator = cast("Operator", word)
        if word in ("is null", "is not null"):
            return Filter(subject=subject, operator=operator)
        if self._peek() == "(":
            self._at += 1
            return Filter(subject=subject, operator=operator, step=self.step())
        said = self._values(word)
        ref = subject if isinstance(subject, ColumnRef) else None
        values: tuple[Scalar, ...] = tuple(literal(value, self._items, ref) for value in said)
        return Filter(subject=subject, operator=operator, values=values, phrase=" ".join(v.text for v in said))

    def _values(self, operator: str) -> list[ValueItem]:
        count = 2 if operator == "between" else 1
        values = [cast("ValueItem", self._item()) for _ in range(count)]
        while operator in ("in", "not in") and not self._peek():
            values.append(cast("ValueItem", self._item()))
        return values

    def _limit(self) -> int:
        number = as_number(cast("ValueItem", self._item()))
        if not isinstance(number, int) or number < 1:
            raise UnsayableError(f"the first {number}")
        return number

    def _peek(self) -> str:
        """Return the next word, empty where an item comes."""
        action = self._actions[self._at]
        return WORDS[action] if action < len(WORDS) else ""

    def _word(self) -> str:
        word = self._peek()
        self._at += 1
        return word

    def _item(self) -> Item:
        action = self._actions[self._at]
        self._at += 1
        return self._pool[action - len(WORDS)]


class _Parts:
    """The parts of a step while it is read."""

    def __init__(self) -> None:
        self.sources: list[TableId] = []
        self.listed: list[TableId] = []
        self.dimensions: list[Dimension] = []
        self.measures: list[Measure] = []
        self.filters: list[Filter] = []
        self.keys: list[ColumnRef] = []
        self.order: list[Order] = []
        self.limit: int | None = None
        self.distinct = False

    def show(self, item: Measure | TableId | ColumnRef) -> None:
        """Add a column or figure to show; a table stands for all its columns."""
        if isinstance(item, Measure):
            self.measures.append(item)
        elif isinstance(item, ColumnRef):
            self.dimensions.append(Dimension(column=item, label=item.column))
        else:
            self.listed.append(item)
            self.sources.append(item)

    def restrict(self, condition: Filter, *, either: bool) -> None:
        """Add a condition, as another choice of the one before where `either`."""
        if not either:
            self.filters.append(condition)
            return
        if not self.filters:
            raise UnsayableError("or")
        before = self.filters.pop()
        self.filters.append(_with_choice(before, condition))

    def sort(self, item: Measure | TableId | ColumnRef, *, descending: bool) -> None:
        """Add a sort key."""
        if isinstance(item, TableId):
            raise UnsayableError(item.name)
        by = item if isinstance(item, Measure) else Dimension(column=item, label=item.column)
        self.order.append(Order(by=by, descending=descending))

    def finish(self, combined: Combination | None = None) -> Step:
        """Return the step.

        Raises:
            UnsayableError: It shows all columns of a table beside others.
        """
        if self.listed and len(self.listed) + len(self.dimensions) + len(self.measures) > 1:
            raise UnsayableError(self.listed[0].name)
        return Step(
            sources=tuple(dict.fromkeys(self.sources)),
            dimensions=tuple(dict.fromkeys(self.dimensions)),
            measures=tuple(dict.fromkeys(self.measures)),
            filters=tuple(self.filters),
            keys=tuple(dict.fromkeys(self.keys)),
            order=tuple(dict.fromkeys(self.order)),
            limit=self.limit,
            distinct=self.distinct and not self.measures,
            combined=combined,
        )


def _with_choice(before: Filter, condition: Filter) -> Filter:
    return replace(before, alternatives=(*before.alternatives, condition))
