"""Comparable values: a column and what it is compared with, written so that texts and numbers can meet.

A text that is no number must neither stop the query nor, as an empty value, silently change "none of".
"""

from __future__ import annotations

import re
from dataclasses import replace

from genie_ext.embedded.columns import ranks_as_number
from genie_ext.embedded.scope import Schema, Scope
from genie_ext.types import ColumnRef, Filter, Operator, Step
from semantic.types import Column, Family

_SAME: tuple[Operator, ...] = ("=", "!=", "in", "not in")
_AMONG: tuple[Operator, ...] = ("in", "not in")
_PATTERNS: tuple[Operator, ...] = ("like", "not like")
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "UTINY", "USMALL", "UINT", "UBIG", "UHUGE")


def write_sides(scope: Scope, condition: Filter, nested: str) -> tuple[str, Filter, str]:
    """Return the column, the condition and its nested query in forms that can be compared.

    Args:
        scope: Where the column is read.
        condition: A condition on a column.
        nested: The SQL of its nested step, empty where there is none.
    """
    ref = condition.subject
    if not isinstance(ref, ColumnRef):
        raise TypeError(ref)
    column = scope.schema.tables[ref.table].column(ref.column)
    if condition.step is not None and column is not None:
        left, right = _beside_step(scope, ref, column, condition)
        return left, condition, right.format(nested) if right else nested
    if column is not None and column.family != "text" and condition.operator in _PATTERNS:
        return f"CAST({scope.column(ref)} AS VARCHAR)", condition, nested
    if column is not None and column.family == "number" and _has_words(condition):
        texts = tuple(str(value) for value in condition.values)
        return _text(scope.column(ref), column.type), replace(condition, values=texts), nested
    return (scope.number(ref) if _only_numbers(condition) else scope.column(ref)), condition, nested


def without_gaps(schema: Schema, condition: Filter) -> Filter:
    """Return a condition whose nested step leaves out rows without a value, next to which nothing is “none of” it."""
    inner = condition.step
    if condition.operator != "not in" or inner is None or inner.combined is not None or not inner.dimensions:
        return condition
    ref = inner.dimensions[0].column
    column = schema.tables[ref.table].column(ref.column)
    if column is None or (column.profile is not None and column.profile.exact and column.profile.nulls == 0):
        return condition
    known = Filter(subject=ref, operator="is not null")
    return replace(condition, step=replace(inner, filters=(*inner.filters, known)))


def _beside_step(scope: Scope, ref: ColumnRef, column: Column, condition: Filter) -> tuple[str, str]:
    """Return the column, and how the query it is compared with is wrapped, empty where it need not be."""
    family, kind = shown_kind(scope.schema, condition.step) if condition.step else (None, "")
    as_is = condition.operator in _AMONG or (condition.operator in _SAME and family == "text")
    own: Family = "number" if not as_is and ranks_as_number(column) else column.family
    plain = scope.column(ref) if as_is else scope.ranked(ref)
    if family is None or family == own or "text" not in (family, own):
        return plain, ""
    if condition.operator in _SAME:
        return (plain, _wrapped(_text("v", kind))) if own == "text" else (_text(plain, column.type), "")
    if "number" in (family, own):
        return scope.number(ref), "" if family == "number" else _wrapped("TRY_CAST(v AS DOUBLE)")
    return plain, ""


def shown_kind(schema: Schema, step: Step) -> tuple[Family | None, str]:
    """Return family and type of the first thing that a step shows, None where they are not known."""
    if step.dimensions:
        ref, grain = step.dimensions[0].column, step.dimensions[0].grain
        if grain is not None:
            return ("number", "BIGINT") if grain == "year" else ("date", "DATE")
    elif step.measures and step.measures[0].aggregate in ("min", "max") and step.measures[0].column is not None:
        ref = step.measures[0].column
    elif step.measures and step.measures[0].metric is None:
        return "number", "BIGINT" if step.measures[0].aggregate.startswith("count") else "DOUBLE"
    else:
        return None, ""
    column = schema.tables[ref.table].column(ref.column)
    if column is None:
        return None, ""
    if not step.dimensions and ranks_as_number(column):
        return "number", "DOUBLE"
    return column.family, column.type


def _wrapped(value: str) -> str:
    return f"SELECT {value} FROM ({{}}) AS compared(v)"


def _text(expression: str, kind: str) -> str:
    """Return a number or date as text, 5.0 and midnight as people and keys write them: 5 and the day."""
    text = f"CAST({expression} AS VARCHAR)"
    return text if kind.upper().startswith(_WHOLE) else f"regexp_replace({text}, '(\\.0+| 00:00:00)$', '')"


def _only_numbers(condition: Filter) -> bool:
    values = condition.values
    return bool(values) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _has_words(condition: Filter) -> bool:
    """Tell whether a value that must be the same is a text that is no number."""
    words = (value for value in condition.values if isinstance(value, str) and not _NUMBER.fullmatch(value))
    return condition.operator in _SAME and any(words)
