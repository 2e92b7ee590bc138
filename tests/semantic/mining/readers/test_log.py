from __future__ import annotations

import json
from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers import log

FIXTURES = Path(__file__).parents[3] / "fixtures" / "sources" / "logs"


def read(path: Path) -> Extract:
    file = SourceFile(path, path.name)
    assert log.fits(file)
    return log.read(file)


def test_read_groups_statements_that_only_look_different():
    found = read(FIXTURES / "queries.jsonl")
    first, upper, lower = found.queries
    assert (first.sql, first.text) == ("SELECT sum(amount) FROM shop.orders", "How much was paid?")
    assert (first.source.uses, first.source.last, first.source.owner) == (8, "2026-04-02", "bob, ann")
    assert (first.source.kind, first.source.place) == ("log", "queries.jsonl:1")
    # Text in quotes is another value.
    assert [(q.source.uses, q.source.last) for q in (upper, lower)] == [(1, "2026-01-01"), (1, "")]
    assert found.lost == ("queries.jsonl:5: not a JSON object",)


def test_read_sums_the_calls_of_a_csv():
    (query,) = read(FIXTURES / "pg_stat_statements.csv").queries
    assert query.sql == "SELECT name FROM shop.customers WHERE id = $1"
    assert (query.source.uses, query.source.owner, query.source.place) == (1230, "app, ann", "pg_stat_statements.csv:2")


def test_fits_leaves_data_alone(tmp_path: Path):
    data = {
        "a.csv": "name,text,date\nx,y,z\n",
        "b.csv": "",
        "c.csv": "query\nx\n",
        "d.jsonl": '{"name": 1}\n',
        "e.csv": "\0\n",
    }
    for name, text in data.items():
        (tmp_path / name).write_text(text)
        assert not log.fits(SourceFile(tmp_path / name, name)), name


def test_read_counts_a_hundred_thousand_lines_once(tmp_path: Path):
    path = tmp_path / "big.jsonl"
    with path.open("w") as lines:
        for number in range(100_000):
            lines.write(json.dumps({"sql": f"SELECT {number % 7} FROM t", "user": f"u{number % 3}"}) + "\n")
    found = read(path)
    assert len(found.queries) == 7
    assert sum(query.source.uses for query in found.queries) == 100_000


def test_read_marks_what_a_person_vouched_for(tmp_path: Path):
    path = tmp_path / "verified.jsonl"
    path.write_text(
        '{"question": "How many?", "sql": "SELECT count(*) FROM t", "verified": true, "time": 1767225600000}\n'
    )
    (query,) = read(path).queries
    assert (query.text, query.verified, query.source.certified, query.source.last) == (
        "How many?",
        True,
        True,
        "2026-01-01",
    )


def test_read_tells_what_does_not_parse_and_not_without_end(tmp_path: Path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"sql": "SELECT 1 FROM t"}\n' + "[[[\n" * 50 + '{"sql": "SELECT FROM"}\n')
    found = read(path)
    assert len(found.queries) == 1
    assert len(found.lost) == 21
    assert found.lost[-1] == "bad.jsonl: 31 more statements that could not be read"


@pytest.mark.parametrize("content", [b"sql,calls\n\xff\xfe,1\n", b'sql,calls\n"' + b"x" * 11_000_000 + b'",1\n'])
def test_read_refuses_what_is_no_csv(tmp_path: Path, content: bytes):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.csv: not"):
        log.read(SourceFile(path, "a.csv"))
