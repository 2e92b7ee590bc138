from __future__ import annotations

from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawTerm
from semantic.mining.readers import evidence, html, markdown, pdf

FIXTURES = Path(__file__).parents[3] / "fixtures" / "sources"


def read(reader, path: Path) -> Extract:
    file = SourceFile(path, path.name)
    assert reader.fits(file)
    return reader.read(file)


def written(tmp_path: Path, text: str, name: str = "a.md") -> Extract:
    (tmp_path / name).write_text(text)
    return read(markdown, tmp_path / name)


def test_markdown_returns_passages_under_their_headings():
    found = read(markdown, FIXTURES / "documents" / "handbook.md")
    assert [(p.source.place, p.source.title, p.text.split("\n")[0]) for p in found.passages] == [
        ("handbook.md:5", "Handbook", "How we count."),
        ("handbook.md:9", "Sales", "**Net revenue (NR)**: Revenue less refunds"),
        ("handbook.md:25", "Sales › Glossary", "Churn: customers who left"),
        ("handbook.md:34", "Sales › Glossary › Active customer", "Bought in the last 90 days."),
    ]
    assert {p.source.owner for p in found.passages} == {"Ann"}


def test_markdown_returns_the_terms_of_all_forms():
    def term(word: str, text: str, line: int, title: str, *also: str) -> RawTerm:
        source = Source(kind="document", place=f"handbook.md:{line}", title=title, definition=title != "Sales")
        return RawTerm(term=word, definition=text, synonyms=also, source=source)

    assert read(markdown, FIXTURES / "documents" / "handbook.md").terms == (
        term("Net revenue", "Revenue less refunds and chargebacks.", 9, "Sales", "NR"),
        term("Churn", "customers who left", 25, "Glossary"),
        term("Cohort", "a group with one start", 26, "Glossary"),
        term("ARPU", "average revenue per user", 30, "Glossary", "RPU", "per-user revenue"),
        term("Active customer", "Bought in the last 90 days.", 32, "Active customer"),
    )


def test_markdown_takes_queries_from_sql_and_from_nothing_else():
    (query,) = read(markdown, FIXTURES / "documents" / "handbook.md").queries
    assert (query.sql, query.text) == ("SELECT sum(amount) FROM shop.orders", "How much was sold?")
    assert query.source == Source(kind="document", place="handbook.md:16", title="Sales", owner="Ann")


def test_markdown_splits_what_is_long_and_loses_nothing(tmp_path: Path):
    body = "\n\n".join(f"Paragraph {n} " + "word " * 60 for n in range(30)) + "\n\n" + "x" * 9000
    found = written(tmp_path, "# Long\n\n" + body)
    assert max(len(p.text) for p in found.passages) <= 4000
    assert "".join("".join(p.text.split()) for p in found.passages) == "".join(body.split())


def test_markdown_reads_text_with_underlined_headings(tmp_path: Path):
    found = read(markdown, FIXTURES / "documents" / "notes.txt")
    assert [(p.title, p.text) for p in found.passages] == [("Fiscal year", "It starts in April.")]
    assert [t.term for t in written(tmp_path, "Apple\n: A fruit\n\nNot: a term\n").terms] == ["Apple"]


def test_markdown_leaves_front_matter_that_does_not_parse_as_text(tmp_path: Path):
    found = written(tmp_path, "---\na: [\n---\nText\n")
    assert [p.text for p in found.passages] == ["---\na: [\n---\nText"]


def test_html_returns_text_without_scripts():
    found = read(html, FIXTURES / "documents" / "page.html")
    text = " ".join(p.text for p in found.passages)
    assert "Test orders are left out & never counted." in text
    assert "alert" not in text
    assert "color" not in text
    assert [(t.term, t.definition) for t in found.terms] == [
        ("GMV", "gross merchandise value"), ("Churned", "No order for a year"), ("AOV", "average order value"),
    ]  # fmt: skip
    assert [(q.sql, q.source.owner) for q in found.queries] == [("SELECT count(*) FROM shop.orders", "Bob")]
    assert {p.source.title for p in found.passages} == {"Revenue rules"}


def test_html_survives_depth_and_fragments(tmp_path: Path):
    path = tmp_path / "a.html"
    path.write_text("<div>" * 20_000 + "deep" + "&#xFFFFFFFF;<p>after")
    assert any("deep" in p.text for p in read(html, path).passages)
    path.write_text("<![bad[")
    with pytest.raises(SourceError, match="not HTML: AssertionError"):
        read(html, path)


def test_evidence_puts_queries_before_those_that_use_them():
    found = read(evidence, FIXTURES / "evidence" / "index.md")
    paid = "SELECT * FROM shop.orders WHERE status = 'paid' AND region = ?"
    month = "date_trunc('month', ordered_at) AS month"
    grouped = f"grouped AS (SELECT {month}, sum(amount) AS revenue FROM paid_orders GROUP BY 1)"
    assert [(q.source.place, q.text, q.sql) for q in found.queries] == [
        ("index.md:8", "Sales review: paid orders", paid),
        (
            "index.md:14",
            "Revenue by month, without refunds (eur)",
            f"WITH paid_orders AS ({paid}), {grouped}\nSELECT * FROM grouped",
        ),
    ]
    assert {(q.source.kind, q.source.title) for q in found.queries} == {("dashboard", "Sales review")}
    assert [p.text for p in found.passages] == ["Paid orders only. **Basket**: one order of one customer."]
    assert found.lost == ("index.md:31: the query lost builds on one that is not on this page, or on itself",)


def test_evidence_leaves_usual_pages_to_markdown(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("```sql\nSELECT 1\n```\n")
    assert not evidence.fits(SourceFile(path, "a.md"))


def test_evidence_tells_of_queries_that_use_themselves(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("```sql a\nSELECT * FROM ${b}\n```\n\n```sql b\nSELECT * FROM ${a}\n```\n")
    found = read(evidence, path)
    assert found.queries == ()
    assert len(found.lost) == 2


def page(*texts: str, extra: str = "") -> bytes:
    streams = [
        f"BT /F1 12 Tf 14 TL 40 700 Td {' '.join(f'({line}) Tj T*' for line in t.splitlines())} ET" for t in texts
    ]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(texts)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(texts)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, stream in enumerate(streams):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {extra} >>\nstartxref\n{len(out)}\n%%EOF\n"
    return (out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + table + trailer).encode()


def test_pdf_returns_text_with_pages(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    path = tmp_path / "rules.pdf"
    path.write_bytes(page("Refunds count in the month of the order.", "Glossary\nChurn: customers who left"))
    found = read(pdf, path)
    assert [(p.source.place, p.title, p.text) for p in found.passages] == [
        ("rules.pdf:page 1", "rules", "Refunds count in the month of the order."),
        ("rules.pdf:page 2", "Glossary", "Churn: customers who left"),
    ]
    assert [(t.term, t.definition) for t in found.terms] == [("Churn", "customers who left")]
    assert capfd.readouterr().err == ""


ENCRYPTED = (
    "/Encrypt << /Filter /Standard /V 1 /R 2 /O <" + "00" * 32 + "> /U <" + "11" * 32 + "> /P -4 >> /ID [<00> <00>]"
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (page("x", extra=ENCRYPTED), "encrypted"),
        (page(""), "no text, only pictures"),
        (page("x")[:120], "cannot be read"),
        (b"", "cannot be read"),
        (b"no pdf at all", "cannot be read"),
        (b"%PDF-1.4\ntrailer << /Root 1 0 R /Prev 0 >>\nstartxref\n0\n%%EOF", "cannot be read"),
    ],
)
def test_pdf_reports_what_has_no_text(tmp_path: Path, content: bytes, message: str, capfd: pytest.CaptureFixture[str]):
    path = tmp_path / "b.pdf"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read(pdf, path)
    assert capfd.readouterr().err == ""


def test_markdown_takes_bold_words_of_a_glossary_before_the_headings_that_group_them(tmp_path: Path):
    text = (
        "# Our glossary\n\n## Revenue\n\n**Net revenue** is gross revenue less refunds.\n\n"
        "**Monthly recurring revenue** (MRR) is the sum of plans.\n\n**Segment** (`sgmt_cd`): CON is a consumer.\n\n"
        "## Backlog\n\nOrders not shipped yet.\n"
    )
    assert [(t.term, t.definition, t.synonyms) for t in written(tmp_path, text).terms] == [
        ("Net revenue", "gross revenue less refunds.", ()),
        ("Monthly recurring revenue", "the sum of plans.", ("MRR",)),
        ("Segment", "CON is a consumer.", ("sgmt_cd",)),
        ("Backlog", "Orders not shipped yet.", ()),
    ]
