"""Reads the cells of a result: as Python values, as text for people, as plain JSON."""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import singledispatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

NOTHING = "—"
"""What a null looks like."""

_ID_NAME = re.compile(r"(^|_)(id|key|uuid|guid|sku|zip|postal_code|phone)$|^id_|[a-z](Id|ID)$")
_YEAR_NAME = re.compile(r"(^|_)(year|yr)$", re.IGNORECASE)
_SAFE_DIGITS = 15
"""Decimal digits that every JSON reader keeps in a number."""


def cells_of(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of a column; those Python has no value for, like a day in year 20000, come as text."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_python(scalar) for scalar in column]


def _python(scalar: pa.Scalar) -> Any:
    import pyarrow as pa

    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        if isinstance(scalar, pa.ListScalar):
            return [_python(item) for item in scalar.values]
        if isinstance(scalar, pa.StructScalar):
            return {name: _python(item) for name, item in scalar.items()}
        return scalar.cast(pa.string()).as_py()


def is_identifier(name: str) -> bool:
    """Return True for names of columns whose numbers name things and are never added up."""
    return bool(_ID_NAME.search(name))


def is_year(name: str) -> bool:
    """Return True for names of columns that hold years."""
    return bool(_YEAR_NAME.search(name))


def is_number(kind: pa.DataType) -> bool:
    """Return True for types whose cells stand on the right."""
    import pyarrow.types as kinds

    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind))


def shown(cell: Any, *, grouped: bool = True) -> str:
    """Return a cell as people read it, without control characters; a null is a dash.

    Args:
        cell: A value as `cells_of` gives it.
        grouped: False leaves out thousands separators, for identifiers and years.
    """
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        return _number(cell, "," if grouped else "")
    if isinstance(cell, (list, tuple)):
        return "[" + ", ".join(shown(item, grouped=grouped) for item in cell) + "]"
    if isinstance(cell, Mapping):
        return "{" + ", ".join(f"{clean(str(k))}: {shown(v, grouped=grouped)}" for k, v in cell.items()) + "}"
    return _words(cell)


def _words(cell: Any) -> str:
    if cell is None:
        return NOTHING
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, bytes):
        return f"{len(cell):,} bytes"
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time() and cell.tzinfo is None
        return cell.date().isoformat() if midnight else cell.replace(microsecond=0).isoformat(" ")
    return clean(str(cell))


def clean(text: str, *, lines: bool = False) -> str:
    """Return the text with every character made visible that could steer a terminal or turn the reading direction.

    Args:
        text: Any text of the lake, the user or a model.
        lines: True keeps line breaks and tabs.
    """
    kept = {"\n", "\t"} if lines else set()
    if lines:
        text = text.replace("\r\n", "\n")
    return "".join(char if char in kept else _visible(char) for char in text)


@singledispatch
def plain(cell: Any) -> Any:
    """Return a cell as JSON: a number where that is exact, else text; bytes as base64; not-a-number as null."""
    return None if cell is None else str(cell)


@plain.register(str)
@plain.register(bool)
def _(cell: Any) -> Any:
    return cell


@plain.register
def _(cell: int) -> Any:
    return cell if abs(cell) < 2**53 else str(cell)


@plain.register
def _(cell: float) -> Any:
    return cell if math.isfinite(cell) else None


@plain.register
def _(cell: Decimal) -> Any:
    if not cell.is_finite():
        return None
    return float(cell) if len(cell.as_tuple().digits) <= _SAFE_DIGITS else str(cell)


@plain.register(dt.date)
@plain.register(dt.time)
def _(cell: Any) -> Any:
    return cell.isoformat()


@plain.register
def _(cell: dt.timedelta) -> Any:
    return cell.total_seconds()


@plain.register
def _(cell: bytes) -> Any:
    return base64.b64encode(cell).decode("ascii")


@plain.register(Mapping)
def _(cell: Mapping[Any, Any]) -> Any:
    return {str(key): plain(value) for key, value in cell.items()}


@plain.register(list)
@plain.register(tuple)
def _(cell: Any) -> Any:
    return [plain(item) for item in cell]


def _number(cell: float | Decimal, group: str) -> str:
    if isinstance(cell, int):
        return f"{cell:{group}d}"
    if not math.isfinite(cell):
        return NOTHING if math.isnan(cell) else ("∞" if cell > 0 else "-∞")
    if isinstance(cell, Decimal):
        return f"{cell:{group}f}"
    if cell and not 1e-4 <= abs(cell) < 1e15:
        return f"{cell:.4g}"
    if cell.is_integer():
        return f"{cell:{group}.1f}"
    digits = 2 if abs(cell) >= 100 else 4
    return f"{cell:{group}.{digits}f}".rstrip("0").rstrip(".")


def _visible(char: str) -> str:
    if char in "\n\r\t":
        return {"\n": "⏎", "\r": "␍", "\t": " "}[char]
    kind = unicodedata.category(char)
    if kind == "Cc":
        code = ord(char)
        return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"
    # format characters reorder or hide text; the joiners that emoji and some scripts need stay
    unknown = kind == "Cn" and ord(char) & 0xFFFE == 0xFFFE
    if unknown or (kind in {"Cf", "Cs", "Zl", "Zp"} and char not in "\u200c\u200d"):
        return "�"
    return char
