from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from semantic.mining.ossie_forms import OssieFile
from semantic.model.knowledge import Knowledge
from semantic.model.schema import schema, schemas, write_schemas

PUBLISHED = Path(__file__).parents[3] / "docs" / "schema"


def test_schemas_are_published_as_they_are_generated():
    assert {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.iterdir()} == schemas(), "run make docs"


@pytest.mark.parametrize("form", [OssieFile, Knowledge])
def test_schema_is_a_schema_that_describes_every_key_of_its_own(form):
    found = schema(form)
    Draft202012Validator.check_schema(found)
    nodes = [found, *found["$defs"].values()]
    assert all(
        branch.get("description")
        for node in nodes
        for branch in (node, *node.get("anyOf", ()))
        if "properties" in branch
    )


def test_schema_describes_the_words_that_this_project_adds():
    context = schema(OssieFile)["$defs"]["DatasetContext"]["anyOf"][1]["properties"]
    assert context["certified"]["description"] == "Somebody vouches for it."
    assert context["synonyms"]["description"] == "Other words people use for it."


@pytest.mark.parametrize(
    ("form", "value", "fits"),
    [
        (OssieFile, {"version": "0.1.1", "semantic_model": []}, True),
        (OssieFile, {"semantic_model": []}, False),
        (OssieFile, {"version": "0.1.1", "colour": 1}, False),
        (Knowledge, {"version": 1, "terms": [{"term": "a", "definition": "b"}]}, True),
        (Knowledge, {"version": 2}, False),
        (Knowledge, {"rules": [{"kind": "ask", "text": "a"}]}, False),
    ],
)
def test_schema_says_what_the_form_says(form, value, fits):
    assert Draft202012Validator(schema(form)).is_valid(value) is fits


def test_schema_allows_a_text_and_other_tools_words_in_an_ai_context():
    def file(context):
        dataset = {"name": "a", "source": "b", "ai_context": context}
        return {"version": "0.1.1", "semantic_model": [{"name": "m", "datasets": [dataset]}]}

    checker = Draft202012Validator(schema(OssieFile))
    assert checker.is_valid(file("Ask Ann"))
    assert checker.is_valid(file({"owner": "Ann", "hidden": "not for all"}))
    assert not checker.is_valid(file({"synonyms": "one"}))


def test_write_schemas_writes_what_is_missing_and_no_more(tmp_path):
    write_schemas(tmp_path / "schema")
    first = {path: path.stat().st_mtime_ns for path in (tmp_path / "schema").iterdir()}
    write_schemas(tmp_path / "schema")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "schema").iterdir()} == first
    assert len(first) == 2
