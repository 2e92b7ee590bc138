from __future__ import annotations

import pytest

from semantic.model.check import check
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE

MODEL = """\
version: 0.1.1
semantic_model:
- name: shop
  datasets:
  - name: orders
    source: shop.main.orders
    fields:
    - name: net
      expression: {dialects: [{dialect: ANSI_SQL, expression: amount / 1.19}]}
  - name: customers
    source: customers
"""


@pytest.fixture
def checked(tmp_path, tables, facts):
    def run(model="", knowledge=""):
        (tmp_path / MODEL_FILE).write_text(MODEL + model, encoding="utf-8")
        (tmp_path / KNOWLEDGE_FILE).write_text(knowledge, encoding="utf-8")
        return [f"{problem.level}: {problem}" for problem in check(tmp_path, tables, facts)]

    return run


def metric(expression, context=""):
    tail = f"    ai_context: {{{context}}}\n" if context else ""
    text = expression.replace("'", "''")
    return (
        "  metrics:\n  - name: total\n"
        f"    expression: {{dialects: [{{dialect: ANSI_SQL, expression: '{text}'}}]}}\n{tail}"
    )


def test_check_finds_nothing_wrong_where_all_names_are_known(checked):
    assert checked(metric("sum(orders.net)")) == []


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("sum(orders.amout)", "orders has no column amout; did you mean amount?"),
        ("sum(order.amount)", "there is no dataset order; did you mean orders?"),
        ("sum(amount)", "it is not clear whose amount is meant; write dataset.amount"),
        ("orders.amount", "a metric adds rows up, such as sum(orders.amount); this does not"),
        ("count(*)", "it is not said whose rows are counted; name the dataset in ai_context.dataset"),
        ("(select sum(amount) from orders)", "an expression is wanted here, not a statement"),
        ("drop table orders", "an expression is wanted here, not a statement"),
    ],
)
def test_check_tells_what_is_wrong_with_an_expression(checked, expression, text):
    assert checked(metric(expression)) == [f"error: model.ossie.yaml:14: metrics[0].expression: {text}"]


def test_check_tells_an_expression_that_is_no_sql(checked):
    (line,) = checked(metric("sum(orders.amount"))
    assert line.startswith("error: model.ossie.yaml:14: metrics[0].expression: not readable as SQL: ")


def test_check_tells_an_expression_in_a_dialect_that_is_no_sql(checked):
    text = metric("SUM(x)").replace("ANSI_SQL", "MDX")
    assert checked(text) == [
        "error: model.ossie.yaml:14: metrics[0].expression: is written in MDX only; add it in ANSI_SQL"
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "sum(orders.amount) FILTER (WHERE orders.status = 'paid')",
        "quantile_cont(orders.amount, 0.5)",
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY orders.amount)",
        'count(DISTINCT orders.id)::DOUBLE / nullif(count(DISTINCT orders."customer id"), 0)',
        "CASE WHEN count(orders.id) > 1 THEN 'many' ELSE 'one' END",
        "-min(orders.amount)",
        '(max(orders."order") - min(orders."order"))',
        'arg_max(orders.status, orders."order")',
        "bool_or(orders.amount > 5)",
    ],
)
def test_check_takes_any_aggregate_of_the_engine(checked, expression):
    assert checked(metric(expression)) == []


@pytest.mark.parametrize(
    ("context", "key", "text"),
    [
        ("filters: [orders.state = 'x']", "filters", "orders has no column state; did you mean status?"),
        ("filters: [sum(orders.amount) > 1]", "filters", "adds rows up, which only a metric may"),
        ("time: orders.net", "time", "a column is wanted here"),
        ("dataset: ordres", "dataset", "there is no dataset ordres; did you mean orders?"),
    ],
)
def test_check_tells_what_is_wrong_beside_the_expression(checked, context, key, text):
    (line,) = checked(metric("sum(orders.amount)", context))
    assert line.endswith(f"{text}")
    assert key in line or key == "dataset"


def test_check_tells_a_table_that_the_lake_lacks(checked):
    (line,) = checked("  - name: x\n    source: shop.main.custmers\n")
    assert line == (
        "error: model.ossie.yaml:13: datasets[2].source: there is no table shop.main.custmers, or more than one;"
        " did you mean customers?"
    )


def test_check_tells_a_dataset_that_is_a_query(checked):
    (line,) = checked("  - name: x\n    source: SELECT * FROM orders\n")
    assert line.endswith("'SELECT * FROM orders' is no table; write catalog.schema.table")


def test_check_tells_names_that_are_there_twice(checked):
    assert checked("  - name: Orders\n    source: customers\n") == [
        "error: model.ossie.yaml:12: datasets[2].name: Orders is there twice"
    ]


def test_check_tells_a_relationship_whose_sides_differ(checked):
    text = (
        "  relationships:\n  - {name: a, from: orders, to: customers, from_columns: [id, status], to_columns: [id]}\n"
    )
    (line,) = checked(text)
    assert line.endswith("relationships[0].to_columns: 2 columns point at 1; both sides need the same number")


def test_check_tells_a_relationship_over_an_expression(checked):
    text = "  relationships:\n  - {name: a, from: orders, to: customers, from_columns: [net], to_columns: [id]}\n"
    (line,) = checked(text)
    assert line.endswith("relationships[0].from_columns: net is an expression; a column is wanted here")


@pytest.mark.parametrize(
    ("knowledge", "text"),
    [
        (
            "queries:\n- {question: q, sql: SELECT amout FROM orders}",
            "no table of the query has a column amout; did you mean amount?",
        ),
        (
            "queries:\n- {question: q, sql: SELECT o.amout FROM orders o}",
            "names cannot be resolved: Unknown column: amout",
        ),
        ("queries:\n- {question: q, sql: SELECT 1 FROM odrers}", "no table odrers (nearest: shop.main.orders)"),
        ("queries:\n- {question: q, sql: DELETE FROM orders}", "no query but DELETE"),
        (
            "queries:\n- {question: q, sql: 'SELECT 1 FROM orders WHERE id = $k'}",
            "$k is no parameter; list it under parameters",
        ),
        (
            "queries:\n- {question: q, sql: SELECT 1 FROM orders, parameters: [{name: k, value: 1}]}",
            "the SQL has no $k, which is listed under parameters",
        ),
        (
            "queries:\n- {question: q, sql: SELECT $k FROM orders, parameters: [{name: k, type: integer, value: x}]}",
            "the value of $k is no number",
        ),
        ("segments:\n- {name: a, condition: orders.amout > 1}", "orders has no column amout; did you mean amount?"),
        ("segments:\n- {name: a, condition: nowhere.x > 1}", "there is no table nowhere, or more than one"),
        (
            "rules:\n- {kind: clarify, words: [a], text: b, choices: [c]}",
            "a question back needs two choices at least, or none",
        ),
    ],
)  # fmt: skip
def test_check_tells_what_is_wrong_in_the_knowledge(checked, knowledge, text):
    (line,) = checked(knowledge=knowledge)
    assert line.startswith("error: knowledge.yaml:2: ")
    assert line.endswith(f": {text}")


def test_check_takes_queries_over_parts_of_themselves(checked):
    sql = "WITH o AS (SELECT id AS k, * FROM orders) SELECT count(k), max(amount) FROM o JOIN customers c ON c.id = o.k"
    assert checked(knowledge=f"queries:\n- question: q\n  sql: {sql}\n") == []


def test_check_warns_of_words_in_ai_context_that_may_be_misspelt(checked):
    (line,) = checked(metric("sum(orders.net)", "synonym: [x], owner: Ann"))
    assert line.startswith("warning: model.ossie.yaml:15: metrics[0].ai_context.synonym: is not read")
    assert line.endswith("; did you mean synonyms?")


def test_check_warns_of_mined_metrics_that_say_something_else(checked, facts):
    text = metric("sum(orders.amount) + 1").replace("total", "revenue")
    lines = checked(text)
    assert [line.split(": ", 2)[0] for line in lines] == ["warning", "warning"]
    assert (
        "revenue is also SUM(amount) in reports/weekly.sql:3; genie model reject " + facts.metrics[1].id
        in lines[1] + lines[0]
    )


def test_check_tells_both_what_breaks_the_form_and_what_is_unknown(checked):
    lines = checked(metric("sum(orders.amout)"), "terms: x\n")
    assert [line.split(":")[1].strip() for line in lines] == ["knowledge.yaml", "model.ossie.yaml"]


def test_check_only_warns_of_a_proposal_that_the_lake_outgrew(checked):
    (line,) = checked(metric("sum(orders.amout)", "status: proposed, id: m-1"))
    assert line.startswith("warning: ")
