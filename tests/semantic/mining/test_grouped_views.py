"""Figures over grouped views: told over the rows that the view groups where both are equal, else kept as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from semantic.catalog import connect, read_catalog
from semantic.facts import Facts, Metric, Source
from semantic.lake import find_lake
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, RawMetric, RawQuery
from semantic.profile import read_table
from semantic.types import Table, TableId
from tests.semantic.mining.test_truth import as_query, rounded

Lake = Callable[[str], tuple[Table, ...]]
PASSES = """
CREATE TABLE plans (plan_id INTEGER PRIMARY KEY, plan_name VARCHAR);
CREATE TABLE passes (pass_id INTEGER PRIMARY KEY, plan_id INTEGER, started DATE, ended DATE, fee_usd INTEGER);
INSERT INTO plans VALUES (1, 'day'), (2, 'year');
INSERT INTO passes SELECT i, 1 + i % 2, DATE '2024-01-05' + (i * 9)::INTEGER, NULL, i FROM range(1, 21) t (i);
"""
MONTHS = "SELECT unnest(generate_series(DATE '2024-01-01', DATE '2024-06-01', INTERVAL 1 MONTH))::DATE AS month"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    def made(sql: str) -> tuple[Table, ...]:
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
            con.execute(sql)
        con, usable = connect(find_lake(tmp_path / "shop.duckdb"))
        try:
            return tuple(read_table(con, table).table for table in read_catalog(con, usable).tables)
        finally:
            con.close()

    return made


def asked(tables: tuple[Table, ...], *queries: str, metrics: tuple[RawMetric, ...] = ()) -> Facts:
    raw = tuple(RawQuery(sql=sql, source=Source(kind="sql", place=f"q{n}")) for n, sql in enumerate(queries))
    return mine(Extract(queries=raw, metrics=metrics), tables)


def used(facts: Facts) -> list[Metric]:
    return [m for m in facts.metrics if any(s.place == "q0" for s in m.sources)]


@pytest.mark.parametrize(
    "figure",
    [
        ("sum(net_fares)", "monthly_net", "month", "date_trunc('month', started)", "net_trips"),
        ("sum(trips)", "monthly_net", "month", "date_trunc('month', started)", "net_trips"),
        ("sum(net_fares) / sum(trips)", "monthly_net", "month", "date_trunc('month', started)", "net_trips"),
        ("sum(fares)", "town_figures WHERE town <> 'Ulm'", "town", "town", "trips"),
        ("sum(long_trips)", "town_figures", "town", "town", "trips"),
        ("min(lowest_fare)", "town_figures", "town", "town", "trips"),
        ("sum(helmets)", "extra_sales WHERE town IN ('Bonn', 'Kiel')", "town", "riders.town", "extras"),
    ],
)
def test_mine_figure_of_a_grouped_view_is_equal_for_every_shared_dimension(
    figure: tuple[str, str, str, str, str], mining_tables: tuple[Table, ...], mining_con: duckdb.DuckDBPyConnection
) -> None:
    call, view, key, over_tables, subject = figure
    sql = f"SELECT {key}, {call} AS asked_figure FROM marts.{view} GROUP BY {key}"
    facts = asked(mining_tables, sql)
    (metric,) = used(facts)
    assert metric.tables[0].name == subject
    owner = {"trips": "stations", "extras": "riders"}.get(subject)
    by = [(over_tables, TableId("lake", "raw", owner) if owner else metric.tables[0])]
    expected = {str(k): v for k, v in mining_con.execute(sql).fetchall()}
    found = {str(k): v for k, v in mining_con.execute(as_query(metric, facts.joins, by)).fetchall()}
    assert rounded([*found.items()]) == rounded([*expected.items()])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT avg(net_fares) AS usual FROM marts.monthly_net",
        "SELECT count(DISTINCT trips) AS sizes FROM marts.monthly_net",
        "SELECT sum(DISTINCT trips) AS odd_sum FROM marts.monthly_net",
        "SELECT max(net_fares) AS best_month FROM marts.monthly_net",
        "SELECT sum(lowest_fare) AS low_fares FROM marts.town_figures",
        "SELECT sum(fares) AS big_fares FROM marts.town_figures WHERE trips_done > 40",
        "SELECT sum(fares) FILTER (WHERE trips_done > 40) AS large_fares FROM marts.town_figures",
        "SELECT sum(loyal_fares) AS loyal_sum FROM marts.loyal_riders",
        "SELECT count(*) AS months_seen FROM marts.monthly_net",
    ],
)
def test_mine_figure_of_a_grouped_view_that_may_differ_stays_over_the_view(
    sql: str, mining_tables: tuple[Table, ...], mining_con: duckdb.DuckDBPyConnection
) -> None:
    facts = asked(mining_tables, sql)
    (metric,) = used(facts)
    assert [t.schema for t in metric.tables] == ["marts"]
    expected = mining_con.execute(sql).fetchall()
    assert rounded(mining_con.execute(as_query(metric, facts.joins)).fetchall()) == rounded(expected)


def test_mine_makes_one_metric_of_a_view_and_a_chart_over_it(lake: Lake) -> None:
    tables = lake(PASSES + "CREATE VIEW monthly AS SELECT date_trunc('month', started) AS month, "
                  "sum(fee_usd) AS fees_usd FROM passes GROUP BY ALL")  # fmt: skip
    facts = asked(tables, "SELECT month, sum(fees_usd) AS fees FROM monthly GROUP BY month",
                  "SELECT sum(fee_usd) AS fees_usd FROM passes")  # fmt: skip
    (metric,) = facts.metrics
    assert (metric.name, metric.unit, metric.synonyms) == ("fees", "USD", ("fees usd",))
    assert metric.time == (TableId("shop", "main", "passes"), "started")
    assert {s.place for s in metric.sources} == {"shop.main.monthly", "q0", "q1"}
    assert (metric.standing, metric.snapshot) == ("modelled", None)


@pytest.mark.parametrize(
    "body",
    [
        (
            f"WITH m AS ({MONTHS}) SELECT m.month, plan_name, sum(fee_usd) AS fees_usd, count(*) AS held FROM m "
            "JOIN passes p ON p.started <= last_day(m.month) AND (p.ended IS NULL OR p.ended > m.month) "
            "JOIN plans USING (plan_id) GROUP BY ALL"
        ),
        (
            f"WITH m AS ({MONTHS}), held AS (SELECT m.month, p.plan_id, p.fee_usd FROM m, passes p "
            "WHERE p.started <= m.month) SELECT month, plan_id, sum(fee_usd) AS fees_usd, count(plan_id) AS held "
            "FROM held GROUP BY ALL"
        ),
    ],
)
def test_mine_knows_a_stock_per_period(body: str, lake: Lake) -> None:
    tables = lake(f"{PASSES}CREATE VIEW stock AS {body}")
    facts = asked(tables, "SELECT month, sum(fees_usd) / sum(held) AS fee_per_pass FROM stock GROUP BY month",
                  "SELECT avg(fees_usd) AS usual_fees FROM stock")  # fmt: skip
    month = (TableId("shop", "main", "stock"), "month")
    found = {m.name: m.snapshot for m in facts.metrics}
    assert found == {"fees_usd": month, "held": month, "fee_per_pass": month, "usual_fees": None}
    assert any("adding up several counts the same rows again" in m.description for m in facts.metrics)


@pytest.mark.parametrize(
    "body",
    [
        (
            f"WITH m AS ({MONTHS}) SELECT m.month, sum(fee_usd) AS fees_usd FROM m JOIN passes p "
            "ON date_trunc('month', p.started) = m.month GROUP BY ALL"
        ),
        (
            "SELECT started AS month, sum(fee_usd) AS fees_usd "
            "FROM (SELECT * FROM passes UNION ALL SELECT * FROM passes) GROUP BY ALL"
        ),
        (
            "SELECT p.started AS month, sum(p.fee_usd) AS fees_usd "
            "FROM passes p JOIN passes q ON q.started <= p.started GROUP BY ALL"
        ),
    ],
)
def test_mine_takes_no_flow_for_a_stock(body: str, lake: Lake) -> None:
    facts = asked(lake(f"{PASSES}CREATE VIEW flow AS {body}"))
    (metric,) = facts.metrics
    assert metric.snapshot is None
    assert "counts the same rows again" not in metric.description


def test_mine_keeps_what_a_model_says_must_not_be_added_over(mining_tables: tuple[Table, ...]) -> None:
    model = Source(kind="dbt", place="m.yml:1", definition=True)
    raw = RawMetric(name="staff", expression="sum(rider_id)", relations={"": ("riders",)}, source=model,
                    snapshot="joined")  # fmt: skip
    plain = tuple(t for t in mining_tables if t.kind == "table")
    facts = asked(plain, "SELECT sum(rider_id) / count(*) AS staff_share FROM riders", metrics=(raw,))
    joined = (TableId("lake", "raw", "riders"), "joined")
    assert {m.name: m.snapshot for m in facts.metrics} == {"staff": joined, "staff_share": joined}


def test_mine_takes_the_columns_of_a_view_of_things_for_no_figures(lake: Lake) -> None:
    tables = lake(
        PASSES + "CREATE VIEW plan_facts AS SELECT p.plan_id, max(s.started) AS last_sale, count(*) AS sold_90d, "
        "sum(fee_usd) AS recent_fees FROM plans p JOIN passes s USING (plan_id) "
        "WHERE s.started > (SELECT max(started) FROM passes) - 90 GROUP BY p.plan_id;"
        "CREATE VIEW plan_sums AS SELECT plan_id, min(started) AS first_sale, sum(fee_usd) AS fees_ever "
        "FROM passes GROUP BY plan_id;"
        "CREATE VIEW best_plans AS SELECT plan_id, sum(fee_usd * 2) AS best_fees FROM passes GROUP BY 1 LIMIT 1;"
        "CREATE VIEW plan_months AS SELECT p.plan_id, date_trunc('month', s.started) AS month, "
        "sum(fee_usd) AS late_fees FROM plans p JOIN passes s USING (plan_id) "
        "WHERE s.started > DATE '2024-02-01' GROUP BY ALL"
    )
    assert {m.name for m in asked(tables).metrics} == {"fees_ever", "late_fees"}
    named = asked(tables, "SELECT max(last_sale) AS newest_sale, sum(sold_90d) AS sold_lately FROM plan_facts")
    assert {m.name for m in named.metrics} >= {"fees_ever", "sold_90d"}
