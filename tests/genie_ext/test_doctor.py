from __future__ import annotations

import os

import pytest

from genie_ext.config import load_settings
from genie_ext.doctor import examine
from semantic.index import build_index
from semantic.lake import find_lake
from semantic.vectors.encoders import find_encoder


def by_name(path=None, **settings):
    return {check.name: check for check in examine(path, **settings)}


def test_examine_finds_the_installation_sound():
    found = by_name()
    assert all(check.ok for check in found.values()), found
    assert {"Python", "duckdb", "SQLite", "encoder", "parser", "worker", "models"} <= found.keys()
    assert "384" in found["encoder"].text
    assert "separate process" in found["worker"].text


def test_examine_looks_at_lake_index_and_worker(indexed_shop):
    found = by_name(indexed_shop)
    assert all(check.ok for check in found.values()), found
    assert "2 tables" in found["lake"].text
    assert "changed" not in found["index"].text


def test_examine_says_that_the_first_question_builds_the_index(shop):
    found = by_name(shop, encoder="hashing")["index"]
    assert found.ok
    assert "first question" in found.text
    assert not (shop.parent / ".genie" / shop.name / "index").exists()


def test_examine_says_that_the_lake_changed_since_the_index_was_built(shop):
    build_index(find_lake(shop), encoder=find_encoder("hashing"))
    os.utime(shop, (0, 0))
    found = by_name(shop, encoder="hashing")["index"]
    assert "changed since" in found.text
    assert f"genie index {shop}" in found.hint


def test_examine_says_that_the_index_has_another_encoder(shop):
    build_index(find_lake(shop), encoder=find_encoder("hashing"))
    found = by_name(shop)["index"]
    assert not found.ok
    assert "hashing" in found.text


def test_examine_gives_the_error_of_a_missing_lake(tmp_path):
    found = by_name(tmp_path / "none")
    assert not found["lake"].ok
    assert "no file or folder" in found["lake"].text
    assert found["lake"].hint


def test_examine_gives_the_error_of_a_damaged_lake(tmp_path):
    path = tmp_path / "shop.duckdb"
    path.write_bytes(b"12345678DUCK" + bytes(5000))
    found = by_name(path)
    assert not found["lake"].ok
    assert not found["worker"].ok


@pytest.mark.parametrize("encoder", ["/nowhere", "unknown"])
def test_examine_gives_the_error_of_a_missing_encoder(encoder):
    found = by_name(encoder=encoder)["encoder"]
    assert not found.ok
    assert encoder in found.text


def test_examine_says_that_the_home_is_a_file(shop, tmp_path):
    (tmp_path / "state").write_text("in the way", encoding="utf-8")
    found = by_name(shop, encoder="hashing", home=str(tmp_path / "state"))["index"]
    assert not found.ok
    assert f"{tmp_path / 'state'} is not a writable folder" in found.text


def test_examine_looks_at_the_lakes_own_folder_in_a_shared_home(shop, tmp_path):
    settings = load_settings(shop, home=str(tmp_path / "state"))
    build_index(find_lake(shop, home=settings.home_of(shop)), encoder=find_encoder("hashing"))
    assert "2 tables" in by_name(shop, encoder="hashing", home=str(tmp_path / "state"))["index"].text


def test_doctor_says_of_each_model_what_it_is_for_and_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    models = {
        "writer": {"provider": "openai", "model": "qwen", "tier": "open", "base_url": "http://127.0.0.1:9/v1"},
        "planner": {"provider": "anthropic", "model": "big", "tier": "frontier"},
    }
    found = {check.name: check for check in examine(models=models)}
    assert "models" not in found
    assert found["model writer"].ok
    assert "qwen for plan, sql, describe at http://127.0.0.1:9/v1" in found["model writer"].text
    assert not found["model planner"].ok
    assert "ANTHROPIC_API_KEY" in found["model planner"].hint
    kept_out = {check.name: check for check in examine(models=models, local_only=True)}["model planner"]
    assert (kept_out.ok, kept_out.text) == (True, "kept out by local_only")
