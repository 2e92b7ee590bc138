"""Reading a plan that a model wrote: names become tables, columns and metrics of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from genie_ext.agent.plan_form import DimensionForm, FilterForm, MeasureForm, OrderForm, PlanForm, StepForm, TimeForm
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.types import (
    Clarification,
    ColumnRef,
    Context,
    Dimension,
    Filter,
    Measure,
    Order,
    Plan,
    Refusal,
    Scalar,
    Step,
    Tier,
    TimeRange,
)
from semantic.facts import Metric
from semantic.types import Table, TableId

_NEAR = 60
"""Likeness, 0 to 100, from which a name is offered in the place of one that there is not."""


def read_plan(form: PlanForm, context: Context, *, tier: Tier, most_steps: int) -> Plan | Clarification | Refusal:
    """Return what a model made of a question.

    Args:
        form: What it wrote.
        context: Tables, columns and metrics that it may name.
        tier: Its tier.
        most_steps: Steps that a plan may have.

    Raises:
        ValueError: It names what does not exist, or lacks what it needs; the text is for the model.
    """
    if form.kind == "clarify":
        choices = tuple(dict.fromkeys(form.choices))
        if len(choices) < 2:
            raise ValueError("a clarification needs at least 2 different choices")
        question = form.question or "Which of these do you mean?"
        return Clarification(question=question, choices=choices, readings=choices)
    if form.kind == "refuse":
        if not (form.reason or form.missing):
            raise ValueError("a refusal needs a reason")
        return Refusal(reason=form.reason or "What it needs is not in the lake.", missing=tuple(form.missing))
    if not form.steps:
        raise ValueError("a plan needs at least one step")
    if len(form.steps) > most_steps:
        raise ValueError(f"a plan may have at most {most_steps} steps")
    reader = _Reader(context)
    steps = tuple(reader.step(step, number) for number, step in enumerate(form.steps, start=1))
    return Plan(
        interpretation=form.interpretation or steps[-1].purpose,
        steps=steps,
        assumptions=tuple(form.assumptions),
        tier=tier,
        confidence=round(form.confidence, 3),
        reasons=(f"planned by a model of the {tier} tier",),
    )


class _Reader:
    """Reads the steps of one plan."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.tables = {name: table for table in context.tables for name in _names_of(table, context)}
        self.names: list[str] = []

    def step(self, form: StepForm, number: int) -> Step:
        name = form.name or f"step_{number}"
        if name.casefold() in {known.casefold() for known in self.names}:
            raise ValueError(f"two steps are called {name}")
        if name.casefold() in self.tables:
            raise ValueError(f"a step may not be called {name}, as a table is")
        unknown = [use for use in form.uses if use not in self.names]
        if unknown:
            raise ValueError(f"step {name} uses {unknown[0]}, which is no step before it")
        uses = tuple(dict.fromkeys((*form.uses, *(source for source in form.sources if source in self.names))))
        self.names.append(name)
        sources = tuple(self.table(source).id for source in form.sources if source not in self.names)
        plain = Step(sources=sources, name=name, uses=uses, purpose=form.purpose, free=True)
        if uses:  # columns of earlier steps are known only when these have run
            return plain
        typed = self._typed(form, plain)
        return typed if typed is not None and self._compiles(typed) else self._stated(form, plain)

    def _typed(self, form: StepForm, plain: Step) -> Step | None:
        """Return the step with all its parts, None where it says more than they can."""
        if any(m.formula and not m.metric for m in form.measures) or not (form.measures or form.dimensions):
            return None
        measures = tuple(self.measure(measure, plain.sources) for measure in form.measures)
        dimensions = tuple(self.dimension(dimension) for dimension in form.dimensions)
        order = tuple(self.order(key, measures, dimensions) for key in form.order)
        return replace(
            plain, measures=measures, dimensions=dimensions, filters=tuple(map(self.filter, form.filters)),
            time=self.time(form.time), order=order, limit=form.limit, distinct=form.distinct, free=False,
        )  # fmt: skip

    def _stated(self, form: StepForm, plain: Step) -> Step:
        """Return a step that a model writes, with the conditions that its SQL is checked against."""
        for dimension in form.dimensions:
            self.column(dimension.column)
        formulas = [f"{m.label} = {m.formula}" for m in form.measures if m.formula]
        purpose = ". ".join((form.purpose.rstrip("."), *formulas)) + "."
        return replace(plain, filters=tuple(map(self.filter, form.filters)), time=self.time(form.time), purpose=purpose,
                       limit=form.limit)  # fmt: skip

    def _compiles(self, step: Step) -> bool:
        context = self.context
        try:
            write_sql(step, context.names, context.tables, context.relationships)
        except CannotAnswerError:
            return False
        return True

    def measure(self, form: MeasureForm, sources: Sequence[TableId]) -> Measure:
        metric = self.metric(form.metric) if form.metric else None
        if metric is not None:
            return Measure(aggregate="sum", table=metric.tables[0], label=form.label or metric.name, metric=metric)
        if form.column and form.column != "*":
            return Measure(aggregate=form.aggregate or "sum", column=self.column(form.column), label=form.label)
        if form.aggregate not in (None, "count"):
            raise ValueError(f"the measure {form.label} has an aggregate {form.aggregate} and no column")
        if not sources:
            raise ValueError(f"the measure {form.label} counts rows of no source")
        return Measure(aggregate="count", table=sources[0], label=form.label)

    def dimension(self, form: DimensionForm) -> Dimension:
        return Dimension(column=self.column(form.column), grain=form.grain)

    def filter(self, form: FilterForm) -> Filter:
        values: tuple[Scalar, ...] = tuple(form.values)
        wanted = 0 if form.operator in ("is null", "is not null") else 2 if form.operator == "between" else None
        if (wanted is not None and len(values) != wanted) or (wanted is None and not values):
            raise ValueError(f"the filter on {form.column} has {len(values)} values for the operator {form.operator}")
        if form.operator not in ("in", "not in", "between") and len(values) > 1:
            raise ValueError(f"the filter on {form.column} has several values: use “in”")
        return Filter(subject=self.column(form.column), operator=form.operator, values=values, phrase=form.phrase)

    def time(self, form: TimeForm | None) -> TimeRange | None:
        if form is None or (form.start is None and form.end is None):
            return None
        if form.start is not None and form.end is not None and form.end <= form.start:
            raise ValueError(f"the period ends on {form.end}, not after its start {form.start}: `end` is the day after")
        return TimeRange(column=self.column(form.column), start=form.start, end=form.end)

    def order(self, form: OrderForm, measures: Sequence[Measure], dimensions: Sequence[Dimension]) -> Order:
        wanted = form.by.casefold()
        named: list[Measure | Dimension] = [m for m in measures if m.label.casefold() == wanted]
        named += [d for d in dimensions if wanted.rpartition(".")[2] == d.column.column.casefold()]
        if not named:
            raise ValueError(f"the order is by {form.by}, which is neither a measure nor a dimension of the step")
        return Order(by=named[0], descending=form.descending)

    def table(self, name: str) -> Table:
        found = self.tables.get(name.strip('"').casefold())
        return found if found is not None else _unknown("table", name, list(self.tables))

    def column(self, name: str) -> ColumnRef:
        """Return the column of a name such as orders.total or sales.orders.total."""
        before, _, last = name.replace('"', "").rpartition(".")
        tables = [self.table(before)] if before else list(dict.fromkeys(self.tables.values()))
        found = [
            (table, column) for table in tables for column in table.columns if column.name.casefold() == last.casefold()
        ]
        if len(found) > 1:
            raise ValueError(f"the column {name} is in several tables: write table.column")
        if not found:
            known = [f"{self.context.names[table.id]}.{column.name}" for table in tables for column in table.columns]
            _unknown("column", name, known)
        table, column = found[0]
        return ColumnRef(table.id, column.name)

    def metric(self, name: str) -> Metric:
        word = name.strip('"').casefold()
        for metric in self.context.metrics:
            if word in {metric.name.casefold(), metric.label.casefold(), *(s.casefold() for s in metric.synonyms)}:
                return metric
        return _unknown("metric", name, [metric.name for metric in self.context.metrics])


def _names_of(table: Table, context: Context) -> set[str]:
    """Return what a table may be called: its short name, its own, and longer ones."""
    own = table.id
    names = {context.names[own], str(own), f"{own.schema}.{own.name}"}
    alone = sum(other.id.name.casefold() == own.name.casefold() for other in context.tables) == 1
    return {name.casefold() for name in ({*names, own.name} if alone else names)}


def _unknown(kind: str, name: str, known: Sequence[str]) -> NoReturn:
    """Raise with the nearest names that there are."""
    from rapidfuzz import process

    near = [word for word, likeness, _ in process.extract(name, known, limit=5) if likeness >= _NEAR]
    offered = f"; the nearest are {', '.join(near)}" if near else ""
    raise ValueError(f"there is no {kind} {name}{offered}")
