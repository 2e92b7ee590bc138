from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import connect
from semantic.errors import LakeError
from semantic.lake import Lake, find_lake


def _names(lake: Lake) -> list[str]:
    return [table.name for table in lake.files]


def _write(sql: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(sql)


def _rows(lake: Lake, sql: str) -> list[tuple[object, ...]]:
    con, _ = connect(lake)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def test_find_lake_attaches_a_database_file_under_its_name(shop_file: Path) -> None:
    lake = find_lake(shop_file)
    assert [a.alias for a in lake.attachments] == ["shop"]
    assert lake.home == shop_file.parent / ".genie" / "shop.duckdb"
    assert _rows(lake, "SELECT count(*) FROM shop.main.customers") == [(4,)]


def test_find_lake_attaches_read_only(shop: Lake) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        _rows(shop, "CREATE TABLE shop.main.x (a INTEGER)")


def test_find_lake_reads_a_folder_of_mixed_files(tmp_path: Path, shop_file: Path) -> None:
    (tmp_path / "rates.csv").write_text("code,rate\nEUR,1.0\nUSD,1.1\n")
    (tmp_path / "events.jsonl").write_text('{"a": 1}\n{"a": 2, "b": {"c": 3}}\n')
    _write(f"COPY (SELECT 1 AS id) TO '{tmp_path}/facts.parquet'")
    lake = find_lake(tmp_path)
    assert sorted(_names(lake)) == ["events", "facts", "rates"]
    assert lake.home == tmp_path / ".genie"
    assert _rows(lake, "SELECT (SELECT count(*) FROM rates), (SELECT count(*) FROM events)") == [(2, 2)]
    assert lake.folders() == (tmp_path,)


def test_find_lake_makes_one_table_of_hive_partitions(tmp_path: Path) -> None:
    _write(
        "COPY (SELECT i, 2020 + i % 3 AS year FROM range(9) t(i)) "
        f"TO '{tmp_path}/sales' (FORMAT parquet, PARTITION_BY year)"
    )
    lake = find_lake(tmp_path)
    assert _names(lake) == ["sales"]
    assert lake.files[0].hive
    assert _rows(lake, "SELECT year, count(*) FROM sales GROUP BY 1 ORDER BY 1") == [(2020, 3), (2021, 3), (2022, 3)]


def test_find_lake_makes_one_table_of_numbered_parts(tmp_path: Path) -> None:
    (tmp_path / "trips").mkdir()
    for part in range(3):
        (tmp_path / "trips" / f"part-{part:04d}.csv").write_text(f"id,km\n{part},5\n")
    lake = find_lake(tmp_path)
    assert _names(lake) == ["trips"]
    assert _rows(lake, "SELECT count(*) FROM trips") == [(3,)]


def test_find_lake_keeps_different_files_of_one_folder_apart(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "people.csv").write_text("id,name\n1,Ada\n")
    (tmp_path / "raw" / "cities.csv").write_text("code,inhabitants\nP,2\n")
    assert sorted(_names(find_lake(tmp_path))) == ["raw_cities", "raw_people"]


def test_find_lake_reads_parts_with_different_columns_by_name(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    _write(f"COPY (SELECT 1 AS a, 'x' AS b) TO '{tmp_path}/t/part-1.parquet'")
    _write(f"COPY (SELECT 'y' AS b, 2.5 AS a, true AS c) TO '{tmp_path}/t/part-2.parquet'")
    assert _rows(find_lake(tmp_path), "SELECT a::DOUBLE, b, c FROM t ORDER BY a") == [
        (1.0, "x", None),
        (2.5, "y", True),
    ]


def test_find_lake_survives_quotes_and_glob_letters_in_paths(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] *lake?"
    folder.mkdir()
    (folder / "o'r[1].csv").write_text("a\n7\n")
    assert _rows(find_lake(folder), """SELECT a FROM "o'r[1]" """) == [(7,)]


def test_find_lake_renames_reserved_and_repeated_aliases(
    tmp_path: Path, make_database: Callable[[Path, str], Path]
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("main.duckdb", "a.duckdb", "sub/A.duckdb"):
        make_database(tmp_path / name, "CREATE TABLE t AS SELECT 1 AS x")
    lake = find_lake(tmp_path)
    assert sorted(a.alias for a in lake.attachments) == ["A_2", "a", "main_db"]
    assert _rows(lake, "SELECT x FROM main_db.main.t") == [(1,)]


@pytest.mark.parametrize("name", ["missing", "note.docx", "empty_folder"])
def test_find_lake_refuses_what_is_no_lake(tmp_path: Path, name: str) -> None:
    (tmp_path / "note.docx").write_bytes(b"words")
    (tmp_path / "empty_folder").mkdir()
    with pytest.raises(LakeError) as caught:
        find_lake(tmp_path / name)
    assert name in caught.value.message
    assert caught.value.hint


def test_find_lake_skips_damaged_files_of_a_folder_by_name(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("a\n1\n")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 but no end")
    (tmp_path / "fake.duckdb").write_bytes(b"not a database at all")
    (tmp_path / "nothing.csv").write_bytes(b"")
    lake = find_lake(tmp_path)
    assert _names(lake) == ["good"]
    assert sorted(line.split(":")[0] for line in lake.skipped) == ["bad.parquet", "fake.duckdb", "nothing.csv"]


def test_find_lake_refuses_a_damaged_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"PAR1 but no end")
    with pytest.raises(LakeError, match="not a complete Parquet file"):
        find_lake(path)


def test_find_lake_does_not_read_delta_folders_as_parquet(tmp_path: Path) -> None:
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    _write(f"COPY (SELECT 1 AS a) TO '{tmp_path}/t/part-1.parquet'")
    (tmp_path / "ok.csv").write_text("a\n1\n")
    lake = find_lake(tmp_path)
    assert _names(lake) == ["ok"]
    assert lake.skipped[0].startswith("t: Delta")


def test_connect_refuses_a_corrupt_database_alone(shop_file: Path) -> None:
    data = bytearray(shop_file.read_bytes())
    data[4096:20000] = os.urandom(20000 - 4096)
    data[12:200] = os.urandom(188)
    shop_file.write_bytes(bytes(data))
    with pytest.raises(LakeError, match=r"shop\.duckdb cannot be read"):
        connect(find_lake(shop_file))


def test_connect_says_that_a_database_is_locked_by_a_writer(shop_file: Path) -> None:
    code = f"import duckdb, sys; c = duckdb.connect({str(shop_file)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"open"
        with pytest.raises(LakeError, match="open for writing in another process"):
            connect(find_lake(shop_file))
        writer.communicate(b"")


def test_connect_skips_a_locked_database_of_a_folder(
    tmp_path: Path, shop_file: Path, make_database: Callable[[Path, str], Path]
) -> None:
    make_database(tmp_path / "other.duckdb", "CREATE TABLE t AS SELECT 1 AS x")
    code = f"import duckdb, sys; c = duckdb.connect({str(shop_file)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        con, usable = connect(find_lake(tmp_path))
        con.close()
        writer.communicate(b"")
    assert [a.alias for a in usable.attachments] == ["other"]
    assert usable.skipped[0].startswith("shop: ")


def test_connect_says_that_this_process_itself_writes_to_the_database(shop_file: Path) -> None:
    writer = duckdb.connect(str(shop_file))
    try:
        with pytest.raises(LakeError, match="open for writing in this very process"):
            connect(find_lake(shop_file))
    finally:
        writer.close()


def test_connect_skips_a_parquet_file_whose_inside_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("a\n1\n")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"z" * 100 + b"PAR1")
    con, usable = connect(find_lake(tmp_path))
    con.close()
    assert _names(usable) == ["good"]
    assert usable.skipped[0].startswith("bad: ")
