from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers import dbt

FILE = Path(__file__).parents[3] / "fixtures" / "sources" / "dbt_target" / "manifest.json"
SALES = ("lake", "mart", "fct_sales")


@pytest.fixture(scope="module")
def manifest() -> Extract:
    file = SourceFile(FILE, "manifest.json")
    assert dbt.fits(file)
    return dbt.read(file)


def test_read_says_what_tables_and_columns_mean(manifest: Extract) -> None:
    told = {(n.relation[-1], n.column, n.kind, n.text) for n in manifest.notes}
    assert {
        ("fct_sales", "", "description", "One row per sale."), ("fct_sales", "total", "unit", "EUR"),
        ("fct_sales", "total", "synonym", "amount paid"), ("fct_sales", "E-Mail", "personal", "personal data"),
        ("sales_v2", "", "description", "As sent."), ("rates", "", "description", "Rates of tax."),
        ("fct_sales", "pay_kind", "description", "One of: cash, card."),
    } <= told  # fmt: skip


def test_read_marks_only_what_is_deprecated_already(manifest: Extract) -> None:
    assert [(n.relation, n.text) for n in manifest.notes if n.kind == "deprecated"] == [
        (SALES, "deprecated since 2024-05-01")
    ]


def test_read_names_the_owner_and_the_file_of_a_description(manifest: Extract) -> None:
    source = next(n.source for n in manifest.notes if n.text == "One row per sale.")
    assert (source.owner, source.place, source.kind) == ("Hopper", "models/schema.yml:fct_sales", "dbt")


def test_read_takes_keys_from_tests_and_contracts(manifest: Extract) -> None:
    assert {(k.relation, k.columns) for k in manifest.keys} == {
        (SALES, ("sale_id",)),
        (SALES, ("shop_id", "sold_at")),
        (("lake", "mart", "shops"), ("shop_id",)),
    }


def test_read_takes_joins_from_tests_and_contracts(manifest: Extract) -> None:
    assert {(j.child, j.child_columns, j.parent, j.parent_columns) for j in manifest.joins} == {
        (SALES, ("shop_id",), ("lake", "mart", "shops"), ("shop_id",)),
        (("lake", "mart", "shops"), ("price_id",), ("lake", "history", "prices"), ("price_id",)),
    }


def test_read_keeps_compiled_queries_with_their_place(manifest: Extract) -> None:
    found = {q.source.place: q for q in manifest.queries}
    assert found["models/fct_sales.sql"].sql == "select sale_id, total from lake.raw.sales where total > 0"
    assert found["models/fct_sales.sql"].dialect == "postgres"
    assert found["analyses/big_sales.sql"].text == "Sales over a hundred"
    assert not [q for q in manifest.queries if "{{" in q.sql or "def " in q.sql]


def test_read_reports_queries_that_are_not_compiled(manifest: Extract) -> None:
    line = next(line for line in manifest.lost if "compiled" in line)
    assert "3 models (dim_shops, prices, clever)" in line


def test_read_follows_lineage_through_models_that_are_no_tables(manifest: Extract) -> None:
    found = {line.name: line.inputs for line in manifest.lineage if line.name}
    assert found[SALES] == (("lake", "raw", "sales_v2"), ("lake", "seeds", "rates"))


def test_read_follows_dashboards_through_metrics(manifest: Extract) -> None:
    board = next(line for line in manifest.lineage if line.source.title == "Counter board")
    assert (board.inputs, board.source.owner) == ((SALES,), "ada@example.com")


def test_read_expands_metrics_in_the_dialect_of_the_adapter(manifest: Extract) -> None:
    found = {m.name: m for m in manifest.metrics}
    assert found["card_share"].expression == (
        "CAST(SUM(total) FILTER(WHERE pay_kind = 'card') AS DOUBLE PRECISION) / NULLIF(SUM(total), 0)"
    )
    assert found["top_sale"].expression == "MAX(total)"
    assert (found["revenue"].source.owner, found["revenue"].time) == ("Grace", "sold_at")


def test_read_reports_every_kind_of_test_it_drops(manifest: Extract) -> None:
    text = "\n".join(manifest.lost)
    for part in ("unique without not_null", "under a condition", "lengths_to_be_between", "totals_add_up", "nightly",
                 "ephemeral", "join_to_timespine"):  # fmt: skip
        assert part in text


def _manifest(tmp_path: Path, raw: Any) -> SourceFile:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(raw))
    return SourceFile(path, "manifest.json")


def test_read_understands_the_names_of_older_manifests(tmp_path: Path) -> None:
    model = {"resource_type": "model", "schema": "s", "name": "m", "compiled_sql": "select 1", "depends_on": {}}
    meta = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v4.json"}
    extract = dbt.read(_manifest(tmp_path, {"metadata": meta, "nodes": {"model.p.m": model}, "sources": {}}))
    assert [q.sql for q in extract.queries] == ["select 1"]


@pytest.mark.parametrize(
    "nodes",
    [{"a": None}, {"a": {"resource_type": "model"}}, {"a": {"resource_type": "test", "test_metadata": 3}},
     {"a": {"resource_type": "model", "name": "a", "columns": [1], "depends_on": {"nodes": [["b"]]}, "config": 1}}],
)  # fmt: skip
def test_read_survives_nodes_of_another_shape(tmp_path: Path, nodes: dict[str, Any]) -> None:
    extract = dbt.read(_manifest(tmp_path, {"nodes": nodes, "metrics": [1], "exposures": {"e": {"owner": 3}}}))
    assert extract.metrics == ()


def test_read_refuses_a_manifest_without_nodes(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="without nodes"):
        dbt.read(_manifest(tmp_path, {"nodes": []}))


def test_fits_leaves_other_json_alone(tmp_path: Path) -> None:
    assert not dbt.fits(_manifest(tmp_path, {"nodes": {}}))
