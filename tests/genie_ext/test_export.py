from __future__ import annotations

import io
import json
import resource

import pyarrow as pa
import pytest
from pyarrow import parquet

from genie_ext.errors import ConfigError
from genie_ext.export import write_csv, write_rows

TABLE = pa.table({"name": ["a,b", None], "parts": [[1, 2], []]})


def test_write_csv_quotes_cells_and_writes_nested_values_as_json():
    stream = io.StringIO()
    write_csv(TABLE, stream)
    assert stream.getvalue() == 'name,parts\n"a,b","[1, 2]"\n,[]\n'


def test_write_csv_writes_the_header_of_an_empty_table():
    stream = io.StringIO()
    write_csv(TABLE.slice(0, 0), stream)
    assert stream.getvalue() == "name,parts\n"


def test_write_rows_writes_parquet_that_reads_back(tmp_path):
    write_rows(TABLE, tmp_path / "new" / "rows.parquet")
    assert parquet.read_table(tmp_path / "new" / "rows.parquet").equals(TABLE)


def test_write_rows_numbers_repeated_column_names_in_parquet(tmp_path):
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a_2", "a"])
    write_rows(table, tmp_path / "rows.parquet")
    assert parquet.read_table(tmp_path / "rows.parquet").column_names == ["a", "a_2", "a_3"]


def test_write_rows_writes_csv_and_json_lines(tmp_path):
    write_rows(TABLE, tmp_path / "rows.csv")
    write_rows(TABLE, tmp_path / "rows.jsonl")
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").startswith("name,parts\n")
    lines = (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == TABLE.to_pylist()


def test_write_rows_names_the_suffixes_it_knows(tmp_path):
    with pytest.raises(ConfigError, match=r"\.parquet"):
        write_rows(TABLE, tmp_path / "rows.xlsx")


def test_write_rows_keeps_the_old_file_and_no_draft_where_writing_fails(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_text("old", encoding="utf-8")
    union = pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])])
    with pytest.raises(ConfigError, match="cannot be written"):
        write_rows(pa.table({"a": union}), path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["rows.parquet"]


def test_write_rows_names_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        write_rows(TABLE, tmp_path / "file" / "rows.csv")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json"])
def test_write_rows_says_that_the_disk_is_full_and_leaves_nothing_there(tmp_path, suffix):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))
    try:
        with pytest.raises(ConfigError, match="cannot be written: File too large") as caught:
            write_rows(TABLE, tmp_path / f"rows{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Free some space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_write_rows_writes_intervals_as_text(tmp_path):
    table = pa.table({"a": pa.array([pa.MonthDayNano([1, 2, 3_500_000_000]), None])})
    write_rows(table, tmp_path / "rows.parquet")
    write_rows(table, tmp_path / "rows.csv")
    found = parquet.read_table(tmp_path / "rows.parquet").column("a").to_pylist()
    assert found == ["1 months 2 days 3.5 seconds", None]
    assert "1 months 2 days 3.5 seconds" in (tmp_path / "rows.csv").read_text(encoding="utf-8")
