"""Steps whose rows are combined with those of another, and conditions of which one may hold instead."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from genie_ext.embedded.defaults import with_defaults
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.follow_up import merge
from genie_ext.embedded.interpret import say
from genie_ext.embedded.read import read_question
from genie_ext.embedded.traps import find_traps
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.types import (
    ColumnRef,
    Combination,
    Context,
    Dimension,
    Filter,
    Measure,
    Order,
    Plan,
    Question,
    Step,
)
from semantic.found import Found
from semantic.types import Column, Relationship, Table, TableId

TABLES = """
CREATE TABLE singers (id INTEGER, name VARCHAR, country VARCHAR, age INTEGER);
INSERT INTO singers VALUES (1, 'Ann', 'France', 30), (2, 'Bob', 'Spain', 40), (3, 'Cy', 'Spain', 20);
CREATE TABLE songs (id INTEGER, singer INTEGER, genre VARCHAR, year INTEGER);
INSERT INTO songs VALUES (1, 1, 'jazz', 2001), (2, 1, 'rock', 2010), (3, 3, 'jazz', 2020);
"""
SINGERS, SONGS = TableId("c", "main", "singers"), TableId("c", "main", "songs")
NAMES = {SINGERS: "singers", SONGS: "songs"}
JOIN = Relationship(child=SONGS, child_columns=("singer",), parent=SINGERS, parent_columns=("id",))


def _table(table: TableId, **columns: str) -> Table:
    kinds = tuple(Column(name=name, type=kind) for name, kind in columns.items())
    return Table(id=table, kind="table", columns=kinds, primary_key=("id",))


KNOWN = (
    _table(SINGERS, id="INTEGER", name="VARCHAR", country="VARCHAR", age="INTEGER"),
    _table(SONGS, id="INTEGER", singer="INTEGER", genre="VARCHAR", year="INTEGER"),
)
COUNT = Measure(aggregate="count", table=SONGS)


def _singer(column: str, operator: str = "=", *values: object, **parts: object) -> Filter:
    return Filter(subject=ColumnRef(SINGERS, column), operator=operator, values=values, **parts)


def _song(column: str, operator: str = "=", *values: object) -> Filter:
    return Filter(subject=ColumnRef(SONGS, column), operator=operator, values=values)


def _names(*filters: Filter, **parts: object) -> Step:
    shown = (Dimension(column=ColumnRef(SINGERS, "name")),)
    return Step(sources=(SINGERS,), dimensions=shown, filters=filters, **parts)


def _rows(step: Step) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        return sorted(row[0] for row in connection.execute(write_sql(step, NAMES, KNOWN, (JOIN,))).fetchall())


@pytest.mark.parametrize(
    ("kind", "names"), [("union", ["Ann", "Bob", "Cy"]), ("intersect", ["Cy"]), ("except", ["Bob"])]
)
def test_write_sql_combines_the_rows_of_two_steps(kind, names):
    young = _names(_singer("age", "<", 35))
    assert _rows(_names(_singer("country", "=", "Spain"), combined=Combination(kind=kind, step=young))) == names


def test_write_sql_sorts_and_cuts_each_side_before_they_are_combined():
    oldest = (Order(by=Dimension(column=ColumnRef(SINGERS, "age")), descending=True),)
    youngest = _names(order=(replace(oldest[0], descending=False),), limit=1)
    step = _names(order=oldest, limit=1, combined=Combination(kind="union", step=youngest))
    assert _rows(step) == ["Bob", "Cy"]


def test_write_sql_takes_away_what_is_left_of_the_other_combination():
    inner = _names(
        _singer("age", ">", 25), combined=Combination(kind="except", step=_names(_singer("name", "=", "Ann")))
    )
    assert _rows(_names(combined=Combination(kind="except", step=inner))) == ["Ann", "Cy"]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (_singer("country", "=", "France", alternatives=(_singer("age", "<", 25),)), ["Ann", "Cy"]),
        (_singer("age", ">", 35, alternatives=(_song("year", ">", 2015),)), ["Bob", "Cy"]),
        (_singer("age", "<", 25, alternatives=(_song("genre", "!=", "jazz"),)), ["Bob", "Cy"]),
        (replace(_song("genre", "=", "rock"), alternatives=(_song("year", "=", 2020),)), ["Ann", "Cy"]),
    ],
)
def test_write_sql_lets_one_of_several_conditions_hold(condition, names):
    assert _rows(_names(condition)) == names


def test_write_sql_keeps_the_other_conditions_beside_one_of_several():
    either = _singer("country", "=", "France", alternatives=(_singer("age", "<", 25),))
    assert _rows(_names(either, _singer("name", "!=", "Ann"))) == ["Cy"]


def test_write_sql_asks_one_related_row_for_all_conditions_on_its_table():
    either = replace(_song("genre", "=", "rock"), alternatives=(_song("genre", "=", "pop"),))
    assert _rows(_names(either, _song("year", "<", 2005))) == []


@pytest.mark.parametrize("count", [Measure(aggregate="count", table=SINGERS), COUNT])
def test_write_sql_refuses_a_figure_that_may_meet_one_of_several_conditions(count):
    condition = Filter(subject=count, operator=">", values=(2,), alternatives=(_singer("age", "=", 1),))
    with pytest.raises(CannotAnswerError, match="one of several"):
        _rows(_names(condition))


def test_say_says_both_sides_of_a_combination_and_every_alternative():
    young = _names(_singer("age", "<", 35, alternatives=(_singer("country", "=", "Spain"),)))
    step = _names(combined=Combination(kind="except", step=young))
    assert say(step, SINGERS) == (
        "Name (singers) of singers, without those among these: name (singers) of singers, "
        "where age (singers) is less than 35 or country (singers) is “Spain”. Equal rows are shown once."
    )


def test_say_says_the_conditions_of_a_nested_step():
    average = Step(
        sources=(SINGERS,),
        measures=(Measure(aggregate="avg", column=ColumnRef(SINGERS, "age")),),
        filters=(_singer("country", "=", "Spain"),),
    )
    jazz = Step(
        sources=(SONGS,),
        dimensions=(Dimension(column=ColumnRef(SONGS, "singer")),),
        filters=(_song("genre", "=", "jazz"),),
    )
    assert say(_names(_singer("age", ">", step=average), _singer("id", "not in", step=jazz)), SINGERS) == (
        "Name (singers) of singers, where age (singers) is more than [the average of age (singers), where country "
        "(singers) is “Spain”] and id (singers) is none of [singer (songs) of songs, where genre (songs) is “jazz”]."
    )


def test_say_names_a_nested_figure_without_conditions_plainly():
    average = Step(sources=(SINGERS,), measures=(Measure(aggregate="avg", column=ColumnRef(SINGERS, "age")),))
    assert say(_names(_singer("age", ">", step=average)), SINGERS) == (
        "Name (singers) of singers, where age (singers) is more than the average of age (singers)."
    )


def test_say_puts_a_combination_inside_a_combination_in_brackets():
    inner = _names(combined=Combination(kind="except", step=_names(_singer("name", "=", "Ann"))))
    assert say(_names(combined=Combination(kind="union", step=inner)), SINGERS) == (
        "Name (singers) of singers, together with these: [name (singers) of singers, without those among these: "
        "name (singers) of singers, where name (singers) is “Ann”]. Equal rows are shown once."
    )


def test_find_traps_looks_into_combined_and_nested_steps():
    narrowed = _names(Filter(subject=COUNT, operator=">", values=(1,)), _song("genre", "=", "jazz"))
    traps = find_traps(narrowed, (JOIN,))
    nested = _names(_singer("name", "in", step=narrowed))
    assert traps
    assert find_traps(_names(combined=Combination(kind="union", step=narrowed)), (JOIN,)) == traps
    assert find_traps(nested, (JOIN,)) == traps
    either = _singer("age", "=", 1, alternatives=(_singer("name", "in", step=narrowed),))
    assert find_traps(_names(either), (JOIN,)) == traps


def test_merge_does_not_narrow_rows_that_are_combined():
    step = _names(combined=Combination(kind="union", step=_names()))
    assert merge(Plan(interpretation="", steps=(step,)), _names(_singer("age", "=", 30))) is None


def _draft(default: str) -> Draft:
    tables = (KNOWN[0], replace(KNOWN[1], default_filter=default))
    question = Question(text="names of singers")
    context = Context(question=question, found=Found(), tables=tables, names=NAMES, relationships=(JOIN,))
    return Draft(context=context, reading=read_question(context))


@pytest.mark.parametrize("kind", ["combined", "nested", "alternative"])
def test_with_defaults_reads_a_table_of_an_inner_step_by_its_default(kind):
    inner = _names(_song("genre", "=", "jazz"))
    parts = {"combined": Combination(kind="intersect", step=inner)} if kind == "combined" else {}
    nested = _singer("name", "in", step=inner)
    either = _singer("age", ">", 99, alternatives=(nested,))
    filters = {"combined": (), "nested": (nested,), "alternative": (either,)}[kind]
    draft = _draft("year > 2005")
    step = with_defaults(draft, _names(*filters, **parts))
    assert _rows(step) == ["Cy"]
    assert draft.assumptions == ["only rows where year > 2005, the default of songs"]


def test_with_defaults_is_lifted_by_a_condition_of_the_combined_step():
    draft = _draft("year > 2005")
    inner = _names(_song("year", "=", 2001))
    step = with_defaults(draft, _names(combined=Combination(kind="intersect", step=inner)))
    assert _rows(step) == ["Ann"]
