from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from semantic.row_tokens import row_tokens
from semantic.types import TableId


def _token(path: Path | None, name: str = "t") -> str:
    """Return the token of a table of a database file, opened anew as a build does."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS lake (READ_ONLY)")
        table = TableId("lake", "main", name)
        return row_tokens(con, [table])[table]


def _change(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)


@pytest.fixture(params=[30, 5_000], ids=["few rows", "many rows"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = tmp_path / "lake.duckdb"
    _change(made, f"CREATE TABLE t AS SELECT i AS id, i % 7 AS t FROM range({request.param}) s(i)",
            "CREATE TABLE other AS SELECT i AS id FROM range(10) s(i)")  # fmt: skip
    return made


def test_row_tokens_stay_where_only_another_table_changed(path: Path) -> None:
    before = _token(path)
    _change(path, "INSERT INTO other VALUES (11)")
    assert _token(path) == before


@pytest.mark.parametrize(
    "change",
    ["UPDATE t SET t = 99 WHERE id = 3", "DELETE FROM t WHERE id = 3", "INSERT INTO t VALUES (-1, 2)",
     "UPDATE t SET t = NULL WHERE id = 3", "UPDATE t SET id = CASE id WHEN 3 THEN 4 ELSE 3 END WHERE id IN (3, 4)"],
)  # fmt: skip
def test_row_tokens_change_with_the_rows(path: Path, change: str) -> None:
    before = _token(path)
    _change(path, change)
    assert _token(path) != before


def test_row_tokens_see_an_update_in_memory_of_a_column_called_like_its_table() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT i AS t, i % 3 AS kind FROM range(10) s(i)")
        table = TableId("memory", "main", "t")
        before = row_tokens(con, [table])
        con.execute("UPDATE t SET kind = 9 WHERE t = 3")
        assert row_tokens(con, [table]) != before


def test_row_tokens_of_a_table_that_is_gone_leave_the_others_alone(path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS lake (READ_ONLY)")
        con.execute("CREATE TABLE here AS SELECT 1 AS id")
        here, gone = TableId("memory", "main", "here"), TableId("memory", "main", "gone")
        tokens = row_tokens(con, [here, gone])
        assert tokens[here] == row_tokens(con, [here])[here]
        assert tokens[gone].startswith("unreadable")
