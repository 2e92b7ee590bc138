"""What people wrote beside a lake, or where the user points, becomes part of its index."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from semantic.errors import ModelError
from semantic.facts import MinedJoin
from semantic.index import Index, build_index
from semantic.lake import find_lake, remember
from semantic.vectors.encoders import find_encoder

ENCODER = find_encoder("hashing")
REVENUE = """-- Revenue by country
SELECT c.country, sum(o.amount) AS revenue FROM orders o JOIN people c ON o.pid = c.pid
WHERE o.status <> 'cancelled' GROUP BY c.country;
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    with duckdb.connect(folder / "shop.duckdb") as con:
        con.execute("CREATE TABLE people (pid INTEGER PRIMARY KEY, country VARCHAR)")
        con.execute("INSERT INTO people SELECT i, ['Peru', 'Chad'][1 + i % 2] FROM range(20) t(i)")
        con.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, pid INTEGER, amount DOUBLE, status VARCHAR)")
        con.execute("INSERT INTO orders SELECT i, i % 20, i, ['paid', 'cancelled'][1 + i % 2] FROM range(100) t(i)")
        con.execute(
            "CREATE VIEW paid AS SELECT pid, sum(amount) AS paid_amount FROM orders WHERE status = 'paid' GROUP BY 1"
        )
    return folder


def _index(folder: Path, **places: object) -> Index:
    found = find_lake(folder, **places)  # type: ignore[arg-type]
    build_index(found, encoder=ENCODER)
    return Index.open(found, encoder=ENCODER)


def _metrics(index: Index) -> dict[str, tuple[str, ...]]:
    return {metric.name: tuple(source.place for source in metric.sources) for metric in index.facts().metrics}


def test_views_and_files_of_the_lake_are_mined(lake):
    (lake / "revenue.sql").write_text(REVENUE)
    with _index(lake) as index:
        metrics = _metrics(index)
        assert metrics["revenue"] == ("revenue.sql:2",)
        assert metrics["paid_amount"] == ("shop.main.paid",)
        joins = [j for j in index.relationships(index.find(("orders",))) if j.uses]
        assert [(j.child_columns, j.parent_columns, j.cardinality) for j in joins] == [
            (("pid",), ("pid",), "many-to-one")
        ]
        assert joins[0].coverage == 1.0


def test_named_sources_are_read_and_read_again_later(lake, tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "revenue.sql").write_text(REVENUE)
    home = find_lake(lake).home
    remember(home, [tmp_path / "reports"])
    with _index(lake) as index:
        assert "revenue" in _metrics(index)
        assert index.is_fresh(find_lake(lake))
        (tmp_path / "reports" / "more.sql").write_text("SELECT max(amount) AS largest_order FROM orders")
        assert not index.is_fresh(find_lake(lake))
    with _index(lake) as index:
        assert {"revenue", "largest_order"} <= set(_metrics(index))


def test_what_is_no_longer_said_is_forgotten(lake):
    (lake / "revenue.sql").write_text(REVENUE)
    with _index(lake) as index:
        assert "revenue" in _metrics(index)
    (lake / "revenue.sql").unlink()
    with _index(lake) as index:
        assert "revenue" not in _metrics(index)
        assert "paid_amount" in _metrics(index)
        assert not any(j.uses for j in index.relationships(index.find(("orders",))))


def test_vanished_and_broken_sources_are_named_and_the_rest_goes_on(lake, tmp_path):
    (lake / "broken.ipynb").write_text("{ no notebook")
    (lake / "revenue.sql").write_text(REVENUE)
    gone = tmp_path / "gone"
    with _index(lake, named=[gone]) as index:
        assert "revenue" in _metrics(index)
        assert any("broken.ipynb" in line for line in index.skipped)
        assert any(str(gone) in line for line in index.skipped)


def test_files_of_the_semantic_model_win_over_what_was_mined(lake):
    (lake / "revenue.sql").write_text(REVENUE)
    model = lake / ".genie"
    model.mkdir()
    (model / "knowledge.yaml").write_text(
        "version: 1\nrules:\n  - kind: refuse\n    words: [salary]\n    text: Salaries are not in this lake.\n"
    )
    with _index(lake) as index:
        assert [rule.words for rule in index.rules()] == [("salary",)]
    (model / "knowledge.yaml").write_text("version: 1\nrulez: []\n")
    with pytest.raises(ModelError, match=r"knowledge\.yaml:2"):
        build_index(find_lake(lake), encoder=ENCODER)


def test_dbt_manifest_in_the_lake_is_no_table(lake):
    (lake / "manifest.json").write_text(json.dumps({"metadata": {"dbt_schema_version": "v12"}, "nodes": {}}))
    (lake / "other.json").write_text(json.dumps([{"a": 1}]))
    found = find_lake(lake)
    assert [table.name for table in found.files] == ["other"]
    assert [path.name for path in found.documents] == ["manifest.json"]


def test_join_that_a_person_turned_down_stays_away(lake):
    with _index(lake) as index:
        (join,) = index.relationships(index.find(("orders",)))
        key = MinedJoin(relationship=join).id
    text = f"version: 1\nrejected:\n  - id: {key}\n    what: orders to people\n"
    (lake / ".genie" / "knowledge.yaml").write_text(text)
    with _index(lake) as index:
        assert index.relationships(index.find(("orders",))) == ()


def test_join_is_found_in_the_data_again_where_no_query_uses_it_any_more(lake):
    with _index(lake) as index:
        before = index.relationships(index.find(("orders",)))
        assert [j.origin for j in before] == ["inferred"]
    (lake / "revenue.sql").write_text(REVENUE)
    with _index(lake) as index:
        assert [j.origin for j in index.relationships(index.find(("orders",)))] == ["mined"]
    (lake / "revenue.sql").unlink()
    with _index(lake) as index:
        assert index.relationships(index.find(("orders",))) == before


MODEL = """version: 0.1.1
semantic_model:
- name: shop
  datasets: [{name: orders, source: shop.main.orders}]
  metrics:
  - name: largest
    expression: {dialects: [{dialect: ANSI_SQL, expression: max(orders.amount)}]}
"""


@pytest.mark.parametrize("named", ["said", "said/model.ossie.yaml"])
def test_files_of_the_semantic_model_are_no_source_of_proposals_to_themselves(lake, tmp_path, named):
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "model.ossie.yaml").write_text(MODEL)
    (tmp_path / "said" / "other.ossie.yaml").write_text(MODEL.replace("largest", "smallest").replace("max(", "min("))
    with _index(lake, named=[tmp_path / named], model=tmp_path / "said") as index:
        sources = {m.name: [s.kind for s in m.sources] for m in index.facts().metrics if m.name != "paid_amount"}
        assert sources == {"largest": ["person"], **({"smallest": ["ossie"]} if named == "said" else {})}
        assert index.skipped == ()
        (tmp_path / "said" / "model.ossie.yaml").write_text(MODEL.replace("max(", "avg("))
        assert not index.is_fresh(find_lake(lake, named=[tmp_path / named], model=tmp_path / "said"))
