from __future__ import annotations

import pytest

from semantic.stale import find_stale
from semantic.types import Table, TableId


def _stale(*names: str) -> set[str]:
    tables = [Table(id=TableId("db", "main", name), kind="table", columns=()) for name in names]
    return {t.id.name for t in find_stale(tables) if t.stale}


@pytest.mark.parametrize(
    "name",
    ["orders_old", "orders_bak", "orders_2023_backup", "stg_orders", "tmp_orders", "copy of orders", "OrdersBackup"],
)
def test_find_stale_marks_copies_beside_the_original(name: str) -> None:
    assert _stale("orders", "customers", name) == {name}


def test_find_stale_leaves_originals_and_plain_names_alone() -> None:
    assert _stale("orders", "gold_rates", "test", "raw", "old", "archive", "orders_2023") == set()


def test_find_stale_leaves_staging_tables_without_a_better_one() -> None:
    assert _stale("stg_orders", "customers") == set()


def test_find_stale_marks_the_temporary_copy_of_a_staging_table() -> None:
    assert _stale("stg_orders", "stg_orders_tmp") == {"stg_orders_tmp"}
