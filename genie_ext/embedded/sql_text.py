"""SQL text: identifiers, table names and literals, quoted where they must be."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from genie_ext.embedded.lexicon import read_lexicon
from genie_ext.types import Scalar
from semantic.types import TableId

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")
_RESERVED = frozenset(read_lexicon("keywords")["reserved"].split())


def quote(name: str) -> str:
    """Return an identifier as SQL, quoted only where it must be."""
    return name if _PLAIN.match(name) and name not in _RESERVED else '"' + name.replace('"', '""') + '"'


def table_name(table: TableId, names: Mapping[TableId, str]) -> str:
    """Return how a table is written, each part of its short name quoted where it must be."""
    return ".".join(quote(part) for part in _parts(table, names[table]))


def _parts(table: TableId, short: str) -> tuple[str, ...]:
    """Return the parts of a short name; a dot inside a part is told from the dots between parts by the full name."""
    full = (table.catalog, table.schema, table.name)
    forms = (full[2:], full[1:], (table.catalog, table.name), full)
    return next((form for form in forms if ".".join(form) == short), tuple(short.split(".")))


def labelled(expression: str, label: str, *, plain: str = "") -> str:
    """Return what is shown under a label, unless it is the column `plain` of that name."""
    return expression if not label or label == plain else f"{expression} AS {quote(label)}"


def literal(value: Scalar) -> str:
    """Return a value as a SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float | Decimal):
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"
