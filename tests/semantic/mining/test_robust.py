from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from semantic.facts import Source
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, RawMetric, RawQuery
from semantic.types import Table

CASES = YAML(typ="safe").load(Path(__file__).parents[2] / "fixtures" / "mining" / "cases.yaml")
TEXTS = [case["sql"] for case in CASES]
PARTS = [
    *"(),*;'\"%$?:",
    "SELECT",
    "FROM",
    "GROUP BY",
    "JOIN",
    "ON",
    "CASE WHEN",
    "END",
    "sum(",
    "OVER",
    "NULL",
    "trips",
    "fare",
]
DIALECTS = ["duckdb", "snowflake", "bigquery", "databricks", "postgres", "tsql"]


@st.composite
def mangled(draw: st.DrawFn) -> str:
    words = draw(st.sampled_from(TEXTS)).split(" ")
    start, end = sorted((draw(st.integers(0, len(words))), draw(st.integers(0, len(words)))))
    return " ".join([*words[:start], *draw(st.lists(st.sampled_from(PARTS), max_size=3)), *words[end:]])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(sql=mangled(), dialect=st.sampled_from(DIALECTS))
def test_mine_never_raises_and_never_drops_a_query_in_silence(
    sql: str, dialect: str, mining_tables: tuple[Table, ...]
) -> None:
    source = Source(kind="sql", place="q")
    metric = RawMetric(
        name="m", expression=sql, dialect=dialect, relations={"": ("trips",)}, source=Source(kind="dbt", place="m")
    )
    query = RawQuery(sql=sql, dialect=dialect, source=source)
    tables = tuple(t for t in mining_tables if t.kind == "table")
    facts = mine(Extract(queries=(query,), metrics=(metric,)), tables)
    reads = any("raw" in {t.schema for t in q.tables} for q in facts.queries)
    assert reads or any(line.startswith("q: ") for line in facts.lost)


def test_mine_takes_a_broken_view_as_a_loss(mining_tables: tuple[Table, ...]) -> None:
    from dataclasses import replace

    def broken(table: Table) -> Table:
        return replace(table, definition="CREATE VIEW x AS SELECT (((") if table.id.name == "stg_trips" else table

    facts = mine(Extract(), tuple(map(broken, mining_tables)))
    assert any(line.startswith("lake.marts.stg_trips: not readable as SQL") for line in facts.lost)
    assert "net_fares" in {m.name for m in facts.metrics}
