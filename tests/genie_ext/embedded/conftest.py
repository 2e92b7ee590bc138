"""A governed shop, indexed once: its semantic model says what its figures, words and rules are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.session import Session

GOVERNED = Path(__file__).parents[2] / "fixtures" / "governed"


@pytest.fixture(scope="session")
def governed_file(tmp_path_factory) -> Path:
    """A shop whose semantic model defines metrics, segments, rules, defaults and a verified query."""
    path = tmp_path_factory.mktemp("governed") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute((GOVERNED / "shop.sql").read_text("utf-8"))
    return path


@pytest.fixture(scope="session")
def governed(governed_file):
    """A session over the governed shop on 15 July 2024; two queries define “turned over” each in its own way."""
    settings = load_settings(
        governed_file, encoder="hashing", answer_above=0.0, today=dt.date(2024, 7, 15), model=GOVERNED,
        sources=(GOVERNED / "finance.sql", GOVERNED / "marketing.sql"),
    )  # fmt: skip
    with Session(governed_file, settings=settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def governed_gold(governed_file, tmp_path_factory):
    """Return a function that runs hand-written SQL over the governed shop."""
    copy = tmp_path_factory.mktemp("governed_gold") / "shop.duckdb"
    copy.write_bytes(governed_file.read_bytes())
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()
