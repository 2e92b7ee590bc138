from __future__ import annotations

from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers import metricflow

FOLDER = Path(__file__).parents[3] / "fixtures" / "sources"
MODELS = FOLDER / "dbt_project" / "models"


def _read(path: Path) -> Extract:
    file = SourceFile(path, path.name)
    assert metricflow.fits(file)
    return metricflow.read(file)


@pytest.fixture(scope="module")
def sales() -> Extract:
    return _read(MODELS / "sales.yml")


@pytest.fixture(scope="module")
def shops() -> Extract:
    return _read(MODELS / "shops.yml")


def test_read_makes_one_expression_of_each_metric(sales: Extract) -> None:
    found = {m.name: (m.expression, m.filters) for m in sales.metrics}
    assert found["revenue"] == ("SUM(total)", ())
    assert found["card_revenue"] == ("COALESCE(SUM(total), 0)", ("pay_kind = 'card'",))
    assert found["sales_number"] == ("COUNT(*)", ())
    assert found["average_sale"] == (
        "SUM(total) / COUNT(*)",
        ("(DATE_TRUNC('MONTH', sold_at)) >= '2024-01-01'",),
    )


def test_read_puts_the_filter_of_a_part_into_its_aggregates(sales: Extract) -> None:
    found = {m.name: m for m in sales.metrics}
    assert found["card_share"].expression == (
        "COALESCE(SUM(total) FILTER(WHERE pay_kind = 'card'), 0) / NULLIF(SUM(total), 0)"
    )
    city = found["city_share"]
    assert city.expression == "SUM(total) FILTER(WHERE shop.city = 'Bern') / NULLIF(SUM(total), 0)"
    assert city.relations == {"": ("fct_sales",), "shop": ("shops",)}


def test_read_knows_all_aggregations(sales: Extract, shops: Extract) -> None:
    found = {m.name: m.expression for m in (*sales.metrics, *shops.metrics)}
    assert found["shops_selling"] == "COUNT(DISTINCT shop_id)"
    assert found["p90_total"] == "QUANTILE_CONT(total, 0.9 ORDER BY total)"
    assert found["card_sales"] == "SUM(CASE WHEN pay_kind = 'card' THEN 1 ELSE 0 END)"
    assert found["rent_p95"] == "QUANTILE_DISC(rent, 0.95 ORDER BY rent)"
    assert found["median_rent"] == "MEDIAN(amount)"


def test_read_gives_a_metric_its_date_and_words(sales: Extract) -> None:
    revenue = next(m for m in sales.metrics if m.name == "revenue")
    assert (revenue.time, revenue.label, revenue.description) == ("sold_at", "Revenue", "All money taken.")


def test_read_understands_metrics_inside_models(shops: Extract) -> None:
    found = {m.name: m for m in shops.metrics}
    assert found["rent_per_shop"].expression == "SUM(rent) / COUNT(*)"
    assert found["shop_count"].relations == {"": ("shops",)}
    assert found["shop_count"].time == "opened_on"


def test_read_marks_a_stock_with_the_date_it_is_not_added_over(sales: Extract) -> None:
    stock = next(m for m in sales.metrics if m.name == "stock_now")
    assert (stock.expression, stock.snapshot) == ("SUM(stock_left)", "sold_at")


STOCKS = """
semantic_models:
  - name: stocks
    model: ref('fct_stock')
    dimensions:
      - {name: day, type: time, expr: counted_on, type_params: {time_granularity: day}}
      - {name: week, type: time, expr: "date_trunc('week', counted_on)", type_params: {time_granularity: week}}
    measures:
      - {name: pieces, agg: sum, non_additive_dimension: {name: day, window_choice: max}}
      - {name: sold, agg: sum}
      - {name: opening, agg: sum, non_additive_dimension: {name: day, window_choice: min}}
      - {name: unsaid, agg: sum, non_additive_dimension: {name: day}}
      - {name: grouped, agg: sum, non_additive_dimension: {name: day, window_choice: max, window_groupings: [shop]}}
      - {name: weekly, agg: sum, non_additive_dimension: {name: week, window_choice: max}}
metrics:
  - {name: turnover_of_stock, type: ratio, type_params: {numerator: sold, denominator: pieces}}
saved_queries:
  - {name: pieces_left, query_params: {metrics: [pieces]}}
"""


def test_read_carries_over_only_stocks_of_the_last_date(tmp_path: Path) -> None:
    (tmp_path / "stock.yml").write_text(STOCKS, encoding="utf-8")
    found = _read(tmp_path / "stock.yml")
    assert {m.name: m.snapshot for m in found.metrics} == {"pieces": "counted_on", "sold": ""}
    lost = "\n".join(found.lost)
    assert all(f"{name}: it takes the rows of the first date" in lost for name in ("opening", "unsaid"))
    assert "grouped: it takes the rows of the last date of each shop" in lost
    assert "weekly: it is a stock at one 'week', which is no plain column" in lost
    assert "turnover_of_stock: it puts a stock" in lost
    assert found.queries == ()


def test_read_reports_each_metric_that_one_aggregate_cannot_hold(sales: Extract) -> None:
    lost = {line.split(": ")[0].removeprefix("sales.yml:"): line for line in sales.lost}
    reasons = {
        "revenue_per_rent": "count twice", "growth": "another period", "running": "cumulative",
        "by_metric": "another metric", "nowhere": "defined nowhere",
    }  # fmt: skip
    assert {name for name, reason in reasons.items() if reason in lost.get(name, "")} == set(reasons)
    assert not {m.name for m in sales.metrics} & set(reasons)


def test_read_turns_tests_and_constraints_into_keys_and_joins(sales: Extract, shops: Extract) -> None:
    assert {(k.relation, k.columns) for k in sales.keys} == {
        (("fct_sales",), ("sale_id",)),
        (("fct_sales",), ("shop_id", "receipt_no")),
    }
    assert {(j.child, j.child_columns, j.parent, j.parent_columns) for j in (*sales.joins, *shops.joins)} == {
        (("fct_sales",), ("shop_id",), ("shops",), ("shop_id",)),
        (("shops",), ("area_id",), ("raw_till", "areas"), ("id",)),
    }


def test_read_keeps_what_is_said_about_tables_and_columns(sales: Extract, shops: Extract) -> None:
    told = {(n.relation[-1], n.column, n.kind, n.text) for n in (*sales.notes, *shops.notes)}
    assert {
        ("fct_sales", "", "description", "One row per sale."), ("fct_sales", "", "synonym", "receipts"),
        ("fct_sales", "", "certified", "certified in dbt"), ("fct_sales", "", "personal", "personal data"),
        ("fct_sales", "total", "unit", "EUR"), ("fct_sales", "pay_kind", "description", "One of: cash, card."),
        ("sales_v2", "", "description", "As sent."),
    } <= told  # fmt: skip
    assert not [n for n in sales.notes if n.kind == "hidden"]
    assert sales.notes[0].source.owner == "Grace"


def test_read_keeps_derived_columns(sales: Extract, shops: Extract) -> None:
    assert [(d.name, d.expression, d.synonyms) for d in (*sales.dimensions, *shops.dimensions)] == [
        ("big", "total > 100", ("Big sale",)),
        ("old_shop", "opened_on < '2000-01-01'", ()),
    ]


def test_read_writes_saved_queries(sales: Extract) -> None:
    assert [(q.text, q.sql) for q in sales.queries] == [(
        "Money by city and month",
        ("SELECT shop.city AS shop_city, (DATE_TRUNC('MONTH', base.sold_at)) AS metric_time_month, "
        "SUM(base.total), COALESCE(SUM(base.total) FILTER(WHERE base.pay_kind = 'card'), 0) "
        "FROM fct_sales AS base LEFT JOIN shops AS shop ON base.shop_id = shop.shop_id "
        "WHERE base.pay_kind <> 'gift' GROUP BY 1, 2"),
    )]  # fmt: skip


def test_read_follows_dashboards_to_their_tables(sales: Extract) -> None:
    assert [(line.source.title, line.source.owner, line.inputs) for line in sales.lineage] == [
        ("Counter board", "Ada", (("fct_sales",), ("raw_till", "sales_v2")))
    ]


def test_read_understands_a_semantic_manifest() -> None:
    extract = _read(FOLDER / "dbt_target" / "semantic_manifest.json")
    assert {m.name: m.expression for m in extract.metrics} == {
        "revenue": "SUM(total)",
        "card_revenue": "SUM(total)",
        "card_share": "SUM(total) FILTER(WHERE pay_kind = 'card') / NULLIF(SUM(total), 0)",
        "top_sale": "MAX(total)",
    }
    assert extract.metrics[0].relations == {"": ("lake", "mart", "fct_sales")}


def test_read_sees_files_beside_it_only_in_its_own_folder_without_a_project(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "measures.yml").write_text(
        "semantic_models:\n- {name: s, model: ref('t'), measures: [{name: m, agg: sum, expr: x}]}\n"
    )
    path = tmp_path / "metrics.yml"
    path.write_text("metrics:\n- {name: a, type: simple, type_params: {measure: m}}\n")
    assert "defined nowhere" in _read(path).lost[0]
    path = tmp_path / "deep" / "metrics.yml"
    path.write_text("metrics:\n- {name: a, type: simple, type_params: {measure: m}}\n")
    assert [m.expression for m in _read(path).metrics] == ["SUM(x)"]


def test_read_refuses_a_file_that_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "list.yml"
    path.write_text("- metrics:\n")
    with pytest.raises(SourceError, match="no object"):
        metricflow.read(SourceFile(path, "list.yml"))


@pytest.mark.parametrize("text", ["table_name: x\nmetrics:\n- metric_name: y\n", "a: 1\n", "", "tables:\n- name: x\n"])
def test_fits_leaves_other_yaml_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert not metricflow.fits(SourceFile(tmp_path / "x.yaml", "x.yaml"))
