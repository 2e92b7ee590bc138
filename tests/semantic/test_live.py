"""A lake behind an open connection."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from semantic.errors import LakeError
from semantic.index import Index, build_index
from semantic.live import live_lake
from semantic.vectors.encoders import find_encoder

pytestmark = pytest.mark.engine


def test_live_lake_sees_tables_in_memory_and_in_a_file_open_for_writing(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{tmp_path / 'shop.duckdb'}' AS shop")
        con.execute("CREATE TABLE shop.orders AS SELECT range AS order_id FROM range(5)")
        con.execute("CREATE TABLE notes AS SELECT 'a' AS note")
        lake = live_lake(con, home=tmp_path / "home")
        encoder = find_encoder("hashing")
        build_index(lake, encoder=encoder)
        with Index.open(lake, encoder=encoder) as index:
            assert {str(t) for t in index.table_ids()} == {"shop.main.orders", "memory.main.notes"}
        con.execute("INSERT INTO notes VALUES ('b')")


def test_live_lake_reads_again_only_what_changed_since(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE a AS SELECT 1 AS x; CREATE TABLE b AS SELECT 1 AS y")
        lake = live_lake(con, home=tmp_path / "home")
        encoder = find_encoder("hashing")
        build_index(lake, encoder=encoder)
        con.execute("INSERT INTO b VALUES (2)")
        assert build_index(lake, encoder=encoder).changed == 1


def test_live_lake_refuses_what_is_no_open_connection() -> None:
    con = duckdb.connect()
    con.close()
    with pytest.raises(LakeError, match="not an open DuckDB connection"):
        live_lake(con)
    with pytest.raises(LakeError):
        live_lake(object())  # type: ignore[arg-type]


def test_live_lake_sees_an_update_that_changes_no_statistics(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE badges AS SELECT * FROM (VALUES (1, 1), (2, 2), (3, 3)) t(badge_id, person_id)")
        lake = live_lake(con, home=tmp_path / "home")
        encoder = find_encoder("hashing")
        build_index(lake, encoder=encoder)
        con.execute("UPDATE badges SET person_id = 1 WHERE badge_id = 2")
        assert build_index(lake, encoder=encoder).changed == 1
