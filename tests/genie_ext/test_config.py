from __future__ import annotations

import ast
import datetime as dt
import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from genie_ext.config import SETTING_NAMES, Settings, config_file, describe_settings, load_settings, variable
from genie_ext.errors import ConfigError

ROOT = Path(__file__).parents[2]


def write(folder, text):
    (folder / "genie.toml").write_text(text, encoding="utf-8")


def test_load_settings_gives_defaults_without_any_source(tmp_path):
    assert load_settings(tmp_path) == Settings()


def test_load_settings_lets_the_call_win_over_environment_file_and_default(tmp_path, monkeypatch):
    write(tmp_path, "timeout_s = 1\nrow_limit = 1\nmemory_mb = 1\n")
    monkeypatch.setenv("GENIE_ROW_LIMIT", "2")
    monkeypatch.setenv("GENIE_MEMORY_MB", "2")
    found = load_settings(tmp_path, memory_mb=3)
    assert (found.timeout_s, found.row_limit, found.memory_mb, found.threads) == (1, 2, 3, 2)
    assert found.origins == {
        "timeout_s": str(tmp_path / "genie.toml"),
        "row_limit": "GENIE_ROW_LIMIT",
        "memory_mb": "the call",
    }


def test_load_settings_reads_the_file_beside_a_single_file_lake(tmp_path):
    write(tmp_path, "threads = 1\n")
    lake = tmp_path / "shop.duckdb"
    lake.touch()
    assert load_settings(lake).threads == 1
    assert config_file(lake) == config_file(tmp_path)


def test_load_settings_takes_relative_paths_from_the_folder_of_the_file(tmp_path):
    write(tmp_path, 'home = "state"\nencoder = "models/own"\n')
    found = load_settings(tmp_path)
    assert found.home == tmp_path / "state"
    assert found.encoder == str(tmp_path / "models" / "own")


def test_load_settings_takes_relative_paths_elsewhere_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings(tmp_path, home="state").home == tmp_path / "state"


def test_load_settings_reads_policies_from_the_file(tmp_path):
    write(tmp_path, 'allowed_tables = ["a.*"]\nhidden_columns = ["a.b"]\n[row_filters]\norders = "region = 1"\n')
    found = load_settings(tmp_path)
    assert (found.allowed_tables, found.hidden_columns) == (("a.*",), ("a.b",))
    assert found.row_filters == {"orders": "region = 1"}


def test_load_settings_reads_lists_days_and_objects_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GENIE_ALLOWED_TABLES", "orders, sales.*,")
    monkeypatch.setenv("GENIE_TODAY", "2024-05-01")
    monkeypatch.setenv("GENIE_ROW_FILTERS", '{"orders": "a = 1"}')
    monkeypatch.setenv("GENIE_HOME", "")
    found = load_settings(tmp_path)
    assert found.allowed_tables == ("orders", "sales.*")
    assert found.today == dt.date(2024, 5, 1)
    assert found.row_filters == {"orders": "a = 1"}
    assert found.home is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("timeout_s = -1", ["genie.toml", "timeout_s", "-1", "greater than 0"]),
        ('privacy = "all"', ["genie.toml", "privacy", "'all'", "schema", "values", "rows"]),
        ("answer_above = 2", ["answer_above", "2"]),
        ("hidden_columns = 3", ["hidden_columns"]),
        ("timeout = 3", ["genie.toml", "'timeout'", "timeout_s"]),
        ("timeout_s = ", ["genie.toml", "cannot be read"]),
    ],
)
def test_load_settings_names_file_key_and_what_is_allowed(tmp_path, text, parts):
    write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)
    assert all(part in str(caught.value) for part in parts)


def test_load_settings_names_the_variable_that_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("GENIE_THREADS", "many")
    with pytest.raises(ConfigError, match="GENIE_THREADS sets threads to 'many'"):
        load_settings(tmp_path)
    monkeypatch.setenv("GENIE_THREADS", "1")
    monkeypatch.setenv("GENIE_ROW_FILTERS", "a = 1")
    with pytest.raises(ConfigError, match="GENIE_ROW_FILTERS is not JSON"):
        load_settings(tmp_path)


def test_load_settings_names_the_call_that_is_wrong(tmp_path):
    with pytest.raises(ConfigError, match="the call"):
        load_settings(tmp_path, colour="red")


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Settings().threads = 3


def test_every_setting_is_explained():
    texts = describe_settings()
    assert tuple(texts) == SETTING_NAMES
    assert all(len(text) > 10 for text in texts.values())


def test_variable_is_the_name_in_capitals():
    assert variable("row_limit") == "GENIE_ROW_LIMIT"


def test_only_config_reads_settings_from_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for package in ("genie_ext", "semantic")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    # The worker's process gets a chosen part of the environment handed on; it reads no setting there.
    assert readers == {"genie_ext/config.py", "genie_ext/engines/process.py"}


def test_load_settings_refuses_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "genie.toml").mkdir()
    with pytest.raises(ConfigError, match=r"genie\.toml cannot be read"):
        load_settings(tmp_path)


def test_home_of_gives_every_lake_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings().home_of("a/shop.duckdb") is None
    settings = load_settings(tmp_path, home="state")
    first, second = settings.home_of("a/shop.duckdb"), settings.home_of("b/shop.duckdb")
    assert first.parent == second.parent == tmp_path / "state"
    assert re.fullmatch(r"shop\.duckdb-[0-9a-f]{8}", first.name)
    assert first != second
    assert settings.home_of(tmp_path / "a" / "shop.duckdb") == first
