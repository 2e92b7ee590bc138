from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import faiss
import pytest

from semantic.index import Index, build_index
from semantic.lake import Lake, find_lake
from semantic.store import versions
from semantic.store.reader import STORE_FILE, Store
from semantic.types import TableId
from semantic.vectors.encoders import HashingEncoder

CHANGES = {
    "rows": "UPDATE customers SET country = 'Spain' WHERE country = 'Germany'; INSERT INTO products VALUES (9, 'Ä', 1)",
    "new table": "CREATE TABLE refunds AS SELECT i AS refund_id, 'reason ' || i AS reason FROM range(5) t(i)",
    "gone table": "DROP TABLE orders_backup; DROP VIEW shipped_orders",
    "columns": "ALTER TABLE products ADD COLUMN colour VARCHAR DEFAULT 'teal'; ALTER TABLE order_items DROP quantity",
    "comments": "COMMENT ON TABLE products IS 'Goods for sale'; COMMENT ON COLUMN customers.country IS 'Home country'",
    "all at once": "DROP VIEW shipped_orders; DROP TABLE orders_backup; "
    "ALTER TABLE products RENAME title TO product_name; "
    "CREATE TABLE suppliers AS SELECT i AS supplier_id, 'maker ' || i AS maker FROM range(9) t(i); "
    "DELETE FROM order_items WHERE order_id < 10",
}
QUERIES = {
    "tables": "SELECT catalog, schema, name, kind, rows, comment, definition, primary_key, fingerprint, stale, meaning "
    "FROM tables",
    "columns": "SELECT t.name, c.position, c.name, c.type, c.comment, c.nullable, c.profile, c.meaning FROM columns c "
    "JOIN tables t ON t.id = c.table_id",
    "joins": "SELECT c.name, r.child_columns, p.name, r.parent_columns, r.cardinality, r.origin, r.coverage "
    "FROM relationships r JOIN tables c ON c.id = r.child JOIN tables p ON p.id = r.parent",
    "values": "SELECT t.name, v.column_name, v.value, v.count, n.norm FROM vals v JOIN norms n ON n.id = v.norm_id "
    "JOIN tables t ON t.id = v.table_id",
    "norms": "SELECT norm FROM norms",
    "words": "SELECT word FROM words",
    "documents": "SELECT d.kind, t.name, d.column_name, d.title, d.text, d.source, hex(d.hash) FROM documents d "
    "LEFT JOIN tables t ON t.id = d.table_id",
    "vectors": "SELECT hex(hash), hex(vector) FROM vectors",
    "full text": "SELECT d.source FROM documents_text f JOIN documents d ON d.id = f.rowid WHERE documents_text "
    "MATCH 'customer OR product OR teal OR goods OR maker OR spain OR quantity OR reason'",
    "typos": "SELECT n.norm FROM norms_text f JOIN norms n ON n.id = f.rowid WHERE norms_text MATCH 'ger OR spa'",
}


def _store(lake: Lake) -> Store:
    version = versions.current(lake.home / "index")
    assert version is not None
    return Store(version / STORE_FILE)


def _change(path: Path, sql: str) -> None:
    con = duckdb.connect(str(path))
    con.execute(sql)
    con.close()


def _content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    found = {name: sorted(store.query(sql), key=repr) for name, sql in QUERIES.items()}
    store.close()
    return found


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_build_after_a_change_writes_what_a_build_from_nothing_writes(
    shop_file: Path, encoder: HashingEncoder, tmp_path: Path, change: str
) -> None:
    shop = find_lake(shop_file)
    build_index(shop, encoder=encoder)
    _change(shop_file, change)
    build_index(shop, encoder=encoder)
    anew = find_lake(shop_file, home=tmp_path / "other")
    build_index(anew, encoder=encoder)
    continued, fresh = _content(_store(shop)), _content(_store(anew))
    for part, rows in fresh.items():
        assert continued[part] == rows, part
    with Index.open(shop, encoder=encoder) as one, Index.open(anew, encoder=encoder) as other:
        for question in ("orders of customers in Spain", "products by colour", "reason of refunds"):
            assert {h.document.source for h in one.search(question).columns} == {
                h.document.source for h in other.search(question).columns
            }


def test_build_keeps_positions_and_vector_files_where_only_rows_change(
    shop: Lake, shop_file: Path, encoder: HashingEncoder
) -> None:
    build_index(shop, encoder=encoder)
    before = _store(shop)
    places = dict(before.query("SELECT source, position FROM documents"))
    numberings = before.numberings()
    before.close()
    _change(shop_file, CHANGES["rows"])
    assert build_index(shop, encoder=encoder).embedded == 0
    after = _store(shop)
    assert dict(after.query("SELECT source, position FROM documents")) == places
    assert after.numberings() == numberings
    assert not len(after.empty_places("column"))
    after.close()


def test_build_appends_new_columns_and_leaves_gone_ones_empty(
    shop: Lake, shop_file: Path, encoder: HashingEncoder
) -> None:
    build_index(shop, encoder=encoder)
    _change(shop_file, CHANGES["columns"])
    build_index(shop, encoder=encoder)
    store = _store(shop)
    assert (store.places("column"), store.empty_places("column").size) == (25, 1)
    assert not store.vectors("column")[store.empty_places("column")].any()
    assert faiss.read_index(str(store.path.parent / "column.faiss")).ntotal == 25
    store.close()
    with Index.open(shop, encoder=encoder) as index:
        found = index.search("quantity", columns=50).columns
        assert "quantity" not in {h.document.column for h in found}
        assert len(found) == 24


def test_build_gives_positions_anew_where_many_are_empty(shop: Lake, shop_file: Path, encoder: HashingEncoder) -> None:
    build_index(shop, encoder=encoder)
    before = _store(shop).numberings()
    _change(shop_file, "DROP VIEW shipped_orders; DROP TABLE orders_backup")
    build_index(shop, encoder=encoder)
    store = _store(shop)
    assert (store.places("column"), store.empty_places("column").size) == (14, 0)
    assert store.numberings()["column"] != before["column"]
    store.close()
    with Index.open(shop, encoder=encoder) as index:
        assert index.search("country of the customer").columns[0].document.column == "country"


def test_build_mends_a_damaged_vector_file_without_reading_tables(shop: Lake, encoder: HashingEncoder) -> None:
    first = build_index(shop, encoder=encoder)
    path = shop.home / "index" / first.version / "column.faiss"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    second = build_index(shop, encoder=encoder)
    assert (second.changed, second.embedded) == (0, 0)
    assert second.version != first.version
    assert build_index(shop, encoder=encoder).version == second.version


def test_build_reads_only_the_tables_that_changed_of_many(tmp_path: Path, encoder: HashingEncoder) -> None:
    path = tmp_path / "many.duckdb"
    _change(
        path, "; ".join(f"CREATE TABLE t{i} AS SELECT j AS id, 'v' || j AS name FROM range(9) t(j)" for i in range(60))
    )
    lake = find_lake(path)
    assert build_index(lake, encoder=encoder).changed == 60
    _change(path, "INSERT INTO t7 VALUES (100, 'new'); DELETE FROM t33 WHERE id = 3")
    assert build_index(lake, encoder=encoder).changed == 2
    assert build_index(lake, encoder=encoder).changed == 0


def test_build_looks_into_changed_database_files_only(tmp_path: Path, encoder: HashingEncoder) -> None:
    for name in ("north", "south"):
        _change(tmp_path / f"{name}.duckdb", "CREATE TABLE sales AS SELECT 1 AS id, 'x' AS name")
    lake = find_lake(tmp_path)
    build_index(lake, encoder=encoder)
    _change(tmp_path / "south.duckdb", "INSERT INTO sales VALUES (2, 'y')")
    assert build_index(lake, encoder=encoder).changed == 1
    with Index.open(lake, encoder=encoder) as index:
        assert index.table(TableId("south", "main", "sales")).rows == 2
        assert index.table(TableId("north", "main", "sales")).rows == 1
