"""A shop of six tables, indexed once: two keys to one dimension, a link table, flags, dirty and missing values."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.session import Session

FIXTURES = Path(__file__).parents[1] / "fixtures" / "questions"


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute((FIXTURES / "shop.sql").read_text("utf-8"))
    return path


@pytest.fixture(scope="session")
def session(shop_file):
    """A session over the shop on 15 July 2024 that answers however unsure it is."""
    settings = load_settings(shop_file, encoder="hashing", answer_above=0.0, today=dt.date(2024, 7, 15))
    with Session(shop_file, settings=settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def careful(shop_file):
    """The same with the default of how sure an answer must be."""
    settings = load_settings(shop_file, encoder="hashing", today=dt.date(2024, 7, 15))
    with Session(shop_file, settings=settings) as opened:
        yield opened
