"""What words of a question ask for must show in its query, and the other way round."""

from __future__ import annotations

import pytest

from genie_ext.embedded.signs import compare, firmly_left, signs


def differing(question: str, sql: str) -> set[str]:
    return {name for name, value in compare(question, sql).items() if value}


@pytest.mark.parametrize(
    ("question", "sql", "found"),
    [
        ("Songs that are not modern", "SELECT s FROM t WHERE g = 'modern'", {"negation left"}),
        ("Songs that aren’t modern", "SELECT s FROM t WHERE g != 'modern'", set()),
        ("Modern songs", "SELECT s FROM t WHERE g <> 'modern'", {"negation unasked"}),
        ("Songs in English or French", "SELECT s FROM t WHERE a = 'x'", {"alternative left"}),
        ("Songs in English or French", "SELECT s FROM t WHERE a IN ('English', 'French')", set()),
        ("Stations with 3 or more trains", "SELECT s FROM t WHERE n >= 3", set()),
        ("Price before 2005", "SELECT p FROM t WHERE y = 2005", {"upper bound left"}),
        ("Price before 2005", "SELECT p FROM t WHERE y < 2005", set()),
        ("Average age", "SELECT max(age) FROM t", {"average left", "extreme unasked"}),
        ("First names of students", "SELECT first_name FROM t", set()),
        ("The last order", "SELECT o FROM t ORDER BY d DESC LIMIT 1", set()),
        ("Different cities", "SELECT city FROM t", {"different left"}),
        ("Names containing an M", "SELECT n FROM t WHERE n ILIKE '%M%'", set()),
    ],
)
def test_compare_tells_in_what_question_and_query_differ(question, sql, found):
    assert differing(question, sql) - {"order unasked", "groups unasked", "different unasked"} == found


def test_compare_does_not_look_into_texts_and_quoted_names():
    sql = """SELECT "avg(x) OR NOT y" FROM t WHERE a = 'not < or > avg( it''s LIKE GROUP BY'"""
    assert differing("Show it", sql) == set()


def test_firmly_left_names_what_a_query_may_not_lack():
    assert firmly_left(compare("Songs that are not modern or old", "SELECT s FROM t")) == ("the negation", "the “or”")
    assert firmly_left(compare("Songs sorted by name", "SELECT s FROM t")) == ()


def test_each_sign_has_a_name_and_words_of_its_own():
    for field in ("name", "what"):
        assert len({getattr(sign, field) for sign in signs()}) == len(signs())
