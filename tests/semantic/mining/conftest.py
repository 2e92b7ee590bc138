from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import connect, read_catalog
from semantic.lake import find_lake
from semantic.profile import read_table
from semantic.types import Table

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mining"


@pytest.fixture(scope="session")
def mining_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mining") / "lake.duckdb"
    con = duckdb.connect(str(path))
    try:
        con.execute((FIXTURES / "lake.sql").read_text(encoding="utf-8"))
    finally:
        con.close()
    return path


@pytest.fixture(scope="session")
def mining_tables(mining_file: Path) -> tuple[Table, ...]:
    con, usable = connect(find_lake(mining_file))
    try:
        return tuple(read_table(con, table).table for table in read_catalog(con, usable).tables)
    finally:
        con.close()


@pytest.fixture
def mining_con(mining_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(mining_file), read_only=True)
    yield con
    con.close()
