from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic.mining.readers.statements import LONGEST, Statement, Unread, statements


def read(text: str) -> list[Statement | Unread]:
    return list(statements(text))


def sql(text: str) -> list[str]:
    return [found.sql for found in read(text) if isinstance(found, Statement)]


def test_statements_take_the_query_out_of_what_it_fills():
    assert sql("CREATE VIEW v AS (WITH a AS (SELECT 1 FROM t) SELECT * FROM a)") == [
        "WITH a AS (SELECT 1 FROM t) SELECT * FROM a"
    ]
    assert sql("CREATE TABLE t AS (SELECT 1) UNION (SELECT 2)") == ["(SELECT 1) UNION (SELECT 2)"]
    assert sql("INSERT INTO a.b (x, y) SELECT x, y FROM c") == ["SELECT x, y FROM c"]
    assert sql("COPY (SELECT * FROM c) TO 'c.csv' (HEADER)") == ["SELECT * FROM c"]


def test_statements_name_what_is_filled_and_read():
    (found,) = read(
        "CREATE OR REPLACE TABLE IF NOT EXISTS lake.mart.v AS WITH a AS (SELECT 1 FROM s.t) SELECT * FROM a, b"
    )
    assert isinstance(found, Statement)
    assert found.fills == ("lake", "mart", "v")
    assert set(found.inputs) == {("s", "t"), ("b",)}


def test_statements_take_the_comment_above_and_not_the_one_behind_the_last():
    first, second = read(
        "-- About a\n-- author: Ann\nSELECT 1 FROM a; -- behind\n\n/* old */\n\n-- name: About b\nSELECT 2 FROM b"
    )
    assert isinstance(first, Statement)
    assert (first.text, first.owner, first.line) == ("About a", "Ann", 3)
    assert isinstance(second, Statement)
    assert (second.text, second.owner, second.line) == ("About b", "", 8)


def test_statements_pass_over_what_is_no_query():
    assert (
        read("SET x = 1; DROP TABLE t; CREATE TABLE t (a INT AS (b + 1)); UPDATE t SET a = 1; EXPLAIN SELECT 1;") == []
    )


def test_statements_find_the_dialect():
    dialects = [
        found.dialect for found in read("SELECT a FROM t; SELECT a::int FROM t QUALIFY 1 = 1; SELECT `a` FROM t")
    ]
    assert dialects == ["duckdb", "duckdb", "databricks"]


def test_statements_go_on_after_a_quote_that_never_ends():
    first, second, third = read("SELECT 1 FROM a;\nSELECT 'open FROM b;\n-- third\nSELECT 3 FROM c;")
    assert isinstance(first, Statement)
    assert second == Unread(line=2, reason="a quote or a comment does not end")
    assert isinstance(third, Statement)
    assert (third.sql, third.line, third.text) == ("SELECT 3 FROM c", 4, "third")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT FROM WHERE", "Expected table name but got 'WHERE'"),
        ("SELECT " + "(" * 4000 + "1" + ")" * 4000, "nested too deeply"),
        ("SELECT '" + "x" * LONGEST + "'", "longer than 200,000 characters"),
        ("SELECT * FROM ?", "the name of a table is only known when it runs"),
    ],
)
def test_statements_tell_what_cannot_be_read(text: str, reason: str):
    assert read(text) == [Unread(line=1, reason=reason)]


@given(st.text(alphabet="SELECTselectfromWITH()'\"`;-/*{}?:$ \n,ab1"))
def test_statements_never_fail(text: str):
    assert all(isinstance(found, Statement | Unread) for found in read(text))
