from __future__ import annotations

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from genie_ext.errors import GuardError
from genie_ext.guard import check
from tests.genie_ext.guard_lake import FixtureCatalog, make_database, read_cases

FORBIDDEN = (
    exp.Command, exp.Copy, exp.Create, exp.Drop, exp.Insert, exp.Update, exp.Delete, exp.Attach, exp.Detach, exp.Set,
    exp.Pragma, exp.Into, exp.Use, exp.Alter, exp.Merge, exp.Placeholder,
)  # fmt: skip
STATEMENTS = [
    "DROP TABLE orders",
    "COPY orders TO '/tmp/x'",
    "ATTACH '/tmp/x'",
    "SET threads = 1",
    "PRAGMA version",
    "DELETE FROM orders",
    "INSTALL httpfs",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT getenv('HOME')",
    "FROM '/etc/passwd'",
    "FROM duckdb_settings()",
]
WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "orders",
        "customers",
        "id",
        "amount",
        "status",
        "name",
        "(",
        ")",
        ",",
        ".",
        "*",
        "=",
        "<",
        "'a'",
        "1",
        "AS",
        "x",
        "JOIN",
        "ON",
        "USING",
        "WITH",
        "UNION",
        "ALL",
        "GROUP",
        "BY",
        "ORDER",
        "LIMIT",
        "COPY",
        "INTO",
        ";",
        "--",
        "/*",
        "*/",
        '"',
        "'",
        "$$",
        "[",
        "]",
        "{",
        "}",
        ":",
        "lambda",
        "read_text",
        "'/etc/passwd'",
        "PIVOT",
        "DESCRIBE",
        "SUMMARIZE",
        "SHOW",
        "VALUES",
        "range",
        "NOT",
        "IN",
        "EXISTS",
        "CASE",
        "WHEN",
        "END",
        "::",
        "COLUMNS",
        "OVER",
        "INSERT",
        "SET",
    ]
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    path = make_database(tmp_path_factory.mktemp("guard") / "shop.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS shop (READ_ONLY)")
        connection.execute("SET search_path = 'shop.sales'")
        yield connection, FixtureCatalog(connection, "shop")


def harmless(text: str, catalog: FixtureCatalog) -> None:
    """Either the guard refuses a text, or what it makes of it can only read the tables it names."""
    try:
        checked = check(text, catalog)
    except GuardError:
        return
    (tree,) = sqlglot.parse(checked.executable, dialect="duckdb")
    assert not list(tree.find_all(*FORBIDDEN))
    parts = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            assert table.catalog == "shop" or (not table.db and table.name.lower() in parts)


@settings(max_examples=400)
@given(st.lists(WORDS, max_size=25).map(" ".join))
@example("SELECT * FROM orders")
def test_check_refuses_or_returns_a_harmless_query(lake, text):
    harmless(text, lake[1])


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_check_survives_any_text(lake, text):
    harmless(text, lake[1])


@settings(max_examples=300)
@given(st.sampled_from(read_cases("allowed.sql")), st.sampled_from(STATEMENTS), st.data())
def test_check_passes_no_forbidden_statement_spliced_into_a_query(lake, case, statement, data):
    sql = case[2]
    place = data.draw(st.integers(0, len(sql)))
    splice = data.draw(st.sampled_from(["{}", ";{};", "({})", " UNION {} ", "/**/{}--", "'{}'", "\n{}\n"]))
    harmless(sql[:place] + splice.format(statement) + sql[place:], lake[1])


NUMBERS = st.sampled_from(["id", "amount", "customer_id", "1", "2.5", "-3", "NULL", "id + 1", "amount * 2", "abs(id)"])
TEXTS = st.sampled_from(["status", "'paid'", "upper(status)", "coalesce(status, 'x')", "status || '!'", "NULL"])
CONDITIONS = st.one_of(
    st.tuples(NUMBERS, st.sampled_from(["=", "<", ">=", "<>", "IS DISTINCT FROM"]), NUMBERS).map(" ".join),
    st.tuples(TEXTS, st.sampled_from(["=", "LIKE", "<>", "ILIKE", "IS NOT DISTINCT FROM"]), TEXTS).map(" ".join),
    st.sampled_from(
        [
            "id IN (SELECT id FROM customers)",
            "EXISTS (SELECT 1 FROM customers c WHERE c.id = customer_id)",
            "status IS NULL",
        ]
    ),
)


@st.composite
def queries(draw) -> str:
    """Generate a valid query over orders: filters, groups, windows, sets, nesting."""
    source = draw(
        st.sampled_from(
            ["orders", "sales.orders", "orders AS o", "(FROM orders) AS q", "orders SEMI JOIN order_items USING (id)"]
        )
    )
    where = " AND ".join(draw(st.lists(CONDITIONS, max_size=2)))
    where = f" WHERE {draw(st.sampled_from(['', 'NOT ']))}({where})" if where else ""
    items = draw(st.lists(st.one_of(NUMBERS, TEXTS), min_size=1, max_size=3))
    listed = ", ".join(f"{item} AS c{position}" for position, item in enumerate(items))
    kind = draw(st.sampled_from(["plain", "group", "window", "distinct", "with", "union", "star"]))
    plain = f"SELECT {listed} FROM {source}{where}"
    return {
        "plain": plain,
        "group": f"SELECT status, count(*) AS n, sum(amount) AS s FROM {source}{where} GROUP BY ALL HAVING n > 0",
        "window": f"SELECT {listed}, rank() OVER (PARTITION BY status ORDER BY amount) AS r FROM {source}{where}",
        "distinct": f"SELECT DISTINCT {listed} FROM {source}{where}",
        "with": f"WITH orders AS (SELECT * FROM orders{where}) {plain.replace('sales.orders', 'orders')}",
        "union": f"{plain} UNION ALL {plain} ORDER BY ALL",
        "star": f"SELECT * EXCLUDE (placed), {listed} FROM {source}{where}",
    }[kind]


@pytest.mark.engine
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(queries())
def test_check_keeps_the_rows_of_generated_queries(lake, sql):
    connection, catalog = lake
    expected = sorted(map(repr, connection.execute(sql).fetchall()))
    assert sorted(map(repr, connection.execute(check(sql, catalog).executable).fetchall())) == expected
