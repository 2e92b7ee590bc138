"""Values are compared as the column holds them, or not at all."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from genie_ext.agent.context import find_context
from genie_ext.config import load_settings
from genie_ext.embedded.parser.items import Items, ValueItem, find_items
from genie_ext.embedded.parser.literals import UnsayableError, find_pattern, find_value, literal, pattern
from genie_ext.session import Session
from genie_ext.types import ColumnRef, Question

ASKED = 'Orders of Ada Berg in Berlin over 50 or "2.5" with "true" on "2024-01-05", "20095" or "Nowhere"'


@pytest.fixture(scope="module")
def items(items_of) -> Items:
    return items_of(ASKED)


def _ref(items: Items, name: str) -> ColumnRef:
    table, column = name.split(".")
    return next(ref for ref in items.columns if (ref.table.name, ref.column) == (table, column))


def _value(items: Items, text: str) -> ValueItem:
    return next(value for value in items.values if value.text == text)


@pytest.mark.parametrize(
    ("text", "column", "wanted"),
    [
        ("50", "orders.total", 50),
        ("2.5", "orders.total", 2.5),
        ("50", "customers.phone", "50"),
        ("20095", "addresses.postcode", "20095"),
        ("20095", "orders.total", 20095),
        ("Ada Berg", "customers.name", "Ada Berg"),
        ("Berlin", "addresses.city", "Berlin"),
        ("Nowhere", "addresses.city", "Nowhere"),
        ("2024-01-05", "orders.ordered_on", "2024-01-05"),
        ("true", "customers.active", True),
        ("false", "customers.active", False),
    ],
)
def test_literal_fits_the_type_of_the_column(items, text: str, column: str, wanted: object) -> None:
    said = literal(_value(items, text), items, _ref(items, column))
    assert (said, type(said)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Berlin", "orders.total"),
        ("Berlin", "customers.name"),
        ("Ada Berg", "addresses.city"),
        ("Nowhere", "orders.total"),
        ("Nowhere", "customers.active"),
        ("2024-01-05", "orders.total"),
        ("yes", "products.discontinued"),
        ("Y", "reviews.verified"),
    ],
)
def test_literal_refuses_what_the_column_cannot_hold(items, text: str, column: str) -> None:
    with pytest.raises(UnsayableError):
        literal(_value(items, text), items, _ref(items, column))


def test_figures_are_compared_with_numbers_alone(items) -> None:
    assert literal(_value(items, "50"), items, None) == 50
    with pytest.raises(UnsayableError):
        literal(_value(items, "Berlin"), items, None)


def test_literal_is_the_cell_where_the_question_spells_it_otherwise(items_of) -> None:
    items = items_of("Orders of ada berg in BERLIN")
    assert literal(_value(items, "BERLIN"), items, _ref(items, "addresses.city")) == "Berlin"
    assert literal(_value(items, "ada berg"), items, _ref(items, "customers.name")) == "Ada Berg"


def test_numbers_as_text_are_compared_as_the_cell_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "parts.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE parts (id INTEGER, code VARCHAR)")
        connection.execute("INSERT INTO parts VALUES (1, '0042'), (2, '0043'), (3, '77')")
    with Session(path, settings=load_settings(path, encoder="hashing")) as session:
        question = Question(text="How many parts have the code 0042?")
        items = find_items(find_context(question, session.index, session.agent.policy))
    assert literal(_value(items, "0042"), items, _ref(items, "parts.code")) == "0042"
    assert literal(_value(items, "0042"), items, _ref(items, "parts.id")) == 42


@pytest.mark.parametrize("value", [50, 50.0, "50"])
def test_find_value_finds_a_number_however_it_is_typed(items, value: object) -> None:
    index = find_value(value, items, _ref(items, "orders.total"))
    assert index is not None
    assert items.values[index].text == "50"


def test_find_value_prefers_what_the_question_says_over_what_a_column_has(items) -> None:
    index = find_value("Berlin", items, _ref(items, "addresses.city"))
    assert index is not None
    assert items.values[index].hits
    assert find_value("Vienna", items, _ref(items, "addresses.city")) is None
    assert find_value(True, items, _ref(items, "customers.active")) is not None
    assert find_value(51, items, None) is None


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("like", ("like", "%50\\%\\_a\\\\%")), ("not like", ("not like", "%50\\%\\_a\\\\%")),
        ("starts with", ("like", "50\\%\\_a\\\\%")), ("ends with", ("like", "%50\\%\\_a\\\\")),
    ],
)  # fmt: skip
def test_pattern_escapes_what_stands_for_other_signs(word: str, wanted: tuple[str, str]) -> None:
    assert pattern(word, ValueItem(text="50%_a\\")) == wanted


def test_an_escaped_pattern_fits_the_text_alone() -> None:
    query = "SELECT ? ILIKE ? ESCAPE '\\', ? ILIKE ? ESCAPE '\\'"
    with duckdb.connect() as connection:
        for word, text in (("like", "is 5%_\\!"), ("starts with", "5%_\\!"), ("ends with", "so 5%_\\")):
            _, form = pattern(word, ValueItem(text="5%_\\"))
            found = connection.execute(query, [text, form, text.replace("%", "x"), form]).fetchall()
            assert found == [(True, False)]


def test_find_pattern_finds_the_word_and_the_value(items_of) -> None:
    items = items_of('Notes with "oak", "5%" or "a_b"')
    at = {value.text: i for i, value in enumerate(items.values)}
    assert find_pattern("like", "%Oak%", items) == ("like", at["oak"])
    assert find_pattern("not like", "%oak%", items) == ("not like", at["oak"])
    assert find_pattern("like", "oak%", items) == ("starts with", at["oak"])
    assert find_pattern("like", "%oak", items) == ("ends with", at["oak"])
    assert find_pattern("like", "%5\\%", items) == ("ends with", at["5%"])
    assert find_pattern("like", "%a_b%", items) == ("like", at["a_b"])
    assert find_pattern("not like", "oak%", items) is None
    assert find_pattern("like", "oak", items) is None
    assert find_pattern("like", "%elm%", items) is None
