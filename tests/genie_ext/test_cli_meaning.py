"""genie index reads sources of meaning, and genie search shows what they said."""

from __future__ import annotations

import json
import re

import pytest

from genie_ext.cli.main import run

NET = "-- Net sales\nSELECT customer_id, sum(amount) AS net_sales FROM orders WHERE amount > 0 GROUP BY ALL;\n"
GROSS = "-- Net sales again\nSELECT customer_id, max(amount) + 1 AS net_sales FROM orders GROUP BY ALL;\n"


@pytest.fixture(autouse=True)
def _hashing(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENIE_ENCODER", "hashing")


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "net.sql").write_text(NET)
    return folder


def test_index_reads_sources_and_remembers_them(shop, reports, capsys):
    assert run(["index", str(shop), "--sources", str(reports)]) == 0
    assert "1 metrics" in capsys.readouterr().out
    (reports / "more.sql").write_text("SELECT count(DISTINCT customer_id) AS buyers FROM orders")
    assert run(["index", str(shop)]) == 0
    assert "2 metrics" in capsys.readouterr().out
    assert run(["index", str(shop), "--forget-sources"]) == 0
    assert "metrics" not in capsys.readouterr().out


def test_index_says_what_was_skipped_and_what_could_not_be_carried_over(shop, reports, capsys):
    (reports / "broken.ipynb").write_text("{")
    (reports / "wrong.sql").write_text("SELECT sum(nowhere) AS x FROM missing_table;\n" * 12)
    assert run(["index", str(shop), "--sources", str(reports)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^skipped .*broken\.ipynb", out, re.MULTILINE)
    assert len(re.findall(r"^not carried over .*missing_table", out, re.MULTILINE)) <= 10
    assert run(["index", str(shop), "--verbose"]) == 0
    assert "wrong.sql" in capsys.readouterr().out


def test_index_refuses_sources_that_do_not_exist(shop, capsys):
    assert run(["index", str(shop), "--sources", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_sources_of_genie_toml_are_read(shop, reports, capsys):
    (shop.parent / "genie.toml").write_text('sources = ["../reports"]\n')
    assert run(["index", str(shop)]) == 0
    assert "1 metrics" in capsys.readouterr().out


def test_search_shows_a_metric_its_source_and_its_rival(shop, reports, capsys):
    (reports / "gross.sql").write_text(GROSS)
    assert run(["index", str(shop), "--sources", str(reports)]) == 0
    assert "defined in more than one way" in capsys.readouterr().out
    assert run(["search", "net sales", "--lake", str(shop)]) == 0
    out = capsys.readouterr().out
    metric = re.search(r"^metric +[\d.]+  net_sales = (.*)$", out, re.MULTILINE)
    assert metric is not None
    assert "over orders" in metric.group(1)
    assert "reports/" in metric.group(1)
    assert re.search(r"^  rival +net_sales = ", out, re.MULTILINE)
    assert re.search(r"^query +[\d.]+  Net sales", out, re.MULTILINE)


def test_search_prints_json(shop, reports, capsys):
    assert run(["index", str(shop), "--sources", str(reports)]) == 0
    capsys.readouterr()
    assert run(["search", "net sales", "--lake", str(shop), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"table", "metric", "query"} <= {line["kind"] for line in found}
    assert all(set(line) == {"kind", "score", "found", "why"} for line in found)


def test_search_keeps_to_a_schema(shop, reports, capsys):
    assert run(["index", str(shop)]) == 0
    capsys.readouterr()
    assert run(["search", "orders", "--lake", str(shop), "--schema", "shop.main"]) == 0
    assert "orders" in capsys.readouterr().out
    assert run(["search", "orders", "--lake", str(shop), "--schema", "elsewhere"]) == 0
    assert "table " not in capsys.readouterr().out
