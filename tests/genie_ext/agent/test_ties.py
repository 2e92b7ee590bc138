"""Queries that keep the first rows alone: what would have been the next row, and does chance decide between them?"""

from __future__ import annotations

import duckdb
import pytest

from genie_ext.agent.ties import differ_by_chance, read_top

ROWS = "(VALUES ('Salem', 'or', 5), ('Bend', 'or', 9), ('Troy', 'ny', 9), ('Rye', 'ny', 1)) AS t(city, state, size)"


@pytest.mark.parametrize(
    ("query", "tied"),
    [
        ("SELECT city FROM {t} ORDER BY size DESC LIMIT 1", True),
        ("SELECT city FROM {t} ORDER BY size DESC LIMIT 2", False),
        ("SELECT city FROM {t} ORDER BY size LIMIT 1", False),
        ("SELECT city FROM {t} ORDER BY size DESC, city LIMIT 1", False),
        ("SELECT city, size FROM {t} ORDER BY 2 DESC LIMIT 1", True),
        ("SELECT state FROM {t} GROUP BY state ORDER BY count(*) DESC LIMIT 1", True),
        ("SELECT state FROM {t} GROUP BY state ORDER BY sum(size) DESC LIMIT 1", False),
        ("SELECT state, max(size) AS size FROM {t} GROUP BY state ORDER BY size DESC LIMIT 1", True),
        ("SELECT state, sum(size) AS n FROM {t} GROUP BY state ORDER BY n / 2 DESC LIMIT 1", False),
        ("SELECT size FROM {t} ORDER BY size DESC LIMIT 1", False),  # two equal rows are one answer
        ("SELECT city FROM {t} ORDER BY size LIMIT 1 OFFSET 1", False),
        ("SELECT city FROM {t} ORDER BY size LIMIT 1 OFFSET 2", True),
        ("SELECT city FROM {t} ORDER BY size DESC LIMIT 9", False),
    ],
)
def test_the_first_row_left_out_ties_with_the_last_one_kept(query, tied):
    top = read_top(query.format(t=ROWS))
    assert top is not None
    with duckdb.connect() as connection:
        wider, edge = (connection.execute(text).fetchall() for text in (top.wider, top.edge))
        kept = connection.execute(query.format(t=ROWS)).fetchall()
    assert (len(edge) == 2 and differ_by_chance(edge[0], edge[1], top.keys)) is tied
    assert len(wider) == min(top.limit, len(kept)) + bool(edge[1:])
    if not tied:
        assert sorted(row[: -top.keys] for row in wider[: top.limit]) == sorted(kept)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT city FROM cities LIMIT 1",
        "SELECT city FROM cities ORDER BY size",
        "SELECT DISTINCT state FROM cities ORDER BY state LIMIT 1",
        "SELECT city FROM cities ORDER BY ALL LIMIT 1",
        "SELECT city FROM cities ORDER BY size LIMIT 1 + 1",
        "SELECT city FROM cities ORDER BY size LIMIT 10 PERCENT",
        "SELECT city FROM cities ORDER BY 3 LIMIT 1",
        "SELECT city FROM a UNION SELECT city FROM b ORDER BY city LIMIT 1",
        "DROP TABLE cities",
        "SELECT (",
    ],
)
def test_queries_of_another_form_say_nothing_of_ties(query):
    assert read_top(query) is None
