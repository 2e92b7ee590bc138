from __future__ import annotations

import pytest

from semantic.errors import ModelError
from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE, model_files
from semantic.model.load import load_model, read_model

MODEL = """\
version: 0.1.1
semantic_model:
  - name: shop
    datasets:
      - name: orders
        source: shop.main.orders
"""


def problems(folder, model="", knowledge=""):
    if model:
        (folder / MODEL_FILE).write_text(model, encoding="utf-8")
    if knowledge:
        (folder / KNOWLEDGE_FILE).write_text(knowledge, encoding="utf-8")
    return [str(problem) for problem in read_model(folder)[1]]


def test_load_model_is_empty_where_there_are_no_files(tmp_path):
    model = load_model(tmp_path / "nowhere")
    assert model.ossie.semantic_model == ()
    assert model.knowledge.queries == ()
    assert model_files(tmp_path / "nowhere") == ()


def test_load_model_takes_an_empty_file_and_keys_without_a_value(tmp_path):
    (tmp_path / KNOWLEDGE_FILE).write_text("# nothing yet\n", encoding="utf-8")
    (tmp_path / MODEL_FILE).write_text(MODEL + "        description:\n    metrics:\n", encoding="utf-8")
    assert load_model(tmp_path).ossie.semantic_model[0].datasets[0].description == ""


def test_load_model_takes_a_text_for_an_ai_context(tmp_path):
    (tmp_path / MODEL_FILE).write_text(MODEL + "        ai_context: Ask Ann first\n", encoding="utf-8")
    assert load_model(tmp_path).ossie.semantic_model[0].datasets[0].ai_context.instructions == "Ask Ann first"


def test_load_model_tells_an_unknown_key_with_file_line_and_the_nearest_one(tmp_path):
    found = problems(tmp_path, MODEL + "        descripton: x\n")
    assert found == ["model.ossie.yaml:7: datasets[0].descripton: unknown key; did you mean description?"]


def test_load_model_lists_the_keys_where_none_is_near(tmp_path):
    found = problems(tmp_path, knowledge="terms:\n- term: churn\n  definition: gone\n  zzz: 1\n")
    assert found == [
        "knowledge.yaml:4: terms[0].zzz: unknown key; allowed are status, id, sources, term, definition, synonyms"
    ]


def test_load_model_tells_a_missing_key_at_the_entry_that_lacks_it(tmp_path):
    found = problems(tmp_path, knowledge="version: 1\nqueries:\n- question: How much?\n  sql:\n")
    assert found == ["knowledge.yaml:4: queries[0].sql: this key is required"]


def test_load_model_tells_a_wrong_choice_with_the_right_ones(tmp_path):
    found = problems(tmp_path, knowledge="rules:\n- {kind: clarfy, words: [best], text: By what?}\n")
    assert found == [
        "knowledge.yaml:2: rules[0].kind: is 'clarfy', must be 'clarify', 'refuse' or 'instruct'; did you mean clarify?"
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("        description: [a]\n", "datasets[0].description: is a list, must be text"),
        ("        primary_key: id\n", "datasets[0].primary_key: is 'id', must be a list"),
        (
            "        ai_context: {hidden: [a]}\n",
            "datasets[0].ai_context.hidden: is a list, must be true, false or the reason in words",
        ),
        ("        fields: {name: a}\n", "datasets[0].fields: is a mapping, must be a list"),
    ],
)
def test_load_model_tells_a_wrong_kind_of_value(tmp_path, line, text):
    assert problems(tmp_path, MODEL + line) == [f"model.ossie.yaml:7: {text}"]


def test_load_model_tells_all_errors_of_both_files_at_once(tmp_path):
    found = problems(
        tmp_path, MODEL.replace("source: shop", "sorce: shop") + "        colour: red\n", "rules:\n- {kind: refuse}\n"
    )
    assert [line.split(": ", 2)[:2] for line in found] == [
        ["model.ossie.yaml:5", "datasets[0].source"],
        ["model.ossie.yaml:6", "datasets[0].sorce"],
        ["model.ossie.yaml:7", "datasets[0].colour"],
        ["knowledge.yaml:2", "rules[0].text"],
    ]
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path)
    assert all(line in caught.value.message for line in found)
    assert "docs/semantic-model.md" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [("version: 1\nterms: [a\n", 3), ("terms:\n- a\n b: c\n", 3), ("version: 1\nversion: 1\n", 2)],
)
def test_load_model_tells_the_line_of_what_is_not_yaml(tmp_path, text, line):
    assert problems(tmp_path, knowledge=text)[0].startswith(f"knowledge.yaml:{line}: not YAML:")


def test_load_model_tells_a_file_that_is_no_text(tmp_path):
    (tmp_path / MODEL_FILE).write_bytes(b"version: \xff\xfe\n")
    assert problems(tmp_path) == ["model.ossie.yaml:1: not UTF-8 text (byte 9)"]


def test_load_model_tells_a_file_that_holds_a_list(tmp_path):
    assert problems(tmp_path, "- a\n")[0].endswith("is a list, must be a mapping")


def test_load_model_refuses_aliases_that_blow_a_file_up(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = problems(tmp_path, knowledge="\n".join(lines))
    assert found == ["knowledge.yaml:1: more entries than a file of a semantic model has"]
