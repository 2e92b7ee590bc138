"""The vocabulary of the agent: frozen values that the stages hand to one another."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from semantic.facts import Metric, PastQuery, Rule, Segment
from semantic.found import Found
from semantic.types import Relationship, Table, TableId

if TYPE_CHECKING:
    import pyarrow as pa

Scalar = str | int | float | bool | Decimal | dt.date | dt.datetime
Tier = Literal["embedded", "open", "frontier"]
Label = Literal["verified", "governed", "generated"]
Severity = Literal["ok", "note", "warning", "error"]
Grain = Literal["day", "week", "month", "quarter", "year"]
Aggregate = Literal["count", "count_distinct", "sum", "avg", "min", "max", "median"]
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "between", "in", "not in", "like", "not like", "is null", "is not null"
]


# --- what was asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question as it was asked.

    Attributes:
        text: The user's words, stripped.
        thread: Name of the conversation it belongs to, empty for a single question.
        today: The day that relative dates count from.
    """

    text: str
    thread: str = ""
    today: dt.date = field(default_factory=dt.date.today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the lake knows about a question.

    Attributes:
        question: The question this was found for.
        found: Search hits, best first.
        tables: Full tables of the hits and of the tables needed to join them, best first.
        names: How each table is written in SQL, shortest unambiguous form, unquoted parts joined by dots.
        relationships: Joins between these tables.
        previous: The turn before this one in the thread, None at its start.
        metrics: Figures with a name that the question may mean, and those that contradict them.
        segments: Conditions with a name over these tables.
        rules: What to do with some questions.
        barred: Names of figures and conditions that read what a policy keeps from everybody, lower case.
    """

    question: Question
    found: Found
    tables: tuple[Table, ...]
    names: dict[TableId, str]
    relationships: tuple[Relationship, ...] = ()
    previous: Turn | None = None
    metrics: tuple[Metric, ...] = ()
    segments: tuple[Segment, ...] = ()
    rules: tuple[Rule, ...] = ()
    barred: frozenset[str] = frozenset()


# --- the plan ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of a table; `via` names the child column of the join that reaches it where several do."""

    table: TableId
    column: str
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number to compute: an aggregate over a column, or over rows where `column` is None.

    Attributes:
        aggregate: How values are combined; of a governed metric the outermost or first one.
        column: What is combined.
        table: Whose rows are counted or aggregated.
        label: Name of the figure in the result.
        metric: The governed metric that is computed as it is defined, None for a figure of the question's own.
    """

    aggregate: Aggregate
    column: ColumnRef | None = None
    table: TableId | None = None
    label: str = ""
    metric: Metric | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A column to show or group by; `grain` truncates a date."""

    column: ColumnRef
    grain: Grain | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition on a column, or on a measure of related rows ("at least three orders", "without any order").

    Attributes:
        subject: What is compared.
        operator: The comparison.
        values: Literals to compare with: one, two for "between", any number for "in".
        step: A nested step whose single figure (or column, for "in" and "not in") is compared with instead.
        phrase: The words of the question it comes from.
        alternatives: Other conditions on columns, any one of which may hold instead.
    """

    subject: ColumnRef | Measure
    operator: Operator
    values: tuple[Scalar, ...] = ()
    step: Step | None = None
    phrase: str = ""
    alternatives: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFilter:
    """A condition with a name that rows must meet, or must not where it is `denied`; `phrase` is what was said."""

    segment: Segment
    phrase: str
    denied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """A half-open range of days [start, end) on a date column; None leaves that side open."""

    column: ColumnRef
    start: dt.date | None
    end: dt.date | None
    phrase: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Sort by a measure or a dimension."""

    by: Measure | Dimension
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Another step whose rows are added to those of the first, kept alone of them, or taken away; none repeats."""

    kind: Literal["union", "intersect", "except"]
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One query of a plan.

    Attributes:
        sources: Tables it must read; joins between them follow the relationships.
        dimensions: Columns shown; where there are measures, also what is grouped by.
        measures: Figures shown.
        filters: Conditions, all of which must hold.
        time: Date range, None for all time.
        order: Sort keys, first is most important.
        limit: Number of rows wanted, None for all.
        distinct: True to drop duplicate rows of a plain list.
        keys: Columns grouped by without being shown, so that two entities of one name stay apart.
        segments: Named conditions, all of which must hold.
        defaults: Conditions under which a table is read unless a question asks otherwise, as (table, SQL).
        level: Date that the figures must not be added over, so that only its last value counts.
        combined: What the rows are combined with, None where they stand alone.
        name: How later steps of the plan call its rows, empty where none does.
        uses: Names of the steps before it whose rows it reads.
        purpose: What it computes, in words.
        free: True where `purpose` says more than the parts above, so that a model writes its SQL; else it is compiled.
    """

    sources: tuple[TableId, ...]
    dimensions: tuple[Dimension, ...] = ()
    measures: tuple[Measure, ...] = ()
    filters: tuple[Filter, ...] = ()
    time: TimeRange | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    distinct: bool = False
    keys: tuple[ColumnRef, ...] = ()
    segments: tuple[SegmentFilter, ...] = ()
    defaults: tuple[tuple[TableId, str], ...] = ()
    level: ColumnRef | None = None
    combined: Combination | None = None
    name: str = ""
    uses: tuple[str, ...] = ()
    purpose: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question was understood.

    Attributes:
        interpretation: One sentence a person can check.
        steps: Queries, the last one gives the answer.
        assumptions: Choices made that the question left open.
        tier: Which engine of thought planned it.
        confidence: Chance of being right, 0 to 1.
        reasons: Why the confidence is what it is, each a short clause.
        query: The verified query that answers the question as it stands; the step then only names its tables.
    """

    interpretation: str
    steps: tuple[Step, ...]
    assumptions: tuple[str, ...] = ()
    tier: Tier = "embedded"
    confidence: float = 0.0
    reasons: tuple[str, ...] = ()
    query: PastQuery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """A question back to the user with two to four readings to choose from.

    Attributes:
        question: What is asked back.
        choices: The readings in words.
        readings: The question as it is to be asked for each choice, in the same order.
        plans: How the question is understood for each choice, where the choices are readings of the same words.
    """

    question: str
    choices: tuple[str, ...]
    readings: tuple[str, ...] = ()
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No answer, with what is missing and what to try next.

    Attributes:
        reason: Why there is none.
        missing: What an answer would need.
        suggestions: What to try next.
        settled: True where a person, a policy or a rule of the lake decided it, so that no other tier may answer.
    """

    reason: str
    missing: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    settled: bool = False


# --- SQL and rows -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """A query that passed the guard; only the guard makes one.

    Attributes:
        text: The query as shown to people, in short table names.
        executable: The query as run: full table names, policies and row limit applied.
        tables: Tables it reads.
        columns: Output column names, in order, as far as they are known without running it.
        row_limit: Rows fetched at most.
    """

    text: str
    executable: str
    tables: tuple[TableId, ...]
    columns: tuple[str, ...] = ()
    row_limit: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The result of a query.

    Attributes:
        table: The rows as Arrow.
        truncated: True where more rows exist than were fetched.
        seconds: Time the engine took.
    """

    table: pa.Table
    truncated: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found out about an answer.

    Attributes:
        check: Name of the check.
        severity: "ok" for a passed check, "error" for one that makes the answer unusable.
        message: One sentence for people.
        evidence: Figures or SQL behind it.
        suggestion: What would repair it, empty where nothing would.
    """

    check: str
    severity: Severity
    message: str
    evidence: str = ""
    suggestion: str = ""


# --- the answer -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer in the order people want to read it.

    Attributes:
        text: The answer in words, with the key figure.
        key_figure: The one number of a one-row answer, formatted, else empty.
        sources: Tables read, as shown in SQL.
        confidence: Chance of being right after the checks, 0 to 1.
        reasons: Why, each a short clause.
        label: How much of it is governed.
        chart: A Vega-Lite v5 specification with inline data, None where a table reads better.
    """

    text: str
    key_figure: str = ""
    sources: tuple[str, ...] = ()
    confidence: float = 0.0
    reasons: tuple[str, ...] = ()
    label: Label = "generated"
    chart: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What calls to models took for one question.

    Attributes:
        calls: Number of calls that reached a server.
        cached: Number of calls answered from the response cache.
        tokens_in: Tokens read by models.
        tokens_out: Tokens written by models.
        usd: Price in US dollars of the calls whose price is known.
        unpriced: Number of calls whose price is not known.
    """

    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    unpriced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One finished step of an answer of several: its name, what it computes, its query and its rows."""

    name: str
    purpose: str
    sql: Sql
    rows: Rows
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turn:
    """All of one question and its answer; the one value that faces show.

    Exactly one of `answer`, `clarification`, `refusal` is set.

    Attributes:
        seconds: Wall time of the whole turn.
        parts: The steps before the last one, in the order they finished, where the answer took several.
        spent: What calls to models took, nothing on the embedded tier.
        routed: Why this tier answered, each a short clause.
        privacy: What was allowed to leave the machine.
        fallback: Says so where the query ran on the user's own connection instead of the locked worker, else empty.
    """

    question: Question
    plan: Plan | None = None
    sql: Sql | None = None
    findings: tuple[Finding, ...] = ()
    rows: Rows | None = None
    answer: Answer | None = None
    clarification: Clarification | None = None
    refusal: Refusal | None = None
    tier: Tier = "embedded"
    seconds: float = 0.0
    parts: tuple[Part, ...] = ()
    spent: Spent = field(default_factory=Spent)
    routed: tuple[str, ...] = ()
    privacy: str = "values"
    fallback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """Something that happened on the way to an answer.

    Attributes:
        kind: What happened; "answer" is the last.
        text: One line for a progress display.
        value: The value behind it: Context ("found"), Plan ("planned"), Step ("step"), Sql, Finding, Rows, Part
            ("part"), Spent ("cost") or, for the last event, the Turn; None for "routed" and "planning".
    """

    kind: Literal[
        "found", "routed", "planning", "planned", "step", "sql", "finding", "repaired", "rows", "part", "cost", "answer"
    ]
    text: str
    value: Any = None
