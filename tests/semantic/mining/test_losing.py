"""Joins that drop rows of the table a figure is about stay part of the figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import connect, read_catalog
from semantic.facts import Facts, Source
from semantic.lake import find_lake
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, RawQuery
from semantic.profile import quote_table, read_table
from semantic.types import Table

LAKE = """
CREATE TABLE countries (code VARCHAR PRIMARY KEY, continent VARCHAR);
CREATE TABLE buyers (buyer_id INTEGER PRIMARY KEY, code VARCHAR NOT NULL);
CREATE TABLE sellers (seller_id INTEGER PRIMARY KEY, city VARCHAR);
CREATE TABLE agents (agent_id INTEGER, city VARCHAR);
CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, buyer_id INTEGER NOT NULL, seller_id INTEGER, agent_id INTEGER,
    helper_id INTEGER, price INTEGER);
INSERT INTO countries VALUES ('DE', 'Europe'), ('US', 'America');
INSERT INTO buyers VALUES (1, 'DE'), (2, 'US'), (3, 'DE');
INSERT INTO sellers VALUES (1, 'Ulm'), (2, 'Bonn'), (3, 'Kiel');
INSERT INTO agents VALUES (1, 'Ulm'), (2, 'Bonn');
INSERT INTO sales SELECT i, 1 + i % 3, CASE WHEN i % 4 > 0 THEN 1 + i % 3 END, 1 + i % 5, 1 + i % 2, i
FROM range(1, 41) t (i);
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("losing") / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(LAKE)
    return path


@pytest.fixture(scope="module")
def tables(shop: Path) -> tuple[Table, ...]:
    con, usable = connect(find_lake(shop))
    try:
        return tuple(read_table(con, table).table for table in read_catalog(con, usable).tables)
    finally:
        con.close()


@pytest.fixture
def con(shop: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(shop), read_only=True) as con:
        yield con


def asked(tables: tuple[Table, ...], *queries: str) -> Facts:
    raw = tuple(RawQuery(sql=sql, source=Source(kind="sql", place=f"q{n}")) for n, sql in enumerate(queries))
    return mine(Extract(queries=raw), tables)


@pytest.mark.parametrize(
    ("joins", "kept"),
    [
        ("JOIN buyers b ON b.buyer_id = s.buyer_id", ["sales"]),
        ("JOIN buyers b USING (buyer_id) JOIN countries c ON c.code = b.code", ["sales"]),
        ("LEFT JOIN sellers e ON e.seller_id = s.seller_id", ["sales"]),
        ("JOIN agents a ON a.agent_id = s.helper_id", ["sales"]),
        # Some sales have no seller, and some an agent that is not listed.
        ("JOIN sellers e ON e.seller_id = s.seller_id", ["sales", "sellers"]),
        ("JOIN agents a ON a.agent_id = s.agent_id", ["sales", "agents"]),
    ],
)
def test_mine_figure_keeps_the_joins_that_leave_rows_out(
    joins: str, kept: list[str], tables: tuple[Table, ...], con: duckdb.DuckDBPyConnection
) -> None:
    sql = f"SELECT sum(s.price) AS turnover FROM sales s {joins}"
    facts = asked(tables, sql)
    (metric,) = facts.metrics
    assert [t.name for t in metric.tables] == kept
    rows = quote_table(metric.tables[0])
    for edge in [j.relationship for j in facts.joins if j.relationship.parent in metric.tables]:
        ends = (quote_table(edge.child), edge.child_columns[0], quote_table(edge.parent), edge.parent_columns[0])
        rows += ' JOIN {2} ON {0}."{1}" = {2}."{3}"'.format(*ends)
    assert con.execute(f"SELECT {metric.expression} FROM {rows}").fetchall() == con.execute(sql).fetchall()


def test_mine_tells_a_figure_with_a_losing_join_from_the_one_without(tables: tuple[Table, ...]) -> None:
    facts = asked(
        tables,
        "SELECT sum(price) AS turnover FROM sales",
        "SELECT sum(price) AS turnover FROM sales s JOIN sellers e ON e.seller_id = s.seller_id",
        "SELECT sum(price) AS turnover FROM sales s JOIN buyers b ON b.buyer_id = s.buyer_id",
    )
    whole, part = sorted(facts.metrics, key=lambda m: len(m.tables))
    assert [s.place for s in whole.sources] == ["q0", "q2"]
    assert [s.place for s in part.sources] == ["q1"]
    assert whole.conflicts == (part.id,)
