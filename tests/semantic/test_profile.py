from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import read_catalog
from semantic.lake import Lake
from semantic.profile import Reading, read_table
from semantic.types import ColumnProfile


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    yield connection
    connection.close()


def _read(con: duckdb.DuckDBPyConnection, sql: str) -> Reading:
    con.execute(sql)
    return read_table(con, read_catalog(con, Lake(Path(), Path())).tables[0])


def _profile(reading: Reading, column: str) -> ColumnProfile:
    found = reading.table.column(column)
    assert found is not None
    assert found.profile is not None
    return found.profile


def test_read_table_profiles_every_row_of_a_small_table(con: duckdb.DuckDBPyConnection) -> None:
    reading = _read(
        con,
        """CREATE TABLE t AS SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE i % 3 END AS kind,
        i % 2 = 0 AS even, DATE '2024-01-31' + i::INTEGER AS day, i / 4 AS share FROM range(100) t(i)""",
    )
    assert reading.table.rows == 100
    assert reading.table.primary_key == ("id",)
    assert _profile(reading, "id") == ColumnProfile(
        rows=100, nulls=0.0, distinct=100, minimum="0", maximum="99", frequent=tuple((str(i), 1) for i in range(10))
    )
    kind = _profile(reading, "kind")
    assert (kind.nulls, kind.distinct, kind.minimum, kind.maximum, kind.frequent[0][1]) == (0.25, 3, "0", "2", 25)
    assert dict(_profile(reading, "even").frequent) == {"true": 50, "false": 50}
    assert (_profile(reading, "day").minimum, _profile(reading, "share").maximum) == ("2024-01-31", "24.75")


def test_read_table_samples_a_large_table_and_corrects_the_figures(con: duckdb.DuckDBPyConnection) -> None:
    reading = _read(
        con,
        """CREATE TABLE t AS SELECT i AS id, i // 2 AS half, 'group ' || (i % 7) AS grp, i % 11 AS small,
        DATE '2000-01-01' + (i // 100)::INTEGER AS day FROM range(400000) t(i)""",
    )
    assert reading.table.rows == 400_000
    assert reading.table.primary_key == ("id",)
    assert not _profile(reading, "id").exact
    assert (_profile(reading, "id").minimum, _profile(reading, "id").maximum) == ("0", "399999")
    assert _profile(reading, "half").distinct < 400_000
    assert _profile(reading, "small").distinct == 11
    assert _profile(reading, "day").maximum == "2010-12-13"
    assert sum(count for _, count in reading.values["grp"]) == 400_000


def test_read_table_samples_large_files(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "big.parquet"
    con.execute(f"COPY (SELECT i AS id, 'c' || (i % 5) AS code FROM range(300000) t(i)) TO '{path}'")
    reading = _read(con, f"CREATE VIEW big AS SELECT * FROM read_parquet('{path}')")
    assert _profile(reading, "code").distinct == 5


def test_read_table_keeps_names_and_drops_free_text_and_hashes(con: duckdb.DuckDBPyConnection) -> None:
    reading = _read(
        con,
        """CREATE TABLE t AS SELECT 'City ' || (i % 5) AS city, md5(i::VARCHAR) AS digest, uuid()::VARCHAR AS uid,
        repeat('words ', 20) || i AS body, '' AS blank, NULL::VARCHAR AS nothing FROM range(50) t(i)""",
    )
    assert set(reading.values) == {"city"}
    assert reading.values["city"][0] == ("City 0", 10)


def test_read_table_bounds_the_dictionary(con: duckdb.DuckDBPyConnection) -> None:
    reading = _read(
        con, """CREATE TABLE t AS SELECT 'v' || i AS code_text, 'n' || i AS full_name FROM range(30000) t(i)"""
    )
    assert (len(reading.values["code_text"]), len(reading.values["full_name"])) == (2_000, 20_000)


def test_read_table_takes_an_empty_table(con: duckdb.DuckDBPyConnection) -> None:
    reading = _read(con, "CREATE TABLE t (a INTEGER, b VARCHAR)")
    assert reading.table.rows == 0
    assert reading.table.primary_key == ()
    assert _profile(reading, "a") == ColumnProfile(rows=0, nulls=0.0, distinct=0)


def test_read_table_measures_no_key_where_values_repeat(con: duckdb.DuckDBPyConnection) -> None:
    assert _read(con, "CREATE TABLE t AS SELECT 1 AS id, i AS n FROM range(5) t(i)").table.primary_key == ()
