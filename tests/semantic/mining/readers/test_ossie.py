from __future__ import annotations

import json
from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers import ossie
from semantic.model.schema import schemas

FILE = Path(__file__).parents[3] / "fixtures" / "sources" / "ossie" / "bakery.ossie.yaml"
SALES = ("warehouse", "core", "fct_sales")
SHOPS = ("warehouse", "core", "dim_shops")


@pytest.fixture(scope="module")
def bakery() -> Extract:
    return ossie.read(SourceFile(FILE, "bakery.ossie.yaml"))


def write(folder: Path, text: str, name: str = "m.yaml") -> SourceFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return SourceFile(path, name)


def test_fits_knows_an_ossie_model(tmp_path: Path) -> None:
    assert ossie.fits(SourceFile(FILE, "bakery.ossie.yaml"))
    assert ossie.fits(write(tmp_path, json.dumps({"version": "0.1.1", "semantic_model": [{"datasets": []}]}), "m.json"))
    assert ossie.fits(write(tmp_path, "version: 0.2.0.dev0\nname: a\ndatasets: []\n"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "version: 2\nsemantic_models: []\n"),
        ("a.yaml", "name: x\ntables: []\nversion: 1\ndatasets: []\n"),
        ("a.json", "{}"),
        ("a.md", "version: 1\nsemantic_model: []\n"),
        ("a.yaml", "version: [\n"),
        ("a.json", schemas()["model.ossie.schema.json"]),
    ],
)
def test_fits_leaves_other_files_alone(tmp_path: Path, name: str, text: str) -> None:
    assert not ossie.fits(write(tmp_path, text, name))


def test_fits_is_false_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert not ossie.fits(SourceFile(tmp_path / "gone.yaml", "gone.yaml"))


def test_read_writes_metrics_over_columns_of_their_datasets(bakery: Extract) -> None:
    found = {m.name: m for m in bakery.metrics}
    assert set(found) == {"Net Sales", "sales_per_shop"}
    net = found["Net Sales"]
    assert '"sales"."price_gross"' in net.expression
    assert net.expression.startswith("SUM(")
    assert net.relations == {"sales": SALES, "": SALES}
    assert (net.filters, net.time) == (('"sales"."price_gross" > 0',), "sales.sold_on")
    assert (net.unit, net.synonyms, net.description) == ("EUR", ("income",), "What stays.")
    assert found["sales_per_shop"].relations == {"sales": SALES, "shops": SHOPS, "": SALES}
    assert net.source.kind == "ossie"
    assert net.source.place == "bakery.ossie.yaml:metric Net Sales"
    assert net.source.definition


def test_read_tells_what_is_said_about_tables_and_columns(bakery: Extract) -> None:
    notes = {(n.relation[-1], n.column, n.kind, n.text) for n in bakery.notes}
    assert ("fct_sales", "", "description", "One row per item on a receipt.") in notes
    assert ("fct_sales", "", "synonym", "receipts") in notes
    assert ("fct_sales", "", "synonym", "sales") in notes
    assert ("fct_sales", "price_gross", "description", "Price with tax.") in notes
    assert {n[3] for n in notes if n[1:3] == ("price_gross", "synonym")} == {"gross", "gross sales", "turnover"}
    assert ("fct_sales", "price_gross", "unit", "EUR") in notes


def test_read_takes_expressions_of_other_dialects_to_the_engines(bakery: Extract) -> None:
    (net,) = bakery.dimensions
    assert (net.name, net.description, net.dialect) == ("net", "Price without tax.", "duckdb")
    assert net.expression.startswith("CASE WHEN 1.07 = 0")


def test_read_gives_keys_joins_and_rules(bakery: Extract) -> None:
    assert [(k.relation, k.columns) for k in bakery.keys] == [
        (SALES, ("sale_id",)), (SALES, ("shop_id", "receipt_no")), (SHOPS, ("id",)),
    ]  # fmt: skip
    assert [(j.child, j.child_columns, j.parent, j.parent_columns) for j in bakery.joins] == [
        (SALES, ("shop_id",), SHOPS, ("id",))
    ]
    assert [(r.kind, r.words, r.text) for r in bakery.rules] == [
        ("instruct", ("sales", "receipts"), "Leave the training shop out.")
    ]
    assert [p.text for p in bakery.passages] == ["Sales of all shops, returns taken off.", "A week begins on Monday."]


def test_read_names_everything_that_is_not_carried_over(bakery: Extract) -> None:
    lost = [line.removeprefix("bakery.ossie.yaml:").strip() for line in bakery.lost]
    assert "semantic_model[0].datasets[0].fields[4].colour is not read: the format has no such key" in lost
    assert "semantic_model[0].datasets[3] is not read: name is missing" in lost
    assert "model bakery: its examples are not read: they name questions without a query" in lost
    assert "dataset sales: ai_context.steward is not read" in lost
    assert "dataset shops: custom_extensions of DBT are not read" in lost
    assert "dataset weather: it reads a query; only tables and views can be carried over" in lost
    assert "field sales.margin_band: its expression is in MDX only, which cannot be read" in lost
    assert "relationship wet: there is no dataset weather" in lost
    assert "metric rain: its dataset weather is not read" in lost
    assert "metric share: its expression is in MAQL only, which cannot be read" in lost
    assert any(line.startswith("metric lost: not readable as SQL") for line in lost)
    assert len(lost) == 11


def test_read_takes_the_drafts_that_put_the_model_at_the_top(tmp_path: Path) -> None:
    text = "version: 0.2.0.dev0\nname: shop\ndatasets:\n- {name: a, source: b, description: Rows}\n"
    assert [n.text for n in ossie.read(write(tmp_path, text)).notes][:1] == ["Rows"]


@pytest.mark.parametrize("text", ["- a\n", "version: 1\nsemantic_model: 5\n", "version: 1\nname: [\ndatasets:\n"])
def test_read_refuses_what_is_no_model(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"^m.yaml"):
        ossie.read(write(tmp_path, text))


def test_read_keeps_the_rest_of_an_entry_with_one_wrong_value(tmp_path: Path) -> None:
    dataset = "{name: a, source: b, description: Rows, ai_context: {hidden: [1], synonyms: [c]}}"
    found = ossie.read(write(tmp_path, f"version: 1\nsemantic_model:\n- {{name: m, datasets: [{dataset}]}}\n"))
    assert {n.text for n in found.notes} == {"Rows", "a", "c"}
    assert len(found.lost) == 1


def test_read_takes_no_proposal_of_another_model_for_a_definition(tmp_path: Path) -> None:
    metric = (
        "{name: n, expression: {dialects: [{dialect: ANSI_SQL, expression: count(a.x)}]}, ai_context: {status: %s}}"
    )
    text = "version: 0.1.1\nsemantic_model:\n- {name: m, datasets: [{name: a, source: b}], metrics: [%s]}\n"
    proposed = ossie.read(write(tmp_path, text % (metric % "proposed")))
    assert (proposed.metrics, proposed.lost) == ((), ("m.yaml:metric n: it is proposed there",))
    assert len(ossie.read(write(tmp_path, text % (metric % "accepted"))).metrics) == 1


STOCK = """
version: 0.1.1
semantic_model:
- name: m
  datasets:
  - name: shelves
    source: stock.main.shelves
    fields: [{name: day, expression: {dialects: [{dialect: ANSI_SQL, expression: counted_on}]}}]
  metrics:
  - name: pieces
    expression: {dialects: [{dialect: ANSI_SQL, expression: sum(shelves.pieces)}]}
    ai_context: {filters: [shelves.shop > 0], time: shelves.day, snapshot: shelves.%s}
"""


def test_read_gives_a_stock_the_date_it_is_not_added_over(tmp_path: Path) -> None:
    (found,) = ossie.read(write(tmp_path, STOCK % "day")).metrics
    assert (found.filters, found.time, found.snapshot) == (
        ('"shelves"."shop" > 0',), "shelves.counted_on", '"shelves"."counted_on"',
    )  # fmt: skip


def test_read_carries_no_stock_over_without_its_date(tmp_path: Path) -> None:
    found = ossie.read(write(tmp_path, (STOCK % "day").replace("snapshot: shelves", "snapshot: nothing")))
    assert found.metrics == ()
    assert found.lost == ("m.yaml:metric pieces: a filter or a date of it names nothing that is known",)
