"""Segments on a lake of many tables: a name alone brings its table in, however little the search makes of it."""

from __future__ import annotations

import duckdb

from genie_ext.config import load_settings
from genie_ext.session import Session

MODEL = """segments:
  - name: whales
    condition: t7.paid >= 100
  - name: sleeping
    condition: t8.paid < 10
"""


def _lake(folder):
    with duckdb.connect(str(folder / "many.duckdb")) as connection:
        for i in range(40):
            connection.execute(f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, paid INTEGER)")
            connection.execute(f"INSERT INTO t{i} SELECT k, k * {i} FROM range(1, 31) AS r(k)")
    (folder / "model").mkdir()
    (folder / "model" / "knowledge.yaml").write_text(MODEL, "utf-8")
    return folder / "many.duckdb"


def test_a_segment_brings_its_table_in_on_a_lake_of_many_tables(tmp_path):
    path = _lake(tmp_path)
    settings = load_settings(path, encoder="hashing", answer_above=0.0, model=tmp_path / "model")
    with Session(path, settings=settings) as session:
        assert {segment.name for segment in session.index.all_segments()} == {"whales", "sleeping"}
        turn = session.ask("How many whales are there?")
    assert turn.rows is not None, turn.refusal
    assert turn.rows.table.column(0).to_pylist() == [16]
