"""Tell from a column's type, name and profile whether it can be a key, or can point at one."""

from __future__ import annotations

import math
from functools import lru_cache

from semantic.joins.key_names import core_words, entity_forms
from semantic.joins.key_roles import is_calendar
from semantic.names import singular, split_words
from semantic.profile import is_unique
from semantic.types import Column, Family, Table

_REAL_TYPES = ("DOUBLE", "FLOAT", "REAL")
# Containment by chance is less likely than ten to the minus this before values alone speak.
_ENOUGH_EVIDENCE = 6.0


def may_be_key(table: Table, column: Column) -> bool:
    """Tell whether rows of other tables may point at this column."""
    kind = family_of(column.type)
    if kind == "date" and not any(is_calendar(form) for form, _ in entity_forms(table)):
        return False
    if table.primary_key == (column.name,):
        return True
    if (table.rows or 0) < 2 or not is_unique(table, column):
        return False
    return kind == "date" or (kind in {"number", "text"} and is_whole(column))


def may_point(column: Column) -> bool:
    """Tell whether the column's values may be keys of another table."""
    kind = family_of(column.type)
    return kind == "date" or (kind in {"number", "text"} and is_whole(column) and not is_count(column))


@lru_cache(maxsize=1024)
def family_of(kind: str) -> Family:
    """Return the family of a type; there are few types and many columns."""
    return Column(name="", type=kind).family


def is_count(column: Column) -> bool:
    """Tell a number that counts things, such as `orders`, from one that points at a thing."""
    last = split_words(column.name)[-1:]
    return family_of(column.type) == "number" and bool(last) and last[0].isalpha() and singular(last[0]) != last[0]


def is_whole(column: Column) -> bool:
    """Tell real numbers, which are measures, from keys that are merely stored as such."""
    if not column.type.upper().startswith(_REAL_TYPES):
        return True
    seen = _seen(column)
    return bool(seen) and not any("." in value for value in seen)


def is_dense(column: Column) -> bool:
    """Tell small numbers counted up from one, which any other count contains or is contained in."""
    span = _span(column)
    return span is not None and span[0] <= 1 and span[1] - span[0] <= 2 * max(_distinct(column), 1)


def comparable(child: Column, key: Column) -> bool:
    """Tell whether equality of the two makes sense; text meets a number only where it is written as one."""
    kinds = family_of(child.type), family_of(key.type)
    if kinds[0] == kinds[1]:
        return True
    if set(kinds) != {"number", "text"}:
        return False
    written = child if kinds[0] == "text" else key
    return _is_numeric(written) and (core_words(child.name)[1] or written is child)


def within(child: Column, key: Column) -> bool:
    """Tell whether the range of the child's values lies in that of the key."""
    ours, theirs = bound(child, highest=False), bound(key, highest=False)
    tops = bound(child, highest=True), bound(key, highest=True)
    if isinstance(ours, str) and isinstance(theirs, str):
        return theirs <= ours and str(tops[0]) <= str(tops[1])
    if isinstance(ours, float) and isinstance(theirs, float):
        return theirs <= ours and isinstance(tops[0], float) and isinstance(tops[1], float) and tops[0] <= tops[1]
    return False


def spans(child: Column, key: Column) -> bool:
    """Tell whether numbers reach as far as those of the key, as references to all of it do."""
    ours, theirs = bound(child, highest=True), bound(key, highest=True)
    return isinstance(ours, float) and isinstance(theirs, float) and ours >= 0.8 * theirs


def bound(column: Column, *, highest: bool) -> float | str | None:
    """Return an end of the column's range, None where it is not known."""
    profile = column.profile
    text = None if profile is None else profile.maximum if highest else profile.minimum
    if text is None or family_of(column.type) == "text":
        return text
    try:
        return float(text)
    except ValueError:
        return None


def evidence(child: Column, key: Column) -> float:
    """Return how unlikely it is that the child's values lie in the key by chance, as a negative power of ten."""
    values = _distinct(child)
    if family_of(key.type) == "text":
        # Words collide by meaning rather than by chance, so a few of them are no proof.
        return values * 0.5
    density = max(_density(key), _density(child))
    # Numbers that were counted up lie in each other wherever they start.
    return -values * math.log10(density) if 0 < density < 0.5 else 0.0


def speaks(child: Column, key: Column) -> bool:
    """Tell whether containment of the child's values in the key would be evidence by itself."""
    return evidence(child, key) >= _ENOUGH_EVIDENCE


def _span(column: Column) -> tuple[float, float] | None:
    low, high = bound(column, highest=False), bound(column, highest=True)
    return (low, high) if isinstance(low, float) and isinstance(high, float) else None


def _density(column: Column) -> float:
    """Return the share of the whole numbers in a column's range that it holds, 1 where that is not known."""
    span = _span(column)
    return 1.0 if span is None else min(1.0, _distinct(column) / (span[1] - span[0] + 1))


def _distinct(column: Column) -> int:
    return column.profile.distinct if column.profile else 0


def _is_numeric(column: Column) -> bool:
    seen = _seen(column)
    return bool(seen) and all(value.isdigit() for value in seen)


def _seen(column: Column) -> list[str]:
    return [value for value, _ in column.profile.frequent] if column.profile else []
