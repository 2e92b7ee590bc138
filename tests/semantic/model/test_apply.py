from __future__ import annotations

from dataclasses import replace

import pytest

from semantic.facts import Facts, Metric, Note
from semantic.model.apply import apply
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE
from semantic.model.load import load_model
from semantic.types import TableId

ORDERS = TableId("shop", "main", "orders")
CUSTOMERS = TableId("shop", "main", "customers")
MODEL = """\
version: 0.1.1
semantic_model:
- name: shop
  datasets:
  - name: orders
    source: shop.main.orders
    {orders}
  - name: customers
    source: shop.main.customers
    {customers}
  {more}
"""
AMOUNT = "{dialects: [{dialect: ANSI_SQL, expression: amount}]}"


@pytest.fixture
def applied(tmp_path, facts, tables):
    """Facts and tables by name after the files given are laid over what was mined."""

    def run(*, orders="", customers="", more="", knowledge="", mined=facts, lake=tables):
        text = MODEL.format(orders=orders or "unique_keys: []", customers=customers or "unique_keys: []", more=more)
        (tmp_path / MODEL_FILE).write_text(text, encoding="utf-8")
        (tmp_path / KNOWLEDGE_FILE).write_text(knowledge, encoding="utf-8")
        found, changed = apply(mined, lake, load_model(tmp_path))
        return found, {table.id.name: table for table in changed}

    return run


def metric(expression, context="", name="revenue"):
    text = (
        f"metrics:\n  - name: {name}\n    expression: {{dialects: [{{dialect: ANSI_SQL, expression: {expression}}}]}}"
    )
    return f"{text}\n    ai_context: {{{context}}}" if context else text


def test_apply_without_files_lays_mined_notes_on_tables_where_the_catalog_is_silent(applied):
    found, tables = applied()
    assert tables["orders"].comment == "One row: per order"
    assert tables["orders"].column("status").comment == "State of the order"
    assert tables["orders"].column("status").synonyms == ("phase", "stage")
    assert tables["orders"].column("amount").comment == "Gross amount"
    assert tables["orders"].column("amount").unit == "EUR"
    assert tables["customers"].stale
    assert tables["customers"].column("name").hidden
    assert found.lost == ()


def test_apply_without_anything_said_leaves_facts_and_tables_as_they_are(applied, tables):
    found, changed = applied(mined=Facts())
    assert found == Facts()
    assert tuple(changed.values()) == tables


def test_apply_puts_a_persons_description_over_the_catalog_and_over_mining(applied):
    field = f"fields: [{{name: amount, expression: {AMOUNT}, description: Net amount, ai_context: {{unit: kEUR}}}}]"
    found, tables = applied(orders=f"description: What people bought\n    {field}")
    assert tables["orders"].comment == "What people bought"
    assert tables["orders"].column("amount").comment == "Net amount"
    assert tables["orders"].column("amount").unit == "kEUR"
    said = {(n.column, n.kind): (n.text, n.source.kind) for n in found.notes if n.table == ORDERS}
    assert said["", "description"] == ("What people bought", "person")
    assert said["amount", "unit"] == ("kEUR", "person")
    assert ("amount", "description") in said


def test_apply_unites_synonyms_of_people_and_mining(applied):
    status = "{dialects: [{dialect: ANSI_SQL, expression: status}]}"
    fields = f"fields: [{{name: status, expression: {status}, ai_context: {{synonyms: [condition, phase]}}}}]"
    _, tables = applied(orders=fields)
    assert tables["orders"].column("status").synonyms == ("stage", "condition", "phase")


def test_apply_takes_a_field_of_another_name_as_a_synonym_of_its_column(applied):
    _, tables = applied(orders=f"fields: [{{name: turnover, expression: {AMOUNT}}}]")
    assert tables["orders"].column("amount").synonyms == ("turnover",)


def test_apply_sets_marks_filter_and_key_that_people_write(applied):
    context = "ai_context: {certified: Ann, default_filter: status <> 'test', hidden: true}"
    _, tables = applied(orders=f"primary_key: [ID]\n    {context}")
    orders = tables["orders"]
    assert (orders.certified, orders.hidden, orders.default_filter) == (True, True, "status <> 'test'")
    assert orders.primary_key == ("id",)


def test_apply_lets_people_take_a_mined_mark_back(applied):
    name = "{dialects: [{dialect: ANSI_SQL, expression: name}]}"
    fields = f"fields: [{{name: name, expression: {name}, ai_context: {{hidden: false}}}}]"
    found, tables = applied(customers=f"ai_context: {{deprecated: false}}\n    {fields}")
    assert not tables["customers"].stale
    assert not tables["customers"].column("name").hidden
    assert not [n for n in found.notes if n.kind in {"hidden", "deprecated"}]


def test_apply_puts_a_persons_metric_first_with_the_sources_of_mined_ones_that_mean_the_same(applied, facts):
    found, _ = applied(
        more=metric("sum(orders.amount)", "filters: [\"'paid' = orders.status\"], certified: true", "paid")
    )
    first = found.metrics[0]
    assert (first.name, first.standing, first.authority) == ("paid", "certified", 1.0)
    assert [source.kind for source in first.sources] == ["person", "dbt", "sql"]
    assert first.sources[0].place == "model.ossie.yaml:12"
    assert first.synonyms == ("revenue",)
    assert facts.metrics[0].id not in {m.id for m in found.metrics}


def test_apply_keeps_a_mined_metric_of_the_same_name_as_a_conflict(applied, facts):
    found, _ = applied(more=metric("sum(orders.amount) * 2"))
    first = found.metrics[0]
    rivals = {m.id: m for m in found.metrics[1:] if m.name == "revenue"}
    assert first.standing == "modelled"
    assert set(first.conflicts) == set(rivals) == {m.id for m in facts.metrics[:2]}
    assert all(first.id in rival.conflicts for rival in rivals.values())


def test_apply_resolves_fields_inside_metrics(applied):
    net = "{dialects: [{dialect: ANSI_SQL, expression: amount / 1.19}]}"
    found, _ = applied(
        orders=f"fields: [{{name: net, expression: {net}}}]", more=metric("avg(orders.net)", name="Avg Net")
    )
    assert found.metrics[0].name == "avg_net"
    assert found.metrics[0].label == "Avg Net"
    assert found.metrics[0].expression == 'AVG("shop"."main"."orders"."amount" / 1.19)'
    assert found.dimensions[0].name == "net"


def test_apply_drops_what_people_rejected(applied, facts):
    ids = [facts.metrics[0].id, facts.notes[0].id, facts.joins[0].id, facts.segments[0].id, facts.terms[0].id]
    found, tables = applied(knowledge="rejected:\n" + "".join(f"- {{id: {key}}}\n" for key in ids))
    assert [m.name for m in found.metrics] == ["revenue", "order_count", "spend_per_head"]
    assert (found.joins, found.segments, found.terms) == ((), (), ())
    assert tables["orders"].comment == ""


def test_apply_drops_a_metric_whose_status_people_set_to_rejected(applied, facts):
    context = f"status: rejected, id: {facts.metrics[2].id}, dataset: orders"
    found, _ = applied(more=metric("count(*)", context, "order_count"))
    assert "order_count" not in [m.name for m in found.metrics]


def test_apply_takes_a_join_of_people_as_declared(applied, facts):
    join = "relationships:\n  - {name: a, from: orders, to: customers, from_columns: [customer id], to_columns: [id]}"
    found, _ = applied(more=join)
    assert len(found.joins) == 1
    relationship = found.joins[0].relationship
    assert (relationship.origin, relationship.confidence, relationship.uses) == ("declared", 1.0, 3)
    assert [s.kind for s in found.joins[0].sources] == ["person", "sql"]


def test_apply_takes_queries_filters_terms_and_rules_of_people(applied):
    knowledge = """
queries:
- question: Revenue of a year
  variants: [Sales of a year]
  sql: SELECT sum(amount) FROM orders WHERE year("order") = $year
  parameters: [{name: year, type: integer, value: 2024}]
  verified_by: Ann
  verified_at: 2026-01-31
segments:
- {name: big, condition: orders.amount > 100}
terms:
- {term: Churn, definition: No order in a year.}
rules:
- {kind: refuse, words: [salary], text: Salaries are not in here.}
"""
    found, _ = applied(knowledge=knowledge)
    queries = {query.text: query for query in found.queries}
    assert "= 2024" in queries["Revenue of a year"].sql
    assert queries["Sales of a year"].sql == queries["Revenue of a year"].sql
    assert queries["Sales of a year"].verified
    assert queries["Sales of a year"].columns == ((ORDERS, "amount"), (ORDERS, "order"))
    assert (queries["Sales of a year"].sources[0].owner, queries["Sales of a year"].standing) == ("Ann", "certified")
    assert found.segments[0].condition == '"shop"."main"."orders"."amount" > 100'
    assert [(t.definition, [s.kind for s in t.sources]) for t in found.terms] == [
        ("No order in a year.", ["person", "dbt"])
    ]
    assert [rule.kind for rule in found.rules] == ["refuse", "clarify"]


def test_apply_turns_instructions_into_rules(applied):
    found, _ = applied(orders="ai_context: {instructions: Leave tests out, synonyms: [sales]}")
    assert (found.rules[0].kind, found.rules[0].words) == ("instruct", ("orders", "sales"))


def test_apply_tells_what_cannot_be_used_and_goes_on(applied):
    found, tables = applied(orders="description: Fine", more=metric("sum(orders.amout)"))
    assert found.lost == (
        "model.ossie.yaml:13: metrics[0].expression: orders has no column amout; did you mean amount?",
    )
    assert tables["orders"].comment == "Fine"


def test_apply_leaves_proposals_to_mining(applied, facts):
    first = facts.metrics[0]
    context = (
        f"status: proposed, id: {first.id}, filters: [\"orders.status = 'paid'\"], synonyms: [sales, income], unit: EUR"
    )
    found, _ = applied(more=metric("sum(orders.amount)", context))
    assert found.metrics[0].sources == first.sources
    assert found.metrics[0].synonyms == ("sales", "income")
    assert found.metrics[0].description == first.description


def test_apply_takes_a_proposal_that_a_person_changed_as_theirs(applied, facts):
    context = f"status: proposed, id: {facts.metrics[0].id}"
    found, _ = applied(more=metric("sum(orders.amount) / 2", context))
    assert found.metrics[0].sources[0].kind == "person"
    assert found.metrics[0].expression.endswith("/ 2")


def test_apply_takes_a_proposed_text_that_a_person_changed_as_theirs(applied, facts):
    note = facts.notes[0]
    context = f"ai_context: {{proposed: {{{note.id}: dbt}}}}"
    found, _ = applied(orders=f"description: '{note.text}'\n    {context}")
    assert [n.source.kind for n in found.notes if n.table == ORDERS and not n.column] == ["dbt"]
    found, tables = applied(orders=f"description: One line per order\n    {context}")
    assert tables["orders"].comment == "One line per order"
    assert [n.source.kind for n in found.notes if n.table == ORDERS and not n.column] == ["person"]


def test_apply_sees_that_counting_rows_of_another_table_is_another_metric(applied, facts):
    other = Metric(name="order_count", expression="COUNT(*)", tables=(CUSTOMERS,), sources=facts.metrics[2].sources)
    mined = replace(facts, metrics=(other,))
    found, _ = applied(more=metric("count(*)", "dataset: orders", "order_count"), mined=mined)
    assert [m.tables[0].name for m in found.metrics] == ["orders", "customers"]


def test_apply_prefers_the_last_word_of_people_on_notes(applied, facts):
    note = Note(table=ORDERS, column="", kind="filter", text="amount > 0", source=facts.notes[0].source)
    _, tables = applied(
        orders="ai_context: {default_filter: amount > 1}", mined=replace(facts, notes=(*facts.notes, note))
    )
    assert tables["orders"].default_filter == "amount > 1"
