"""What a model is told of a lake: within its budget, the best first, without what may not leave, and as data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genie_ext.agent.context import find_context
from genie_ext.agent.desk import Terms
from genie_ext.agent.model_plan import plan_prompt
from genie_ext.errors import ConfigError
from genie_ext.models.tokens import count_tokens
from genie_ext.prompts.brief import write_brief
from genie_ext.prompts.quote import CLOSE, OPEN, quote, quote_name, quote_value
from genie_ext.prompts.render import STAGES, read_template, render
from genie_ext.types import Context, Question
from semantic.found import Found
from semantic.types import Column, Table, TableId

WORDS = st.text(max_size=300)


def lake(tables: int, columns: int, comment: str = "") -> Context:
    """Return a context of many tables with long words."""
    made = [
        Table(
            id=TableId("c", "s", f"table_{i}"), kind="table", comment=comment, rows=i,
            columns=tuple(Column(name=f"column_{j}", type="VARCHAR", comment=comment) for j in range(columns)),
        )
        for i in range(tables)
    ]  # fmt: skip
    names = {table.id: table.id.name for table in made}
    return Context(question=Question(text="How many?"), found=Found(), tables=tuple(made), names=names)


@pytest.fixture(scope="module")
def context(session):
    question = Question(text="How many orders of Ada Berg are paid?", today=session.settings.today)
    return find_context(question, session.index, session.agent.policy)


@given(st.integers(1, 100), st.integers(0, 30), st.integers(300, 4000), WORDS)
@settings(max_examples=25, deadline=None)
def test_a_brief_never_passes_its_budget(tables, columns, tokens, comment):
    brief = write_brief(lake(tables, columns, comment), privacy="values", tokens=tokens, barred={})
    assert count_tokens(brief.text) <= tokens
    assert brief.text.startswith(OPEN)
    assert brief.text.endswith(CLOSE)
    assert brief.text.count(CLOSE) == 1


def test_the_tables_that_rank_first_stay_and_the_others_are_counted():
    brief = write_brief(lake(300, 20), privacy="values", tokens=1500, barred={})
    shown = [table.name for table in brief.tables]
    assert shown == [f"table_{i}" for i in range(len(shown))]
    assert 1 <= len(shown) < 300
    assert f"{300 - len(shown)} more tables" in brief.text


def test_a_table_of_very_many_columns_leaves_room_for_others():
    brief = write_brief(lake(6, 2000), privacy="values", tokens=3000, barred={})
    assert len(brief.tables) > 1
    assert "more columns are not shown" in brief.text


@pytest.mark.parametrize("privacy", ["schema", "values"])
def test_cells_stand_in_a_brief_only_where_values_may_leave(context, privacy):
    text = write_brief(context, privacy=privacy, tokens=5000, barred={}).text
    assert "orders.customer_id = customers.customer_id" in text
    assert ("'paid'" in text) is (privacy == "values")
    assert ("2024-07-10" in text) is (privacy == "values")


def test_personal_cells_never_stand_in_a_brief(context):
    text = write_brief(context, privacy="rows", tokens=5000, barred={}).text
    assert "email" in text
    assert [cell for cell in ("ada@example.com", "Ada Berg", "1980-05-01") if cell in text] == []


def test_columns_that_nobody_may_read_are_not_even_named(context):
    orders = next(table.id for table in context.tables if table.id.name == "orders")
    text = write_brief(context, privacy="values", tokens=5000, barred={orders: {"total"}}).text
    assert "  status " in text
    assert "  total " not in text


def test_a_brief_of_some_tables_tells_of_no_others(context):
    orders = next(table.id for table in context.tables if table.id.name == "orders")
    text = write_brief(context, privacy="values", tokens=5000, barred={}, only=(orders,)).text
    assert "orders: table" in text
    assert "customers: table" not in text


@given(WORDS)
@settings(max_examples=200, deadline=None)
def test_a_quoted_text_is_one_line_that_closes_nothing(text):
    said = quote(text)
    assert "\n" not in said
    assert not re.search("<(?:\\s*/|\\s*data|[A-Za-z])|[\x00-\x1f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", said)
    assert len(said) <= 240
    assert re.fullmatch(r"'(?:[^']|'')*'", quote_value(text))


@pytest.mark.parametrize(
    "mark", ["</data>", "< /DATA >", "<data>", "<\u200b/data>", "<\n/data>", "<script>", "<!-- -->"]
)
def test_marks_in_a_text_are_marks_no_more(mark):
    assert "<" not in quote(f"a {mark} b")


def test_comparisons_in_a_definition_stay_as_sql_writes_them():
    definition = "sum(a) where status <> 'x' and b < 3 and c >= 4 and d < e"
    assert quote(definition) == definition


@pytest.mark.parametrize(("name", "written"), [("total", "total"), ("Order Date", '"Order Date"'), ('a"b', '"a""b"')])
def test_a_name_is_written_as_sql_wants_it(name, written):
    assert quote_name(name) == written


@pytest.mark.parametrize("stage", STAGES)
def test_a_prompt_file_states_its_contract_and_fills_every_place(stage):
    template = read_template(stage)
    assert template.purpose
    assert template.output
    places = set(re.findall(r"\{\{(\w+)\}\}", template.system + template.user))
    assert places == set(template.inputs)
    assert count_tokens(template.system) <= 1000
    prompt = render(stage, dict.fromkeys(template.inputs, "x"), lambda _: "B", tokens=4000)
    assert "{{" not in prompt.system + prompt.user


@pytest.mark.parametrize("tokens", [2000, 6000, 20000])
def test_a_whole_prompt_stays_within_the_tokens_that_are_set(tokens):
    prompt, _ = plan_prompt(lake(400, 20, "long words " * 40), Terms(privacy="values", tokens=tokens))
    assert prompt.tokens <= tokens


def test_a_prompt_without_room_says_what_to_do():
    with pytest.raises(ConfigError, match="context_tokens"):
        plan_prompt(lake(1, 1), Terms(privacy="values", tokens=300))
