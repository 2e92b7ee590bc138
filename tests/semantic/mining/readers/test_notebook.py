from __future__ import annotations

import json
from pathlib import Path

import pytest

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract
from semantic.mining.readers import notebook

WEEKLY = Path(__file__).parents[3] / "fixtures" / "sources" / "weekly.ipynb"


def read(path: Path) -> Extract:
    file = SourceFile(path, path.name)
    assert notebook.fits(file)
    return notebook.read(file)


def written(tmp_path: Path, *cells: str, **metadata: object) -> Extract:
    listed = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": listed}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(content))
    return read(path)


def test_read_returns_the_queries_of_all_kinds_of_cells():
    found = read(WEEKLY)
    assert [(q.source.place, q.text, q.sql) for q in found.queries] == [
        ("weekly.ipynb:cell 2", "Revenue by month", "SELECT max(amount) FROM shop.orders WHERE status = ?"),
        ("weekly.ipynb:cell 3", "Paid orders", "SELECT * FROM shop.orders WHERE status = 'paid'"),
        (
            "weekly.ipynb:cell 4",
            "Revenue by month",
            "WITH paid AS (SELECT * FROM shop.orders WHERE status = 'paid') \nSELECT count(*) FROM paid",
        ),
        ("weekly.ipynb:cell 5", "What came in", "SELECT sum(amount) FROM shop.orders WHERE ordered_at > ?"),
        ("weekly.ipynb:cell 5", "Revenue by month", "FROM shop.customers"),
        ("weekly.ipynb:cell 5", "Revenue by month", "SELECT * FROM shop.refunds"),
        ("weekly.ipynb:cell 5", "Revenue by month", "SELECT id FROM shop.orders WHERE amount > ?"),
        ("weekly.ipynb:cell 6", "Revenue by month", "SELECT 1 AS one FROM shop.orders"),
    ]
    assert {(q.source.kind, q.source.owner, q.source.title) for q in found.queries} == {
        ("notebook", "Ann", "Weekly review")
    }


def test_read_keeps_the_text_and_tells_what_is_lost():
    found = read(WEEKLY)
    assert [(p.title, p.text, p.source.place) for p in found.passages] == [
        ("Weekly review", "Revenue by month", "weekly.ipynb:cell 1")
    ]
    assert found.lost == (
        "weekly.ipynb:cell 7: not Python: invalid syntax",
        "weekly.ipynb:cell 8: the name of a table is only known when it runs",
    )


def test_read_never_looks_at_outputs():
    assert "secret" in WEEKLY.read_text()
    assert "secret" not in str(read(WEEKLY))


def test_read_follows_strings_through_cells(tmp_path: Path):
    found = written(
        tmp_path,
        "where = 'WHERE a = 1'\nbase = 'SELECT x FROM t '",
        "q = base + where\nq += ' AND b = 2'\ncon.execute(text(q))",
        "con.execute('SELECT {} FROM {table}'.format(c, table='u'))",
        "run('''SELECT y\nFROM v''')\nprint('SELECT z FROM nowhere')\nlog = 'SELECT never FROM used'",
        "df = con.query(query=dedent('''SELECT k FROM w'''))",
    )
    assert [q.sql for q in found.queries] == [
        "SELECT x FROM t WHERE a = 1 AND b = 2", "SELECT ? FROM u", "SELECT y\nFROM v", "SELECT k FROM w",
    ]  # fmt: skip


def test_read_knows_magics_of_many_makers(tmp_path: Path):
    found = written(
        tmp_path,
        "%%sql postgresql://h/d result <<\nSELECT 1 FROM a WHERE b = :b",
        "%%time\ndf = con.sql('SELECT 2 FROM b')",
        "%%bigquery df\nSELECT 3 FROM c",
        "%%dql -o df\nSELECT 4 FROM d WHERE x = {x}",
        "if True:\n    %sql SELECT 5 FROM e\n!ls\nx = !pwd\ncon?",
        "%%bash\nSELECT 6 FROM f",
    )
    assert [q.sql[7] for q in found.queries] == ["1", "2", "3", "4", "5"]
    assert found.lost == ()


def test_read_takes_the_cells_of_a_sql_notebook_as_sql(tmp_path: Path):
    found = written(
        tmp_path, "SELECT 1 FROM a", "%python\nx = 1", **{"application/vnd.databricks.v1+notebook": {"language": "sql"}}
    )
    assert [q.sql for q in found.queries] == ["SELECT 1 FROM a"]


def test_read_upgrades_an_old_notebook(tmp_path: Path):
    cells = [{"cell_type": "code", "input": ["con.sql('SELECT 1 FROM old')"], "language": "python", "outputs": []}]
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}))
    assert [q.sql for q in read(path).queries] == ["SELECT 1 FROM old"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"nbformat": 4}',
        '{"nbformat": 99, "cells": 3}',
        '{"nbformat": 4, "cells": {}, "metadata": {}}',
    ],
)
def test_read_reports_a_broken_notebook(tmp_path: Path, text: str):
    path = tmp_path / "b.ipynb"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"b\.ipynb.*not"):
        read(path)


def test_read_reports_code_that_is_nested_too_deeply(tmp_path: Path):
    found = written(
        tmp_path, "x = " + "(" * 5000 + ")" * 5000, "y = " + "-" * 50_000 + "1", "con.sql('SELECT 1 FROM a')"
    )
    assert len(found.queries) == 1
    assert len(found.lost) == 2
