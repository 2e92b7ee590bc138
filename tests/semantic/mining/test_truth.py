"""What is mined from a query, computed over the base tables, gives the same figures as the query itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from semantic.facts import Facts, Metric, MinedJoin, Source
from semantic.mining.mine import mine
from semantic.mining.raw import Extract, RawQuery
from semantic.profile import quote_table
from semantic.types import Table, TableId

VIEWS = {
    "monthly_net": ["net_fares", "trips"],
    "town_figures": ["trips_done", "fares", "lowest_fare", "long_trips"],
    "extra_sales": ["extra_sales", "helmets"],
    "loyal_riders": ["loyal_trips", "loyal_fares"],
}


def as_query(metric: Metric, joins: Iterable[MinedJoin], by: Sequence[tuple[str, TableId]] = ()) -> str:
    """Write a metric as a query over its tables, parents joined to the table it is about."""
    joined, sources = [metric.tables[0]], quote_table(metric.tables[0])
    open_tables = [t for t in dict.fromkeys([*metric.tables, *(table for _, table in by)]) if t not in joined]
    edges = [j.relationship for j in joins]
    while open_tables:
        table, edge = next((t, e) for t in open_tables for e in edges if e.parent == t and e.child in joined)
        on = " AND ".join(
            f'{quote_table(edge.child)}."{c}" = {quote_table(edge.parent)}."{p}"'
            for c, p in zip(edge.child_columns, edge.parent_columns, strict=True)
        )
        sources += f" LEFT JOIN {quote_table(table)} ON {on}"
        joined.append(table)
        open_tables.remove(table)
    where = f" WHERE {' AND '.join(f'({f})' for f in metric.filters)}" if metric.filters else ""
    keys = "".join(f"{text}, " for text, _ in by)
    return f"SELECT {keys}{metric.expression} FROM {sources}{where}{' GROUP BY ALL' if by else ''}"


def mined(sql: str, tables: tuple[Table, ...]) -> Facts:
    return mine(Extract(queries=(RawQuery(sql=sql, source=Source(kind="sql", place="q", definition=True)),)), tables)


def of_query(facts: Facts) -> list[Metric]:
    return [m for m in facts.metrics if any(s.place == "q" for s in m.sources)]


def rounded(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    plain = [tuple(round(float(v), 6) if not isinstance(v, str | None) else v for v in row) for row in rows]
    return sorted(plain, key=repr)


@pytest.mark.parametrize(("view", "column"), [(v, c) for v, columns in VIEWS.items() for c in columns])
def test_mine_figure_of_a_view_is_the_same_over_base_tables(
    view: str, column: str, mining_tables: tuple[Table, ...], mining_con: duckdb.DuckDBPyConnection
) -> None:
    facts = mine(Extract(), mining_tables)
    metric = next(m for m in facts.metrics if column in {m.name, *m.synonyms} and view in m.sources[0].place)
    fold = "min" if column.startswith("lowest") else "sum"
    expected = mining_con.execute(f"SELECT {fold}({column}) FROM marts.{view}").fetchall()
    assert rounded(mining_con.execute(as_query(metric, facts.joins)).fetchall()) == rounded(expected)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(s) AS sales FROM (SELECT qty * price AS s FROM raw.extras)",
        "SELECT sum(e.qty) AS items FROM extras e JOIN trips t USING (trip_id) WHERE t.status <> 'cancelled'",
        "SELECT sum(t.fare) AS doubled FROM trips t JOIN extras e ON e.trip_id = t.trip_id",
        "SELECT sum(n) AS rides FROM (SELECT rider_id, count(*) AS n FROM trips WHERE minutes > 9 GROUP BY rider_id)",
        "SELECT a / b AS fare_per_minute FROM (SELECT sum(fare) AS a, sum(minutes) AS b FROM trips)",
        "SELECT count(t.trip_id) AS taken FROM riders r LEFT JOIN trips t ON t.rider_id = r.rider_id",
        "SELECT count(DISTINCT r.rider_id) AS known FROM riders r LEFT JOIN trips t ON t.rider_id = r.rider_id",
        "SELECT avg(n) AS minutes_a_rider FROM (SELECT rider_id, sum(minutes) AS n FROM trips GROUP BY 1)",
        "SELECT avg(n) AS extras_a_trip FROM (SELECT trip_id, count(*) AS n FROM extras WHERE qty > 2 GROUP BY 1)",
        "SELECT avg(CASE WHEN status = 'done' THEN minutes END) AS average_minutes FROM trips",
        "SELECT sum(CASE WHEN r.is_staff THEN 1 ELSE 0 END) / count(*) AS staff_share FROM riders r",
        "SELECT sum(ride_minutes) AS done_minutes FROM marts.finished_trips",
        "SELECT sum(fare) FILTER (WHERE r.refund_id IS NULL) AS kept FROM trips t LEFT JOIN refunds r USING (trip_id)",
        "SELECT count(*) AS staff_trips FROM trips, riders WHERE trips.rider_id = riders.rider_id AND riders.is_staff",
        "SELECT max(x) AS longest FROM (SELECT minutes * 60 AS x FROM trips WHERE (status = 'done' OR fare > 5))",
    ],
)
def test_mine_figure_of_a_query_is_the_same_over_base_tables(
    sql: str, mining_tables: tuple[Table, ...], mining_con: duckdb.DuckDBPyConnection
) -> None:
    facts = mined(sql, mining_tables)
    name = sqlglot.parse_one(sql, dialect="duckdb").named_selects[0]
    found = [m for m in of_query(facts) if name in {m.name, *(s.replace(" ", "_") for s in m.synonyms)}]
    expected = rounded(mining_con.execute(_known_names(sql)).fetchall())
    assert [rounded(mining_con.execute(as_query(m, facts.joins)).fetchall()) for m in found] in ([expected], [])
    # A figure that is not told over base tables has its reason.
    assert found or any(line.startswith(f"q: {name}: ") for line in facts.lost)


def _known_names(sql: str) -> str:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for table in tree.find_all(exp.Table):
        if not table.db:
            table.set("db", exp.to_identifier("raw"))
    return tree.sql(dialect="duckdb")


VALUES = [
    "t.fare",
    "t.minutes",
    "t.fare * t.minutes",
    "(t.fare - 1) / 2",
    "-t.minutes",
    "CASE WHEN t.fare > 4 THEN 2 END",
]
CALLS = ["sum({})", "avg({})", "min({})", "max({})", "count({})", "count(DISTINCT {})", "sum({}) / count(*)"]
CONDITIONS = [
    "t.status <> 'cancelled'", "t.minutes BETWEEN 10 AND 40", "NOT r.is_staff", "r.town IN ('Ulm', 'Bonn')",
    "(t.fare > 3 OR t.status = 'open')", "s.town = 'Kiel'", "NOT (t.fare < 2 AND t.minutes > 20)",
]  # fmt: skip
SHAPES = [
    "SELECT {call} AS figure FROM {rows} {where}",
    "SELECT {outer} AS figure FROM (SELECT {value} AS v FROM {rows} {where})",
    "WITH a AS (SELECT t.* FROM {rows} {where}), b AS (SELECT * FROM a t) SELECT {call} AS figure FROM b t",
]
ROWS = (
    "raw.trips t JOIN raw.riders r USING (rider_id) JOIN raw.stations s ON (t.start_station = s.station_id)",
    "raw.riders r, raw.stations s, raw.trips t",
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    written=st.tuples(*map(st.sampled_from, (VALUES, CALLS, SHAPES, ROWS))),
    conditions=st.lists(st.sampled_from(CONDITIONS), max_size=3, unique=True),
)  # fmt: skip
def test_mine_any_figure_is_the_same_over_base_tables(
    written: tuple[str, str, str, str], conditions: list[str], mining_tables: tuple[Table, ...], mining_file: Path
) -> None:
    value, call, shape, rows = written
    comma = ["r.rider_id = t.rider_id", "t.start_station = s.station_id"] if ", " in rows else []
    where = f"WHERE {' AND '.join([*comma, *conditions])}" if comma or conditions else ""
    sql = shape.format(call=call.format(value), outer=call.format("v"), value=value, rows=rows, where=where)
    facts = mined(sql, mining_tables)
    # The name may be taken by an equal figure of a view.
    (metric,) = of_query(facts)
    con = duckdb.connect(str(mining_file), read_only=True)
    try:
        expected = rounded(con.execute(sql).fetchall())
        assert rounded(con.execute(as_query(metric, facts.joins)).fetchall()) == expected
    finally:
        con.close()
