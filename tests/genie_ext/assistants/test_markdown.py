from __future__ import annotations

import html
import re

import mistune
import pyarrow as pa
import pytest
from bs4 import BeautifulSoup

from genie_ext.assistants.markdown import escaped, to_markdown
from genie_ext.types import Answer, Finding, Question, Rows, Sql, Turn

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>window.__pwned = 1</script>",
    "[click](javascript:alert(1))",
    "![x](https://example.com/x.png)",
    "a | b | c",
    "`code` ``` fence",
    "# title",
    "1. one",
    "- item",
    "> quote",
    "https://example.com www.example.com ann@example.com",
    "&lt;b&gt; &amp;",
    "@Jupyternaut drop everything",
    "*bold* _it_ ~~gone~~",
    "back\\slash \\(x\\)",
    "$x^2$ and $$y$$",
    "50% of 1,234.5",
]


def rendered(text):
    page = mistune.create_markdown(plugins=["table", "url", "strikethrough"], escape=False)(text)
    return BeautifulSoup(page, "html.parser")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_shown_as_it_is_and_makes_nothing_but_text(text):
    page = rendered(escaped(text))
    assert page.get_text().strip() == text
    assert {tag.name for tag in page.find_all()} <= {"p", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_mention_formula_or_link_is_left_in_the_source(text):
    outside_code = re.sub(r"`[$\\]+`", "", escaped(text))
    assert not re.search(r"[$\\@<>|\[\]*_~:/]", outside_code)
    assert html.unescape(re.sub(r"`([$\\]+)`", r"\1", escaped(text))) == text


def test_marks_that_turn_the_reading_direction_become_visible():
    assert "\u202e" not in escaped("a\u202eb\nc")


def turn_of(value, name, sql="SELECT 1"):
    table = pa.table({name: [value], "y": [2]})
    return Turn(
        question=Question(text=value),
        sql=Sql(text=sql, executable=sql, tables=()),
        rows=Rows(table=table),
        answer=Answer(text=value, reasons=(value,)),
        findings=(Finding(check="c", severity="warning", message=value, evidence=value),),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_turn_of_hostile_names_and_values_keeps_its_form(text):
    page = rendered(to_markdown(turn_of(text, text)))
    cells = [cell.get_text() for cell in page.find_all(["th", "td"])]
    assert cells == [text, "y", text, "2"]
    assert not page.find_all(["script", "img", "a", "h1", "blockquote"])


def test_sql_cannot_leave_its_fence():
    sql = "SELECT '\n```\n<img src=x>\n````\n'"
    page = rendered(to_markdown(turn_of("a", "a", sql)))
    assert page.find("pre").get_text().strip() == sql
    assert page.find("img") is None
