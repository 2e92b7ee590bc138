"""Take foreign JSON and YAML apart without trusting its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from semantic.mining.files import SourceFile
from semantic.mining.raw import Relation

_PART = re.compile(r'"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^.\s"`\[\]]+)')
_DIALECTS = {
    "duckdb": "duckdb", "motherduck": "duckdb", "snowflake": "snowflake", "bigquery": "bigquery", "spark": "spark",
    "databricks": "databricks", "databricks_metric_view": "databricks", "redshift": "redshift", "postgres": "postgres",
    "trino": "trino", "athena": "athena", "presto": "presto", "clickhouse": "clickhouse", "sqlserver": "tsql",
    "synapse": "tsql", "fabric": "fabric", "mysql": "mysql", "sqlite": "sqlite", "oracle": "oracle",
    "teradata": "teradata", "exasol": "exasol", "dremio": "dremio", "starrocks": "starrocks", "doris": "doris",
    "materialize": "materialize", "risingwave": "risingwave", "hive": "hive",
}  # fmt: skip


def mapping(value: Any) -> dict[str, Any]:
    """Return the value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, or of the values of an object."""
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [entry for entry in found if isinstance(entry, dict)]


def words(value: Any) -> str:
    """Return a text on one line, empty where the value is none."""
    return " ".join(str(value).split()) if isinstance(value, str | int | float) and value is not True else ""


def texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, or the one text, without empty and repeated ones."""
    found = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(text for text in map(words, found) if text))


def identifier(name: Any) -> str:
    """Return a name without the quotes of its dialect."""
    text = words(name)
    for opening, closing in ('""', "``", "[]", "''"):
        if len(text) > 1 and text[0] == opening and text[-1] == closing:
            return text[1:-1]
    return text


def relation(*parts: Any) -> Relation:
    """Return the name of a table from its parts, without those that are empty."""
    return tuple(name for name in map(identifier, parts) if name)[-3:]


def dotted(name: Any) -> Relation:
    """Return the parts of a dotted name with quotes, empty where it is no name."""
    text = words(name)
    parts = tuple(next(group for group in match.groups() if group is not None) for match in _PART.finditer(text))
    return parts if 0 < len(parts) <= 3 and not re.search(r"[(){};]|\s(?!\.)", _PART.sub("", text)) else ()


def dialect_of(adapter: Any) -> str:
    """Return sqlglot's name of the dialect an adapter writes, DuckDB's where it is not known."""
    return _DIALECTS.get(words(adapter).lower(), "duckdb")


def opening(file: SourceFile, size: int = 65_536) -> str:
    """Return the first characters of a file, empty where it cannot be read; for telling formats apart."""
    try:
        with file.path.open(encoding="utf-8-sig", errors="replace") as stream:
            return stream.read(size)
    except OSError:
        return ""


def keys_of(text: str) -> set[str]:
    """Return the keys at the left margin of a YAML text, without parsing it."""
    return set(re.findall(r"^[\"']?([A-Za-z_]+)[\"']?\s*:", text, re.MULTILINE))


def listing(names: Iterable[str], *, limit: int = 3) -> str:
    """Return a few names for a message, and how many there are beside them."""
    known = list(dict.fromkeys(names))
    rest = f" and {len(known) - limit} more" if len(known) > limit else ""
    return ", ".join(known[:limit]) + rest
