from __future__ import annotations

import duckdb
import pytest

from semantic.deadlines import time_limit

_ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE hash(a.range) = b.range"


def test_time_limit_stops_a_query_that_runs_on() -> None:
    with duckdb.connect() as con, pytest.raises(duckdb.InterruptException), time_limit(con, 0.2):
        con.execute(_ENDLESS).fetchall()


def test_time_limit_stops_the_shorter_of_two_first() -> None:
    with duckdb.connect() as slow, duckdb.connect() as con, time_limit(slow, 600):
        with pytest.raises(duckdb.InterruptException), time_limit(con, 0.2):
            con.execute(_ENDLESS).fetchall()
        assert slow.execute("SELECT 1").fetchall() == [(1,)]


def test_time_limit_leaves_the_connection_alone_once_its_query_is_done() -> None:
    with duckdb.connect() as con:
        for _ in range(50):
            with time_limit(con, 0.01):
                pass
        assert con.execute("SELECT count(*) FROM range(30000000) t(i) WHERE i % 7 = 0").fetchall() == [(4285715,)]
