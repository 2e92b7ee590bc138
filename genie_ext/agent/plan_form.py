"""The form in which models write plans, and its reading: names become tables, columns and metrics of the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from genie_ext.models.structured import strict_schema
from genie_ext.types import Aggregate, Grain, Operator


class Form(BaseModel):
    """Foreign text that must fit; what is not asked for is ignored."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


@cache
def schema_of(form: type[Form]) -> Mapping[str, Any]:
    """Return the JSON Schema that a model is given for a form."""
    return strict_schema(form.model_json_schema())


class MeasureForm(Form):
    """A figure: a metric by its name, an aggregate of a column (of rows without one), or a formula in words."""

    label: str
    metric: str | None = None
    aggregate: Aggregate | None = None
    column: str | None = None
    formula: str | None = None


class DimensionForm(Form):
    """A column that is shown or grouped by, a date by its grain."""

    column: str
    grain: Grain | None = None


class FilterForm(Form):
    """A condition on a column."""

    column: str
    operator: Operator
    values: list[str | int | float | bool] = Field(default_factory=list, max_length=200)
    phrase: str = ""


class TimeForm(Form):
    """A period: first day, and the day after the last; null leaves that side open."""

    column: str
    start: dt.date | None = None
    end: dt.date | None = None


class OrderForm(Form):
    """A sort key: the label of a measure, or a column among the dimensions."""

    by: str
    descending: bool = False


class StepForm(Form):
    """One query of a plan."""

    name: str = Field(default="", pattern=r"^[A-Za-z][A-Za-z0-9_]{0,30}$|^$")
    purpose: str
    sources: list[str] = Field(default_factory=list, max_length=20)
    uses: list[str] = Field(default_factory=list, max_length=8)
    measures: list[MeasureForm] = Field(default_factory=list, max_length=12)
    dimensions: list[DimensionForm] = Field(default_factory=list, max_length=24)
    filters: list[FilterForm] = Field(default_factory=list, max_length=24)
    time: TimeForm | None = None
    order: list[OrderForm] = Field(default_factory=list, max_length=4)
    limit: int | None = Field(default=None, ge=1)
    distinct: bool = False


class PlanForm(Form):
    """What a model makes of a question."""

    kind: Literal["plan", "clarify", "refuse"]
    interpretation: str = ""
    steps: list[StepForm] = Field(default_factory=list, max_length=8)
    assumptions: list[str] = Field(default_factory=list, max_length=12)
    confidence: float = Field(default=0.5, ge=0, le=1)
    question: str = ""
    choices: list[str] = Field(default_factory=list, max_length=4)
    reason: str = ""
    missing: list[str] = Field(default_factory=list, max_length=8)


class SqlForm(Form):
    """A query, and what had to be assumed for it."""

    sql: str = Field(min_length=6)
    assumptions: list[str] = Field(default_factory=list, max_length=8)


class JudgeForm(Form):
    """The number of the right answer, from 1, or 0 for none; and why."""

    choice: int = Field(ge=0)
    why: str = ""
