"""Serialised questions: each item is read at its own words, and what does not fit is cut without harm."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from genie_ext.embedded.parser.inputs import FEATURES, Inputs
from genie_ext.embedded.parser.items import Items, find_items
from genie_ext.embedded.parser.parse import read_tokenizer
from genie_ext.embedded.parser.serialise import MOST_TOKENS, Serialiser
from genie_ext.types import Context
from semantic.types import Column


@pytest.fixture(scope="module")
def tokenizer():
    return read_tokenizer()


@pytest.fixture(scope="module")
def serialiser(tokenizer) -> Serialiser:
    return Serialiser(tokenizer)


def _check(inputs: Inputs, items: Items) -> None:
    """Assert that all parts of inputs fit one another."""
    count, tokens = len(items), len(inputs.ids)
    assert 2 <= tokens <= MOST_TOKENS
    assert inputs.ids.dtype == inputs.spans.dtype == inputs.kinds.dtype == inputs.owners.dtype == np.int64
    assert inputs.spans.shape == (count, 2)
    assert inputs.kinds.shape == inputs.owners.shape == (count,)
    assert inputs.features.shape == (count, FEATURES)
    assert (inputs.spans[:, 0] >= 0).all()
    assert (inputs.spans[:, 0] < inputs.spans[:, 1]).all()
    assert (inputs.spans[:, 1] <= tokens).all()
    assert 1 <= inputs.question[0] <= inputs.question[1] < tokens
    assert inputs.kinds.tolist() == [0] * len(items.tables) + [1] * len(items.columns) + [2] * len(items.values)


def _words(inputs: Inputs, tokenizer, index: int) -> str:
    first, last = inputs.spans[index]
    return tokenizer.decode(inputs.ids[first:last].tolist())


def _spell(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def test_spans_are_the_words_of_each_item(serialiser, tokenizer, context_of) -> None:
    context = context_of('Paid orders of "Ada Berg" in Berlin over 1,200.50')
    items = find_items(context)
    inputs = serialiser.read(context, items)
    _check(inputs, items)
    first, last = inputs.question
    assert _spell(tokenizer.decode(inputs.ids[first:last].tolist())) == _spell(context.question.text)
    names = [table.id.name for table in items.tables] + [ref.column for ref in items.columns]
    for i, name in enumerate(names):
        assert _spell(_words(inputs, tokenizer, i)) == _spell(name)
    for i, value in enumerate(items.values, start=len(names)):
        said = value.text if value.owner is None else value.owner.column
        assert _spell(_words(inputs, tokenizer, i)) == _spell(said)


def test_names_of_items_follow_the_question_one_after_another(serialiser, context_of) -> None:
    context = context_of("How many orders?")
    items = find_items(context)
    inputs = serialiser.read(context, items)
    starts = inputs.spans[: len(items.tables) + len(items.columns), 0]
    assert starts.min() == inputs.question[1] + 1
    assert len(set(starts.tolist())) == len(starts)
    columns = starts[len(items.tables) :]
    assert all(a < b for a, b in pairwise(columns.tolist()))


def test_owners_are_tables_of_columns_and_columns_of_values_not_said(serialiser, context_of) -> None:
    context = context_of("Active customers in Berlin")
    items = find_items(context)
    owners = serialiser.read(context, items).owners
    tables = len(items.tables)
    assert owners[:tables].tolist() == list(range(tables))
    for i, ref in enumerate(items.columns, start=tables):
        assert items.tables[owners[i]].id == ref.table
    for i, value in enumerate(items.values, start=tables + len(items.columns)):
        assert (value.owner is None and owners[i] == i) or items.columns[owners[i] - tables] == value.owner


def test_cells_that_the_question_says_stand_behind_their_column(serialiser, tokenizer, context_of) -> None:
    context = context_of("Orders to Berlin")
    inputs = serialiser.read(context, find_items(context))
    assert "city = berlin," in tokenizer.decode(inputs.ids.tolist())


def test_names_are_written_as_people_say_them(serialiser, tokenizer, context_of) -> None:
    context = context_of("How many orders?")
    table = replace(context.tables[0], columns=(Column(name="custQtyNum", type="INTEGER"),))
    context = replace(context, tables=(table,), relationships=())
    items = find_items(context)
    inputs = serialiser.read(context, items)
    assert _words(inputs, tokenizer, len(items.tables)) == "customer quantity number"


@pytest.mark.parametrize("text", ["", " ", "?", "\U0001f98a\U0001f98a", "\u200b\u200b", "“”"])
def test_a_question_without_known_words_can_be_read(serialiser, context_of, text: str) -> None:
    context = context_of("How many orders?")
    found = replace(context.found, values=())
    context = replace(context, question=replace(context.question, text=text), found=found)
    items = find_items(context)
    _check(serialiser.read(context, items), items)


def test_a_long_question_is_cut_and_what_it_says_behind_the_cut_has_no_words(serialiser, context_of) -> None:
    context = context_of("orders " * 300 + "over 4711")
    items = find_items(context)
    inputs = serialiser.read(context, items)
    _check(inputs, items)
    assert inputs.question[1] - inputs.question[0] < 300
    index = next(i for i, value in enumerate(items.values) if value.text == "4711")
    assert inputs.spans[len(items.tables) + len(items.columns) + index].tolist() == [0, 1]


def _widened(context: Context, columns: int) -> Context:
    """Return a context whose first table has columns of long names instead of its own."""
    names = (f"long_{i}_name_of_a_reading_in_hall_number_{i}" for i in range(columns))
    table = replace(context.tables[0], columns=tuple(Column(name=name, type="DOUBLE") for name in names))
    return replace(context, tables=(table, *context.tables[1:]), relationships=())


def test_a_wide_schema_is_cut_and_items_behind_the_cut_have_no_words(serialiser, context_of) -> None:
    context = _widened(context_of("Average total of orders"), 60)
    items = find_items(context)
    inputs = serialiser.read(context, items)
    _check(inputs, items)
    assert len(inputs.ids) == MOST_TOKENS
    assert (inputs.spans == [0, 1]).all(axis=1).any()
    assert (inputs.spans[0] > 1).all()


@pytest.mark.parametrize("name", ["…", "日本語", "\U0001f98a", "__", "a" * 300])
def test_names_of_unknown_signs_have_a_token(serialiser, context_of, name: str) -> None:
    context = context_of("How many orders?")
    table = replace(context.tables[0], columns=(Column(name=name, type="INTEGER"),))
    context = replace(context, tables=(table,), relationships=(), found=replace(context.found, values=()))
    items = find_items(context)
    _check(serialiser.read(context, items), items)


def test_arrays_hold_all_fields(serialiser, context_of) -> None:
    context = context_of("How many orders?")
    inputs = serialiser.read(context, find_items(context))
    stored = inputs.arrays()
    assert tuple(stored["question"]) == inputs.question
    assert stored.keys() == {"ids", "question", "spans", "kinds", "owners", "features"}
