from __future__ import annotations

import json
from pathlib import Path

from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawPassage, RawQuery
from semantic.mining.readers import lakeview

SALES = Path(__file__).parents[3] / "fixtures" / "sources" / "sales.lvdash.json"


def test_read_returns_the_queries_of_datasets_and_charts():
    file = SourceFile(SALES, "sales.lvdash.json")
    assert lakeview.fits(file)
    base = "SELECT *\nFROM main.shop.orders\nWHERE status = :state"
    assert lakeview.read(file) == Extract(
        queries=(
            RawQuery(
                sql=base, dialect="databricks", text="Orders",
                source=Source(kind="dashboard", place="sales.lvdash.json:dataset Orders", title="sales"),
            ),
            RawQuery(
                sql='SELECT DATE_TRUNC("MONTH", `ordered_at`) AS `Month`, SUM(`amount`) AS `Revenue`, '
                f"(SUM(`amount`) - SUM(`cost`)) AS `Margin` FROM ({base}) AS dataset GROUP BY ALL",
                dialect="databricks", text="Revenue over time",
                source=Source(kind="dashboard", place="sales.lvdash.json:Revenue over time", title="Overview"),
            ),
        ),
        passages=(
            RawPassage(
                title="sales", text="Sales\nRefunds are not taken off.",
                source=Source(kind="dashboard", place="sales.lvdash.json:text", title="sales"),
            ),
        ),
        lost=("sales.lvdash.json:dataset Broken: Expected table name but got 'WHERE'",),
    )  # fmt: skip


def test_read_survives_parts_of_other_kinds(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text(
        '{"datasets": [1, {"name": "d"}], "pages": [{"layout": [{"widget": {"spec": 3, "queries": [1]}}, 4]}, 5]}'
    )
    file = SourceFile(path, "a.json")
    assert lakeview.fits(file)
    assert lakeview.read(file) == Extract(lost=("a.json:dataset d: a dataset without a query is not carried over",))


def test_fits_leaves_other_json_alone(tmp_path: Path):
    for text in ("[]", '{"datasets": {}, "pages": []}', "{"):
        (tmp_path / "a.json").write_text(text)
        assert not lakeview.fits(SourceFile(tmp_path / "a.json", "a.json"))


def test_chart_that_shows_its_dataset_as_it_is_has_the_query_of_the_dataset(tmp_path: Path):
    fields = [{"name": "month", "expression": "`month`"}, {"name": "revenue", "expression": "`revenue`"}]
    widget = {
        "queries": [{"query": {"datasetName": "d", "fields": fields}}],
        "spec": {"widgetType": "line", "frame": {"title": "By month"}},
    }
    board = {
        "datasets": [{"name": "d", "displayName": "Revenue", "queryLines": ["SELECT month, revenue FROM r"]}],
        "pages": [{"displayName": "P", "layout": [{"widget": widget}]}],
    }
    path = tmp_path / "a.lvdash.json"
    path.write_text(json.dumps(board))
    found = lakeview.read(SourceFile(path, "a.lvdash.json"))
    assert [(q.text, q.sql) for q in found.queries] == [
        ("Revenue", "SELECT month, revenue FROM r"),
        ("By month", "SELECT month, revenue FROM r"),
    ]
