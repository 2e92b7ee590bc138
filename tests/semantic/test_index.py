from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from semantic.errors import (
    EncoderMismatchError,
    IndexBrokenError,
    IndexBusyError,
    IndexNotFoundError,
    LakeError,
    SemanticError,
)
from semantic.index import Index, build_index
from semantic.lake import Lake, find_lake
from semantic.types import Progress, TableId
from semantic.vectors.encoders import HashingEncoder

ORDERS = TableId("shop", "main", "orders")
CUSTOMERS = TableId("shop", "main", "customers")


@pytest.fixture
def index(shop: Lake, encoder: HashingEncoder) -> Iterator[Index]:
    build_index(shop, encoder=encoder)
    with Index.open(shop, encoder=encoder) as opened:
        yield opened


def _write(sql: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(sql)


def _change(path: Path, sql: str) -> None:
    con = duckdb.connect(str(path))
    con.execute(sql)
    con.close()


def test_build_index_reports_what_it_did(shop: Lake, encoder: HashingEncoder) -> None:
    seen: list[Progress] = []
    report = build_index(shop, encoder=encoder, progress=seen.append)
    assert (report.tables, report.columns, report.changed, report.skipped) == (6, 24, 6, ())
    assert report.embedded > 20
    assert [p.phase for p in seen if p.done == p.total] == ["profile", "meaning", "joins", "embed", "vectors"]


def test_index_keeps_catalog_profile_and_keys(index: Index) -> None:
    orders = index.table(ORDERS)
    assert (orders.kind, orders.rows, orders.primary_key) == ("table", 40, ("id",))
    assert [c.name for c in orders.columns] == ["id", "customer_id", "status", "amount", "ordered_on"]
    customers = index.table(CUSTOMERS)
    assert customers.comment == "People who bought something"
    country = customers.column("COUNTRY")
    assert country is not None
    assert country.comment == "Where the customer lives"
    assert country.profile is not None
    assert (country.profile.nulls, country.profile.distinct, country.profile.frequent[0]) == (0.25, 2, ("France", 2))
    ordered_on = orders.column("ordered_on")
    assert ordered_on is not None
    assert ordered_on.profile is not None
    assert (ordered_on.profile.minimum, ordered_on.profile.maximum) == ("2024-01-01", "2024-02-09")


def test_index_keeps_views_with_their_definition(index: Index) -> None:
    view = index.table(TableId("shop", "main", "shipped_orders"))
    assert view.kind == "view"
    assert "shipped" in view.definition
    assert view.rows == 14


def test_index_joins_declared_and_inferred(index: Index) -> None:
    joins = {(r.child.name, r.child_columns[0], r.parent.name): r for r in index.relationships([ORDERS])}
    assert joins["orders", "customer_id", "customers"].origin == "declared"
    assert joins["order_items", "order_id", "orders"].origin == "inferred"
    assert index.relationships([]) == ()


def test_index_finds_tables_by_any_part(index: Index) -> None:
    assert index.find(("ORDERS",)) == (ORDERS,)
    assert index.find(("main", "orders")) == (ORDERS,)
    assert index.find(("shop", "main", "orders")) == (ORDERS,)
    assert index.find(("other", "orders")) == ()
    assert index.find(()) == ()
    assert len(index.table_ids()) == 6


def test_index_holds_its_own_tables_only(index: Index) -> None:
    assert all(index.holds(table) for table in index.table_ids())
    assert not index.holds(TableId("shop", "main", "nowhere"))


def test_index_shortens_names_as_far_as_they_stay_unique(
    tmp_path: Path, encoder: HashingEncoder, make_database: Callable[[Path, str], Path]
) -> None:
    make_database(tmp_path / "a.duckdb", "CREATE TABLE t AS SELECT 1 x; CREATE TABLE u AS SELECT 1 x; "
                  "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 x")  # fmt: skip
    make_database(tmp_path / "b.duckdb", "CREATE TABLE t AS SELECT 1 x")
    lake = find_lake(tmp_path)
    build_index(lake, encoder=encoder)
    with Index.open(lake, encoder=encoder) as index:
        names = {str(t): index.short_name(t) for t in index.table_ids()}
        assert names == {"a.main.t": "a.t", "a.main.u": "u", "a.s.t": "s.t", "b.main.t": "b.t"}
        assert all(index.find(tuple(short.split("."))) == (table,) for table, short in
                   ((t, index.short_name(t)) for t in index.table_ids()))  # fmt: skip


def test_search_finds_tables_columns_and_values_with_reasons(index: Index) -> None:
    found = index.search("How many shipped orders come from customers in France?")
    assert {"orders", "customers"} <= {h.document.table.name for h in found.tables[:3] if h.document.table}
    assert ("customers", "country", "France", "exact") in {
        (v.table.name, v.column, v.value, v.match) for v in found.values
    }
    assert any("holds the value 'France'" in reason for h in found.columns for reason in h.reasons)
    assert any("its name says orders" in reason for h in found.tables for reason in h.reasons)
    assert [h.score for h in found.tables] == sorted((h.score for h in found.tables), reverse=True)


def test_search_sinks_stale_tables_unless_they_are_asked_for(index: Index) -> None:
    names = [h.document.title for h in index.search("total amount of orders").tables]
    assert names.index("orders") < names.index("orders_backup")
    assert index.table(TableId("shop", "main", "orders_backup")).stale
    assert index.search("rows of the orders backup").tables[0].document.title == "orders_backup"


def test_search_takes_an_empty_and_a_hostile_question(index: Index) -> None:
    assert index.search("").values == ()
    assert index.search('"; DROP TABLE orders; -- * NEAR( \' OR "').tables


def test_search_respects_its_limits(index: Index) -> None:
    found = index.search("orders of customers", tables=2, columns=3, values=0)
    assert (len(found.tables), len(found.columns), found.values) == (2, 3, ())


def test_search_finds_passages_of_documents(tmp_path: Path, encoder: HashingEncoder) -> None:
    (tmp_path / "sales.csv").write_text("id,amount\n1,5\n")
    (tmp_path / "README.md").write_text("# Lake\nIntro.\n\n## Fiscal year\nThe fiscal year starts in February.\n")
    lake = find_lake(tmp_path)
    build_index(lake, encoder=encoder)
    with Index.open(lake, encoder=encoder) as index:
        hit = index.search("when does the fiscal year start").passages[0]
    assert (hit.document.title, hit.document.source) == ("Fiscal year", "README.md:5")
    assert "February" in hit.document.text


def test_build_index_does_nothing_on_an_unchanged_lake(shop: Lake, encoder: HashingEncoder) -> None:
    first = build_index(shop, encoder=encoder)
    again = build_index(shop, encoder=encoder)
    assert (again.changed, again.embedded, again.version) == (0, 0, first.version)
    assert (again.tables, again.columns, again.relationships) == (first.tables, first.columns, first.relationships)


def test_build_index_reads_only_changed_tables_again(shop: Lake, shop_file: Path, encoder: HashingEncoder) -> None:
    first = build_index(shop, encoder=encoder)
    _change(shop_file, "UPDATE customers SET country = 'Spain' WHERE country = 'Germany'")
    second = build_index(shop, encoder=encoder)
    assert second.version != first.version
    assert second.changed == 1
    with Index.open(shop, encoder=encoder) as index:
        assert index.search("customers in Spain").values[0].value == "Spain"
        assert index.search("customers in Germany").values == ()
        assert len(index.relationships(index.table_ids())) == first.relationships


def test_build_index_reads_views_of_changed_tables_again(shop: Lake, shop_file: Path, encoder: HashingEncoder) -> None:
    build_index(shop, encoder=encoder)
    _change(shop_file, "DELETE FROM orders WHERE id > 20")
    assert build_index(shop, encoder=encoder).changed == 2
    with Index.open(shop, encoder=encoder) as index:
        assert index.table(TableId("shop", "main", "shipped_orders")).rows == 7


def test_build_index_follows_new_and_dropped_tables(shop: Lake, shop_file: Path, encoder: HashingEncoder) -> None:
    build_index(shop, encoder=encoder)
    _change(shop_file, "DROP TABLE order_items; CREATE TABLE returns AS SELECT i AS order_id FROM range(10) t(i)")
    assert build_index(shop, encoder=encoder).changed == 1
    with Index.open(shop, encoder=encoder) as index:
        assert {t.name for t in index.table_ids()} >= {"returns", "orders"}
        assert index.find(("order_items",)) == ()
        assert "returns" in {r.child.name for r in index.relationships([ORDERS])}


def test_build_index_follows_changed_files(tmp_path: Path, encoder: HashingEncoder) -> None:
    (tmp_path / "a.csv").write_text("id,city\n1,Paris\n")
    (tmp_path / "b.csv").write_text("id,city\n1,Rome\n")
    build_index(find_lake(tmp_path), encoder=encoder)
    (tmp_path / "b.csv").write_text("id,city\n1,Lisbon\n2,Oslo\n")
    assert build_index(find_lake(tmp_path), encoder=encoder).changed == 1
    with Index.open(find_lake(tmp_path), encoder=encoder) as index:
        assert {v.value for v in index.search("Lisbon, Rome or Paris").values} == {"Lisbon", "Paris"}


def test_build_index_with_force_reads_everything(shop: Lake, encoder: HashingEncoder) -> None:
    first = build_index(shop, encoder=encoder)
    forced = build_index(shop, encoder=encoder, force=True)
    assert (forced.changed, forced.embedded) == (first.changed, first.embedded)
    assert [p.name for p in (shop.home / "index").iterdir() if p.is_dir()] == [forced.version]


def test_build_index_closes_the_lake_and_leaves_it_writable(
    shop: Lake, shop_file: Path, encoder: HashingEncoder
) -> None:
    before = shop_file.read_bytes()
    build_index(shop, encoder=encoder)
    assert shop_file.read_bytes() == before
    _change(shop_file, "CREATE TABLE free AS SELECT 1")


def test_build_index_refuses_a_second_builder(shop: Lake, encoder: HashingEncoder) -> None:
    folder = shop.home / "index"
    folder.mkdir(parents=True)
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(IndexBusyError):
            build_index(shop, encoder=encoder)
    assert build_index(shop, encoder=encoder).tables == 6


def test_build_index_killed_midway_leaves_the_last_index(shop: Lake, shop_file: Path, encoder: HashingEncoder) -> None:
    first = build_index(shop, encoder=encoder)
    _change(shop_file, "CREATE TABLE later AS SELECT 1 AS x")
    code = f"""
import time
from semantic.vectors.encoders import HashingEncoder
from semantic.index import build_index
from semantic.lake import find_lake
def wait(step):
    if step.phase == "embed":
        print("embedding", flush=True)
        time.sleep(60)
build_index(find_lake({str(shop_file)!r}), encoder=HashingEncoder(), progress=wait)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"embedding\n"
        os.kill(builder.pid, signal.SIGKILL)
    with Index.open(shop, encoder=encoder) as index:
        assert index.version == first.version
        assert index.search("orders").tables
    second = build_index(shop, encoder=encoder)
    assert (second.tables, second.changed) == (7, 1)
    assert [p.name for p in (shop.home / "index").iterdir() if p.is_dir()] == [second.version]


def test_index_opened_before_a_rebuild_still_answers(shop: Lake, shop_file: Path, encoder: HashingEncoder) -> None:
    build_index(shop, encoder=encoder)
    with Index.open(shop, encoder=encoder) as index:
        _change(shop_file, "CREATE TABLE later AS SELECT 1 AS x")
        build_index(shop, encoder=encoder)
        assert index.search("orders").tables


def test_open_without_an_index_says_so(shop: Lake, encoder: HashingEncoder) -> None:
    with pytest.raises(IndexNotFoundError) as caught:
        Index.open(shop, encoder=encoder)
    assert caught.value.hint


def test_open_refuses_another_encoder(shop: Lake, encoder: HashingEncoder) -> None:
    build_index(shop, encoder=encoder)
    with pytest.raises(EncoderMismatchError, match="hashing:512"):
        Index.open(shop, encoder=HashingEncoder(64))


def test_build_index_with_another_encoder_embeds_all_again(shop: Lake, encoder: HashingEncoder) -> None:
    first = build_index(shop, encoder=encoder)
    report = build_index(shop, encoder=HashingEncoder(64))
    assert (report.changed, report.embedded) == (0, first.embedded)
    with Index.open(shop, encoder=HashingEncoder(64)) as index:
        assert index.search("orders").tables


@pytest.mark.parametrize("harm", ["truncate", "delete", "manifest", "garbage", "middle"])
def test_open_refuses_a_damaged_index_and_a_build_repairs_it(shop: Lake, encoder: HashingEncoder, harm: str) -> None:
    version = shop.home / "index" / build_index(shop, encoder=encoder).version
    store = version / "meta.db"
    if harm == "truncate":
        store.write_bytes(store.read_bytes()[:5000])
    elif harm == "delete":
        store.unlink()
    elif harm == "manifest":
        (version / "manifest.json").write_text("{")
    elif harm == "middle":
        data = bytearray(store.read_bytes())
        data[len(data) // 2] ^= 0xFF
        store.write_bytes(data)
    else:
        store.write_bytes(b"x" * store.stat().st_size)
    with pytest.raises(IndexBrokenError, match="genie index LAKE --force"):
        Index.open(shop, encoder=encoder)
    assert build_index(shop, encoder=encoder).changed == 6
    Index.open(shop, encoder=encoder).close()


def test_search_rebuilds_vector_files_whose_bytes_changed(shop: Lake, encoder: HashingEncoder) -> None:
    version = shop.home / "index" / build_index(shop, encoder=encoder).version
    with Index.open(shop, encoder=encoder) as index:
        expected = index.search("customers by country")
    data = bytearray((version / "table.faiss").read_bytes())
    data[-20] ^= 0xFF
    (version / "table.faiss").write_bytes(bytes(data))
    (version / "column.faiss").unlink()
    with Index.open(shop, encoder=encoder) as index:
        assert index.search("customers by country") == expected


def test_build_index_reports_a_home_that_cannot_be_written(
    shop_file: Path, tmp_path: Path, encoder: HashingEncoder
) -> None:
    (tmp_path / "file").write_text("in the way")
    lake = find_lake(shop_file, home=tmp_path / "file" / "home")
    with pytest.raises(Exception, match="cannot be written"):
        build_index(lake, encoder=encoder)


def test_build_index_skips_a_view_that_fails_but_keeps_its_columns(
    tmp_path: Path, encoder: HashingEncoder, make_database: Callable[[Path, str], Path]
) -> None:
    path = make_database(tmp_path / "d.duckdb", """
        CREATE TABLE t AS SELECT 'x' AS a; CREATE VIEW bad AS SELECT a, a::INTEGER AS number FROM t;
        CREATE TABLE gone AS SELECT 1 AS y; CREATE VIEW lost AS SELECT y FROM gone; DROP TABLE gone""")  # fmt: skip
    lake = find_lake(path)
    report = build_index(lake, encoder=encoder)
    assert sorted(line.split(":")[0] for line in report.skipped) == ["d.main.bad", "d.main.lost"]
    with Index.open(lake, encoder=encoder) as index:
        bad = index.table(TableId("d", "main", "bad"))
        assert [c.name for c in bad.columns] == ["a", "number"]
        assert bad.rows is None


def test_build_index_refuses_an_empty_database(
    tmp_path: Path, encoder: HashingEncoder, make_database: Callable[[Path, str], Path]
) -> None:
    lake = find_lake(make_database(tmp_path / "empty.duckdb", "SELECT 1"))
    with pytest.raises(LakeError, match="no tables"):
        build_index(lake, encoder=encoder)


def test_build_index_takes_odd_names_and_types(
    tmp_path: Path, encoder: HashingEncoder, make_database: Callable[[Path, str], Path]
) -> None:
    odd = '"it\'s a ""table"""'
    path = make_database(tmp_path / "odd.duckdb", f"""
        CREATE TABLE {odd} ("select" INTEGER, "a b" VARCHAR); INSERT INTO {odd} VALUES (1, 'Köln');
        CREATE TABLE 表 (名前 VARCHAR); INSERT INTO 表 VALUES ('東京');
        CREATE TABLE nested AS SELECT [1, 2] AS list, {{'a': 1, 'b': 'x'}} AS struct, MAP {{'k': 1}} AS map,
            '\\xAA'::BLOB AS blob, INTERVAL 3 DAY AS span, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS moment,
            TIME '10:00' AS hour, uuid() AS id, 170141183460469231731687303715884105727::HUGEINT AS huge,
            'NaN'::DOUBLE AS nan, '101'::BIT AS bits, 1.5::DECIMAL(10, 2) AS price, true AS flag,
            NULL AS nothing, [1.5::DECIMAL(4, 2)] AS prices;
        CREATE TABLE nobody (id INTEGER, name VARCHAR);
    """)  # fmt: skip
    lake = find_lake(path)
    report = build_index(lake, encoder=encoder)
    assert (report.tables, report.skipped) == (4, ())
    with Index.open(lake, encoder=encoder) as index:
        values = {(v.table.name, v.column, v.value) for v in index.search("Koln or 東京").values}
        assert values == {('it\'s a "table"', "a b", "Köln"), ("表", "名前", "東京")}
        profiled = {c.name: c for c in index.table(TableId("odd", "main", "nested")).columns}
        assert all(c.profile is not None and c.profile.rows == 1 for c in profiled.values())
        assert index.table(TableId("odd", "main", "nobody")).rows == 0


def test_build_index_takes_a_very_wide_table(
    tmp_path: Path, encoder: HashingEncoder, make_database: Callable[[Path, str], Path]
) -> None:
    columns = ", ".join(f"i + {n} AS measure_{n}" for n in range(500))
    lake = find_lake(
        make_database(tmp_path / "wide.duckdb", f"CREATE TABLE wide AS SELECT {columns} FROM range(10) t(i)")
    )
    assert build_index(lake, encoder=encoder).columns == 500
    with Index.open(lake, encoder=encoder) as index:
        assert "measure_321" in {h.document.column for h in index.search("measure 321").columns[:5]}


def test_build_index_interrupts_a_view_that_takes_too_long(
    tmp_path: Path, make_database: Callable[[Path, str], Path]
) -> None:
    from semantic.catalog import connect, read_catalog
    from semantic.profile import read_table

    path = make_database(
        tmp_path / "slow.duckdb",
        "CREATE VIEW slow AS SELECT sum(hash(a.i, b.i)) AS x FROM range(1000000) a(i), range(1000000) b(i)",
    )
    con, usable = connect(find_lake(path))
    try:
        start = time.monotonic()
        with pytest.raises(duckdb.InterruptException):
            read_table(con, read_catalog(con, usable).tables[0], seconds=0.3)
        assert time.monotonic() - start < 60
        assert con.execute("SELECT 1").fetchall() == [(1,)]
    finally:
        con.close()


def test_build_index_reports_parts_whose_types_do_not_meet(tmp_path: Path, encoder: HashingEncoder) -> None:
    (tmp_path / "m").mkdir()
    _write(f"COPY (SELECT 1 AS a) TO '{tmp_path}/m/part-1.parquet'")
    _write(f"COPY (SELECT {{'q': 1}} AS a) TO '{tmp_path}/m/part-2.parquet'")
    report = build_index(find_lake(tmp_path), encoder=encoder)
    assert report.tables == 1
    assert report.skipped[0].startswith("memory.main.m: columns only, its rows could not be read")


def test_build_index_on_a_full_disk_keeps_the_last_good_index(
    shop: Lake, shop_file: Path, encoder: HashingEncoder
) -> None:
    folder = shop.home / "index"

    def build() -> str:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        # The changed lake itself is only read.
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        try:
            with pytest.raises(SemanticError, match="could not be written") as caught:
                build_index(shop, encoder=encoder)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert "Free some space" in caught.value.hint
        return caught.value.message

    assert "last good index" not in build()
    assert [path for path in folder.iterdir() if path.is_dir()] == []
    good = build_index(shop, encoder=encoder).version
    _change(shop_file, "CREATE TABLE more AS SELECT 1 AS x")
    assert "The last good index is kept" in build()
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [good]
    with Index.open(shop, encoder=encoder) as index:
        assert index.find(("orders",)) == (ORDERS,)


def test_build_index_says_that_the_pointer_cannot_be_read(shop: Lake, encoder: HashingEncoder) -> None:
    (shop.home / "index" / "CURRENT").mkdir(parents=True)
    with pytest.raises(IndexBrokenError, match="cannot be read: Is a directory"):
        build_index(shop, encoder=encoder)


def test_open_finds_no_index_where_the_home_is_a_file(shop: Lake, encoder: HashingEncoder) -> None:
    shop.home.parent.mkdir(exist_ok=True)
    shop.home.write_text("in the way")
    with pytest.raises(IndexNotFoundError):
        Index.open(shop, encoder=encoder)
    with pytest.raises(SemanticError, match="cannot be written"):
        build_index(shop, encoder=encoder)
