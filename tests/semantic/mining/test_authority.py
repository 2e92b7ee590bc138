from __future__ import annotations

from dataclasses import replace

import pytest

from semantic.facts import Source
from semantic.mining.authority import ranks, scaled, weight
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, Lineage, RawQuery
from semantic.types import Table


def test_ranks_pass_weight_on_to_what_is_read() -> None:
    found = ranks(dict.fromkeys(["query", "view", "base", "alone"], 1.0), [("query", "view"), ("view", "base")])
    assert sum(found.values()) == pytest.approx(1)
    assert found["base"] > found["view"] > found["query"] == pytest.approx(found["alone"])


def test_ranks_share_a_readers_weight_among_what_it_reads() -> None:
    reads = [("a", "x"), ("b", "x"), ("b", "y"), ("b", "y"), ("c", "c")]
    found = ranks(dict.fromkeys("abcxy", 1.0), reads)
    assert found["x"] > found["y"] > found["c"]
    assert ranks({}, []) == {}


def test_weight_grows_with_trust_and_use() -> None:
    once = Source(kind="sql", place="a")
    assert weight(once) < weight(Source(kind="sql", place="a", uses=10)) < weight(Source(kind="person", place="a"))
    assert weight(Source(kind="sql", place="a", certified=True)) > weight(once)


def test_scaled_puts_the_largest_at_one() -> None:
    assert scaled({"a": 0.5, "b": 0.05, "c": 0.005}) == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert scaled({"a": 0.2, "b": 0.2}) == {"a": 0.0, "b": 0.0}


def test_mine_trusts_tables_that_the_lake_leans_on(mining_tables: tuple[Table, ...]) -> None:
    dashboard = Source(kind="dashboard", place="d.json:card 1", uses=40)
    extract = Extract(
        queries=tuple(
            RawQuery(sql="SELECT * FROM stations", source=Source(kind="sql", place=f"{i}")) for i in range(3)
        ),
        lineage=(Lineage(name=("board",), inputs=(("weather",),), source=dashboard),),
    )
    once = tuple(
        RawQuery(sql=f"SELECT * FROM {name}", text=name, source=Source(kind="sql", place=name))
        for name in ("stations", "weather", "riders", "extras")
    )
    facts = mine(replace(extract, queries=extract.queries + once), tuple(t for t in mining_tables if t.kind == "table"))
    found = {query.text: query.authority for query in facts.queries if query.text}
    assert min(found["stations"], found["weather"]) > found["riders"] == found["extras"]
    assert all(0 <= authority <= 1 for authority in found.values())
