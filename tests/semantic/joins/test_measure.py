from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import read_catalog
from semantic.joins.find import measure
from semantic.joins.probes import Prober
from semantic.lake import Lake
from semantic.profile import read_table
from semantic.types import Relationship, Table, TableId

SQL = """
    CREATE TABLE orders AS SELECT i + 100 AS order_id, 'o' || i AS label FROM range(40) t(i);
    CREATE TABLE order_lines AS SELECT o + 100 AS order_id, n AS line_no FROM range(50) a(o), range(1, 4) b(n);
    CREATE TABLE returns AS SELECT 'r' || i AS label, 100 + i % 40 AS order_id, 1 + i % 4 AS line_no
        FROM range(80) t(i);
    CREATE TABLE invoices AS SELECT i + 100 AS order_id, i + 7000 AS invoice_id FROM range(30) t(i);
    CREATE TABLE drafts (order_id BIGINT);
"""


@pytest.fixture
def lake() -> Iterator[tuple[Prober, dict[TableId, Table]]]:
    con = duckdb.connect()
    try:
        con.execute(SQL)
        tables = [read_table(con, t).table for t in read_catalog(con, Lake(Path(), Path())).tables]
        yield Prober(con, tables), {t.id: t for t in tables}
    finally:
        con.close()


def _mined(child: str, parent: str, *columns: str) -> Relationship:
    return Relationship(child=TableId("memory", "main", child), child_columns=columns,
                        parent=TableId("memory", "main", parent), parent_columns=columns, origin="mined",
                        confidence=0.8)  # fmt: skip


def test_measure_fills_in_coverage_and_cardinality(lake: tuple[Prober, dict[TableId, Table]]) -> None:
    join = measure(_mined("order_lines", "orders", "order_id"), lake[1], lake[0])
    assert (join.child.name, join.cardinality, join.coverage) == ("order_lines", "many-to-one", 0.8)
    assert (join.origin, join.confidence) == ("mined", 0.8)


def test_measure_turns_a_join_round_that_points_the_other_way(lake: tuple[Prober, dict[TableId, Table]]) -> None:
    join = measure(_mined("orders", "order_lines", "order_id"), lake[1], lake[0])
    assert (join.child.name, join.parent.name, join.cardinality) == ("order_lines", "orders", "many-to-one")


def test_measure_tells_one_to_one(lake: tuple[Prober, dict[TableId, Table]]) -> None:
    join = measure(_mined("invoices", "orders", "order_id"), lake[1], lake[0])
    assert (join.child.name, join.cardinality, join.coverage) == ("invoices", "one-to-one", 1.0)


def test_measure_marks_many_to_many(lake: tuple[Prober, dict[TableId, Table]]) -> None:
    assert measure(_mined("returns", "order_lines", "order_id"), lake[1], lake[0]).cardinality == "many-to-many"


def test_measure_reads_keys_of_several_columns(lake: tuple[Prober, dict[TableId, Table]]) -> None:
    join = measure(_mined("returns", "order_lines", "order_id", "line_no"), lake[1], lake[0])
    assert (join.cardinality, join.coverage) == ("many-to-one", 0.75)


@pytest.mark.parametrize("child", ["drafts", "unknown"])
def test_measure_leaves_a_join_it_cannot_look_at_as_it_is(
    lake: tuple[Prober, dict[TableId, Table]], child: str
) -> None:
    join = _mined(child, "orders", "order_id")
    assert measure(join, lake[1], lake[0]) == join
