"""Magic commands of notebook cells: the SQL they run, and the Python that is left."""

from __future__ import annotations

import re
from dataclasses import dataclass

from semantic.mining.readers.templates import PLACEHOLDER, settled

# ipython-sql, jupysql, magic-duckdb, Databricks, BigQuery and Spark.
_SQL = r"(?:sql|dql|duckdb|bigquery|sparksql|spark_sql|trino|postgres|snowflake)"
_CELL = re.compile(rf"^%%?{_SQL}\b[ \t]*([^\n]*)(?:\n(.*))?$", re.DOTALL)
_LINE = re.compile(rf"^\s*(?:[\w, .\[\]'\"]+=\s*)?%{_SQL}[ \t]+(.+)$")
_OTHER_CELL = re.compile(r"^%%(\w+)[^\n]*(?:\n|$)")
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "pyspark", "memit", "mprun"})
_NO_PYTHON = re.compile(r"^\s*(?:%|!|\?|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*[%!])")
_QUERY = re.compile(r"(?:^|\s)((?:select|with|from|create|insert|copy|pivot)\b.*)$", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(r"--(save|with)[ =]+([\w,]+)")
_VARIABLE = re.compile(r"(?<![{$])\{\{?\s*[A-Za-z_][\w.\[\]'\"]*\s*\}?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A code cell taken apart.

    Attributes:
        sql: Queries that magics run, each with its line in the cell.
        python: What is left for Python, on the same lines; empty where another language is spoken.
        name: The name the query is kept under, empty where it is not.
        uses: Names of kept queries it builds on.
    """

    sql: tuple[tuple[int, str], ...] = ()
    python: str = ""
    name: str = ""
    uses: tuple[str, ...] = ()


def split(text: str) -> Cell:
    """Take a code cell apart."""
    stripped = text.lstrip()
    lead = text[: len(text) - len(stripped)].count("\n")
    cell = _CELL.match(stripped)
    if cell and (stripped.startswith("%%") or cell.group(2)):
        return _sql_cell(cell, lead)
    other = _OTHER_CELL.match(stripped)
    if other and other.group(1) not in _PYTHON_CELLS:
        return Cell()
    return _mixed(text)


def _sql_cell(cell: re.Match[str], lead: int) -> Cell:
    head, body = cell.group(1), cell.group(2) or ""
    options = dict(_OPTION.findall(head))
    kept = options.get("save", "")
    if "<<" in head:
        kept, head = (part.strip() for part in head.split("<<", 1))
        kept = kept.split()[-1] if kept else ""
    query = _QUERY.search(head)
    first = (query.group(1) if query else "") + "\n"
    uses = tuple(name for name in options.get("with", "").split(",") if name)
    return Cell(sql=((lead + 1, without_variables(first + body)),), name=kept, uses=uses)


def _mixed(text: str) -> Cell:
    queries: list[tuple[int, str]] = []
    python: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _LINE.match(line):
            query = _QUERY.search(match.group(1))
            queries += [(number, without_variables(query.group(1)))] if query else []
        # A statement that stands alone in a block must not leave it empty.
        blank = line[: len(line) - len(line.lstrip())] + "pass"
        python.append(blank if _NO_PYTHON.match(line) else line)
    return Cell(sql=tuple(queries), python="\n".join(python))


def without_variables(sql: str) -> str:
    """Return SQL whose {variables} of Python are placeholders."""
    return settled(_VARIABLE.sub(PLACEHOLDER, sql))
