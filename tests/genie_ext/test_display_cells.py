from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import duckdb
import pytest

from genie_ext.display import to_html, to_json, to_text
from genie_ext.display_cells import cells_of, clean, is_identifier, plain, shown
from genie_ext.types import Answer, Question, Rows, Turn


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "—"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (1234.5, "1,234.5"),
        (0.123456, "0.1235"),
        (12.0, "12.0"),
        (1e-9, "1e-09"),
        (3.2e20, "3.2e+20"),
        (float("nan"), "—"),
        (float("-inf"), "-∞"),
        (Decimal("1849055.70"), "1,849,055.70"),
        (dt.date(2026, 11, 20), "2026-11-20"),
        (dt.datetime(2026, 11, 1), "2026-11-01"),  # noqa: DTZ001
        (dt.datetime(2026, 11, 1, 9, 30, 5, 12), "2026-11-01 09:30:05"),  # noqa: DTZ001
        (b"\x00\x01", "2 bytes"),
        ([1, None, "a\x1b"], "[1, —, a␛]"),
        ({"k": 1}, "{k: 1}"),
    ],
)
def test_shown_reads_like_people_write(cell: object, text: str) -> None:
    assert shown(cell) == text


def test_shown_leaves_identifiers_ungrouped() -> None:
    assert is_identifier("customer_id")
    assert is_identifier("customerId")
    assert not is_identifier("paid")
    assert shown(1234567, grouped=False) == "1234567"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[31m", "␛[31m"),
        ("a\r\nb", "a␍⏎b"),
        ("\x9b", "�"),
        ("\u202e", "�"),
        ("\uffff", "�"),
        ("\ud800", "�"),
        ("👩\u200d🔬 é", "👩\u200d🔬 é"),
    ],
)
def test_clean_makes_control_characters_visible(text: str, safe: str) -> None:
    assert clean(text) == safe


def test_clean_keeps_lines_where_asked() -> None:
    assert clean("a\r\n\tb\x1b", lines=True) == "a\n\tb␛"


@pytest.mark.parametrize(
    ("cell", "wire"),
    [
        (2**53, "9007199254740992"),
        (2**53 - 1, 2**53 - 1),
        (Decimal("12.50"), 12.5),
        (Decimal("12345678901234567890.12"), "12345678901234567890.12"),
        (float("inf"), None),
        (Decimal("NaN"), None),
        (dt.time(9, 30), "09:30:00"),
        (dt.timedelta(minutes=2), 120.0),
        (b"\x00\xff", "AP8="),
        ({"a": [dt.date(2026, 1, 2), {1: None}]}, {"a": ["2026-01-02", {"1": None}]}),
        (False, False),
    ],
)
def test_plain_is_json_without_loss(cell: object, wire: object) -> None:
    assert plain(cell) == wire
    assert type(plain(cell)) is type(wire)


def test_every_duckdb_type_can_be_shown() -> None:
    with duckdb.connect() as con:
        table = con.sql("FROM test_all_types()").to_arrow_table()
    turn = Turn(question=Question(text="all"), rows=Rows(table=table), answer=Answer(text="All types."))
    json.dumps(to_json(turn), allow_nan=False)
    assert "bool" in to_text(turn, width=2000)
    assert to_html(turn).count("<tr>") == table.num_rows + 1


def test_cells_of_gives_text_for_days_python_cannot_hold() -> None:
    with duckdb.connect() as con:
        table = con.sql("SELECT DATE '20000-01-01' AS d").to_arrow_table()
    assert cells_of(table.column(0)) == ["20000-01-01"]
