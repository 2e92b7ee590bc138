from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from genie_ext.errors import ConfigError
from genie_ext.server import history
from genie_ext.server.history import KEPT_ROWS, History, Kept


def _kept(number="1", thread="t", rows=1):
    data = {"columns": [], "data": [[row] for row in range(rows)], "truncated": False}
    return Kept(id=number, thread=thread, question=f"question {number}", turn={"rows": data})


def test_history_is_for_the_eyes_of_its_owner(tmp_path):
    kept = History(tmp_path / "home" / "panel.db")
    kept.path.parent.mkdir()
    kept.path.touch(mode=0o644)
    kept.keep("ada", _kept())
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600


def test_history_shows_nobody_the_turns_of_another(tmp_path):
    kept = History(tmp_path / "panel.db")
    kept.keep("ada", _kept())
    assert kept.turn("bo", "1") is None
    assert kept.thread("bo", "t") is None
    assert not kept.rename("bo", "t", "mine")
    assert not kept.delete("bo", "t")
    assert kept.questions("ada", "t") == ("question 1",)


def test_history_reads_without_writing(tmp_path):
    assert History(tmp_path / "panel.db").threads("ada") == []
    assert not list(tmp_path.iterdir())


def test_history_keeps_so_many_rows_and_says_so(tmp_path):
    kept = History(tmp_path / "panel.db")
    kept.keep("ada", _kept(rows=KEPT_ROWS + 1))
    rows = kept.turn("ada", "1").turn["rows"]
    assert (len(rows["data"]), rows["truncated"]) == (KEPT_ROWS, True)


def test_history_stands_in_the_folder_of_jupyter_where_the_lake_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    assert History.beside(tmp_path / "lake" / ".genie").path == tmp_path / "lake" / ".genie" / "panel.db"
    monkeypatch.setattr(history.os, "access", lambda place, _: not str(place).startswith(str(tmp_path)))
    found = History.beside(tmp_path / "lake" / ".genie").path
    assert found.is_relative_to(tmp_path / "data" / "genie")
    assert found != History.beside(tmp_path / "other" / ".genie").path


def test_history_says_in_one_message_what_is_wrong_with_its_file(tmp_path):
    path = Path(tmp_path / "panel.db")
    path.write_bytes(os.urandom(5000))
    with pytest.raises(ConfigError, match="cannot be used"):
        History(path).threads("ada")
