from __future__ import annotations

import duckdb
import pytest

from genie_ext.config import load_settings
from genie_ext.doctor import examine
from genie_ext.errors import GuardError
from genie_ext.guard import check
from genie_ext.policies import make_policy, views_past
from genie_ext.session import Session

HEAD = """
version: "0.1.1"
semantic_model:
  - name: shop
    datasets:
"""
CUSTOMERS = """
      - name: customers
        source: main.customers
        fields:
          - name: city
            expression: {dialects: [{dialect: ANSI_SQL, expression: city}]}
            ai_context: {hidden: true}
"""
KEYS = """
      - name: orders
        source: main.orders
        fields:
          - name: customer_id
            expression: {dialects: [{dialect: ANSI_SQL, expression: customer_id}]}
            ai_context: {hidden: true}
"""
ORDERS = """
      - name: orders
        source: main.orders
        ai_context: {hidden: true}
"""


DEFAULT = """
      - name: orders
        source: main.orders
        ai_context: {default_filter: "orders.status = 'paid'"}
        fields:
          - name: status
            expression: {dialects: [{dialect: ANSI_SQL, expression: status}]}
            ai_context: {hidden: true}
"""


def _open(shop, model, **settings):
    folder = shop.parent / "model"
    folder.mkdir()
    (folder / "model.ossie.yaml").write_text(HEAD + model, "utf-8")
    return Session(shop, settings=load_settings(shop, encoder="hashing", answer_above=0.0, model=folder, **settings))


def test_a_hidden_column_of_the_model_is_never_shown_nor_matched(shop):
    with _open(shop, CUSTOMERS) as session:
        assert "city" not in session.ask("List all customers").rows.table.column_names
        turn = session.ask("How many customers are from Paris?")
        assert turn.answer is None or "Paris" not in turn.sql.text
        assert turn.refusal is None or "city" not in str(turn.refusal)


def test_a_hidden_column_of_the_model_is_refused_by_the_guard(shop):
    with _open(shop, CUSTOMERS) as session, pytest.raises(GuardError):
        _checked(session, "SELECT city FROM customers")


def test_a_hidden_table_of_the_model_is_neither_read_nor_named(shop):
    with _open(shop, ORDERS) as session:
        turn = session.ask("How many orders are there?")
        assert turn.answer is None
        assert "orders" not in str(turn.refusal.suggestions)
        with pytest.raises(GuardError):
            _checked(session, "SELECT * FROM orders")


def test_hidden_keys_still_join_and_are_not_shown(shop):
    with _open(shop, KEYS) as session:
        rows = session.ask("total amount by city").rows.table
        assert dict(zip(*(column.to_pylist() for column in rows.columns), strict=True)).keys() == {"Paris", "Rome"}
        assert "customer_id" not in session.ask("List all orders").rows.table.column_names


def test_a_default_over_a_hidden_column_always_holds_and_is_not_told(shop):
    with _open(shop, DEFAULT) as session:
        turn = session.ask("How many orders are there?")
        assert turn.rows.table.column(0).to_pylist() == [3]
        assert "status" not in turn.sql.text + str(turn.plan)
        lifted = session.ask("How many orders are there including everything?")
        assert lifted.answer is None or lifted.rows.table.column(0).to_pylist() == [3]


def test_the_settings_and_the_model_both_hide(shop):
    with _open(shop, CUSTOMERS, hidden_columns=("customers.name",)) as session:
        assert session.ask("List all customers").rows.table.column_names == ["customer_id"]


def test_allowed_tables_do_not_bring_a_hidden_table_back(shop):
    with _open(shop, ORDERS, allowed_tables=("orders", "customers")) as session, pytest.raises(GuardError):
        _checked(session, "SELECT * FROM orders")


def test_a_model_that_hides_nothing_leaves_the_policy_as_it_is(shop):
    with _open(shop, "      - {name: orders, source: main.orders}\n") as session:
        policy = make_policy(session.settings, session.index)
        assert (policy.allowed, policy.hidden_columns, policy.row_filters) == (None, {}, {})


def _checked(session, sql):
    return check(sql, session.index, policy=make_policy(session.settings, session.index))


def test_views_that_read_past_the_policy_are_found_also_through_other_views(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE orders AS SELECT range AS order_id, 'DE' AS country FROM range(4)")
        connection.execute("CREATE TABLE stores AS SELECT 1 AS store_id")
        connection.execute("CREATE VIEW recent AS SELECT * FROM orders WHERE order_id > 1")
        connection.execute("CREATE VIEW newest AS SELECT max(order_id) AS order_id FROM recent")
        connection.execute("CREATE VIEW places AS SELECT * FROM stores")
    for filters, found in (
        ({}, set()),
        ({"orders": "country = 'DE'"}, {"recent", "newest"}),
        ({"orders": "country = 'DE'", "recent": "country = 'DE'"}, {"newest"}),
        ({"stores": "store_id = 1"}, {"places"}),
    ):
        settings = load_settings(path, encoder="hashing", row_filters=filters)
        with Session(path, settings=settings) as session:
            past = views_past(make_policy(settings, session.index), session.index)
            assert {view.name for view in past} == found
    told = {check.name: check for check in examine(path, encoder="hashing", row_filters={"orders": "country = 'DE'"})}
    assert "recent" in told["policy"].text
    assert "row_filters" in told["policy"].hint
