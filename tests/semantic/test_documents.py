from __future__ import annotations

from pathlib import Path

from semantic.documents import column_document, embedded_text, passages, table_document, text_hash, word_documents
from semantic.types import Column, ColumnProfile, Table, TableId

HASH = "dab0e928-c82f-4c46-83fd-36ee9674d745"
COUNTRY = Column(
    name="shipCountry",
    type="VARCHAR",
    comment="Where it goes",
    profile=ColumnProfile(rows=9, nulls=0, distinct=3, frequent=(("France", 5), (HASH, 3), ("Spain", 1))),
)
ORDERS = Table(id=TableId("shop", "sales", "order_items"), kind="table", comment="What was\n sold", columns=(COUNTRY,))


def test_table_document_spells_the_table_in_words() -> None:
    document = table_document(ORDERS)
    assert document.text == "order items table in sales. What was sold Columns: ship country."
    assert (document.title, document.source) == ("order_items", "shop.sales.order_items")


def test_column_document_shows_words_but_no_hashes() -> None:
    document = column_document(ORDERS, COUNTRY)
    assert document.text == "order items: ship country (text). Where it goes Such as France, Spain."
    assert embedded_text(document) == "order items: ship country (text). Where it goes"


def test_documents_say_the_synonyms_of_tables_and_columns() -> None:
    column = Column(name="amt", type="DOUBLE", synonyms=("amount", "turnover"))
    table = Table(id=TableId("shop", "main", "inv"), kind="table", columns=(column,), synonyms=("invoices",))
    assert table_document(table).text == "inv table. Also called invoices. Columns: amt."
    assert embedded_text(column_document(table, column)) == "inv: amt (number). Also called amount, turnover."


def test_word_documents_hold_every_word_of_the_names_once_in_the_singular() -> None:
    keys = Column(name="item_id2", type="INTEGER")
    documents = list(
        word_documents([ORDERS, Table(id=TableId("shop", "main", "orders"), kind="table", columns=(keys,))])
    )
    assert [document.text for document in documents] == ["country", "item", "order", "ship"]
    assert {document.table for document in documents} == {None}


def test_text_hash_depends_on_the_text_alone() -> None:
    assert text_hash("a") == text_hash("a") != text_hash("b")


def test_passages_split_at_headings_and_name_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "doc.md"
    path.write_text("Intro line\n\n# One\nFirst.\n\n## Two\nSecond.\n# Empty\n")
    found = list(passages([path], tmp_path, []))
    assert [(d.title, d.source) for d in found] == [("doc", "doc.md:1"), ("One", "doc.md:3"), ("Two", "doc.md:6")]
    assert found[1].text == "One. First."


def test_passages_cut_long_text_at_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join("sentence " * 60 for _ in range(10)))
    assert len(list(passages([path], tmp_path, []))) > 2


def test_passages_name_what_they_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9 \xff\xfe")
    skipped: list[str] = []
    assert list(passages([path, tmp_path / "data.csv"], tmp_path, skipped)) == []
    assert skipped[0].startswith("latin.txt: ")
