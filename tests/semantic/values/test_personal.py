from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from semantic.documents import column_document
from semantic.index import Index, build_index
from semantic.lake import find_lake
from semantic.types import Column, ColumnProfile, Table, TableId
from semantic.values.personal import marked, personal_kind, public_view
from semantic.vectors.encoders import HashingEncoder


def _kind(table: str, column: str, *cells: str, type_: str = "VARCHAR", beside: tuple[str, ...] = ()) -> str:
    profile = ColumnProfile(rows=len(cells), nulls=0.0, distinct=len(cells), frequent=tuple((c, 1) for c in cells))
    looked = Column(name=column, type=type_, profile=profile)
    others = tuple(Column(name=name, type="VARCHAR") for name in beside)
    return personal_kind(looked, Table(id=TableId("d", "main", table), kind="table", columns=(looked, *others)))


@pytest.mark.parametrize(
    ("table", "column", "cells", "kind"),
    [
        ("orders", "contact_email", ("a.b@example.org", "c@example.com"), "e-mail"),
        ("orders", "note", ("a@b.org", "c@d.org", "e@f.org"), "e-mail"),
        ("customers", "name", ("Ada", "Grace"), "name"),
        ("dim_customer", "customer_name", (), "name"),
        ("stg_crm__contact_tmp", "name", ("Ada", "Grace"), "name"),
        ("grades", "LName", ("Smith", "Lee"), "name"),
        ("buildings", "architect", ("Frank Gehry", "Anna Heringer", "Peter Zumthor"), "name"),
        ("people", "username", ("ada1", "grace2"), "name"),
        ("staff", "cell_number", ("+41 44 123 45 67", "044 123 45 67"), "phone"),
        ("calls", "counterpart", ("+41441234567", "+41441234568", "(044) 1234567"), "phone"),
        ("patients", "ssn", ("219-09-9999", "078-05-1120"), "national id"),
        ("payments", "paid_with", ("4111 1111 1111 1111", "5500005555555559", "378282246310005"), "card number"),
        ("payments", "from_account", ("DE89370400440532013000", "GB82WEST12345698765432", "CH9300762011623852957"),
         "bank account"),
        ("requests", "client_ip", ("10.0.0.1", "192.168.1.20"), "ip address"),
        ("employees", "date_of_birth", ("1990-01-02",), "birth date"),
        ("customers", "shipping_address", ("12 High Street", "3 Low Road"), "address"),
        ("addresses", "street", ("12 High Street", "3 Low Road"), "address"),
    ],
)  # fmt: skip
def test_personal_kind_knows(table: str, column: str, cells: tuple[str, ...], kind: str) -> None:
    assert _kind(table, column, *cells) == kind


@pytest.mark.parametrize(
    ("table", "column", "cells"),
    [
        ("products", "name", ("Chair", "Table")), ("cities", "city_name", ("Bern", "Paris")),
        ("departments", "department_name", ("Physics", "Law")), ("customers", "company_name", ("Acme Ltd", "Foo Inc")),
        ("customers", "name", ("Acme Ltd", "Foo Inc", "Bar GmbH")), ("users", "user_role_name", ("admin", "guest")),
        ("airports", "name", ("London Heathrow", "Paris Orly", "San Diego")), ("shops", "address", ("1 High Street",)),
        ("shops", "shop_phone", ("044 123 45 67",)), ("mails", "email_status", ("sent", "open")),
        ("mails", "email_subject", ("Hello", "Offer")), ("sessions", "last_browser_name", ("Firefox", "Safari")),
        ("phones", "phone_name", ("Pixel", "Fairphone")), ("people", "birth_place", ("Bern", "Paris")),
        ("orders", "shipping_address_country", ("France", "Italy")), ("cards", "card_type", ("Visa", "Amex")),
        ("payments", "reference", ("4111111111111112", "5500005555555558", "378282246310006")),
        ("payments", "reference", ("DE89370400440532013001", "GB82WEST12345698765433", "CH9300762011623852958")),
        ("releases", "version", ("1.2.3.4", "1.2.3.5", "2.0.0.1")), ("events", "customer_id", ("C1", "C2")),
        ("events", "day", ("2024-01-02", "2024-01-03", "2024-01-04")),
    ],
)  # fmt: skip
def test_personal_kind_leaves_other_columns_alone(table: str, column: str, cells: tuple[str, ...]) -> None:
    assert _kind(table, column, *cells) == ""


def test_personal_kind_takes_an_address_beside_a_name_for_a_persons() -> None:
    assert _kind("members_list", "street", "1 High Street", beside=("first_name", "last_name")) == "address"
    assert _kind("sights", "street", "1 High Street", beside=("title",)) == ""


def test_marked_keeps_what_a_person_says() -> None:
    table = Table(
        id=TableId("d", "main", "users"), kind="table",
        columns=(Column(name="email", type="VARCHAR", personal="login"), Column(name="phone", type="VARCHAR")),
    )  # fmt: skip
    assert [column.personal for column in marked(table).columns] == ["login", "phone"]


def test_public_view_holds_no_cell_of_personal_columns() -> None:
    profile = ColumnProfile(rows=1, nulls=0.0, distinct=1, minimum="a@b.org", maximum="a@b.org",
                            frequent=(("a@b.org", 1),))  # fmt: skip
    mail = Column(name="email", type="VARCHAR", profile=profile, personal="e-mail")
    kind = Column(name="kind", type="VARCHAR", profile=ColumnProfile(rows=1, nulls=0.0, distinct=1, minimum="x"))
    shown = public_view(Table(id=TableId("d", "main", "users"), kind="table", columns=(mail, kind)))
    assert "a@b.org" not in repr(shown)
    assert shown.columns[0].profile is not None
    assert shown.columns[0].profile.distinct == 1
    assert shown.columns[1] is kind


def test_column_document_shows_no_personal_values() -> None:
    profile = ColumnProfile(rows=1, nulls=0.0, distinct=1, frequent=(("Ada Lovelace", 1),))
    column = Column(name="author", type="VARCHAR", profile=profile)
    table = Table(id=TableId("d", "main", "papers"), kind="table", columns=(column,))
    assert "Ada Lovelace" in column_document(table, column).text
    personal = Column(name="author", type="VARCHAR", profile=profile, personal="name")
    assert "Ada Lovelace" not in column_document(table, personal).text


def test_build_index_marks_personal_columns_and_keeps_the_marks(tmp_path: Path, encoder: HashingEncoder) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE customers AS SELECT 1 AS id, 'Ada' AS first_name, 'ada@example.org' AS email")
    lake = find_lake(path, home=tmp_path / "home")
    build_index(lake, encoder=encoder)
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE other AS SELECT 2 AS id")
    build_index(lake, encoder=encoder)
    with Index.open(lake, encoder=encoder) as index:
        table = index.table(index.find(("customers",))[0])
        assert index.count_personal() == 2
    assert {column.name: column.personal for column in table.columns} == {
        "id": "", "first_name": "name", "email": "e-mail",
    }  # fmt: skip
