"""Writing actions: a typed step as the sequence of actions that says it, for training."""

from __future__ import annotations

from collections.abc import Iterator

from genie_ext.embedded.parser.grammar import AGGREGATES, WORD, WORDS
from genie_ext.embedded.parser.items import Items
from genie_ext.embedded.parser.literals import UnsayableError, find_pattern, find_value
from genie_ext.embedded.steps import measured_table, read_columns
from genie_ext.types import ColumnRef, Dimension, Filter, Measure, Order, Step
from semantic.types import TableId


def write_actions(step: Step, items: Items) -> list[int]:
    """Return the actions that say a step, from "start" to "end".

    Raises:
        UnsayableError: The step reads what is no item, compares with what the question does not say, or has a part
            that no action says.
    """
    return [WORD["start"], *_Writer(items).step(step), WORD["end"]]


class _Writer:
    """Writes steps over one set of items."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._tables = {table.id: len(WORDS) + i for i, table in enumerate(items.tables)}
        after = len(WORDS) + len(items.tables)
        self._columns = {(ref.table, ref.column.lower()): after + i for i, ref in enumerate(items.columns)}
        self._values = after + len(items.columns)

    def step(self, step: Step) -> Iterator[int]:
        """Yield the actions of a step without its end."""
        if step.time is not None or step.segments or step.level is not None:
            raise UnsayableError("time, segment or level")
        if step.distinct:
            yield WORD["distinct"]
        yield from self._shown(step)
        for table in dict.fromkeys(step.sources):
            if table not in _read(step):
                yield from (WORD["from"], self._table(table))
        for condition in step.filters:
            if isinstance(condition.subject, ColumnRef):
                yield from self._condition("where", condition)
        for condition in step.filters:
            if isinstance(condition.subject, Measure):
                yield from self._condition("having", condition)
        for key in step.keys:
            yield from (WORD["by"], self._column(key))
        for order in step.order:
            yield from self._order(order)
        yield from self._limit(step.limit)
        if step.combined is not None:
            yield WORD[step.combined.kind]
            yield from self.step(step.combined.step)

    def _shown(self, step: Step) -> Iterator[int]:
        if not step.dimensions and not step.measures:
            yield from (WORD["show"], self._table(step.sources[0]))
        for dimension in step.dimensions:
            yield from (WORD["show"], self._dimension(dimension))
        for measure in step.measures:
            yield from (WORD["show"], *self._measure(measure))

    def _measure(self, measure: Measure) -> Iterator[int]:
        if measure.aggregate not in AGGREGATES or measure.metric is not None:
            raise UnsayableError(measure.aggregate)
        yield WORD[measure.aggregate]
        if measure.column is not None:
            yield self._column(measure.column)
        elif measure.table is not None:
            yield self._table(measure.table)
        else:
            raise UnsayableError("rows of no table")

    def _dimension(self, dimension: Dimension) -> int:
        if dimension.grain is not None:
            raise UnsayableError(dimension.grain)
        return self._column(dimension.column)

    def _condition(self, word: str, condition: Filter) -> Iterator[int]:
        yield WORD[word]
        subject = condition.subject
        if isinstance(subject, ColumnRef):
            yield self._column(subject)
        else:
            yield from self._measure(subject)
        yield from self._compared(condition)
        for other in condition.alternatives:
            yield from self._condition("or", other)

    def _compared(self, condition: Filter) -> Iterator[int]:
        ref = condition.subject if isinstance(condition.subject, ColumnRef) else None
        if condition.operator in ("like", "not like"):
            found = find_pattern(condition.operator, condition.values[0], self._items)
            if found is None:
                raise UnsayableError(str(condition.values[0]))
            yield from (WORD[found[0]], self._values + found[1])
            return
        yield WORD[condition.operator]
        if condition.step is not None:
            yield from (WORD["("], *self.step(condition.step), WORD[")"])
        for value in condition.values:
            index = find_value(value, self._items, ref)
            if index is None:
                raise UnsayableError(str(value))
            yield self._values + index

    def _order(self, order: Order) -> Iterator[int]:
        yield WORD["desc" if order.descending else "asc"]
        if isinstance(order.by, Measure):
            yield from self._measure(order.by)
        else:
            yield self._dimension(order.by)

    def _limit(self, limit: int | None) -> Iterator[int]:
        if limit is None:
            return
        index = find_value(limit, self._items, None) if limit != 1 else None
        if limit == 1:
            yield WORD["first"]
        elif index is None:
            raise UnsayableError(str(limit))
        else:
            yield from (WORD["limit"], self._values + index)

    def _table(self, table: TableId) -> int:
        if table not in self._tables:
            raise UnsayableError(str(table))
        return self._tables[table]

    def _column(self, ref: ColumnRef) -> int:
        key = (ref.table, ref.column.lower())
        if key not in self._columns:
            raise UnsayableError(ref.column)
        return self._columns[key]


def _read(step: Step) -> set[TableId | None]:
    """Return the tables that the other clauses of a step name, or all of whose columns it shows."""
    measures = [*step.measures, *(f.subject for f in step.filters if isinstance(f.subject, Measure))]
    ordered = [order.by for order in step.order]
    measures += [by for by in ordered if isinstance(by, Measure)]
    columns = [*read_columns(step), *step.keys, *(by.column for by in ordered if isinstance(by, Dimension))]
    listed = step.sources[:1] if not step.dimensions and not step.measures else ()
    return {*(ref.table for ref in columns), *(measured_table(m) for m in measures), *listed}
