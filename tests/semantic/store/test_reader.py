from __future__ import annotations

from pathlib import Path

from semantic.store.reader import STORE_FILE, Store
from semantic.store.writer import StoreWriter
from semantic.types import Column, Table, TableId


def test_store_reads_the_most_frequent_places_of_a_value_without_sorting_all(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path / STORE_FILE)
    for number in range(9):
        table = TableId("db", "main", f"t{number}")
        writer.add_table(Table(id=table, kind="table", columns=(Column(name="city", type="VARCHAR"),)))
        writer.add_values(table, [("city", "Paris", number * 7 % 9)])
    writer.close()
    store = Store(tmp_path / STORE_FILE)
    query = "SELECT count FROM vals WHERE norm_id = 1 ORDER BY count DESC LIMIT 4"
    assert store.query(query) == [(8,), (7,), (6,), (5,)]
    assert not [step for *_, step in store.query(f"EXPLAIN QUERY PLAN {query}") if "TEMP B-TREE" in step]
    store.close()
