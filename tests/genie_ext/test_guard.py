from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from genie_ext.errors import GuardError
from genie_ext.guard import Policy, check
from semantic.types import TableId
from tests.genie_ext.guard_lake import FixtureCatalog, make_database, read_cases

ORDERS = TableId("shop", "sales", "orders")
CUSTOMERS = TableId("shop", "sales", "customers")
STAFF = TableId("shop", "hr", "staff")
ALLOWED = read_cases("allowed.sql")
REFUSED = read_cases("refused.sql")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return make_database(tmp_path_factory.mktemp("guard") / "shop.duckdb")


@pytest.fixture(scope="module")
def person(database):
    """A connection as a person has it: short names resolve by themselves."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS shop (READ_ONLY)")
        connection.execute("SET search_path = 'shop.sales,shop.hr'")
        yield connection


@pytest.fixture(scope="module")
def engine(database):
    """A connection as the worker has it: only full names resolve."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{database}' AS shop (READ_ONLY)")
        yield connection


@pytest.fixture(scope="module")
def catalog(engine):
    return FixtureCatalog(engine, "shop")


def rows(connection, sql):
    result = connection.execute(sql)
    names = [column[0] for column in result.description]
    return names, sorted(map(repr, result.fetchall()))


@pytest.mark.engine
@pytest.mark.parametrize(("sql"), [case[2] for case in ALLOWED], ids=[case[0] for case in ALLOWED])
def test_check_keeps_the_rows_of_legal_queries(sql, catalog, person, engine):
    checked = check(sql, catalog)
    names, expected = rows(person, sql)
    found_names, found = rows(engine, checked.executable)
    assert found == expected
    assert len(found_names) == len(names)
    if checked.columns:
        assert list(checked.columns) == found_names == names


@pytest.mark.parametrize("sql", [case[2] for case in ALLOWED], ids=[case[0] for case in ALLOWED])
def test_check_shows_a_text_that_means_the_same(sql, catalog):
    checked = check(sql, catalog)
    again = check(checked.text, catalog)
    assert again.executable == checked.executable


@pytest.mark.parametrize(("sql", "reason"), [case[:0:-1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_check_refuses_and_says_why(sql, reason, catalog):
    with pytest.raises(GuardError) as caught:
        check(sql, catalog)
    assert reason.lower() in str(caught.value).lower()
    assert caught.value.sql == sql


def test_check_lists_allowed_tables_for_show_tables(catalog, engine):
    sql = check("SHOW TABLES", catalog, policy=Policy(allowed=frozenset({ORDERS, STAFF}))).executable
    assert rows(engine, sql) == (["name"], ["('orders',)", "('staff',)"])


def test_check_reports_tables_columns_and_limit(catalog):
    sql = check("SELECT o.id, name AS n FROM orders o JOIN customers c ON c.id = o.id", catalog, row_limit=7)
    assert sql.tables == (ORDERS, CUSTOMERS)
    assert sql.columns == ("id", "n")
    assert sql.row_limit == 7
    assert sql.executable.endswith("LIMIT 8")


def test_check_keeps_a_limit_that_is_there(catalog):
    assert check("SELECT id FROM orders LIMIT 3", catalog).executable.endswith("LIMIT 3")


def test_check_leaves_comments_out(catalog):
    sql = check("SELECT id /* ignore previous */ FROM orders -- note", catalog)
    assert "ignore" not in sql.text + sql.executable
    assert "note" not in sql.text + sql.executable


# --- policy ---


def test_policy_hides_tables_that_are_not_allowed(catalog):
    policy = Policy(allowed=frozenset({ORDERS}))
    assert check("SELECT id FROM orders", catalog, policy=policy).tables == (ORDERS,)
    with pytest.raises(GuardError, match="no table staff") as caught:
        check("SELECT * FROM staff", catalog, policy=policy)
    assert "staff" not in caught.value.hint


HIDDEN = Policy(hidden_columns={STAFF: frozenset({"Salary"})}, row_filters={STAFF: "id <> 3"})


@pytest.mark.engine
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM staff",
        "FROM hr.staff",
        "SELECT s.* FROM staff s",
        "SELECT staff.id, staff.manager_id FROM hr.staff",
        "SELECT COLUMNS('.*') FROM staff",
        "SELECT * FROM (SELECT * FROM staff)",
        "WITH s AS (FROM staff) SELECT * FROM s",
        "TABLE staff",
        "SELECT shop.hr.staff.id, hr.staff.manager_id FROM hr.staff",
    ],
)
def test_policy_leaves_hidden_columns_and_rows_out(sql, catalog, engine):
    names, found = rows(engine, check(sql, catalog, policy=HIDDEN).executable)
    assert names == ["id", "manager_id"]
    assert found == ["(1, None)", "(2, 1)", "(4, 2)"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT salary FROM staff",
        "SELECT s.SALARY FROM staff s",
        "SELECT id FROM staff WHERE salary > 1",
        "SELECT id FROM staff ORDER BY salary",
        "SELECT 1 FROM orders WHERE EXISTS (SELECT 1 FROM staff WHERE salary = amount)",
    ],
)
def test_policy_names_hidden_columns(sql, catalog):
    with pytest.raises(GuardError, match="hidden by policy"):
        check(sql, catalog, policy=HIDDEN)


@pytest.mark.engine
@pytest.mark.parametrize(
    "sql",
    [
        "SUMMARIZE staff",
        "DESCRIBE staff",
        "SELECT s FROM staff s",
        "PIVOT staff ON manager_id USING count(*)",
        "UNPIVOT staff ON COLUMNS(*) INTO NAME n VALUE v",
        "SELECT row_to_json(s) FROM staff s",
        "SELECT * FROM staff NATURAL JOIN staff AS other",
        "SELECT * FROM staff UNION ALL BY NAME SELECT * FROM staff",
    ],
)
def test_policy_holds_whatever_reads_the_table(sql, catalog, engine):
    names, found = rows(engine, check(sql, catalog, policy=HIDDEN).executable)
    assert "salary" not in " ".join([*names, *found])
    assert not re.search(r"\b(900|500|510|300)\b", " ".join(found))


@pytest.mark.parametrize(
    "text", ["id IN (SELECT id FROM orders)", "1 = 1; DROP TABLE x", "nothing > 1", "id >", "x.id = 1"]
)
def test_policy_refuses_row_filters_that_are_not_conditions(text, catalog):
    with pytest.raises(GuardError):
        check("FROM staff", catalog, policy=Policy(row_filters={STAFF: text}))


@pytest.mark.parametrize("text", ["read_text('/etc/passwd') = ''", "getenv('HOME') = ''"])
def test_policy_checks_the_functions_of_row_filters(text, catalog):
    with pytest.raises(GuardError):
        check("FROM staff", catalog, policy=Policy(row_filters={STAFF: text}))


# --- hostile input ---


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "1," * 500_000 + "1",
        "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
        "SELECT " + "(" * 20_000,
        "SELECT " + "[" * 3_000 + "1" + "]" * 3_000,
        "SELECT " + "NOT " * 5_000 + "true",
        "SELECT " + "- " * 5_000 + "1",
        "SELECT " + "CASE WHEN true THEN " * 2_000 + "1" + " END" * 2_000,
        "SELECT 1" + " + 1" * 15_000,
        " UNION ALL ".join(["SELECT 1"] * 4_000),
        "SELECT '\0' FROM orders",
        "SELECT '\ud800'",
        "SELECT * FROM orders\0; DROP TABLE orders",
        "'" * 10_001,
        '"' * 9_999,
        "/*" * 10_000,
        "$$" + "x" * 50_000,
    ],
    ids=range(16),
)
def test_check_refuses_hostile_texts(text, catalog):
    with pytest.raises(GuardError):
        check(text, catalog)


def test_only_the_guard_makes_checked_queries():
    root = Path(__file__).parents[2]
    files = [*root.glob("genie_ext/**/*.py"), *root.glob("semantic/**/*.py")]
    makers = [
        path for path in files if re.search(r"(?<![\w.])Sql\(|types\.Sql\(|replace\(\s*sql\b", path.read_text("utf-8"))
    ]
    assert [path.relative_to(root).as_posix() for path in makers] == ["genie_ext/guard/check.py"]
