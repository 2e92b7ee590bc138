"""Literals: which value of a question a condition compares with, and how SQL writes it for a column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from genie_ext.embedded.parser.items import Items, ValueItem, as_number
from genie_ext.types import ColumnRef, Operator, Scalar

_PATTERNS: dict[str, tuple[Operator, str]] = {
    "like": ("like", "%{}%"), "not like": ("not like", "%{}%"),
    "starts with": ("like", "{}%"), "ends with": ("like", "%{}"),
}  # fmt: skip


class UnsayableError(Exception):
    """A step that the actions, or actions that a step, cannot say; never leaves the parser."""


def literal(value: ValueItem, items: Items, ref: ColumnRef | None) -> Scalar:
    """Return a value as it is compared with a column, or with a figure where there is no column.

    Raises:
        UnsayableError: The column cannot hold it.
    """
    number = as_number(value)
    if ref is None:
        if number is None:
            raise UnsayableError(value.text)
        return number
    if value.owner is not None and value.owner != ref:
        raise UnsayableError(value.text)
    hit = next((hit for hit in value.hits if (hit.table, hit.column) == (ref.table, ref.column)), None)
    family = items.column(ref).family
    if family == "number" and number is not None:
        return number
    if hit is not None and family != "number":
        return hit.value
    if family == "boolean":
        return _boolean(value.text)
    if family == "number" or (value.hits and number is None):
        raise UnsayableError(value.text)
    return value.text


def pattern(word: str, value: ValueItem) -> tuple[Operator, str]:
    """Return the operator and the pattern of a condition on a part of a text."""
    operator, form = _PATTERNS[word]
    return operator, form.format(_escaped(value.text))


def find_value(wanted: Scalar, items: Items, ref: ColumnRef | None) -> int | None:
    """Return the index among the values of the one that says a literal best, None where none does."""
    ranked = [(_match(value, wanted, items, ref), i) for i, value in enumerate(items.values)]
    score, index = max(((score, -i) for score, i in ranked), default=(0, 0))
    return -index if score else None


def find_pattern(operator: Operator, wanted: Scalar, items: Items) -> tuple[str, int] | None:
    """Return the word of a pattern condition and the index of its value, None where no value says it."""
    said = str(wanted).casefold()
    for word, (sort, form) in _PATTERNS.items():
        for i, value in enumerate(items.values):
            # People rarely escape what they write, so that signs which stand for others count as themselves, too.
            if sort == operator and said in {
                form.format(_escaped(value.text)).casefold(),
                form.format(value.text).casefold(),
            }:
                return word, i
    return None


def _escaped(text: str) -> str:
    """Return a text as a pattern that only it fits."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _match(value: ValueItem, wanted: Scalar, items: Items, ref: ColumnRef | None) -> int:
    """Return how well a value says a literal, 0 for not at all."""
    try:
        said = literal(value, items, ref)
    except UnsayableError:
        return 0
    if said == wanted and type(said) is type(wanted):
        return 4 if value.hits else 3
    return 2 if _plain(said) == _plain(wanted) else 0


def _plain(value: Scalar) -> str | float:
    if isinstance(value, bool | int | float | Decimal):
        return float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    text = value.strip().casefold()
    try:
        return float(text)
    except ValueError:
        return text


def _boolean(text: str) -> bool:
    low = text.strip().casefold()
    if low in ("true", "t", "yes", "1"):
        return True
    if low in ("false", "f", "no", "0"):
        return False
    raise UnsayableError(text)
