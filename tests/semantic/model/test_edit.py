from __future__ import annotations

import os
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from semantic.errors import ModelError
from semantic.facts import Facts, Note, Source
from semantic.mining.ossie_forms import OssieFile
from semantic.model.apply import apply
from semantic.model.edit import accept, choose_tables, pick, propose_all, reject
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE
from semantic.model.knowledge import Knowledge
from semantic.model.load import load_model
from semantic.model.said import key_of
from semantic.model.schema import schema
from semantic.types import TableId

ORDERS = TableId("shop", "main", "orders")


@pytest.fixture
def folder(tmp_path, state):
    """Files with all that was mined, proposed."""
    said, difference = state()
    propose_all(said, difference, limit=100)
    return tmp_path


def read(folder, name=MODEL_FILE):
    return (folder / name).read_text(encoding="utf-8")


def by_state(difference):
    found = {}
    for proposal in difference.proposals:
        found.setdefault(proposal.state, []).append(proposal.id)
    return found


def settle(state, what, *words, **options):
    said, difference = state()
    return what(said, pick(difference, words, **options))


def replaced(folder, old, new, name=MODEL_FILE):
    text = read(folder, name)
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_propose_all_writes_files_that_say_what_was_mined(folder, state, facts):
    said, difference = state()
    mined = {
        key_of(f)
        for name in ("metrics", "dimensions", "segments", "terms", "rules", "joins")
        for f in getattr(facts, name)
    }
    mined |= {facts.queries[0].id, *(note.id for note in facts.notes if note.text[:5] != "Never")}
    found = by_state(difference)
    assert set(found["waiting"]) | set(found["rival"]) == mined
    assert found["rival"] == [facts.metrics[1].id]
    assert said.problems == []
    assert difference.gone == ()


def test_what_holds_a_query_is_not_proposed(state, facts):
    inner = replace(facts.segments[0], condition=f"{facts.segments[0].condition} IN (SELECT 1)")
    _, difference = state(Facts(segments=(inner, facts.segments[0])))
    assert [p.id for p in difference.proposals] == [facts.segments[0].id]


def test_propose_all_writes_nothing_about_tables_of_which_nothing_is_said(folder):
    assert "events" not in read(folder)
    assert "name: id" not in read(folder)


def test_propose_all_writes_files_that_fit_the_published_schemas(folder):
    yaml = YAML(typ="safe")
    for name, form in ((MODEL_FILE, OssieFile), (KNOWLEDGE_FILE, Knowledge)):
        errors = list(Draft202012Validator(schema(form)).iter_errors(yaml.load(read(folder, name))))
        assert errors == []
        first = read(folder, name).splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=schema/")
        assert (folder / first.split("=")[1]).is_file()


def test_propose_all_changes_nothing_the_second_time(folder, state):
    before = [read(folder, name) for name in (MODEL_FILE, KNOWLEDGE_FILE)]
    said, difference = state()
    written = propose_all(said, difference, limit=100)
    assert (written.paths, written.done) == ((), ())
    assert [read(folder, name) for name in (MODEL_FILE, KNOWLEDGE_FILE)] == before


def test_propose_all_changes_nothing_that_is_known_of_the_lake(folder, facts, tables):
    bare = apply(facts, tables, load_model(folder / "empty"))
    assert apply(facts, tables, load_model(folder)) == bare


def test_propose_all_adds_what_is_new_and_keeps_comments_order_and_words(folder, state, facts):
    replaced(folder, "description: State of the order", "description: Where it stands  # ask Ann")
    replaced(folder, "  - name: lake\n", "  # our shop\n  - name: 'lake'\n")
    before = read(folder).splitlines()
    extra = Note(
        table=ORDERS, column="order", kind="description", text="Day of the order", source=facts.notes[0].source
    )
    said, difference = state(replace(facts, notes=(*facts.notes, extra)))
    assert [p.id for p in propose_all(said, difference, limit=100).done] == [extra.id]
    after = read(folder).splitlines()
    assert [line for line in after if line not in before] == [
        "          - name: order",
        "            expression: {dialects: [{dialect: ANSI_SQL, expression: order}]}",
        "            description: Day of the order",
        f"                {extra.id}: description, dbt models/shop.yml:12",
    ]
    assert [line for line in before if line not in after] == []


def test_propose_all_keeps_lists_as_far_in_as_the_file_has_them(tmp_path, state):
    (tmp_path / KNOWLEDGE_FILE).write_text("terms:\n- term: a\n  definition: b   # c\n", encoding="utf-8")
    said, difference = state()
    propose_all(said, difference, limit=100)
    assert read(tmp_path, KNOWLEDGE_FILE).startswith("version: 1\n") is False
    assert "terms:\n- term: a\n  definition: b   # c\n- term: churn\n" in read(tmp_path, KNOWLEDGE_FILE)


def test_propose_all_writes_chosen_tables_whole(tmp_path, state, tables):
    said, difference = state(Facts())
    propose_all(said, difference, limit=100, tables=choose_tables([t.id for t in tables], "main.ord*"))
    datasets = load_model(tmp_path).ossie.semantic_model[0].datasets
    assert [(d.name, [f.name for f in d.fields]) for d in datasets] == [
        ("orders", ["id", "customer id", "amount", "status", "order"])
    ]
    assert state(Facts())[0].problems == []


def test_propose_all_stops_at_the_limit_of_a_kind_and_says_so(tmp_path, state):
    said, difference = state()
    written = propose_all(said, difference, limit=1)
    assert ("metric", 2) in written.over
    assert len(load_model(tmp_path).ossie.semantic_model[0].metrics) == 1


def test_propose_all_brings_a_text_up_to_date_that_nobody_looked_at(folder, state, facts):
    newer = replace(facts.notes[1], text="State of an order")
    changed = replace(facts, notes=(facts.notes[0], newer, *facts.notes[2:]))
    said, difference = state(changed)
    assert by_state(difference)["changed"] == [newer.id]
    propose_all(said, difference, limit=100)
    assert "State of an order" in read(folder)
    assert "State of the order" not in read(folder)
    assert facts.notes[1].id not in read(folder)


def test_human_words_are_not_proposed_away(folder, state, facts):
    replaced(folder, "description: State of the order", "description: Where it stands")
    _, difference = state()
    assert facts.notes[1].id not in [p.id for p in difference.proposals]


def test_deleting_the_status_accepts_a_metric(folder, state, facts, tables):
    metric = facts.metrics[0]
    replaced(folder, f"          status: proposed\n          id: {metric.id}\n", "")
    found, _ = apply(facts, tables, load_model(folder))
    assert found.metrics[0].sources[0].kind == "person"
    _, difference = state()
    assert by_state(difference)["against"] == [facts.metrics[1].id]


def test_accept_makes_a_waiting_metric_the_word_of_a_person(folder, state, facts, tables):
    settle(state, accept, facts.metrics[0].id[:8])
    found, _ = apply(facts, tables, load_model(folder))
    first = found.metrics[0]
    assert (first.id, first.standing) == (facts.metrics[0].id, "modelled")
    assert (first.time, first.unit, first.synonyms, first.description) == (
        facts.metrics[0].time, "EUR", ("sales",), facts.metrics[0].description,
    )  # fmt: skip
    assert [s.kind for s in first.sources] == ["person", "dbt", "sql"]
    assert facts.metrics[0].id not in read(folder)


def test_accept_takes_what_is_not_in_the_files_yet(tmp_path, state, facts, tables):
    everything = [p.id for p in state()[1].proposals if p.state != "rival"]
    settle(state, accept, *everything)
    assert "\n    status:" not in read(tmp_path) + read(tmp_path, KNOWLEDGE_FILE)
    assert state()[0].waiting == {}
    found, changed = apply(facts, tables, load_model(tmp_path))
    for name in ("metrics", "dimensions", "segments", "queries", "terms", "joins"):
        assert len(getattr(found, name)) == len(getattr(facts, name))
        assert getattr(found, name)[0].sources[0].kind == "person"
    assert changed == apply(facts, tables, load_model(tmp_path / "empty"))[1]


def test_accept_puts_the_chosen_one_of_two_metrics_in_place_of_the_other(folder, state, facts):
    settle(state, accept, facts.metrics[1].id)
    metrics = {m.name: m for m in load_model(folder).ossie.semantic_model[0].metrics}
    assert metrics["revenue"].ai_context.filters == ()
    assert metrics["revenue"].ai_context.status is None
    assert len(metrics) == 3


def test_accept_refuses_two_definitions_of_one_name(folder, state, facts):
    with pytest.raises(ModelError, match="Two of the proposals define revenue"):
        settle(state, accept, facts.metrics[0].id, facts.metrics[1].id)


def test_accept_refuses_what_a_person_has_defined_otherwise(folder, state, facts):
    settle(state, accept, facts.metrics[0].id)
    with pytest.raises(ModelError, match="says otherwise than a person about revenue"):
        settle(state, accept, facts.metrics[1].id)


def test_accept_all_from_a_kind_of_source_accepts_what_it_says(folder, state):
    settle(state, accept, source="dbt")
    _, difference = state()
    assert not [p for p in difference.proposals if p.state == "waiting" and p.sources and p.sources[0].kind == "dbt"]
    assert "description, dbt models/shop.yml:12" in read(folder)


@pytest.mark.parametrize("before", ["proposed", "not proposed"])
def test_reject_takes_everything_out_and_it_is_not_proposed_again(tmp_path, state, facts, tables, before):
    said, difference = state()
    if before == "proposed":
        propose_all(said, difference, limit=100)
    said, difference = state()
    reject(said, difference.proposals)
    said, difference = state()
    assert difference.proposals == ()
    assert propose_all(said, difference, limit=100).done == ()
    found, _ = apply(facts, tables, load_model(tmp_path))
    assert (found.metrics, found.segments, found.joins, found.rules, found.terms) == ((), (), (), (), ())
    assert [note.text[:5] for note in found.notes] == ["Never"]
    assert "metric revenue: SUM(amount)" in read(tmp_path, KNOWLEDGE_FILE)


def test_reject_takes_one_synonym_and_leaves_the_others(folder, state, facts):
    settle(state, reject, facts.notes[2].id)
    text = read(folder)
    assert "phase" not in text
    assert "- stage" in text
    assert "State of the order" in text


def test_reject_hides_what_contradicts_a_person(folder, state, facts):
    settle(state, accept, facts.metrics[0].id)
    settle(state, reject, facts.metrics[1].id)
    assert "against" not in by_state(state()[1])


def test_pick_refuses_ids_that_are_none_or_several(folder, state):
    _, difference = state()
    with pytest.raises(ModelError, match="x-1 is no proposal"):
        pick(difference, ["x-1"])
    with pytest.raises(ModelError, match="n- fits several proposals: n-"):
        pick(difference, ["n-"])


def test_compare_tells_what_the_lake_no_longer_has(folder, state, tables):
    settle(state, accept, source="sql")
    orders = replace(tables[0], columns=tuple(c for c in tables[0].columns if c.name != "amount"))
    _, difference = state(tables=(orders, *tables[1:]))
    lines = [str(problem) for problem in difference.broken]
    assert any("fields[2].expression: orders has no column amount" in line for line in lines)
    assert any("metrics[0].expression: orders has no column amount" in line for line in lines)
    assert all(line.startswith(("model.ossie.yaml:", "knowledge.yaml:")) for line in lines)


def test_compare_tells_what_is_no_longer_mined(folder, state, facts):
    _, difference = state(replace(facts, terms=()))
    place = f"knowledge.yaml:{_line(folder, 'term: churn')}: terms[0]"
    assert [str(p) for p in difference.gone] == [f"{place}: {facts.terms[0].id} is proposed here, but no longer mined"]


def test_reject_takes_out_what_is_no_longer_mined(folder, state, facts):
    said, difference = state(replace(facts, terms=()))
    reject(said, pick(difference, [facts.terms[0].id]))
    assert "term: churn" not in read(folder, KNOWLEDGE_FILE)
    assert state(replace(facts, terms=()))[1].gone == ()


def _line(folder, text):
    return next(n for n, line in enumerate(read(folder, KNOWLEDGE_FILE).splitlines(), start=1) if text in line)


def test_compare_leaves_declared_joins_alone(tmp_path, state, facts, tables):
    from semantic.model.diff import compare

    said, _ = state()
    assert not [p for p in compare(facts, said, declared={facts.joins[0].id}).proposals if p.kind == "join"]


def test_files_are_named_apart_where_two_schemas_have_a_table_of_one_name(tmp_path, state, facts, tables):
    other = replace(tables[0], id=TableId("shop", "old", "orders"))
    note = replace(facts.notes[0], table=other.id)
    mined = Facts(notes=(facts.notes[0], note))
    said, difference = state(mined, (*tables, other))
    propose_all(said, difference, limit=10)
    datasets = load_model(tmp_path).ossie.semantic_model[0].datasets
    assert [(d.name, d.source) for d in datasets] == [
        ("main_orders", "shop.main.orders"), ("old_orders", "shop.old.orders"),
    ]  # fmt: skip
    assert state(mined, (*tables, other))[0].problems == []


@pytest.mark.parametrize(
    "text", ["a: b", "yes", "# no comment", "two\nlines \n", "  blank", "“Größe”", "{x}", "1.0", ""]
)
def test_texts_come_back_as_they_went_in(tmp_path, state, text):
    source = Source(kind="dbt", place="x: {y} # z")
    note = Note(table=ORDERS, column="status", kind="description", text=text or "x", source=source)
    said, difference = state(Facts(notes=(note,)))
    propose_all(said, difference, limit=10)
    assert [p.state for p in state(Facts(notes=(note,)))[1].proposals] == ["waiting"]


def test_save_keeps_the_old_file_where_the_new_one_cannot_be_written(folder, state, facts, monkeypatch):
    before = read(folder)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(ModelError, match="cannot be written: No space left on device"):
        settle(state, accept, facts.metrics[0].id)
    assert read(folder) == before
    assert sorted(p.name for p in folder.iterdir()) == ["knowledge.yaml", "model.ossie.yaml", "schema"]


def test_a_stock_stays_one_on_its_way_through_the_files(tmp_path, state, facts, tables):
    stock = replace(facts.metrics[0], name="stock", filters=(), snapshot=(ORDERS, "order"))
    mined = Facts(metrics=(stock,))
    said, difference = state(mined)
    propose_all(said, difference, limit=9)
    assert "snapshot: orders.order" in read(tmp_path)
    said, difference = state(mined)
    assert [(p.state, p.id) for p in difference.proposals] == [("waiting", stock.id)]
    accept(said, difference.proposals)
    applied, _ = apply(Facts(), tables, load_model(tmp_path))
    assert [(m.name, m.snapshot) for m in applied.metrics] == [("stock", (ORDERS, "order"))]


def test_a_stock_whose_file_leaves_its_date_out_takes_it_from_mining(tmp_path, state, facts, tables):
    stock = replace(facts.metrics[0], name="stock", filters=(), snapshot=(ORDERS, "order"))
    said, difference = state(Facts(metrics=(replace(stock, snapshot=None),)))
    accept(said, difference.proposals)
    assert "snapshot" not in read(tmp_path)
    applied, _ = apply(Facts(metrics=(stock,)), tables, load_model(tmp_path))
    assert [(m.name, m.snapshot) for m in applied.metrics] == [("stock", (ORDERS, "order"))]


def test_a_date_of_a_stock_that_is_not_there_is_told(tmp_path, state, facts):
    said, difference = state(Facts(metrics=(replace(facts.metrics[0], snapshot=(ORDERS, "order")),)))
    accept(said, difference.proposals)
    replaced(tmp_path, "snapshot: orders.order", "snapshot: orders.gone")
    said, _ = state()
    assert [(problem.level, problem.key) for problem in said.problems] == [("error", "metrics[0].ai_context.snapshot")]
