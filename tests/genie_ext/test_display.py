from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pyarrow as pa
import pytest

from genie_ext.display import ANSWER, VEGA_LITE, mime_bundle, to_html, to_json, to_text
from genie_ext.display_parts import filters_of
from genie_ext.types import (
    Answer,
    Clarification,
    ColumnRef,
    Dimension,
    Filter,
    Finding,
    Measure,
    Part,
    Plan,
    Question,
    Refusal,
    Rows,
    Spent,
    Sql,
    Step,
    TimeRange,
    Turn,
)
from semantic.types import TableId

ORDERS = TableId("warehouse", "core", "orders")
TODAY = dt.date(2026, 11, 20)
CORPUS = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</pre></code></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' style='background:url(//evil.example)",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "javascript:alert(1)",
    "<a href=javascript:alert(1)>x</a>",
    "&lt;b&gt; &#x3C;script&#x3E;",
    "<!-- <table>",
    "<math><mtext></table><img src onerror=alert(1)>",
)
ESCAPES = ("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\rb", "a\x08\x08b", "\x9b2J", "\u202eevil\u2066", "\x00", "a\nb")
ALLOWED_TAGS = {
    "section", "style", "header", "div", "p", "span", "br", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary",
    "pre", "code", "b", "i", "table", "thead", "tbody", "tr", "th", "td", "footer",
}  # fmt: skip
ALLOWED_ATTRIBUTES = {"class", "style", "open", "scope", "tabindex", "role", "aria-label"}
VOID_TAGS = {"br"}


def make_turn(table: pa.Table | None = None, text: str = "", **changes) -> Turn:
    """Build a whole turn; `text` stands in every place where foreign words may stand."""
    word = text or "returned"
    condition = Filter(subject=ColumnRef(ORDERS, text or "status"), operator="=", values=(word,))
    days = TimeRange(column=ColumnRef(ORDERS, "order_date"), start=dt.date(2026, 1, 1), end=dt.date(2026, 11, 21))
    step = Step(
        sources=(ORDERS,), measures=(Measure(aggregate="count", table=ORDERS),), filters=(condition,), time=days
    )
    answer = Answer(
        text=text or "1,336 orders were returned.",
        key_figure=text or "1,336",
        sources=(text or "core.orders",),
        confidence=0.91,
        reasons=(text or "exact value match",),
        label="governed",
    )
    whole = Turn(
        question=Question(text=text or "How many orders were returned?", today=TODAY),
        plan=Plan(interpretation=text or "Number of returned orders.", steps=(step,), assumptions=(word,)),
        sql=Sql(text=text or "SELECT count(*)\nFROM core.orders", executable="SELECT secret", tables=(ORDERS,)),
        rows=Rows(table=pa.table({"orders": [1336]}) if table is None else table),
        findings=(
            Finding(check="values", severity="ok", message=text or "Every filter value exists."),
            Finding(check="dates", severity="warning", message=word, evidence=text or "Ends early.", suggestion=word),
        ),
        answer=answer,
        seconds=0.42,
    )
    return replace(whole, **changes)


REFUSED = {"answer": None, "plan": None, "sql": None, "rows": None, "findings": ()}


# --- text -------------------------------------------------------------------------------------------------------------


def test_text_says_everything_in_the_order_of_the_design() -> None:
    text = to_text(make_turn(pa.table({"channel": ["web", "store"], "orders": [900, 436]})))
    marks = [
        "1,336 orders were returned.", "channel", "Understood", "Assumed", "Sources", "Filters", "✓ Every filter value",
        "! returned", "Confidence   91%, high: exact value match", "Label        governed",
        "SQL          SELECT count(*)",
        "embedded tier · no cost · 0.42 s · privacy: values",
    ]  # fmt: skip
    positions = [text.index(mark) for mark in marks]
    assert positions == sorted(positions)


def test_text_filters_name_the_last_day_of_a_range() -> None:
    assert "status = returned; order_date from 2026-01-01 to 2026-11-20" in to_text(make_turn())


@pytest.mark.parametrize("sources", [(), (ORDERS,)])
def test_text_filters_name_the_tables_of_a_query_within(sources) -> None:
    within = Step(sources=sources, dimensions=(Dimension(column=ColumnRef(ORDERS, "customer_id")),))
    condition = Filter(subject=ColumnRef(ORDERS, "customer_id"), operator="not in", step=within)
    plan = Plan(interpretation="", steps=(Step(sources=(ORDERS,), filters=(condition,)),))
    assert filters_of(plan)[0] == "customer_id not in what a query over orders gives"


def test_text_table_aligns_numbers_right_with_separators() -> None:
    table = pa.table({"channel": ["web", "store"], "amount": [1849055.5, -12.0], "year": [2026, 2025]})
    lines = to_text(make_turn(table)).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("  channel"))
    assert lines[start : start + 4] == [
        "  channel       amount  year",
        "  ───────  ───────────  ────",
        "  web      1,849,055.5  2026",
        "  store          -12.0  2025",
    ]


def test_text_wide_characters_keep_the_columns_straight() -> None:
    table = pa.table({"name": ["日本語", "ab", "e\u0301te\u0301"], "n": ["x", "y", "z"]})
    lines = to_text(make_turn(table)).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("  name"))
    assert lines[start + 2] == "  日本語  x"
    assert lines[start + 3] == "  ab      y"
    assert lines[start + 4] == "  e\u0301te\u0301     z"


def test_text_long_cells_are_cut_but_figures_never() -> None:
    table = pa.table({"words": ["w" * 200], "more": ["m" * 200], "figure": [123456789012345]})
    text = to_text(make_turn(table), width=60)
    assert "…" in text
    assert "123,456,789,012,345" in text
    assert all(len(line) <= 60 for line in text.splitlines())


def test_text_says_how_many_rows_and_columns_are_left_out() -> None:
    table = pa.table({f"column_number_{at}": ["some words here"] * 30 for at in range(12)})
    text = to_text(make_turn(table), width=60, max_rows=5)
    assert "… 25 more rows" in text
    assert re.search(r"… \d+ more columns", text)


def test_text_says_when_the_rows_were_truncated() -> None:
    rows = Rows(table=pa.table({"a": list(range(30))}), truncated=True)
    assert "the query has more than the 30 that were fetched" in to_text(make_turn(rows=rows))


def test_text_empty_result_says_so() -> None:
    assert "(no rows)" in to_text(make_turn(pa.table({"a": pa.array([], pa.int64())})))


@pytest.mark.parametrize("color", [False, True])
def test_text_data_cannot_steer_the_terminal(color: bool) -> None:
    for escape in ESCAPES:
        table = pa.table({escape: [escape], "s": [{escape: [escape]}]})
        text = to_text(make_turn(table, text=escape), color=color)
        bare = re.sub(r"\x1b\[\d+m", "", text) if color else text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", bare), repr(escape)
        styles = set(re.findall(r"\x1b\[(\d+)m", text))
        assert styles <= {"0", "1", "2", "32", "33", "36"}


def test_text_color_adds_only_escapes() -> None:
    turn = make_turn()
    colored = to_text(turn, color=True)
    assert colored != to_text(turn)
    assert re.sub(r"\x1b\[\d+m", "", colored) == to_text(turn)


def test_text_figure_stands_alone_only_where_the_words_lack_it() -> None:
    lacking = replace(make_turn().answer, text="That many orders were returned.")
    assert to_text(make_turn(answer=lacking)).startswith("1,336\nThat many")
    assert to_text(make_turn()).startswith("1,336 orders")


def test_text_refusal_names_what_is_missing_and_what_to_try() -> None:
    refusal = Refusal(reason="No data about weather.", missing=("a weather table",), suggestions=("Ask about orders.",))
    text = to_text(make_turn(refusal=refusal, **REFUSED))
    assert text.startswith(
        "No answer.\nNo data about weather.\nMissing      a weather table\nTry          Ask about orders."
    )


def test_text_clarification_numbers_the_choices() -> None:
    asked = Clarification(question="Which date?", choices=("Order date", "Delivery date"))
    text = to_text(make_turn(clarification=asked, **REFUSED))
    assert text.startswith("Which date?\n  1. Order date\n  2. Delivery date")


def test_text_shows_cost_tier_and_fallback() -> None:
    spent = Spent(calls=2, tokens_in=1200, tokens_out=34, usd=0.0123)
    text = to_text(make_turn(spent=spent, tier="open", fallback="ran on your own connection"))
    shown = "open tier · $0.0123, 1,234 tokens in 2 model calls · 0.42 s · privacy: values · ran on your own connection"
    assert shown in " ".join(text.split())


def test_steps_and_the_reason_of_the_route_are_shown_as_text() -> None:
    rows = Rows(table=pa.table({"n": [1, 2]}), truncated=True)
    part = Part(name="<b>a", purpose="Paid <i>orders", sql=Sql(text="SELECT 1", executable="", tables=()), rows=rows)
    turn = make_turn(parts=(part,), tier="frontier", routed=("the embedded tier refuses", "planning earns its price"))
    text, page = to_text(turn), to_html(turn)
    assert "<b>a: Paid <i>orders (2 rows or more)" in text
    assert "the embedded tier refuses; planning earns its price" in " ".join(text.split())
    assert "&lt;b&gt;a: Paid &lt;i&gt;orders (2 rows or more)" in page
    assert "planning earns its price" in page
    assert to_json(turn)["parts"][0]["rows"]["data"] == [[1], [2]]


def test_text_shows_calls_without_a_known_price() -> None:
    text = to_text(make_turn(spent=Spent(calls=1, tokens_in=10, unpriced=1), tier="open"))
    assert "$0.0000 + 1 unpriced, 10 tokens in 1 model call ·" in text


# --- HTML -------------------------------------------------------------------------------------------------------------


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        assert tag in ALLOWED_TAGS, tag
        assert {name for name, _ in attrs} <= ALLOWED_ATTRIBUTES, attrs
        assert all(re.fullmatch(r"width:\d+%", value) for name, value in attrs if name == "style")
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


def read(fragment: str) -> str:
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    assert reader.open == []
    return reader.text


@pytest.mark.parametrize("text", CORPUS)
def test_html_foreign_text_stays_text(text: str) -> None:
    table = pa.table({text: [text], "nested": [{"key": [text]}]})
    seen = read(to_html(make_turn(table, text=text, privacy=text, fallback=text)))
    assert seen.count(text) >= 12


@pytest.mark.parametrize("text", CORPUS)
def test_html_refusal_and_clarification_escape_too(text: str) -> None:
    refusal = Refusal(reason=text, missing=(text,), suggestions=(text,))
    assert read(to_html(make_turn(refusal=refusal, **REFUSED))).count(text) == 3
    asked = Clarification(question=text, choices=(text, text))
    assert read(to_html(make_turn(clarification=asked, **REFUSED))).count(text) == 3


def test_html_has_no_script_and_asks_for_nothing() -> None:
    fragment = to_html(make_turn())
    assert not re.search(r"<script|https?:|url\(|@import|src=|href=", fragment)


def test_html_style_touches_only_its_own_class() -> None:
    css = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", (files("genie_ext") / "display.css").read_text(), flags=re.DOTALL)
    selectors = [one.strip() for group in re.findall(r"([^{}]+)\{", css) for one in group.split(",")]
    assert selectors
    assert all(selector.startswith(".genie-turn") for selector in selectors)
    assert css.count("{") > 30


def test_html_shows_at_most_fifty_rows() -> None:
    fragment = to_html(make_turn(pa.table({"n": list(range(1000, 1070)), "c": ["x"] * 70})))
    assert fragment.count("<tr>") == 51
    assert "… 20 more rows" in read(fragment)


def test_html_opens_the_checks_only_where_one_needs_a_look() -> None:
    assert "<details open>" in to_html(make_turn())
    passed = Finding(check="values", severity="ok", message="Fine.")
    assert "<details open>" not in to_html(make_turn(findings=(passed,)))


@pytest.mark.parametrize(
    ("severities", "words"),
    [
        (("ok", "ok"), "2 passed"),
        (("ok", "note"), "1 passed, 1 note"),
        (("note", "note", "warning", "error"), "2 notes, 2 to look at"),
    ],
)
def test_html_checks_are_counted_by_how_they_ended(severities: tuple, words: str) -> None:
    findings = tuple(Finding(check="c", severity=severity, message="m") for severity in severities)
    assert f"<summary>{words}</summary>" in to_html(make_turn(findings=findings))


def test_html_single_figure_has_no_table() -> None:
    fragment = to_html(make_turn())
    assert "<table>" not in fragment
    assert '<div class="genie-figure">1,336</div>' in fragment


# --- JSON and bundle --------------------------------------------------------------------------------------------------


def test_json_is_plain_and_whole() -> None:
    wire = json.loads(json.dumps(to_json(make_turn()), allow_nan=False))
    assert wire["kind"] == "answer"
    assert wire["question"] == {"text": "How many orders were returned?", "thread": "", "today": "2026-11-20"}
    assert wire["rows"] == {
        "columns": [{"name": "orders", "type": "int64"}], "data": [[1336]], "truncated": False, "seconds": 0.0,
    }  # fmt: skip
    assert wire["plan"]["steps"][0]["sources"] == ["warehouse.core.orders"]
    assert wire["plan"]["filters"] == ["status = returned", "order_date from 2026-01-01 to 2026-11-20"]
    assert wire["findings"][1]["severity"] == "warning"
    assert wire["refusal"] is None


def test_json_keeps_row_policies_inside() -> None:
    assert "secret" not in json.dumps(to_json(make_turn()))


def test_json_keys_are_the_same_for_every_kind() -> None:
    asked = make_turn(clarification=Clarification(question="Which?", choices=("a", "b")), **REFUSED)
    refused = make_turn(refusal=Refusal(reason="No."), **REFUSED)
    assert to_json(asked)["kind"] == "clarification"
    assert to_json(refused)["kind"] == "refusal"
    assert set(to_json(asked)) == set(to_json(refused)) == set(to_json(make_turn()))


def test_bundle_has_a_chart_only_where_the_answer_has_one() -> None:
    assert set(mime_bundle(make_turn())) == {ANSWER, "text/plain", "text/html"}
    chart = {"mark": "bar"}
    bundle = mime_bundle(make_turn(answer=replace(make_turn().answer, chart=chart)))
    assert bundle[VEGA_LITE] == chart


def test_bundle_carries_at_most_500_rows_and_says_so() -> None:
    whole = make_turn(pa.table({"n": list(range(501))}))
    carried = mime_bundle(whole)[ANSWER]["rows"]
    assert (len(carried["data"]), carried["truncated"]) == (500, True)
    assert len(to_json(whole)["rows"]["data"]) == 501


def test_to_text_leaves_the_table_out_where_no_row_is_to_be_shown():
    turn = make_turn(pa.table({"country": ["FR", "DE"], "orders": [1, 2]}))
    assert "country" in to_text(turn)
    shown = to_text(turn, max_rows=0)
    assert "country" not in shown
    assert "more row" not in shown
    assert "Understood" in shown
