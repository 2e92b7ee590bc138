from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from genie_ext.errors import ConfigError
from genie_ext.threads import REPLAYED, STATE_FILE, recall, remember


def test_recall_gives_the_questions_of_one_thread_in_order(tmp_path):
    for thread, question in (("a", "one"), ("b", "other"), ("a", "two")):
        remember(tmp_path, thread, question)
    assert recall(tmp_path, "a") == ("one", "two")


def test_recall_of_nothing_writes_nothing(tmp_path):
    assert recall(tmp_path, "a") == ()
    assert not list(tmp_path.iterdir())


def test_recall_gives_only_the_last_questions(tmp_path):
    for number in range(REPLAYED + 3):
        remember(tmp_path, "a", str(number))
    assert recall(tmp_path, "a") == tuple(str(number) for number in range(3, REPLAYED + 3))


def test_remember_loses_nothing_where_many_write(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: remember(tmp_path, f"t{number}", "x"), range(20)))
    assert all(recall(tmp_path, f"t{number}") == ("x",) for number in range(20))


def test_a_damaged_state_is_one_message(tmp_path):
    (tmp_path / STATE_FILE).write_text("no database at all, but long enough to be read as one" * 20, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be used"):
        recall(tmp_path, "a")
