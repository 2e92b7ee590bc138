from __future__ import annotations

import re
from pathlib import Path

import pytest

from semantic.model.files import KNOWLEDGE_FILE, MODEL_FILE
from semantic.model.load import load_model
from semantic.model.read import read_said
from semantic.types import Column, Table, TableId

PAGE = Path(__file__).parents[3] / "docs" / "semantic-model.md"
COLUMNS = {
    "orders": ("order_id", "customer_id", "amount", "phone", "status", "ordered_on"),
    "customers": ("customer_id",),
}


@pytest.fixture
def page(tmp_path):
    """The examples of the page as files."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for text in blocks:
        name = MODEL_FILE if "semantic_model:" in text else KNOWLEDGE_FILE
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load_model(tmp_path)


def test_the_examples_of_the_page_mean_something(page):
    tables = [
        Table(
            id=TableId("shop", "main", name),
            kind="table",
            columns=tuple(Column(name=column, type="INTEGER") for column in columns),
        )
        for name, columns in COLUMNS.items()
    ]
    said = read_said(page, tables)
    assert said.problems == []
    assert {type(fact).__name__ for fact in said.facts} == {
        "Metric", "Dimension", "Note", "MinedJoin", "PastQuery", "Segment", "Term", "Rule",
    }  # fmt: skip
