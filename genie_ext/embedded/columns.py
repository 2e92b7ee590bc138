"""Columns: what their names and profiles say about the part they can play in a query."""

from __future__ import annotations

from genie_ext.embedded.words import name_stems
from genie_ext.types import Scalar
from semantic.types import Column, Table

_YES = frozenset({"yes", "y", "true", "t", "1"})
_NO = frozenset({"no", "n", "false", "f", "0"})
_IDENTIFYING = frozenset({"id", "key", "uuid", "guid"})
_NAME_WORDS = ("name", "title", "label")
_MOST_SPELLINGS = 4


def is_number(column: Column) -> bool:
    """Tell whether a column can be summed: numeric, or text that holds numbers."""
    return column.family == "number" or holds_numbers(column)


def holds_numbers(column: Column) -> bool:
    """Tell whether a text column is known to hold numbers."""
    texts = _frequent(column)
    return column.family == "text" and bool(texts) and all(_numeric(text) for text in texts)


def ranks_as_number(column: Column) -> bool:
    """Tell whether the texts of a column have the order of numbers; codes made of digits have not."""
    stems = name_stems(column.name)
    return holds_numbers(column) and not (stems and stems[-1] in _IDENTIFYING | {"code"})


def holds_dates(column: Column) -> bool:
    """Tell whether a text column is known to hold dates that start with the year."""
    texts = _frequent(column)[:5]
    written = all(len(text) >= 8 and text[:4].isdigit() and text[4] in "-/" for text in texts)
    return column.family == "text" and bool(texts) and written


def flag_values(column: Column) -> tuple[Scalar, Scalar] | None:
    """Return what a column writes for yes and for no, None where it holds anything else."""
    if column.family == "boolean":
        return True, False
    texts = _frequent(column)
    if column.family != "text" or not texts or len(texts) > _MOST_SPELLINGS:
        return None
    yes = [text for text in texts if text.strip().casefold() in _YES]
    no = [text for text in texts if text.strip().casefold() in _NO]
    return (yes[0] if yes else "Yes", no[0] if no else "No") if len(yes) + len(no) == len(texts) else None


def is_key(table: Table, column: Column) -> bool:
    """Tell whether a column only identifies rows (of this table or another)."""
    stems = name_stems(column.name)
    return column.name in table.primary_key or bool(stems and stems[-1] in _IDENTIFYING)


def visible_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns that may be shown; all where nothing else is left."""
    return tuple(column for column in table.columns if not column.hidden) or table.columns


def display_column(table: Table) -> Column:
    """Return the column people know a row of this table by."""
    own = set(name_stems(table.id.name))
    texts = [(column, name_stems(column.name)) for column in visible_columns(table) if column.family == "text"]
    for column, stems in texts:
        if stems and stems[-1] in _NAME_WORDS and (len(stems) == 1 or set(stems[:-1]) <= own | {"full"}):
            return column
    for column, stems in texts:
        if stems and (stems[-1] in _NAME_WORDS or set(stems) <= own):
            return column
    return next((column for column, _ in texts if not is_key(table, column)), visible_columns(table)[0])


def has_name(table: Table) -> bool:
    """Tell whether people know the rows of a table by a name at all."""
    stems = name_stems(display_column(table).name)
    own = set(name_stems(table.id.name))
    return bool(stems) and (bool({*_NAME_WORDS, "code"} & set(stems)) or set(stems) <= own)


def display_columns(table: Table) -> tuple[Column, ...]:
    """Return the column, or first and last name, that people know a row of this table by."""
    shown = display_column(table)
    if "first" not in name_stems(shown.name):
        return (shown,)
    last = next((c for c in table.columns if {"last", "name"} <= set(name_stems(c.name))), None)
    return (shown, last) if last is not None else (shown,)


def _frequent(column: Column) -> list[str]:
    return [text for text, _ in column.profile.frequent] if column.profile else []


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
