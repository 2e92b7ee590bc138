from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from genie_ext.errors import (
    EngineError,
    LakeUnavailableError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    ResourceLimitError,
)
from genie_ext.guard import check
from genie_ext.types import Sql
from genie_ext.worker import Limits, Worker
from semantic.lake import find_lake
from tests.genie_ext.guard_lake import FixtureCatalog, make_database, read_cases

pytestmark = pytest.mark.engine

ENDLESS = "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)"
# One vector of work that DuckDB does not leave for an interrupt.
DEAF = "SELECT sum(list_sum(list_transform(range(8000000), lambda x: x * hash(x::VARCHAR || 'y') % 7))) FROM range(2)"


def raw(text: str, *, rows: int = 10_000) -> Sql:
    """A query that did not pass the guard, to show what the walls behind it hold."""
    return Sql(text=text, executable=text, tables=(), row_limit=rows)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    make_database(folder / "shop.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT range AS i FROM range(10)) TO '{folder / 'numbers.parquet'}'")
    return find_lake(folder)


@pytest.fixture(scope="module")
def worker(lake):
    with Worker(lake) as worker:
        yield worker


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


def wait_for(condition) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_worker_returns_rows(worker):
    rows = worker.run(raw("SELECT id, status FROM shop.sales.orders ORDER BY id"))
    assert rows.table.column("id").to_pylist() == [1, 2, 3, 4, 5]
    assert not rows.truncated
    assert rows.seconds > 0


def test_worker_reads_file_tables(worker):
    assert worker.run(raw("SELECT sum(i) AS s FROM memory.main.numbers")).table.to_pylist() == [{"s": 45}]


def test_worker_marks_truncated_rows(worker):
    rows = worker.run(raw("FROM range(10000000)", rows=5000))
    assert rows.table.num_rows == 5000
    assert rows.truncated
    assert not worker.run(raw("FROM range(5000)", rows=5000)).truncated


def test_worker_keeps_every_type(worker):
    sql = (
        "SELECT 1::HUGEINT h, uuid() u, {'a': [1]} s, MAP {'a': 1} m, INTERVAL 1 DAY i, TIMESTAMPTZ '2024-01-01' t, "
        "'x'::BLOB b, '{}'::JSON j, NULL n, 1.5::DECIMAL(30, 2) d, 'a'::ENUM('a') e, TIME '10:00' c"
    )
    assert worker.run(raw(sql)).table.num_rows == 1


def test_worker_translates_errors(worker):
    with pytest.raises(QueryError) as caught:
        worker.run(raw('SELECT nothing FROM "shop"."sales"."orders"'))
    assert "nothing" in caught.value.message
    assert "LINE 1" not in caught.value.message
    assert caught.value.sql


def test_worker_stops_at_the_time_limit_and_goes_on(worker):
    with pytest.raises(QueryTimeoutError, match=r"0\.3 seconds"):
        worker.run(raw(ENDLESS), timeout_s=0.3)
    assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1


def test_worker_kills_what_does_not_hear_the_interrupt(lake):
    with Worker(lake) as worker:
        worker.start()
        before = worker.pid
        with pytest.raises((QueryTimeoutError, ResourceLimitError)):
            worker.run(raw(DEAF), timeout_s=0.1)
        assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1
        assert worker.pid == before or gone(before)


def test_worker_cancels_from_another_thread(worker):
    timer = threading.Timer(0.3, worker.cancel)
    timer.start()
    with pytest.raises(QueryCancelledError):
        worker.run(raw(ENDLESS))
    timer.join()
    assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1


def test_worker_cancels_those_that_wait_too(worker):
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(worker.run, raw(ENDLESS)) for _ in range(3)]
        time.sleep(1.0)
        worker.cancel()
        for one in asked:
            with pytest.raises(QueryCancelledError):
                one.result(timeout=30)
    assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1


@pytest.mark.parametrize("sql", ["SELECT repeat('x', 4000000000)", "SELECT len(range(2000000000))"])
def test_worker_bounds_memory(sql, worker):
    with pytest.raises(ResourceLimitError):
        worker.run(raw(sql))
    assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1


def test_worker_bounds_the_size_of_results(lake):
    with Worker(lake, Limits(bytes=2**20)) as worker, pytest.raises(ResourceLimitError, match="1 MiB"):
        worker.run(raw("SELECT repeat('x', 1000) || range AS s FROM range(5000)"))


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/numbers.parquet' (USE_TMP_FILE false)",
        "COPY (SELECT 1 AS i) TO '{folder}/new.parquet' (USE_TMP_FILE false)",
        "EXPORT DATABASE '{folder}/export'",
        "ATTACH '{folder}/other.duckdb'",
        "ATTACH '{folder}/shop.duckdb' AS again",
        "INSERT INTO shop.sales.orders VALUES (9, 9, 'x', 1, NULL)",
        "CREATE TABLE shop.sales.x (a INTEGER)",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_text('{folder}/../../../../../../etc/passwd')",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'https://example.com/x.parquet'",
        "SELECT * FROM sys",
        "SELECT getenv('HOME')",
    ],
)
def test_worker_holds_without_the_guard(sql, worker, lake):
    before = {path.name: path.stat().st_size for path in lake.root.iterdir() if path.is_file()}
    with pytest.raises(EngineError):
        worker.run(raw(sql.format(folder=lake.root)))
    assert {path.name: path.stat().st_size for path in lake.root.iterdir() if path.is_file()} == before


def test_worker_names_the_walls_that_stand(worker):
    worker.start()
    assert {"duckdb lockdown", "separate process"} <= set(worker.hardening)


def test_worker_closes_an_idle_lake(tmp_path):
    path = make_database(tmp_path / "shop.duckdb")
    with Worker(find_lake(path), idle_s=0.1) as worker:
        worker.start()
        assert wait_for(lambda: worker.pid is None)
        with duckdb.connect(str(path)) as owner:
            owner.execute("CREATE TABLE sales.written AS SELECT 1 AS a")
        assert worker.run(raw("SELECT a FROM shop.sales.written")).table.num_rows == 1


def test_worker_leaves_nothing_behind(lake):
    with Worker(lake) as worker:
        worker.run(raw("SELECT 1"))
        pid = worker.pid
        assert list((lake.home / "tmp").glob(f"{os.getpid()}-*"))
    assert gone(pid)
    worker.close()


def test_worker_survives_the_death_of_its_child(lake):
    with Worker(lake) as worker:
        worker.start()
        timer = threading.Timer(0.3, os.kill, [worker.pid, signal.SIGKILL])
        timer.start()
        with pytest.raises(EngineError, match="ended unexpectedly"):
            worker.run(raw(ENDLESS))
        timer.join()
        assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1
        os.kill(worker.pid, signal.SIGKILL)
        assert wait_for(lambda: not worker._child.alive)
        assert worker.run(raw("SELECT 1 AS a")).table.num_rows == 1


def run_parent(code: str, lake, *arguments: str) -> subprocess.Popen[str]:
    program = (
        "import sys\nfrom genie_ext.worker import Worker\nfrom genie_ext.types import Sql\n"
        "from semantic.lake import find_lake\n"
        "from genie_ext.errors import QueryCancelledError\n"
        "def raw(t): return Sql(text=t, executable=t, tables=())\n"
        "worker = Worker(find_lake(sys.argv[1]))\nworker.start()\nprint(worker.pid, flush=True)\n" + code
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(lake.root), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("query", [ENDLESS, DEAF], ids=["heard", "deaf"])
def test_worker_leaves_the_session_usable_after_ctrl_c(lake, query):
    code = (
        "try:\n    worker.run(raw(sys.argv[2]))\nexcept QueryCancelledError:\n    print('cancelled', flush=True)\n"
        "print(worker.run(raw('SELECT 7 AS a')).table.to_pylist(), flush=True)\nworker.close()\n"
    )
    with run_parent(code, lake, query) as parent:
        parent.stdout.readline()
        time.sleep(0.4)
        os.killpg(parent.pid, signal.SIGINT)
        said, _ = parent.communicate(timeout=60)
    assert said.split("\n")[:2] == ["cancelled", "[{'a': 7}]"]
    assert parent.returncode == 0


def test_worker_dies_with_its_parent(lake):
    with run_parent("worker.run(raw(sys.argv[2]))\n", lake, ENDLESS) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        assert wait_for(lambda: gone(child))


def test_worker_says_who_holds_a_locked_lake(tmp_path):
    path = make_database(tmp_path / "shop.duckdb")
    # Found first: POSIX drops a process's lock on a file with the first handle to it that is closed.
    lake = find_lake(path)
    with duckdb.connect(str(path)), Worker(lake) as worker, pytest.raises(LakeUnavailableError) as caught:
        worker.run(raw("SELECT 1"))
    assert str(os.getpid()) in caught.value.message
    assert caught.value.hint


def test_worker_says_that_a_lake_is_broken(tmp_path):
    path = make_database(tmp_path / "shop.duckdb")
    lake = find_lake(path)
    path.write_bytes(path.read_bytes()[:4096] + b"\0" * 8192)
    with Worker(lake) as worker, pytest.raises(LakeUnavailableError, match=r"shop\.duckdb"):
        worker.run(raw("SELECT 1"))


def test_worker_runs_every_allowed_query(worker):
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{worker._lake.attachments[0].path}' AS shop (READ_ONLY)")
        catalog = FixtureCatalog(connection, "shop")
    for title, _, text in read_cases("allowed.sql"):
        assert worker.run(check(text, catalog)).table.num_rows >= 0, title
