from __future__ import annotations

import pytest

from semantic.joins.key_names import abbreviates, core_words, entity_forms, head_words, shared_prefix
from semantic.joins.key_roles import other_words
from semantic.joins.keys import comparable, evidence, is_dense, may_be_key, may_point, speaks
from semantic.types import Column, ColumnProfile, Table, TableId


def _column(name: str, kind: str, low: str = "", high: str = "", *, distinct: int = 100, seen: str = "") -> Column:
    profile = ColumnProfile(
        rows=100,
        nulls=0.0,
        distinct=distinct,
        minimum=low or None,
        maximum=high or None,
        frequent=tuple((value, 1) for value in seen.split()),
    )
    return Column(name=name, type=kind, profile=profile)


def _table(name: str, *columns: Column, schema: str = "main") -> Table:
    return Table(id=TableId("lake", schema, name), kind="table", columns=columns, rows=100)


@pytest.mark.parametrize(
    ("name", "words", "keyed"),
    [
        ("customer_id", ("customer",), True),
        ("customerID", ("customer",), True),
        ("custid", ("cust",), True),
        ("club_id_2", ("club",), True),
        ("home_team", ("home", "team"), False),
        ("addresses_code", ("address",), True),
        ("id", (), True),
        ("paid", ("pa",), True),
    ],
)
def test_core_words_leaves_out_the_word_for_a_key(name: str, words: tuple[str, ...], keyed: bool) -> None:
    assert core_words(name) == (words, keyed)


def test_head_words_stops_at_an_afterthought() -> None:
    assert head_words(("member", "in", "charge")) == ("member",)
    assert head_words(("in", "charge")) == ()
    assert head_words(("member",)) == ()


@pytest.mark.parametrize(
    ("table", "schema", "form"),
    [
        ("dim_customers", "main", "customer"),
        ("stg_shop__orders", "staging", "order"),
        ("claim_headers", "main", "claim"),
        ("shop_orders", "shop", "order"),
        ("PurchaseOrders", "main", "purchaseorder"),
    ],
)
def test_entity_forms_names_what_a_row_is(table: str, schema: str, form: str) -> None:
    assert dict(entity_forms(_table(table, schema=schema)))[form] >= 0.95


@pytest.mark.parametrize(("short", "long", "does"), [("cust", "customer", True), ("dept", "department", True),
                                                     ("id", "idea", False), ("mer", "customer", False),
                                                     ("cst", "customerstatement", False)])  # fmt: skip
def test_abbreviates_needs_letters_in_order_from_the_first(short: str, long: str, does: bool) -> None:
    assert abbreviates(short, long) is does


def test_shared_prefix_is_borne_by_all_columns() -> None:
    columns = [Column(name=n, type="BIGINT") for n in ("o_id", "o_total", "o_date")]
    assert shared_prefix(_table("orders", *columns)) == "o_"
    assert shared_prefix(_table("orders", *columns, Column(name="note", type="VARCHAR"))) == ""


def test_other_words_tries_a_synonym_before_any_person() -> None:
    words = list(other_words(("customer",)))
    assert words[0] == "client"
    assert "person" in words
    assert list(other_words(("parcel",))) == []


def test_is_dense_tells_counted_numbers() -> None:
    assert is_dense(_column("id", "BIGINT", "1", "100"))
    assert not is_dense(_column("id", "BIGINT", "5001", "5100"))
    assert not is_dense(_column("code", "VARCHAR", "A", "Z"))


def test_evidence_grows_with_values_and_gaps() -> None:
    sparse = _column("id", "BIGINT", "1", "9000000")
    few, many = (_column("x", "BIGINT", "5", "8000000", distinct=n) for n in (2, 20))
    assert 0 < evidence(few, sparse) < evidence(many, sparse)
    assert speaks(many, sparse)
    run = _column("x", "BIGINT", "5001", "5100")
    assert evidence(run, sparse) == 0.0
    assert not speaks(_column("x", "VARCHAR", "a", "b", distinct=3), _column("id", "VARCHAR", "a", "z"))


@pytest.mark.parametrize(
    ("column", "points"),
    [
        (_column("customer_id", "BIGINT"), True),
        (_column("orders", "BIGINT"), False),
        (_column("price", "DOUBLE", seen="1.5 2.25"), False),
        (_column("ref", "DOUBLE", seen="1 2"), True),
        (_column("sold_on", "DATE"), True),
        (_column("flag", "BOOLEAN"), False),
        (_column("tags", "VARCHAR[]"), False),
    ],
)
def test_may_point_leaves_out_measures_and_counts(column: Column, points: bool) -> None:
    assert may_point(column) is points


def test_may_be_key_asks_for_unique_values_and_days_only_of_a_calendar() -> None:
    key, day, repeated = _column("id", "BIGINT"), _column("day", "DATE"), _column("kind", "BIGINT", distinct=7)
    assert may_be_key(_table("orders", key), key)
    assert not may_be_key(_table("orders", repeated), repeated)
    assert not may_be_key(_table("openings", day), day)
    assert may_be_key(_table("dim_date", day), day)


def test_comparable_asks_text_to_read_as_numbers() -> None:
    number = _column("id", "BIGINT")
    assert comparable(_column("customer", "VARCHAR", seen="101 102"), number)
    assert not comparable(_column("customer", "VARCHAR", seen="101 n/a"), number)
    assert not comparable(_column("customer_id", "BIGINT"), _column("name", "VARCHAR", seen="Ada Bob"))
    assert not comparable(_column("sold_on", "DATE"), number)
