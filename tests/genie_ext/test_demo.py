from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from genie_ext.demo.lake import DEMO_DAY, MARKER, DemoReport, build_demo_lake
from genie_ext.errors import ConfigError

SCALE = 0.05


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    return build_demo_lake(tmp_path_factory.mktemp("demo") / "lake", scale=0.25)


@pytest.fixture
def lake(report: DemoReport) -> Path:
    return report.folder


@pytest.fixture
def con(lake: Path, monkeypatch: pytest.MonkeyPatch):
    # the notebook names its files relative to its own folder
    monkeypatch.chdir(lake / "analysis")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{lake / 'warehouse.duckdb'}' AS warehouse (READ_ONLY)")
        yield connection


def _fingerprints(folder: Path) -> dict[str, tuple]:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{folder / 'warehouse.duckdb'}' AS warehouse (READ_ONLY)")
        names = connection.execute(
            "SELECT 'warehouse.' || table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_catalog = 'warehouse'"
        ).fetchall()
        sources = [name for (name,) in names]
        sources += [f"read_parquet('{folder}/{name}/*/*.parquet')" for name in ("web_events", "shipments_log")]
        sources += [f"read_csv('{folder}/{name}.csv')" for name in ("budget_targets", "store_visits")]
        return {
            source.replace(str(folder), ""): connection.execute(
                f"SELECT count(*), bit_xor(hash(t::VARCHAR)), sum(hash(t::VARCHAR)) FROM {source} AS t"
            ).fetchall()[0]
            for source in sources
        }


def test_demo_same_seed_gives_same_content(lake: Path, tmp_path: Path) -> None:
    again = build_demo_lake(tmp_path / "again", scale=0.25).folder
    assert _fingerprints(again) == _fingerprints(lake)


def test_demo_other_seed_gives_other_content(lake: Path, tmp_path: Path) -> None:
    other = build_demo_lake(tmp_path / "other", scale=0.25, seed=8).folder
    assert _fingerprints(other)["warehouse.core.orders"] != _fingerprints(lake)["warehouse.core.orders"]


def test_demo_scale_multiplies_rows(report: DemoReport, tmp_path: Path) -> None:
    small = build_demo_lake(tmp_path / "small", scale=0.125)
    assert 1.6 < report.rows / small.rows < 2.2


def test_demo_has_the_shape_of_a_real_lake(report: DemoReport, lake: Path) -> None:
    assert report.tables >= 25
    assert report.views >= 5
    assert report.bytes < 60_000_000
    assert (lake / "web_events" / f"day={DEMO_DAY}").is_dir()
    assert {path.name for path in lake.iterdir()} == {
        MARKER, "analysis", "budget_targets.csv", "dashboards", "docs", "shipments_log", "store_visits.csv",
        "warehouse.duckdb", "web_events",
    }  # fmt: skip


def test_demo_ends_on_the_day_it_is_given(tmp_path: Path) -> None:
    day = dt.date(2025, 3, 14)
    folder = build_demo_lake(tmp_path / "early", scale=SCALE, today=day).folder
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        first, last = connection.execute("SELECT min(order_date), max(order_date) FROM core.orders").fetchall()[0]
        late = connection.execute("SELECT count(*) FROM core.orders WHERE dlv_dt > ?", [day]).fetchall()[0][0]
    assert first.year == 2023
    assert last == day
    assert late == 0


def test_demo_values_are_as_dirty_as_promised(con: duckdb.DuckDBPyConnection) -> None:
    def count(sql: str) -> int:
        return int(con.execute(sql).fetchall()[0][0])

    assert count("SELECT count(*) FROM warehouse.core.orders WHERE customer_id IS NULL") > 0
    assert count("SELECT count(*) FROM warehouse.core.customers WHERE country <> trim(country)") > 0
    assert count("SELECT count(*) FROM warehouse.core.customers WHERE is_test_account") > 0
    assert count("SELECT count(*) - count(DISTINCT order_id) FROM warehouse.staging.stg_orders") > 0
    assert count("SELECT count(*) FROM warehouse.core.orders_old") > 0


def test_demo_order_amounts_equal_their_lines(con: duckdb.DuckDBPyConnection) -> None:
    wrong = con.execute(
        "SELECT count(*) FROM warehouse.core.orders AS o "
        "JOIN (SELECT order_id, sum(quantity * unit_price_usd) AS goods FROM warehouse.core.order_items GROUP BY 1) "
        "AS i USING (order_id) "
        "WHERE ord_amt_usd <> goods - disc_amt_usd + ship_fee_usd"
    ).fetchall()
    assert wrong == [(0,)]


def test_demo_declares_some_keys_and_leaves_others_undeclared(con: duckdb.DuckDBPyConnection) -> None:
    keys = con.execute(
        "SELECT schema_name, table_name, constraint_column_names FROM duckdb_constraints() "
        "WHERE database_name = 'warehouse' AND constraint_type = 'FOREIGN KEY'"
    ).fetchall()
    assert ("core", "orders", ["ship_address_id"]) in keys
    assert ("core", "orders", ["bill_address_id"]) in keys
    assert ("core", "purchase_orders", ["approved_by"]) in keys
    assert not [key for key in keys if key[0] in {"staging", "support"}]


def test_demo_dashboard_sql_runs(con: duckdb.DuckDBPyConnection, lake: Path) -> None:
    board = json.loads((lake / "dashboards" / "executive.lvdash.json").read_text())
    assert len(board["datasets"]) >= 5
    for dataset in board["datasets"]:
        assert con.execute("".join(dataset["queryLines"])).fetchall(), dataset["name"]


def test_demo_notebook_runs(con: duckdb.DuckDBPyConnection, lake: Path) -> None:
    book = json.loads((lake / "analysis" / "revenue_review.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    queries = [cell.split('"""')[1] for cell in cells if '"""' in cell]
    assert len(queries) >= 5
    for query in queries:
        assert con.execute(query).fetchall(), query


def test_demo_gold_answers_every_question_but_the_last(con: duckdb.DuckDBPyConnection) -> None:
    home = files("genie_ext.demo")
    asked = [line.removeprefix("  > ") for line in (home / "questions.txt").read_text().splitlines()]
    gold = [json.loads(line) for line in (home / "expected.jsonl").read_text().splitlines()]
    assert [entry["question"] for entry in gold] == asked
    assert [entry["question"] for entry in gold if entry["sql"] is None] == [asked[-1]]
    for entry in gold[:-1]:
        assert con.execute(entry["sql"]).fetchall(), entry["question"]


def test_demo_replaces_an_earlier_demo_and_keeps_what_others_put_there(tmp_path: Path) -> None:
    folder = build_demo_lake(tmp_path / "lake", scale=SCALE).folder
    (folder / ".genie").mkdir()
    (folder / ".genie" / "knowledge.yaml").write_text("mine")
    (folder / "budget_targets.csv").write_text("broken")
    build_demo_lake(folder, scale=SCALE)
    assert (folder / ".genie" / "knowledge.yaml").read_text() == "mine"
    assert (folder / "budget_targets.csv").read_text().startswith("month,")
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_demo_leaves_a_foreign_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_text("precious")
    with pytest.raises(ConfigError, match="is not a demo lake"):
        build_demo_lake(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse.duckdb"]


@pytest.mark.parametrize("marker", ["{}", "not json", "[]", '{"generator": "another tool"}'])
def test_demo_does_not_trust_a_foreign_marker(tmp_path: Path, marker: str) -> None:
    (tmp_path / MARKER).write_text(marker)
    with pytest.raises(ConfigError, match="is not a demo lake"):
        build_demo_lake(tmp_path)


def test_demo_follows_a_link_to_its_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert build_demo_lake(tmp_path / "link", scale=SCALE).folder == tmp_path / "real"
    assert (tmp_path / "link" / "warehouse.duckdb").is_file()


def test_demo_refuses_a_file_as_folder(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(ConfigError, match="is a file"):
        build_demo_lake(tmp_path / "note.txt")


@pytest.mark.parametrize("scale", [0, -1, float("nan"), 1000])
def test_demo_refuses_a_scale_out_of_range(tmp_path: Path, scale: float) -> None:
    with pytest.raises(ConfigError, match="scale"):
        build_demo_lake(tmp_path / "lake", scale=scale)


def test_demo_leaves_nothing_behind_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genie_ext.demo.lake._CSV_FILES", ("no_such_table",))
    with pytest.raises(duckdb.CatalogException):
        build_demo_lake(tmp_path / "lake", scale=SCALE)
    assert list(tmp_path.iterdir()) == []


def test_demo_that_fails_keeps_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_demo_lake(tmp_path / "lake", scale=SCALE).folder
    before = _fingerprints(folder)
    monkeypatch.setattr("genie_ext.demo.lake._CSV_FILES", ("no_such_table",))
    with pytest.raises(duckdb.CatalogException):
        build_demo_lake(folder, scale=SCALE, seed=9)
    assert _fingerprints(folder) == before


def test_demo_names_a_folder_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot be written"):
        build_demo_lake(tmp_path / "file" / "lake", scale=SCALE)


def test_demo_says_so_when_the_disk_takes_no_more(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path; from genie_ext.demo.lake import build_demo_lake\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))\n"
        "build_demo_lake(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "lake"], capture_output=True, text=True, check=False
    )
    assert "ConfigError: The demo lake cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_demo_works_in_a_folder_with_a_quote(tmp_path: Path) -> None:
    folder = build_demo_lake(tmp_path / "it's here", scale=SCALE).folder
    assert (folder / "warehouse.duckdb").is_file()
