from __future__ import annotations

from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers import metric_view

FOLDER = Path(__file__).parents[3] / "fixtures" / "sources" / "metric_views"
BOOKINGS = ("main", "travel", "bookings")
GUESTS = ("main", "travel", "guests")


def _file(path: Path) -> SourceFile:
    return SourceFile(path, path.name)


def _read(tmp_path: Path, text: str) -> Extract:
    path = tmp_path / "view.yaml"
    path.write_text(text)
    return metric_view.read(_file(path))


@pytest.fixture(scope="module")
def bookings() -> Extract:
    return metric_view.read(_file(FOLDER / "bookings.yaml"))


def test_read_gives_measures_over_columns(bookings: Extract) -> None:
    revenue = bookings.metrics[0]
    assert (revenue.name, revenue.expression, revenue.filters) == ("Revenue", "SUM(price)", ("state <> 'void'",))
    assert (revenue.label, revenue.unit, revenue.synonyms) == ("Total revenue", "EUR", ("turnover",))
    assert (revenue.relations, revenue.dialect) == ({"": BOOKINGS}, "databricks")
    assert revenue.source.place == "bookings.yaml:Revenue"
    assert revenue.source.definition


def test_read_puts_other_measures_and_fields_in(bookings: Extract) -> None:
    found = {metric.name: metric.expression for metric in bookings.metrics}
    assert found["Gold Share"] == "SUM(price) FILTER(WHERE guest.tier = 'gold') / SUM(price)"
    assert found["High Fees"] == "COUNT(CASE WHEN CASE WHEN fee > 50 THEN 'high' ELSE 'low' END = 'high' THEN 1 END)"


def test_read_names_the_tables_a_measure_reads(bookings: Extract) -> None:
    gold = next(metric for metric in bookings.metrics if metric.name == "Gold Share")
    assert gold.relations == {"": BOOKINGS, "guest": GUESTS}
    assert gold.unit == "%"


def test_read_gives_joins_from_the_many_side(bookings: Extract) -> None:
    assert [(j.child, j.child_columns, j.parent, j.parent_columns, j.cardinality) for j in bookings.joins] == [
        (BOOKINGS, ("guest_id",), GUESTS, ("guest_id",), "many-to-one"),
        (GUESTS, ("country_code",), ("main", "travel", "countries"), ("country_code",), "many-to-one"),
        (("main", "travel", "extras"), ("booking_id",), BOOKINGS, ("booking_id",), None),
    ]


def test_read_tells_columns_from_expressions(bookings: Extract) -> None:
    assert [(d.name, d.expression, d.synonyms) for d in bookings.dimensions] == [
        ("Booked Month", "DATE_TRUNC('MONTH', booked_at)", ("Month",)),
        ("Fee Band", "CASE WHEN fee > 50 THEN 'high' ELSE 'low' END", ()),
    ]
    assert [(n.relation[-1], n.column, n.kind, n.text) for n in bookings.notes] == [
        ("countries", "label", "synonym", "Home Country"),
        ("countries", "label", "synonym", "origin"),
        ("countries", "label", "synonym", "nationality"),
        ("bookings", "channel", "description", "Where the booking came from."),
    ]


def test_read_reports_what_one_aggregate_cannot_hold(bookings: Extract) -> None:
    assert [line.split(": ")[0] for line in bookings.lost] == [
        "bookings.yaml:Extras Sold", "bookings.yaml:Revenue Last Week", "bookings.yaml:Growth", "bookings.yaml",
    ]  # fmt: skip
    assert "many rows for one of the source" in bookings.lost[0]
    assert "window" in bookings.lost[2]


def test_read_takes_a_view_out_of_its_statement() -> None:
    path = FOLDER / "create_nights.sql"
    assert metric_view.fits(_file(path))
    extract = metric_view.read(_file(path))
    assert [(m.name, m.expression, m.filters) for m in extract.metrics] == [
        ("nights", "SUM(night_count)", ("cancelled = FALSE",))
    ]
    assert extract.metrics[0].relations == {"": ("main", "travel", "nights")}
    assert extract.lineage[0].name == ("main", "travel", "nights_metrics")


def test_read_keeps_a_field_of_its_own_columns_name(tmp_path: Path) -> None:
    extract = _read(
        tmp_path, "source: a.b\nfields:\n- {name: x, expr: upper(x)}\nmeasures:\n- {name: n, expr: COUNT(x)}"
    )
    assert extract.metrics[0].expression == "COUNT(x)"


def test_read_keeps_the_query_of_a_source_that_is_one(tmp_path: Path) -> None:
    text = "source: SELECT a, sum(b) AS b FROM t GROUP BY a\nmeasures:\n- {name: n, expr: SUM(b)}"
    extract = _read(tmp_path, text)
    assert extract.metrics == ()
    assert extract.queries[0].sql.startswith("SELECT a, sum(b)")
    assert "the source is a query" in extract.lost[0]


def test_read_reports_measures_that_name_each_other_in_a_circle(tmp_path: Path) -> None:
    text = "source: t\nmeasures:\n- {name: a, expr: MEASURE(b)}\n- {name: b, expr: MEASURE(a) + MEASURE(missing)}"
    extract = _read(tmp_path, text)
    assert extract.metrics == ()
    assert len(extract.lost) == 2


def test_read_refuses_a_file_without_a_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="without a source"):
        _read(tmp_path, "measures: []")


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.yaml", "models:\n- name: x\nsource: y\nmeasures: []"), ("a.json", "{}"), ("a.sql", "SELECT 1"),
     ("a.yaml", "tables:\n- name: x"), ("a.yaml", "\x00\x01")],
)  # fmt: skip
def test_fits_leaves_other_formats_alone(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert not metric_view.fits(_file(tmp_path / name))
