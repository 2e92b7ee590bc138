from __future__ import annotations

import datetime as dt

import pytest

from genie_ext.embedded.cues import find_cues, read_number
from genie_ext.embedded.dates import find_dates, floor_to, shift
from genie_ext.embedded.words import name_stems, plain_name, root, stem

TODAY = dt.date(2024, 7, 15)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("orders", "order"),
        ("Cities", "city"),
        ("boxes", "box"),
        ("status", "status"),
        ("people", "person"),
        ("bus", "bus"),
    ],
)
def test_stem_is_the_singular(word, wanted):
    assert stem(word) == wanted


@pytest.mark.parametrize("family", [("rated", "rating", "rate"), ("directed", "director"), ("shipped", "shipping")])
def test_root_is_shared_by_a_family_of_words(family):
    assert len({root(word) for word in family}) == 1


def test_name_stems_split_names_and_spell_short_forms_out():
    assert name_stems("custOrderAmt") == ("customer", "order", "amount")
    assert plain_name("Order Details") == "order details"
    assert name_stems("Größen") == ("grössen",)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("in 2023", "2023-01-01", "2024-01-01"),
        ("in March 2024", "2024-03-01", "2024-04-01"),
        ("in November", "2023-11-01", "2023-12-01"),
        ("in q2 2024", "2024-04-01", "2024-07-01"),
        ("on 2024-02-29", "2024-02-29", "2024-03-01"),
        ("since March 2024", "2024-03-01", None),
        ("before 2024-02-01", None, "2024-02-01"),
        ("after 2022", "2023-01-01", None),
        ("until June 2024", None, "2024-07-01"),
        ("between January and March 2024", "2024-01-01", "2024-04-01"),
        ("last month", "2024-06-01", "2024-07-01"),
        ("this year", "2024-01-01", "2025-01-01"),
        ("last week", "2024-07-08", "2024-07-15"),
        ("yesterday", "2024-07-14", "2024-07-15"),
        ("in the last 30 days", "2024-06-16", "2024-07-16"),
        ("year to date", "2024-01-01", "2024-07-16"),
        ("in the 1990s", "1990-01-01", "2000-01-01"),
        ("what about 2023", "2023-01-01", "2024-01-01"),
    ],
)
def test_find_dates_reads_a_phrase_as_a_half_open_range(text, start, end):
    (phrase,) = find_dates(f"orders {text}", TODAY)
    assert (phrase.start and phrase.start.isoformat(), phrase.end and phrase.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("in 2014", True), ("since 2014", True), ("in 2014 or 2015", True), ("between 2014 and 2016", True),
        ("since March 2024", False), ("between January and March 2024", False), ("in Q3 2025", False),
    ],
)  # fmt: skip
def test_find_dates_says_whether_whole_years_alone_are_named(text, years):
    (phrase,) = find_dates(f"orders {text}", TODAY)
    assert phrase.years is years


@pytest.mark.parametrize("text", ["on 30 February 2024", "level 3", "may I see the orders"])
def test_find_dates_leaves_what_is_no_day_alone(text):
    assert not [phrase for phrase in find_dates(text, TODAY) if phrase.start == phrase.end]


def test_shift_keeps_the_end_of_a_month():
    assert shift(dt.date(2024, 1, 31), "month", 1) == dt.date(2024, 2, 29)
    assert floor_to(dt.date(2024, 7, 15), "quarter") == dt.date(2024, 7, 1)


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("how many orders", "aggregate", "count"),
        ("average price", "aggregate", "avg"),
        ("more than 5 orders", "compare", ">"),
        ("at least three orders", "compare", ">="),
        ("between 3 and 7", "between", "between"),
        ("above the average", "average_of", ">"),
        ("top 5 products", "superlative", "up"),
        ("cheapest product", "superlative", "down"),
        ("without orders", "null", "is null"),
        ("never ordered", "negation", "!="),
        ("sorted by price", "order", "ascending"),
        ("monthly revenue", "grain", "month"),
        ("name starting with A", "like", "starts"),
        ("percentage of orders", "unsupported", "share"),
    ],
)
def test_find_cues_reads_what_to_do(text, kind, detail):
    first = find_cues(text)[0]
    assert first.kind == kind
    assert first.detail == detail or (kind == "order" and first.detail in {"by", "ascending"})


@pytest.mark.parametrize(("text", "number"), [("1,200", 1200), ("$5k", 5000), ("three", 3), ("2.5 million", 2.5e6)])
def test_read_number_reads_numerals_and_words(text, number):
    assert read_number(text) == number
