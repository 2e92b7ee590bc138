from __future__ import annotations

from typing import Any

import pytest

from semantic.facts import Facts, Metric, Source
from semantic.mining.keys import Keys
from semantic.mining.lookup import Lookup
from semantic.mining.mine import mine
from semantic.mining.mined import Mined
from semantic.mining.qualify import Catalog
from semantic.mining.raw import Extract, RawKey, RawMetric, RawNote, RawQuery, RawTerm
from semantic.mining.select import QueryMiner
from semantic.mining.snapshots import is_of_days
from semantic.types import Column, ColumnProfile, Table, TableId


def query(sql: str, place: str = "q.sql:1", text: str = "", **about: Any) -> RawQuery:
    return RawQuery(sql=sql, text=text, source=Source(kind=about.pop("kind", "sql"), place=place, **about))


def mined(tables: tuple[Table, ...], *queries: RawQuery, **more: Any) -> Facts:
    # Views tell their own figures, which are not looked at here.
    plain = tuple(t for t in tables if t.kind == "table")
    return mine(Extract(queries=queries, **more), plain)


def metric(facts: Facts, name: str) -> Metric:
    (found,) = (m for m in facts.metrics if m.name == name)
    return found


def test_mine_makes_one_metric_of_one_figure_written_in_four_places(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT sum(t.fare) AS revenue FROM trips t WHERE t.status <> 'cancelled'", "a.sql:1"),
        query("select SUM(FARE) Revenue from RAW.TRIPS where NOT status = 'cancelled'", "b.py:2", kind="notebook"),
        query("SELECT total_fares FROM (SELECT coalesce(sum(fare), 0) AS total_fares FROM trips"
              " WHERE 'cancelled' != status)", "c.json:card 3", kind="dashboard"),
        query("SELECT sum(CASE WHEN status <> 'cancelled' THEN fare ELSE 0 END) AS revenue FROM trips", "d.sql:9"),
    )  # fmt: skip
    (found,) = facts.metrics
    assert found.name == "revenue"
    assert found.synonyms == ("total fares",)
    assert {s.place for s in found.sources} == {"a.sql:1", "b.py:2", "c.json:card 3", "d.sql:9"}
    assert found.standing == "used"


def test_mine_keeps_conflicting_definitions_apart_and_ranks_them(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT sum(fare) AS revenue FROM trips", "a.sql:1"),
        query(
            "SELECT sum(fare) AS revenue FROM trips WHERE status = 'done'", "model.yml:3", kind="dbt", definition=True
        ),
        query("SELECT sum(fare - 1) AS revenue FROM trips", "b.sql:1", certified=True),
        query("SELECT sum(qty) AS revenue FROM extras", "c.sql:1"),
    )
    first, second, third, other = facts.metrics
    assert [m.standing for m in facts.metrics] == ["certified", "modelled", "once", "once"]
    assert first.conflicts == (second.id, third.id)
    assert third.conflicts == (first.id, second.id)
    assert other.conflicts == ()
    assert first.authority > second.authority > third.authority


def test_mine_tells_standing_by_uses_places_and_days(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT sum(fare) AS fares_taken FROM trips", uses=5, last="2021-01-01"),
        query("SELECT min(minutes) AS shortest_ride FROM trips", "x", last="2024-05-01"),
        query("SELECT max(minutes) AS longest_ride FROM trips", "y", last="2023-10-01"),
        *(
            query("SELECT avg(minutes) AS usual_ride FROM trips", f"log:{i}", kind="log", owner=f"p{i}")
            for i in range(3)
        ),
    )
    assert {m.name: m.standing for m in facts.metrics} == {
        "fares_taken": "used", "shortest_ride": "recent", "longest_ride": "once", "usual_ride": "used",
    }  # fmt: skip


def test_mine_leaves_out_figures_without_a_name_that_nobody_repeats(mining_tables: tuple[Table, ...]) -> None:
    alone = mined(
        mining_tables, query("SELECT count(*), sum(fare) FROM trips"), query("SELECT count(*) AS n FROM riders")
    )
    assert alone.metrics == ()
    often = mined(mining_tables, *(query("SELECT sum(fare) FROM trips", f"{i}.sql:1") for i in range(3)))
    assert [m.name for m in often.metrics] == ["total_fare"]
    charted = mined(mining_tables, query("SELECT avg(minutes) FROM trips", kind="dashboard", title="Ride time"))
    assert [m.name for m in charted.metrics] == ["average_minutes"]


def test_mine_names_a_figure_by_its_most_frequent_alias(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT count(*) AS n FROM trips", "a", uses=9),
        query("SELECT count(trip_id) AS rideCount FROM trips", "b"),
        query("SELECT count(1) AS rides_taken FROM trips", "c", uses=3),
    )
    (found,) = facts.metrics
    assert (found.name, found.synonyms) == ("rides_taken", ("ride count",))


def test_mine_makes_a_segment_of_a_condition_that_many_share(mining_tables: tuple[Table, ...]) -> None:
    shared = [query(f"SELECT town FROM riders WHERE NOT is_staff AND rider_id > {i}", f"{i}.sql:1") for i in range(3)]
    facts = mined(mining_tables, *shared)
    assert [(s.name, s.condition) for s in facts.segments] == [("not_is_staff", 'NOT "lake"."raw"."riders"."is_staff"')]
    assert mined(mining_tables, *shared[:2]).segments == ()


def test_mine_merges_runs_of_one_query(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT town, count(*) FROM riders GROUP BY town", "log.jsonl:1", kind="log", owner="ana", uses=2),
        query("select r.town, count(*) from raw.riders r group by 1", "log.jsonl:7", kind="log", owner="ana", uses=3),
        query("SELECT town, count(*) FROM riders GROUP BY town", "a.ipynb:cell 1", "Riders by town", kind="notebook"),
        query("SELECT nope FROM riders", "b.sql:1"),
    )
    told = [q for q in facts.queries if q.text]
    assert told[0].text == "Riders by town"
    assert told[0].columns == ((TableId("lake", "raw", "riders"), "town"),)
    assert sum(s.uses for q in facts.queries for s in q.sources if s.owner == "ana") == 5


def test_mine_counts_joins_and_turns_them_to_the_key(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT 1 FROM riders r JOIN trips t ON r.rider_id = t.rider_id", uses=4),
        query("SELECT 1 FROM trips, riders WHERE riders.rider_id = trips.rider_id", "b"),
    )
    (join,) = facts.joins
    told = join.relationship
    assert (told.child.name, told.parent.name, told.uses) == ("trips", "riders", 5)
    assert (told.cardinality, told.origin) == ("many-to-one", "mined")


def test_mine_resolves_what_models_define(mining_tables: tuple[Table, ...]) -> None:
    model = Source(kind="dbt", place="m.yml:1", definition=True)
    facts = mined(
        mining_tables,
        query("SELECT count(*) AS rides FROM trips WHERE status = 'done'"),
        metrics=(
            RawMetric(name="Finished Rides", expression="COUNT(1)", relations={"": ("trips",)}, source=model,
                      filters=("status = 'done'",), time="started", label="Finished rides"),
            RawMetric(name="helmets", expression="sum(if(e.item = 'helmet', e.qty, 0))", dialect="databricks",
                      relations={"e": ("prod", "raw", "extras")}, source=model, unit="pieces"),
            RawMetric(name="lost", expression="sum(fares)", relations={"": ("trips",)}, source=model),
            RawMetric(name="row", expression="fare + 1", relations={"": ("trips",)}, source=model),
        ),
        notes=(RawNote(relation=("riders",), column="NM", kind="description", text="Full name", source=model),
               RawNote(relation=("rider",), kind="description", text="?", source=model)),
        keys=(RawKey(relation=("refunds",), columns=("TRIP_ID",), source=model),),
        terms=(RawTerm(term="Ride", definition="One trip", source=model),
               RawTerm(term="ride", definition="one trip", source=model)),
    )  # fmt: skip
    rides = metric(facts, "finished_rides")
    assert rides.expression == "COUNT(1)"
    assert rides.filters == ('"lake"."raw"."trips"."status" = \'done\'',)
    assert (rides.label, rides.standing, len(rides.sources)) == ("Finished rides", "modelled", 2)
    assert rides.time == (TableId("lake", "raw", "trips"), "started")
    assert "rides" in rides.synonyms
    assert metric(facts, "helmets").unit == "pieces"
    assert {line.split(": ", 1)[1] for line in facts.lost} == {
        "lost: no column trips.fares (nearest: trips.fare)",
        "row: it aggregates nothing",
        "description: no table rider (nearest: lake.raw.riders)",
        "the lake has no such place, extras are read in lake.raw",
    }
    assert [(n.column, n.text) for n in facts.notes] == [("nm", "Full name")]
    assert [(t.term, len(t.sources)) for t in facts.terms] == [("Ride", 1)]


def test_mine_keeps_all_descriptions_best_source_first(mining_tables: tuple[Table, ...]) -> None:
    def note(text: str, **about: Any) -> RawNote:
        return RawNote(relation=("riders",), column="town", kind="description", text=text, source=Source(**about))

    facts = mined(
        mining_tables,
        notes=(
            note("a town", kind="document", place="x.md:1"),
            note("Where a rider lives", kind="dbt", place="m.yml:1", definition=True),
            note("a  Town", kind="document", place="y.md:1"),
        ),
    )
    assert [(n.text, n.source.kind) for n in facts.notes] == [("Where a rider lives", "dbt"), ("a town", "document")]


def test_mine_knows_the_keys_of_grouped_views(mining_tables: tuple[Table, ...]) -> None:
    lookup, found = Lookup(mining_tables), Mined()
    (view,) = (table for table in mining_tables if table.id.name == "loyal_riders")
    QueryMiner(Catalog(lookup), Keys(lookup)).mine_view(view, found)
    assert found.keys == [(view.id, ("rider_id",))]


def test_mine_of_nothing_is_nothing() -> None:
    assert mine(Extract(lost=("a.json: too old",)), ()) == Facts(lost=("a.json: too old",))


def test_mine_takes_units_out_of_names_where_another_source_does(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT sum(fare) AS takings_eur FROM trips", "m.yml:1", kind="dbt", definition=True),
        query("SELECT sum(fare) AS takings FROM trips", "b"),
        query("SELECT avg(minutes * 60) AS ride_time_s FROM trips", "c"),
    )
    takings, ride = metric(facts, "takings"), metric(facts, "ride_time_s")
    assert (takings.unit, takings.synonyms, takings.standing) == ("EUR", ("takings eur",), "modelled")
    assert (ride.unit, ride.synonyms) == ("s", ())


def test_mine_finds_conflicts_behind_units(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT sum(fare) AS takings_eur FROM trips", "a"),
        query("SELECT sum(fare) AS takings FROM trips WHERE status = 'done'", "b"),
        query("SELECT 100.0 * sum(fare) / sum(minutes) AS takings_pct FROM trips", "c"),
        query("SELECT sum(minutes) / sum(fare) AS done_pct FROM trips", "d"),
        metrics=(RawMetric(name="share", expression="avg(fare)", relations={"": ("trips",)}, label="takings %",
                           source=Source(kind="dbt", place="m.yml:1")),),
    )  # fmt: skip
    whole, done, share = (metric(facts, name) for name in ("takings_eur", "takings", "takings_pct"))
    assert (whole.conflicts, done.conflicts, share.conflicts) == (
        (done.id,), (whole.id,), (metric(facts, "share").id,)
    )  # fmt: skip
    assert (whole.unit, share.unit, metric(facts, "done_pct").unit) == ("EUR", "%", "")


def test_mine_tells_one_query_of_a_chart_and_its_dataset_once(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(
        mining_tables,
        query("SELECT town, count(*) FROM riders GROUP BY town", "d.json:chart", "Riders by town", kind="dashboard"),
        query("select town, COUNT(*) from raw.riders group by town", "d.json:data", "riders by Town", kind="dashboard"),
    )
    (past,) = facts.queries
    assert (past.text, {s.place for s in past.sources}) == ("Riders by town", {"d.json:chart", "d.json:data"})


@pytest.mark.parametrize("kind", ["dbt", "metric view", "semantic view", "ossie"])
def test_mine_trusts_what_a_model_only_uses_no_more_than_any_query(mining_tables: tuple[Table, ...], kind: Any) -> None:
    sql = "SELECT sum(fare) AS fares_taken FROM trips"
    assert metric(mined(mining_tables, query(sql, kind=kind)), "fares_taken").standing == "once"
    assert metric(mined(mining_tables, query(sql, kind=kind, definition=True)), "fares_taken").standing == "modelled"


def _stock(date: str) -> RawMetric:
    return RawMetric(
        name="members", expression="count(rider_id)", relations={"": ("raw", "riders"), "trips": ("raw", "trips")},
        snapshot=date, source=Source(kind="dbt", place="stock.yml:members", definition=True),
    )  # fmt: skip


def test_mine_keeps_the_date_that_a_stock_is_not_added_over(mining_tables: tuple[Table, ...]) -> None:
    facts = mined(mining_tables, metrics=(_stock("joined"),))
    assert metric(facts, "members").snapshot == (TableId("lake", "raw", "riders"), "joined")


@pytest.mark.parametrize(
    ("value", "daily"), [("2024-01-05 00:00:00", True), ("2024-01-05 08:00:00", False), (None, False)]
)
def test_moments_are_days_where_all_known_ones_are_midnight(value: str | None, daily: bool) -> None:
    profile = (
        ColumnProfile(rows=1, nulls=0, distinct=1, minimum="2024-01-01 00:00:00", maximum=value) if value else None
    )
    assert is_of_days(Column(name="at", type="TIMESTAMP", profile=profile)) == daily
    assert is_of_days(Column(name="at", type="DATE"))


@pytest.mark.parametrize("date", ["gone", "trips.started", "date_trunc('month', joined)"])
def test_mine_loses_a_stock_whose_date_cannot_be_told(mining_tables: tuple[Table, ...], date: str) -> None:
    facts = mined(mining_tables, metrics=(_stock(date),))
    assert facts.metrics == ()
    assert [line for line in facts.lost if line.startswith("stock.yml:members: members: ")] == list(facts.lost)
    assert len(facts.lost) == 1
