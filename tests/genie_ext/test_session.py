from __future__ import annotations

import fcntl
import hashlib

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.errors import ConfigError, GuardError, QuestionError
from genie_ext.lakes import open_lake
from genie_ext.session import Session


def _open(lake, **settings):
    path = None if isinstance(lake, duckdb.DuckDBPyConnection) else lake
    return Session(lake, settings=load_settings(path, encoder="hashing", answer_above=0.0, **settings))


def _column(turn):
    return turn.rows.table.column(0).to_pylist()


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00", "how " * 2_500])
def test_ask_refuses_an_empty_and_an_endless_question(shop, text):
    with _open(shop) as session, pytest.raises(QuestionError):
        session.ask(text)


@pytest.mark.parametrize("text", ["'; DROP TABLE orders; --", "orders'; DELETE FROM orders; --", 'status "x\'; DROP"'])
def test_ask_leaves_the_lake_as_it_was_whatever_the_question_says(shop, text):
    before = hashlib.sha256(shop.read_bytes()).hexdigest()
    with _open(shop) as session:
        turn = session.ask(text)
    assert (turn.answer is None) != (turn.refusal is None)
    assert hashlib.sha256(shop.read_bytes()).hexdigest() == before


def test_ask_reads_tables_with_unicode_names(tmp_path):
    path = tmp_path / "unicode.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE TABLE "Größen" ("naïve-col" INTEGER); INSERT INTO "Größen" VALUES (1), (2)')
    with _open(path) as session:
        assert _column(session.ask("How many Größen are there?")) == [2]


def test_ask_reads_a_table_of_500_columns(tmp_path):
    path = tmp_path / "wide.duckdb"
    with duckdb.connect(str(path)) as connection:
        columns = ", ".join(f"{i} AS metric_{i}" for i in range(500))
        connection.execute(f"CREATE TABLE readings AS SELECT {columns}")
    with _open(path) as session:
        assert _column(session.ask("How many readings are there?")) == [1]


def test_ask_keeps_a_hidden_column_hidden(shop):
    with _open(shop, hidden_columns=("orders.amount",)) as session:
        with pytest.raises(GuardError):
            session.ask("What is the average amount of orders?")
        assert "amount" not in session.ask("List all orders").rows.table.column_names


def test_ask_counts_only_rows_that_the_filter_lets_through(shop):
    with _open(shop, row_filters={"orders": "status = 'paid'"}) as session:
        assert _column(session.ask("How many orders are there?")) == [3]
        assert "returned" not in str(session.ask("How many orders have the status retunred?"))


def test_ask_reads_allowed_tables_only(shop):
    with _open(shop, allowed_tables=("customers",)) as session:
        assert _column(session.ask("How many customers are there?")) == [3]
        turn = session.ask("What is the average amount?")
    assert turn.answer is None
    assert "orders" not in str(turn.refusal)


@pytest.mark.parametrize(
    "rules", [{"hidden_columns": ("orders.x",)}, {"allowed_tables": ("nothing",)}, {"row_filters": {"nothing": "1=1"}}]
)
def test_session_refuses_rules_about_what_is_not_there(shop, rules):
    with pytest.raises(ConfigError):
        _open(shop, **rules)


def test_session_waits_for_the_process_that_builds_the_index(shop, tmp_path):
    settings = load_settings(shop, home=tmp_path / "home", encoder="hashing")
    folder = open_lake(shop, settings).home / "index"
    folder.mkdir(parents=True)
    told = []
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        def release(progress):
            told.append(progress.phase)
            fcntl.flock(file, fcntl.LOCK_UN)

        with Session(shop, settings=settings, progress=release) as session:
            assert session.ask("How many orders are there?").answer.key_figure == "4"
    assert any("waiting for another process" in phase for phase in told)


def test_session_builds_the_index_again_where_it_is_broken(shop):
    with _open(shop) as session:
        (manifest,) = session.lake.home.rglob("manifest.json")
    for file in manifest.parent.iterdir():
        file.write_bytes(b"broken")
    with _open(shop) as session:
        assert session.report is not None
        assert _column(session.ask("How many orders are there?")) == [4]


def test_threads_do_not_mix_and_can_be_forgotten(shop):
    with _open(shop) as session:
        session.ask("How many orders are there?", thread="a")
        session.ask("How many customers are there?", thread="b")
        assert _column(session.ask("only the returned ones", thread="a")) == [1]
        session.forget("a")
        assert (
            session.ask("only the returned ones", thread="a").plan != session.ask("How many orders are returned?").plan
        )


def test_events_end_with_the_answer(shop):
    with _open(shop) as session:
        events = list(session.events("How many orders are there?"))
    assert [event.kind for event in events][:4] == ["found", "planned", "sql", "rows"]
    assert events[-1].kind == "answer"
    assert events[-1].value.seconds > 0


@pytest.mark.parametrize("pointer", [b"", b"garbage", b"\xff\xfe", b"../../etc"])
def test_session_builds_the_index_again_where_its_pointer_is_damaged(shop, pointer):
    with _open(shop) as session:
        file = session.lake.home / "index" / "CURRENT"
    file.write_bytes(pointer)
    with _open(shop) as session:
        assert _column(session.ask("How many orders are there?")) == [4]


def test_session_knows_what_came_into_the_lake_since_the_index_was_built(shop):
    with _open(shop) as session:
        assert session.report is not None
    with duckdb.connect(str(shop)) as connection:
        connection.execute("CREATE TABLE lighthouses AS SELECT 'Skagen' AS lighthouse_name")
    with _open(shop) as session:
        assert session.report.changed == 1
        assert _column(session.ask("How many lighthouses are there?")) == [1]
    with _open(shop) as session:
        assert session.report is None


def test_session_answers_from_an_open_connection_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(tmp_path / "open.duckdb")) as connection:
        connection.execute("CREATE TABLE orders AS SELECT range AS order_id FROM range(3)")
        with _open(connection) as session:
            turn = session.ask("How many orders are there?")
            assert _column(turn) == [3]
            assert "own DuckDB connection" in turn.fallback
            connection.execute("INSERT INTO orders VALUES (4)")
            assert _column(session.ask("How many orders are there?")) == [4]


def test_effort_high_adds_the_parts_of_a_figure_up(indexed_shop):
    for effort, wanted in (("auto", False), ("high", True)):
        with Session(indexed_shop, settings=load_settings(indexed_shop, effort=effort)) as session:
            turn = session.ask("Number of orders by status")
        assert any(finding.check == "totals" for finding in turn.findings) is wanted
