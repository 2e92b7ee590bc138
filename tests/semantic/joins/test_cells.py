from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import read_catalog
from semantic.joins.cells import Cells
from semantic.joins.probes import Prober
from semantic.lake import Lake
from semantic.profile import read_table
from semantic.types import Table


@contextmanager
def _engine(sql: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Table]]]:
    with duckdb.connect() as con:
        con.execute(sql)
        tables = read_catalog(con, Lake(Path(), Path())).tables
        yield con, {table.id.name: read_table(con, table).table for table in tables}


def test_cells_hold_each_value_once_and_no_null() -> None:
    sql = "CREATE TABLE t AS SELECT CASE WHEN i % 5 > 0 THEN i % 5 END AS kind FROM range(100) s(i)"
    with _engine(sql) as (con, tables):
        values = Cells(con, tables.values()).values(tables["t"].id, "kind")
    assert values is not None
    assert len(values) == 4
    assert sorted(values) == list(values)


def test_cells_write_numbers_alike_whatever_their_type() -> None:
    sql = """CREATE TABLE whole AS SELECT i AS n FROM range(5) s(i);
        CREATE TABLE real AS SELECT i::DOUBLE AS n FROM range(5) s(i);
        CREATE TABLE written AS SELECT i::VARCHAR AS n FROM range(5) s(i)"""
    with _engine(sql) as (con, tables):
        cells = Cells(con, tables.values())
        whole, real, written = (cells.values(tables[name].id, "n") for name in ("whole", "real", "written"))
    assert whole is not None
    assert real is not None
    assert written is not None
    assert list(whole) == list(real) == list(written)


def test_cells_count_tuples_without_nulls() -> None:
    sql = "CREATE TABLE t AS FROM (VALUES (1, 'a'), (1, 'a'), (1, 'b'), (2, NULL), (NULL, 'b')) v(x, y)"
    with _engine(sql) as (con, tables):
        cells = Cells(con, tables.values())
        assert cells.tuples(tables["t"].id, ["x", "y"]) == (2, 3)
        assert cells.tuples(tables["t"].id, ["y", "x"]) == (2, 3)


def test_cells_leave_large_tables_to_the_engine() -> None:
    with _engine("CREATE TABLE t AS SELECT i AS id FROM range(500000) s(i)") as (con, tables):
        cells = Cells(con, tables.values())
        assert cells.values(tables["t"].id, "id") is None
        assert cells.tuples(tables["t"].id, ["id"]) is None


def test_cells_read_again_what_had_to_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semantic.joins.cells._CELLS_KEPT", 50)
    sql = "; ".join(f"CREATE TABLE t{n} AS SELECT i + {n} AS id FROM range(40) s(i)" for n in range(5))
    with _engine(sql) as (con, tables):
        cells = Cells(con, tables.values())
        first = [cells.values(table.id, "id") for table in tables.values()]
        second = [cells.values(table.id, "id") for table in tables.values()]
    for before, after in zip(first, second, strict=True):
        assert before is not None
        assert after is not None
        assert list(before) == list(after)


def test_prober_counts_small_tables_as_the_engine_does() -> None:
    sql = """CREATE TABLE t AS SELECT i % 3 AS a, CASE WHEN i % 4 > 0 THEN i % 4 END AS b,
        DATE '2024-01-01' + (i % 5)::INTEGER AS day, (i % 2) * -0.0::DOUBLE AS zero FROM range(60) s(i)"""
    with _engine(sql) as (con, tables):
        probe = Prober(con, tables.values())
        for names in (["a", "b"], ["a", "day"], ["b", "day"], ["a", "zero"]):
            present = " AND ".join(f"{name} IS NOT NULL" for name in names)
            asked = con.execute(
                f"SELECT count(DISTINCT ({', '.join(names)})), count(*) FROM t WHERE {present}"
            ).fetchone()
            assert probe.distinct(tables["t"].id, names) == asked


def test_prober_finds_columns_whatever_their_case_and_knows_nothing_of_others() -> None:
    sql = """CREATE TABLE parents AS SELECT i AS "Id" FROM range(10) s(i);
        CREATE TABLE children AS SELECT i AS "Parent" FROM range(5) s(i)"""
    with _engine(sql) as (con, tables):
        probe = Prober(con, tables.values())
        parent, child = tables["parents"].id, tables["children"].id
        assert probe.coverage(child, ("parent",), parent, ("id",)) == 1.0
        assert probe.coverage(child, ("nothing",), parent, ("id",)) is None
        assert probe.distinct(child, ["nothing", "parent"]) is None
