"""What a plan may point to: visible tables and columns, and what the question gives to compare with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from genie_ext.agent.context import find_context
from genie_ext.config import load_settings
from genie_ext.embedded.parser.items import MOST_COLUMNS, Items, ValueItem, as_number, find_items
from genie_ext.session import Session
from genie_ext.types import ColumnRef, Question


def _said(items: Items) -> dict[str, ValueItem]:
    return {value.text: value for value in items.values if value.start >= 0}


def _find(path: Path, text: str) -> Items:
    with Session(path, settings=load_settings(path, encoder="hashing")) as session:
        return find_items(find_context(Question(text=text), session.index, session.agent.policy))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Orders over $1,200.50", {"$1,200.50": 1200.5}),
        ("Customers with three orders or 2k points", {"three": 3, "2k": 2000}),
        ("Orders between -5 and 1.5 million", {"-5": -5, "1.5 million": 1_500_000}),
        ("Orders 50, 1,200, 5,6 or 7.", {"50": 50, "1,200": 1200, "5": 5, "6": 6, "7": 7}),
        ("Items 5-10 of v2 and a7", {"5": 5, "10": 10}),
        ("Which orders are open?!", {}),
    ],
)
def test_find_items_reads_numerals_and_number_words(items_of, text: str, said: dict[str, float]) -> None:
    numbers = {value.text: as_number(value) for value in _said(items_of(text)).values() if value.number is not None}
    assert numbers == said


def test_whole_numbers_are_integers(items_of) -> None:
    said = _said(items_of("Orders over 50.0 or 2.5"))
    assert [repr(as_number(said[text])) for text in ("50.0", "2.5")] == ["50", "2.5"]
    assert as_number(ValueItem(text="Berlin")) is None


@pytest.mark.parametrize("text", ['Notes with "oak & co"', "Notes with “oak & co”", "Notes with 'oak & co'"])
def test_find_items_takes_quoted_texts_without_their_quotes(items_of, text: str) -> None:
    value = _said(items_of(text))["oak & co"]
    assert value.quoted
    assert text[value.start : value.end] == "oak & co"


def test_an_apostrophe_quotes_nothing(items_of) -> None:
    assert not any(value.quoted for value in items_of("Ada's and Bo's orders").values)


def test_find_items_takes_names_that_no_cell_has_but_not_the_first_word(items_of) -> None:
    said = _said(items_of("Which orders went to Atlantis or New Crobuzon?"))
    assert set(said) == {"Atlantis", "New Crobuzon"}
    assert not said["Atlantis"].hits
    assert said["Atlantis"].number is None


def test_find_items_takes_cells_with_all_their_spellings_best_first(items_of) -> None:
    said = _said(items_of("Customers in germany called Eve O'Neil"))
    assert {hit.value for hit in said["germany"].hits} == {"Germany", "Germany ", "germany"}
    assert [hit.score for hit in said["germany"].hits] == sorted((h.score for h in said["germany"].hits), reverse=True)
    assert said["Eve O'Neil"].hits[0].column == "name"


def test_values_stand_in_the_order_of_the_question_before_those_it_only_implies(items_of) -> None:
    values = items_of('Orders of "Desk Lamp" in Berlin over 50').values
    starts = [value.start for value in values]
    said = [start for start in starts if start >= 0]
    assert said == sorted(said)
    assert starts == said + [-1] * (len(starts) - len(said))


def test_flags_give_all_their_values_and_other_columns_none(items_of) -> None:
    items = items_of("Which customers are there?")
    flags = {(value.owner.column, value.text) for value in items.values if value.owner is not None}
    assert flags == {
        ("active", "true"), ("active", "false"), ("verified", "yes"), ("verified", "no"),
        ("discontinued", "N"), ("discontinued", "Y"),
    }  # fmt: skip


def test_binary_numbers_are_flags_and_other_small_numbers_are_not(tmp_path: Path) -> None:
    path = tmp_path / "machines.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE machines AS SELECT i AS id, i % 2 AS running, i % 3 + 1 AS line FROM range(40) t(i)"
        )
    items = _find(path, "Which machines are running?")
    flags = {(value.owner.column, value.text, value.number) for value in items.values if value.owner is not None}
    assert flags == {("running", "0", 0.0), ("running", "1", 1.0)}


def test_columns_stand_by_the_order_of_their_tables(items_of) -> None:
    items = items_of("How many orders does each customer have?")
    order = [table.id for table in items.tables]
    assert [order.index(ref.table) for ref in items.columns] == sorted(order.index(ref.table) for ref in items.columns)
    assert len(items) == len(items.tables) + len(items.columns) + len(items.values)
    assert items.column(items.columns[0]).name == items.columns[0].column


def test_column_refuses_what_is_no_item(items_of) -> None:
    items = items_of("How many orders?")
    with pytest.raises(KeyError):
        items.column(ColumnRef(items.tables[0].id, "nothing"))
    with pytest.raises(KeyError):
        items.column(ColumnRef(replace(items.tables[0].id, name="nothing"), "id"))


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Items:
    """A table of 120 columns and its dimension, asked for one of the last columns and one of the cells."""
    path = tmp_path_factory.mktemp("wide") / "wide.duckdb"
    columns = ", ".join(f"i * {n} AS reading{n}" for n in range(115))
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE plants (plant_id INTEGER PRIMARY KEY, town VARCHAR)")
        connection.execute("INSERT INTO plants VALUES (1, 'Visby'), (2, 'Umeå'), (3, 'Kiruna')")
        connection.execute(
            f"CREATE TABLE probes AS SELECT i AS probe_id, {columns}, CAST(i % 3 + 1 AS INTEGER) AS plant_id,"
            " CAST(i AS DOUBLE) / 7 AS salinity, concat('mark', i) AS mark FROM range(1, 60) t(i)"
        )
        connection.execute("ALTER TABLE probes ADD PRIMARY KEY (probe_id)")
    return _find(path, "What is the average salinity of probes in Visby?")


def test_a_wide_context_keeps_so_many_columns_with_keys_and_what_is_said(wide: Items) -> None:
    assert len(wide.columns) == MOST_COLUMNS
    kept = {(ref.table.name, ref.column) for ref in wide.columns}
    assert {
        ("probes", "salinity"), ("probes", "probe_id"), ("plants", "plant_id"), ("plants", "town"),
        ("probes", "plant_id"),
    } <= kept  # fmt: skip
    assert _said(wide)["Visby"].hits[0].column == "town"


def test_a_wide_context_keeps_the_order_of_each_table(wide: Items) -> None:
    for table in wide.tables:
        names = [column.name for column in table.columns]
        shown = [names.index(ref.column) for ref in wide.columns if ref.table == table.id]
        assert shown == sorted(shown)


def test_hidden_columns_are_no_items_and_give_no_values(governed) -> None:
    hidden = {(table.name, column.lower()) for table, column in governed.index.hidden() if column}
    assert hidden
    text = "How many customers with a consent flag or email are there?"
    items = find_items(find_context(Question(text=text), governed.index, governed.agent.policy))
    assert not hidden & {(ref.table.name, ref.column.lower()) for ref in items.columns}
    owners = {(hit.table.name, hit.column.lower()) for value in items.values for hit in value.hits}
    assert not hidden & owners
