from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from genie_ext.chart import choose_chart, save_chart
from genie_ext.chart_fields import title_of
from genie_ext.errors import ConfigError
from genie_ext.types import ColumnRef, Dimension, Measure, Plan, Rows, Step
from semantic.types import TableId

ORDERS = TableId("w", "main", "orders")
MARK = "document.documentElement.dataset.pwned=1"
CORPUS = (
    f"</script><script>{MARK}</script>",
    f"<img src=x onerror={MARK}>",
    f"<!--<script>{MARK}</script>",
    f'"></svg><svg onload="{MARK}">',
    f"'; {MARK}; '",
    f"${{{MARK}}}",
    f"datum['x'] || ({MARK})",
    "a.b[0]['c']\\d",
    "line\nbreak\u2028\x00\x1b[1m\uffff",
)


@pytest.fixture
def rows():
    with duckdb.connect() as con:
        yield lambda sql: Rows(table=con.sql(sql).to_arrow_table())


def kind(spec: dict) -> str:
    return (spec.get("mark") or spec["layer"][0]["mark"])["type"]


def test_chart_time_and_measure_give_a_line_over_time(rows) -> None:
    spec = choose_chart(
        rows("SELECT DATE '2026-01-01' + to_months(i::INT) AS month, 100 + i AS n FROM range(6) t(i)"), None
    )
    assert kind(spec) == "line"
    assert spec["encoding"]["x"]["type"] == "temporal"
    assert spec["encoding"]["x"]["axis"]["format"] == "%b %Y"
    assert spec["data"]["values"][0] == {"month": "2026-01-01T00:00:00", "n": 100}


def test_chart_area_only_where_it_starts_at_zero(rows) -> None:
    spec = choose_chart(rows("SELECT DATE '2026-01-01' + i::INT AS day, i * 10 AS n FROM range(6) t(i)"), None)
    assert kind(spec) == "area"
    assert spec["encoding"]["y"]["scale"] == {"zero": True}


def test_chart_time_category_and_measure_give_one_line_each(rows) -> None:
    spec = choose_chart(
        rows("SELECT DATE '2026-01-01' + i::INT AS day, c, i AS n FROM range(6) t(i), (VALUES ('a'), ('b')) v(c)"), None
    )
    assert kind(spec) == "line"
    assert spec["encoding"]["color"]["field"] == "c"


def test_chart_category_and_measure_give_sorted_bars(rows) -> None:
    spec = choose_chart(rows("SELECT * FROM (VALUES ('web', 3), ('store', 5), (NULL, 1)) t(channel, orders)"), None)
    assert kind(spec) == "bar"
    assert spec["layer"][1]["mark"]["type"] == "text"
    assert spec["encoding"]["y"]["sort"] == ["store", "web", "(none)"]
    assert [value["channel"] for value in spec["data"]["values"]] == ["web", "store", "(none)"]


@pytest.mark.parametrize(
    ("sql", "order"),
    [
        ("VALUES (2026, 4), (2024, 9), (2025, 2)) t(order_year, n)", ["2024", "2025", "2026"]),
        ("VALUES ('Mar', 4), ('Jan', 9), ('February', 2)) t(m, n)", ["Jan", "February", "Mar"]),
        ("VALUES (3, 4), (1, 9), (2, 2)) t(quarter, n)", [1, 2, 3]),
    ],
)
def test_chart_keeps_the_order_of_the_calendar(rows, sql: str, order: list) -> None:
    spec = choose_chart(rows(f"SELECT * FROM ({sql}"), None)
    assert spec["encoding"]["y"]["sort"] == order


def test_chart_two_categories_give_stacked_bars_of_the_longer_one(rows) -> None:
    spec = choose_chart(
        rows("SELECT c, g, 1 AS n FROM (VALUES ('a'), ('b')) t(c), (VALUES ('x'), ('y'), ('z')) v(g)"), None
    )
    assert spec["encoding"]["y"]["field"] == "g"
    assert spec["encoding"]["color"]["field"] == "c"


def test_chart_two_measures_give_a_scatter(rows) -> None:
    spec = choose_chart(rows("SELECT i AS price, i * i AS cost FROM range(20) t(i)"), None)
    assert kind(spec) == "point"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS n",
        "SELECT 'a' AS c, 1 AS n",
        "SELECT i AS n FROM range(9) t(i)",
        "SELECT i AS customer_id, i * 2 AS n FROM range(9) t(i)",
        "SELECT i AS a_id, i AS b_id FROM range(9) t(i)",
        "SELECT 'c' || i AS c, i AS n FROM range(61) t(i)",
        "SELECT i AS a, i AS b FROM range(5001) t(i)",
        "SELECT 'c' || i AS c, NULL::INT AS n FROM range(9) t(i)",
        "SELECT 'c' || i AS c, 'd' || i AS d FROM range(9) t(i)",
        "SELECT 'same' AS c, i AS n FROM range(9) t(i)",
        "SELECT 'c' || i AS c, 'nan'::DOUBLE AS n FROM range(9) t(i)",
        "SELECT DATE '2026-01-01' AS d, i AS n FROM range(9) t(i)",
        "SELECT DATE '2026-01-01' + (i % 3)::INT AS d, i AS n FROM range(9) t(i)",
        "SELECT DATE '2026-01-01' + (i % 3)::INT AS d, 'c' || i AS c, i AS n FROM range(9) t(i)",
        "SELECT [i] AS l, {'a': i} AS s FROM range(9) t(i)",
        "SELECT 'a' AS c, 1 AS n LIMIT 0",
    ],
)
def test_chart_none_where_a_table_reads_better(rows, sql: str) -> None:
    assert choose_chart(rows(sql), None) is None


def test_chart_plan_says_which_numbers_are_dimensions(rows) -> None:
    data = rows("SELECT i AS rating, i * 7 AS n FROM range(9) t(i)")
    step = Step(
        sources=(ORDERS,),
        dimensions=(Dimension(column=ColumnRef(ORDERS, "rating")),),
        measures=(Measure(aggregate="count", table=ORDERS),),
    )
    spec = choose_chart(data, Plan(interpretation="x", steps=(step,)))
    assert kind(spec) == "bar"
    assert spec["encoding"]["y"]["field"] == "rating"


def test_chart_plan_grain_decides_the_format_of_time(rows) -> None:
    data = rows("SELECT DATE '2026-01-01' + to_months(3 * i::INT) AS d, i AS n FROM range(5) t(i)")
    step = Step(
        sources=(ORDERS,),
        dimensions=(Dimension(column=ColumnRef(ORDERS, "d"), grain="quarter"),),
        measures=(Measure(aggregate="count", table=ORDERS),),
    )
    spec = choose_chart(data, Plan(interpretation="x", steps=(step,)))
    assert spec["encoding"]["x"]["axis"]["format"] == "Q%q %Y"


def test_chart_data_is_json_whatever_the_cells(rows) -> None:
    data = rows(
        "SELECT * FROM (VALUES ('a', 'nan'::DOUBLE, 1.5::DECIMAL(30, 2), TIMESTAMPTZ '2026-01-01 10:00:00+02'), "
        "('b', 'inf', 99999999999999999999.25, NULL), ('c', 2, 3, NULL)) t(c, x, y, z)"
    )
    table = data.table.select(["c", "x", "y"])
    text = json.dumps(choose_chart(Rows(table=table), None), allow_nan=False)
    assert [value["x"] for value in json.loads(text)["data"]["values"]] == [None, None, 2]


def test_chart_survives_days_python_cannot_hold(rows) -> None:
    assert choose_chart(rows("SELECT * FROM (VALUES (DATE '20000-01-01', 1), ('infinity', 2)) t(d, n)"), None) is None


def test_chart_fields_with_path_characters_get_plain_keys(rows) -> None:
    spec = choose_chart(rows("""SELECT * FROM (VALUES ('x', 1), ('y', 2)) t("a.b[0]", "it's ""n""\\")"""), None)
    assert set(spec["data"]["values"][0]) == {"column_1", "column_2"}
    assert spec["encoding"]["tooltip"][1]["title"] == "it's ”n”⧵"


def test_chart_equal_column_names_stay_apart() -> None:
    table = pa.Table.from_arrays(
        [pa.array(["a", "b"]), pa.array([1, 2]), pa.array([3, 4])], names=["c", "c", "column_1"]
    )
    spec = choose_chart(Rows(table=table), None)
    assert spec["data"]["values"][0] == {"c": "a", "c_": 1, "column_1": 3}


@pytest.mark.parametrize(
    ("name", "values", "tick"),
    [("revenue_usd", "(1), (2)", "$"), ("return_rate", "(0.1), (0.2)", "%"), ("orders", "(1), (2)", "s")],
)
def test_chart_axis_reads_like_its_unit(rows, name: str, values: str, tick: str) -> None:
    data = rows(f"SELECT DATE '2026-01-01' + row_number() OVER ()::INT AS d, n AS {name} FROM (VALUES {values}) t(n)")
    assert tick in choose_chart(data, None)["encoding"]["y"]["axis"]["labelExpr"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("ord_amt_usd", "Ord amt (USD)"),
        ("avg(csat_score)", "Average CSAT score"),
        ("count_star()", "Count"),
        ("MRR", "MRR"),
        ("signupDate", "Signup date"),
        ("Größe in m²", "Größe in m²"),
        ("x" * 80, "X" + "x" * 58 + "…"),
    ],
)
def test_chart_titles_are_words(name: str, title: str) -> None:
    assert title_of(name) == title


def test_chart_width_is_a_number_and_schema_is_v5(rows) -> None:
    spec = choose_chart(rows("SELECT * FROM (VALUES ('a', 1), ('b', 2)) t(c, n)"), None)
    assert isinstance(spec["width"], int)
    assert spec["$schema"].endswith("/v5.json")


def _hostile() -> dict:
    names = pa.array(CORPUS)
    table = pa.Table.from_arrays([names, pa.array(range(len(CORPUS)))], names=[CORPUS[0], CORPUS[1]])
    spec = choose_chart(Rows(table=table), None)
    assert spec is not None
    return spec


@pytest.mark.parametrize("suffix", ["svg", "png", "json", "html"])
def test_save_chart_writes_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"chart.{suffix}"
    save_chart(_hostile(), path)
    content = path.read_bytes()
    assert content.startswith({"svg": b"<svg", "png": b"\x89PNG", "json": b"{", "html": b"<!DOCTYPE html>"}[suffix])
    if suffix == "svg":
        assert b"<script" not in content
        assert b"<img" not in content


def test_save_chart_html_is_offline_and_inert(tmp_path: Path) -> None:
    path = tmp_path / "chart.html"
    save_chart(_hostile(), path)
    page = path.read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert "default-src 'none'" in page
    assert page.count("</script>") == 3
    assert "<img src=x" not in page
    start = page.index('id="spec">') + len('id="spec">')
    spec = json.loads(page[start : page.index("</script>", start)])
    assert [value["column_1"] for value in spec["data"]["values"]][:-1] == list(CORPUS[:-1])


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_save_chart_html_draws_and_runs_nothing_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "chart.html"
    save_chart(_hostile(), path)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        ["chromium", *flags, "--virtual-time-budget=5000", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "data-pwned" not in done.stdout
    assert 'class="marks"' in done.stdout


def test_save_chart_refuses_an_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"chart\.gif"):
        save_chart(_hostile(), tmp_path / "chart.gif")


def test_save_chart_names_a_folder_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        save_chart(_hostile(), tmp_path / "missing" / "chart.json")


@pytest.mark.parametrize("name", ['a"]: alert(1), ["b', "back\\slash", 'x\\"; alert(1); "', "turn\u202eexe.gnp"])
def test_a_name_leaves_the_expressions_that_old_readers_make_of_titles_alone(rows, name) -> None:
    quoted = name.replace('"', '""')
    found = rows(f"""SELECT 'k' || i AS "{quoted}", i AS "n {quoted}" FROM range(3) t(i)""")
    spec = choose_chart(found, None)
    titles = [field["title"] for field in spec["encoding"]["tooltip"]]
    assert titles
    assert not any(char in title for title in titles for char in '"\\\u202e')


def test_cells_of_a_chart_do_not_turn_the_reading_direction(rows) -> None:
    spec = choose_chart(rows("SELECT 'gnp' || chr(8238) || i AS kind, i AS n FROM range(3) t(i)"), None)
    assert not any("\u202e" in row["kind"] for row in spec["data"]["values"])
