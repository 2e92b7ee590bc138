from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from semantic.catalog import read_catalog
from semantic.joins.find import find_joins
from semantic.joins.probes import Prober
from semantic.joins.sketches import Sketch, Sketches
from semantic.lake import Lake
from semantic.profile import read_table
from semantic.types import TableId


def _joins(sql: str) -> set[str]:
    con = duckdb.connect()
    try:
        con.execute(sql)
        tables = [read_table(con, t).table for t in read_catalog(con, Lake(Path(), Path())).tables]
        found = find_joins(tables, Prober(con, tables))
    finally:
        con.close()
    return {f"{r.child.name}.{r.child_columns[0]} -> {r.parent.name}.{r.parent_columns[0]}" for r in found}


SPARSE = (
    "CREATE TABLE attractions AS SELECT 2000 + i * 37 % 7919 AS attraction_id, 'a' || i AS label FROM range(60) t(i);"
)


@pytest.mark.parametrize("rows", [60, 120_000])
def test_find_joins_finds_values_under_names_that_share_nothing(rows: int) -> None:
    parent = f"CREATE TABLE parcels AS SELECT 'PX' || i * 13 AS barcode, i % 9 AS weight FROM range({rows}) t(i);"
    child = f"""CREATE TABLE scans AS SELECT 'PX' || (i % {rows // 2}) * 13 AS tracked, i * 0.1 AS depot
        FROM range({rows * 2}) t(i)"""
    assert _joins(parent + child) == {"scans.tracked -> parcels.barcode"}


def test_find_joins_finds_numbers_that_are_too_sparse_for_chance() -> None:
    shops = "CREATE TABLE shops AS SELECT 2000 + i * 37 % 7919 AS shop_id, 's' || i AS label FROM range(0, 60, 5) t(i)"
    assert _joins(SPARSE + shops) == {"shops.shop_id -> attractions.attraction_id"}


def test_find_joins_takes_numbers_counted_up_for_no_evidence() -> None:
    found = _joins("""
        CREATE TABLE meters AS SELECT 5000 + i AS meter_id, 'm' || i AS label FROM range(400) t(i);
        CREATE TABLE stamps AS SELECT 5000 + i * 3 % 100 AS printed_no, 's' || i AS label FROM range(300) t(i)""")
    assert found == set()


def test_find_joins_does_not_choose_between_two_keys_that_hold_the_values() -> None:
    twins = """CREATE TABLE parcels AS SELECT 'PX' || i * 13 AS barcode FROM range(60) t(i);
        CREATE TABLE labels AS SELECT 'PX' || i * 13 AS sticker FROM range(60) t(i);"""
    scans = "CREATE TABLE scans AS SELECT 'PX' || (i % 30) * 13 AS tracked, i * 0.1 AS depot FROM range(90) t(i)"
    assert not {j for j in _joins(twins + scans) if j.startswith("scans.")}


def test_find_joins_takes_shared_words_of_attributes_for_no_reference() -> None:
    found = _joins("""
        CREATE TABLE guests AS SELECT i AS guest_id, i || ' High Street' AS address FROM range(10, 90) t(i);
        CREATE TABLE bills AS SELECT 'b' || i AS label, (10 + i % 40) || ' High Street' AS billing_address
            FROM range(200) t(i)""")
    assert found == set()


def test_sketches_estimate_how_much_of_a_column_another_holds() -> None:
    con = duckdb.connect()
    try:
        con.execute("""CREATE TABLE a AS SELECT i AS n, i % 50 AS few, 'x' || i AS t FROM range(50000) t(i);
            CREATE TABLE b AS SELECT i::DOUBLE AS n, i::VARCHAR AS t FROM range(25000, 75000) t(i)""")
        tables = read_catalog(con, Lake(Path(), Path())).tables
        sketches = Sketches(con, tables)
        a, b = (sketches.of(t.id) for t in tables)
    finally:
        con.close()
    assert len(a["few"].hashes) == 50
    assert a["few"].share_in(a["n"])[0] == 1.0
    # Numbers compare alike however they are stored.
    assert a["n"].share_in(b["n"])[0] == pytest.approx(0.5, abs=0.15)
    assert a["n"].share_in(b["t"])[0] == pytest.approx(0.5, abs=0.15)
    assert a["t"].share_in(b["t"])[0] == 0.0


def test_sketches_know_nothing_of_a_table_that_cannot_be_read() -> None:
    con = duckdb.connect()
    try:
        con.execute("CREATE TABLE a AS SELECT 1 AS n; CREATE VIEW v AS SELECT n FROM a")
        tables = [t for t in read_catalog(con, Lake(Path(), Path())).tables if t.kind == "view"]
        con.execute("DROP TABLE a")
        assert Sketches(con, tables).of(TableId("memory", "main", "v")) == {}
    finally:
        con.close()


def test_sketch_of_nothing_is_held_by_nothing() -> None:
    nothing, some = (Sketch(np.array(hashes, dtype=np.uint64)) for hashes in ((), (1, 2)))
    assert nothing.share_in(some) == (0.0, 0)


def test_sketches_of_more_tables_than_are_kept_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semantic.joins.sketches._KEPT", 1)
    con = duckdb.connect()
    try:
        con.execute("CREATE TABLE a AS SELECT i AS n FROM range(9) t(i); CREATE TABLE b AS SELECT 7 AS n")
        sketches = Sketches(con, read_catalog(con, Lake(Path(), Path())).tables)
        a, b = (TableId("memory", "main", name) for name in "ab")
        before = sketches.of(a)["n"]
        assert sketches.of(b)["n"].share_in(before)[0] == 1.0
        con.execute("INSERT INTO a VALUES (100)")
        assert [len(before.hashes), len(sketches.of(a)["n"].hashes)] == [9, 10]
    finally:
        con.close()
