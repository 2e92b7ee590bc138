"""Features tell how far each item is said, what its column is like, and what kind of value it is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from genie_ext.agent.context import find_context
from genie_ext.config import load_settings
from genie_ext.embedded.parser.features import make_features
from genie_ext.embedded.parser.inputs import FEATURES
from genie_ext.embedded.parser.items import Items, find_items
from genie_ext.session import Session
from genie_ext.types import Question

PHRASE, PART, OWN, ROOT, SYNONYM = range(5)
NUMBER, TEXT, DATE, _TIME, BOOLEAN, _OTHER = range(5, 11)
KEY, REFERENCE, UNIQUE, FEW, NULLS = range(11, 16)
SCORE, EXACT, NEAR = range(16, 19)
NUMERIC, QUOTED, KNOWN, OWNED, YEAR = range(19, 24)


@pytest.fixture
def rows_of(context_of):
    """Return a function that gives the features of a question by the name of their item."""

    def rows(text: str) -> dict[str, np.ndarray]:
        context = context_of(text)
        items = find_items(context)
        return dict(zip(_names(items), make_features(context, items), strict=True))

    return rows


def _names(items: Items) -> list[str]:
    return [
        *(table.id.name for table in items.tables),
        *(f"{ref.table.name}.{ref.column}" for ref in items.columns),
        *(f"“{value.text}”" for value in items.values),
    ]


@pytest.mark.parametrize("text", ["How many?", "Total of paid orders in Berlin over 50 in 2024", "?!", "Ünïcode «»"])
def test_all_features_lie_between_0_and_1(context_of, text: str) -> None:
    context = context_of(text)
    items = find_items(context)
    rows = make_features(context, items)
    assert rows.shape == (len(items), FEATURES)
    assert rows.dtype == np.float32
    assert rows.min() >= 0
    assert rows.max() <= 1


def test_names_that_are_said_stand_out(rows_of) -> None:
    rows = rows_of("What is the credit limit of each customer?")
    assert rows["customers.credit_limit"][[PHRASE, PART, OWN, ROOT]].tolist() == [1, 1, 1, 1]
    assert rows["customers"][[PHRASE, PART]].tolist() == [1, 1]
    assert rows["products.stock"][:5].tolist() == [0] * 5
    half = rows_of("What limit do customers have?")["customers.credit_limit"]
    assert half[[PHRASE, PART]].tolist() == [0, 0.5]


def test_names_without_the_words_of_their_table_and_by_root_stand_out(rows_of) -> None:
    rows = rows_of("How has the customer rated it?")
    assert rows["orders.customer_id"][PART] == pytest.approx(0.5)
    assert rows["reviews.rating"][[PHRASE, PART, ROOT]].tolist() == [0, 0, 1]
    assert rows_of("Which product ids?")["products.product_id"][[PART, OWN]].tolist() == [1, 1]
    assert rows_of("Which ids?")["products.product_id"][[PART, OWN]].tolist() == [0.5, 1]


def test_types_and_keys_of_columns_are_told(rows_of) -> None:
    rows = rows_of("How many orders?")
    families = [NUMBER, TEXT, DATE, BOOLEAN]
    assert rows["orders.total"][families].tolist() == [1, 0, 0, 0]
    assert rows["orders.status"][families].tolist() == [0, 1, 0, 0]
    assert rows["orders.ordered_on"][families].tolist() == [0, 0, 1, 0]
    assert rows["customers.active"][families].tolist() == [0, 0, 0, 1]
    assert rows["orders.order_id"][[KEY, REFERENCE, UNIQUE]].tolist() == [1, 0, 1]
    assert rows["orders.customer_id"][[KEY, REFERENCE, UNIQUE]].tolist() == [0, 1, 0]
    assert rows["addresses.postcode"][NULLS] == pytest.approx(0.2)
    assert rows["orders.status"][FEW] == 1


def test_columns_with_many_values_are_told_from_those_with_few(tmp_path: Path) -> None:
    path = tmp_path / "log.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE log AS SELECT i AS event, i % 20 AS few, i % 21 AS many FROM range(99) t(i)")
    with Session(path, settings=load_settings(path, encoder="hashing")) as session:
        context = find_context(Question(text="How many events?"), session.index, session.agent.policy)
    items = find_items(context)
    rows = dict(zip(_names(items), make_features(context, items), strict=True))
    assert [rows[f"log.{name}"][FEW] for name in ("event", "few", "many")] == [0, 1, 0]


def test_cells_that_are_said_speak_for_their_column_and_value(rows_of) -> None:
    rows = rows_of("Orders shipped to Berlin")
    assert rows["addresses.city"][[EXACT, NEAR]].tolist() == [1, 1]
    assert rows["customers.country"][[EXACT, NEAR]].tolist() == [0, 0]
    assert rows["“Berlin”"][[NUMERIC, QUOTED, KNOWN, OWNED, YEAR]].tolist() == [0, 0, 1, 0, 0]


def test_values_are_told_by_their_kind(rows_of) -> None:
    rows = rows_of('Orders with "oak" over 50 since 1987')
    kind = [NUMERIC, QUOTED, KNOWN, OWNED, YEAR]
    assert rows["“oak”"][kind].tolist() == [0, 1, 0, 0, 0]
    assert rows["“50”"][kind].tolist() == [1, 0, 0, 0, 0]
    assert rows["“1987”"][kind].tolist() == [1, 0, 0, 0, 1]
    assert rows["“true”"][kind].tolist() == [0, 0, 0, 1, 0]
