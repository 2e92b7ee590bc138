from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from genie_ext.engines.base import Limits
from genie_ext.engines.live import LiveEngine
from genie_ext.errors import QueryCancelledError, QueryError, QueryTimeoutError, ResourceLimitError
from genie_ext.guard import check
from genie_ext.types import Sql
from tests.genie_ext.guard_lake import FixtureCatalog

pytestmark = pytest.mark.engine

ENDLESS = "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)"


def raw(text: str) -> Sql:
    """A query that did not pass the guard."""
    return Sql(text=text, executable=text, tables=())


@pytest.fixture
def live():
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(20)")
        connection.execute("CREATE TEMP TABLE own AS SELECT 1 AS a")
        yield connection


def test_live_engine_runs_on_the_users_connection(live):
    rows = LiveEngine(live, Limits(rows=5)).run(raw("FROM t ORDER BY i DESC"))
    assert rows.table.column("i").to_pylist() == [19, 18, 17, 16, 15]
    assert rows.truncated


def test_live_engine_sees_temporary_tables(live):
    with_temp = check("SELECT a FROM own", FixtureCatalog(live, "temp"))
    assert LiveEngine(live).run(with_temp).table.to_pylist() == [{"a": 1}]


def test_live_engine_writes_nothing_even_past_the_guard(live):
    for sql in ("INSERT INTO t VALUES (99)", "DROP TABLE t", "CREATE TABLE u (a INTEGER)"):
        with pytest.raises(QueryError):
            LiveEngine(live).run(raw(sql))
    assert live.execute("SELECT count(*) FROM t").fetchone() == (20,)


def test_live_engine_stops_at_the_time_limit(live):
    engine = LiveEngine(live)
    with pytest.raises(QueryTimeoutError):
        engine.run(raw(ENDLESS), timeout_s=0.2)
    assert engine.run(raw("SELECT 1")).table.num_rows == 1


def test_live_engine_cancels_from_another_thread(live):
    engine = LiveEngine(live)
    timer = threading.Timer(0.2, engine.cancel)
    timer.start()
    with pytest.raises(QueryCancelledError):
        engine.run(raw(ENDLESS))
    timer.join()
    assert engine.run(raw("SELECT 1")).table.num_rows == 1


def test_live_engine_cancels_those_that_wait_too(live):
    engine = LiveEngine(live)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(engine.run, raw(ENDLESS)) for _ in range(3)]
        time.sleep(0.5)
        engine.cancel()
        for one in asked:
            with pytest.raises(QueryCancelledError):
                one.result(timeout=30)
    assert engine.run(raw("SELECT 1")).table.num_rows == 1


def test_live_engine_bounds_the_size_of_results(live):
    with pytest.raises(ResourceLimitError):
        LiveEngine(live, Limits(bytes=1000)).run(raw("FROM range(10000)"))


def test_live_engine_translates_errors_and_leaves_the_connection_open(live):
    engine = LiveEngine(live)
    with pytest.raises(QueryError, match="nothing"):
        engine.run(raw("SELECT nothing FROM t"))
    engine.close()
    assert live.execute("SELECT count(*) FROM t").fetchone() == (20,)
    assert "own DuckDB connection" in engine.fallback
