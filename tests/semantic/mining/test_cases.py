from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from semantic.facts import Facts, Source
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, RawQuery
from semantic.mining.writing import shown
from semantic.types import Table

CASES = YAML(typ="safe").load(Path(__file__).parents[2] / "fixtures" / "mining" / "cases.yaml")


def facts_of(case: dict[str, Any], tables: tuple[Table, ...]) -> Facts:
    query = RawQuery(sql=case["sql"], dialect=case.get("dialect", "duckdb"), source=Source(kind="sql", place="q"))
    # The metrics of the views themselves are tested elsewhere; queries still read through the views.
    return mine(Extract(queries=(query,)), tables)


def said(facts: Facts) -> dict[str, list[str]]:
    def here(fact: Any) -> bool:
        return any(s.place == "q" for s in fact.sources)

    return {
        "metrics": sorted(
            f"{m.name} = {shown(m.expression, {})}"
            + (f" where {' and '.join(shown(f, {}) for f in m.filters)}" if m.filters else "")
            + f" of {', '.join(t.name for t in m.tables)}"
            for m in facts.metrics
            if here(m)
        ),
        "dimensions": sorted(f"{d.name} = {shown(d.expression, {})}" for d in facts.dimensions if here(d)),
        "segments": sorted(f"{s.name} = {shown(s.condition, {})}" for s in facts.segments if here(s)),
        "joins": sorted(
            f"{r.child.name}({', '.join(r.child_columns)}) -> {r.parent.name}({', '.join(r.parent_columns)})"
            for r in (j.relationship for j in facts.joins if here(j))
        ),
        "notes": sorted(f"{n.table.name}.{n.column} is {n.text}" for n in facts.notes if n.source.place == "q"),
        "lost": sorted(line.removeprefix("q: ") for line in facts.lost if line.startswith("q: ")),
    }


@pytest.mark.parametrize("case", CASES, ids=[c["case"] for c in CASES])
def test_mine_query_says(case: dict[str, Any], mining_tables: tuple[Table, ...]) -> None:
    facts = facts_of(case, mining_tables)
    found = said(facts)
    for kind in found.keys() & case.keys():
        assert found[kind] == sorted(case[kind]), kind
    if "time" in case:
        assert {m.time[1] for m in facts.metrics if m.time and m.sources[0].place == "q"} == {case["time"]}


def test_mine_keeps_a_reason_for_every_query_it_cannot_use(mining_tables: tuple[Table, ...]) -> None:
    broken = next(c for c in CASES if c["case"] == "no SQL at all")
    assert any(line.startswith("q: not readable as SQL") for line in facts_of(broken, mining_tables).lost)


def test_mine_tells_the_role_that_a_condition_is_on(mining_tables: tuple[Table, ...]) -> None:
    case = next(c for c in CASES if c["case"].startswith("a condition on one role"))
    (metric,) = (m for m in facts_of(case, mining_tables).metrics if m.name == "ulm_fares")
    assert metric.description == "Joined by trips.start_station = stations.station_id."
