"""What the words of a question were read as."""

from __future__ import annotations

from genie_ext.agent.context import find_context
from genie_ext.embedded.linked import linked_words
from genie_ext.embedded.read import read_question
from genie_ext.types import Question


def link(session, text, read=()):
    agent = session.agent
    question = Question(text=text, today=session.settings.today)
    context = find_context(question, agent.index, agent.policy)
    linked = linked_words(read_question(context), context.names, read)
    return {one.words: (one.kind, one.meaning) for one in linked}, linked


def test_linked_words_name_tables_columns_values_dates_and_instructions(session):
    found, linked = link(session, "How many orders with status paid were there in May 2024?")
    assert found["How many"] == ("instruction", "how many")
    assert found["orders"] == ("table", "orders")
    assert found["paid"] == ("value", "orders.status = 'paid'")
    assert found["in May 2024"] == ("date", "from 2024-05-01 to before 2024-06-01")
    assert [one.start for one in linked] == sorted(one.start for one in linked)


def test_linked_words_put_what_the_answer_reads_first(session):
    text = "What is the name of each one?"
    before, _ = link(session, text)
    table = next(table for table in session.agent.index.table_ids() if table.name == "products")
    after, linked = link(session, text, read={(table, "name")})
    assert after["name"] == ("column", "products.name")
    (name,) = (one for one in linked if one.words == "name")
    assert before["name"][1] in (name.meaning, *name.others)
    assert len(name.others) == len(set(name.others))


def test_linked_words_tell_numbers_of_a_comparison(session):
    found, _ = link(session, "Which products have a price of more than 100?")
    assert ("instruction", "more than: 100") in found.values()


def test_linked_words_tell_what_cannot_be_computed(session):
    found, _ = link(session, "What percentage of orders is paid?")
    assert found["percentage"] == ("instruction", "not computed without a model: share")


def test_linked_words_define_metrics_and_conditions(governed):
    found, _ = link(governed, "What is the net revenue of active customers?")
    assert found["net revenue"][0] == "metric"
    assert "discount" in found["net revenue"][1]
    assert found["active customers"][0] == "condition"
    assert "last_seen" in found["active customers"][1]


def test_linked_words_tell_which_default_is_lifted(governed):
    found, _ = link(governed, "How many orders are there, including test orders?")
    assert ("default", "rows of orders that are left out by default, too") in found.values()
