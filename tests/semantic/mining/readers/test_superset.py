from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawDimension, RawMetric, RawNote
from semantic.mining.readers import superset

FIXTURES = Path(__file__).parents[3] / "fixtures" / "sources" / "superset"
ORDERS = ("shop", "orders")


def read(name: str, root: Path = FIXTURES) -> Extract:
    file = SourceFile(root / name, name)
    assert superset.fits(file)
    return superset.read(file)


def packed(path: Path, **more: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in sorted(FIXTURES.rglob("*.yaml")):
            archive.write(member, f"export/{member.relative_to(FIXTURES)}")
        for name, text in more.items():
            archive.writestr(name.replace("__", "/") + ".yaml", text)
    return path


def test_read_returns_the_metrics_and_columns_of_a_dataset():
    source = Source(kind="dashboard", place="datasets/Shop/orders.yaml", title="orders", definition=True)
    certified = Source(
        kind="dashboard",
        place="datasets/Shop/orders.yaml",
        title="orders",
        owner="Ann",
        certified=True,
        definition=True,
    )
    assert read("datasets/Shop/orders.yaml") == Extract(
        metrics=(
            RawMetric(
                name="revenue", expression="SUM(amount) - SUM(refund)", relations={"": ORDERS}, source=certified,
                dialect="postgres", time="ordered_at", label="Net revenue", description="What is left after refunds",
                unit="EUR",
            ),
            RawMetric(
                name="old_revenue", expression="SUM(amount)", relations={"": ORDERS}, source=source, dialect="postgres",
                time="ordered_at", description="Deprecated, use revenue", deprecated=True,
            ),
        ),
        dimensions=(
            RawDimension(
                name="size", expression="CASE WHEN amount > 100 THEN 'large' ELSE 'small' END", relations={"": ORDERS},
                source=source, dialect="postgres", description="Size of the order",
            ),
        ),
        notes=(
            RawNote(relation=ORDERS, column="status", kind="description", text="paid, open or void", source=source),
            RawNote(relation=ORDERS, column="status", kind="synonym", text="State", source=source),
            RawNote(relation=ORDERS, kind="description", text="One row per order", source=source),
            RawNote(relation=ORDERS, kind="certified", text="Checked daily", source=source),
        ),
    )  # fmt: skip


def test_read_returns_the_queries_of_a_virtual_dataset():
    found = read("datasets/Shop/spend.yaml")
    base = "SELECT customer_id, SUM(amount) AS spent FROM shop.orders GROUP BY customer_id"
    assert [(q.text, q.sql) for q in found.queries] == [
        ("spend", base),
        ("average_spend", f'SELECT AVG(spent) AS "average_spend" FROM ({base}) AS virtual'),
    ]
    assert [(entry.name, entry.inputs) for entry in found.lineage] == [(("spend",), (ORDERS,))]


def test_read_writes_the_query_of_a_chart():
    found = read("charts/Revenue_by_state.yaml")
    (query,) = found.queries
    case = "CASE WHEN amount > 100 THEN 'large' ELSE 'small' END"
    assert query.sql == (
        f'SELECT "status", {case} AS "size", DATE_TRUNC(\'month\', "ordered_at") AS "ordered_at", '
        'SUM(amount) - SUM(refund) AS "revenue", COUNT(DISTINCT "customer_id") AS "Buyers" FROM "shop"."orders" '
        "WHERE \"status\" IN ('paid', 'o''k') AND (amount > 0) "
        f'GROUP BY "status", {case}, DATE_TRUNC(\'month\', "ordered_at")'
    )
    assert (query.text, query.dialect) == ("Revenue by state. Paid orders only", "postgres")
    assert (query.source.title, query.source.owner, query.source.certified) == ("Revenue by state", "Ann", True)
    assert found.lost == ("charts/Revenue_by_state.yaml: the time range 'Last year' is not part of the query",)


def test_read_returns_the_text_and_the_tables_of_a_dashboard():
    found = read("dashboards/Sales.yaml")
    assert [p.text for p in found.passages] == ["Figures of the week", "Refunds arrive with a delay of a week."]
    assert [(entry.name, entry.inputs) for entry in found.lineage] == [(("Sales",), (ORDERS,))]
    assert found.lost == ("dashboards/Sales.yaml: 1 filters of the dashboard",)


def test_read_finds_the_same_in_a_zip(tmp_path: Path):
    packed(tmp_path / "export.zip")
    found = read("export.zip", tmp_path)
    assert [q.text for q in found.queries] == ["Revenue by state. Paid orders only", "spend", "average_spend"]
    assert found.queries[0].source.place == "export.zip:export/charts/Revenue_by_state.yaml"
    assert [m.name for m in found.metrics] == ["revenue", "old_revenue"]


def test_read_unpacks_nothing_from_a_zip_and_reports_broken_members(tmp_path: Path):
    packed(
        tmp_path / "export.zip",
        **{"..__..__evil": "slice_name: x\nuuid: u\n", "broken": "a: [", "large": "#" * 6_000_000},
    )
    found = read("export.zip", tmp_path)
    outside = [*tmp_path.parent.glob("evil*"), *tmp_path.parent.parent.glob("evil*")]
    assert [*tmp_path.rglob("evil*"), *outside] == []
    assert "export.zip:../../evil.yaml: its dataset None is not in the export" in found.lost
    assert "export.zip:large.yaml: larger than 5 MB" in found.lost
    assert any("broken.yaml:1: not YAML" in line for line in found.lost)
    assert len(found.queries) == 3


def test_read_refuses_a_zip_that_is_larger_inside(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.yaml", "version: 1.0.0\n")
        for number in range(3):
            archive.writestr(f"charts/{number}.yaml", " " * 70_000_000)
    with pytest.raises(SourceError, match=r"bomb\.zip: larger unpacked"):
        read("bomb.zip", tmp_path)


def test_fits_leaves_other_files_alone(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04broken")
    (tmp_path / "b.yaml").write_text("table_name: x\n")
    assert not superset.fits(SourceFile(tmp_path / "a.zip", "a.zip"))
    assert not superset.fits(SourceFile(tmp_path / "b.yaml", "b.yaml"))


def test_read_tells_that_a_chart_stands_alone(tmp_path: Path):
    (tmp_path / "c.yaml").write_text("slice_name: Alone\nuuid: u\ndataset_uuid: gone\nparams: '{'\n")
    assert read("c.yaml", tmp_path) == Extract(lost=("c.yaml: its dataset gone is not in the export",))
