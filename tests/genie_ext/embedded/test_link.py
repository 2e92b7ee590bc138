from __future__ import annotations

from dataclasses import replace

import pytest

from genie_ext.embedded.join_tree import Edge, find_path
from genie_ext.embedded.link import Linker
from genie_ext.embedded.words import split_words
from semantic.types import Column, Relationship, Table, TableId


def _id(name):
    return TableId("c", "main", name)


CUSTOMERS = Table(
    id=_id("customers"),
    kind="table",
    columns=(Column(name="cust_name", type="VARCHAR"), Column(name="credit_limit", type="INTEGER")),
)
RATINGS = Table(id=_id("rating"), kind="table", columns=(Column(name="stars", type="INTEGER", comment="given score"),))


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("customers", "customers."),
        ("customer name", "customers.cust_name"),
        ("credit limits", "customers.credit_limit"),
        ("limit", "customers.credit_limit"),
        ("rated", "rating."),
        ("score", "rating.stars"),
    ],
)
def test_mentions_link_a_phrase_to_what_it_names(phrase, name):
    (mention,) = Linker((CUSTOMERS, RATINGS)).mentions(split_words(f"show the {phrase}"))
    best = mention.links[0]
    assert f"{best.table.name}.{best.column}" == name


def test_mentions_leave_blocked_words_alone():
    words = split_words("customers in Rome")
    assert Linker((CUSTOMERS,)).mentions(words, blocked=[(0, 9)]) == ()


def _key(child, column, parent, **more):
    return Relationship(child=_id(child), child_columns=(column,), parent=_id(parent), parent_columns=("id",), **more)


def test_find_path_enters_a_dimension_by_the_wanted_key():
    joins = (_key("orders", "ship_id", "places"), _key("orders", "bill_id", "places"))
    (edge,) = find_path(((_id("orders"), ""),), (_id("places"), "bill_id"), joins)
    assert edge.pairs() == (("bill_id", "id"),)


def test_find_path_prefers_the_trusted_join_and_knows_when_there_is_none():
    guessed, declared = _key("a", "x", "b", origin="inferred", confidence=0.5), _key("a", "y", "b")
    (edge,) = find_path(((_id("a"), ""),), (_id("b"), ""), (guessed, declared))
    assert edge.relationship is declared
    assert find_path(((_id("a"), ""),), (_id("z"), ""), (declared,)) is None


@pytest.mark.parametrize(
    ("cardinality", "forth", "back"),
    [("many-to-one", False, True), ("one-to-one", False, False), ("many-to-many", True, True)],
)
def test_edge_multiplies_towards_the_many(cardinality, forth, back):
    edge = Edge((_id("a"), ""), (_id("b"), ""), _key("a", "x", "b", cardinality=cardinality), to_parent=True)
    assert (edge.multiplies, edge.reversed().multiplies) == (forth, back)


SHOPS = Table(
    id=_id("shops"),
    kind="table",
    synonyms=("branches",),
    columns=(
        Column(name="sqm", type="INTEGER", synonyms=("floor space",)),
        Column(name="rent", type="INTEGER"),
        Column(name="lease", type="INTEGER", synonyms=("rent",)),
        Column(name="owner", type="VARCHAR", hidden=True),
    ),
)


def _best(phrase, *tables):
    mentions = Linker(tables).mentions(split_words(phrase))
    return [(m.links[0].table.name, m.links[0].column) for m in mentions]


@pytest.mark.parametrize(
    ("phrase", "best"),
    [("branches", ("shops", "")), ("floor spaces", ("shops", "sqm")), ("rent", ("shops", "rent"))],
)
def test_mentions_link_what_people_also_say_a_little_below_the_name_itself(phrase, best):
    assert _best(phrase, SHOPS) == [best]


def test_mentions_leave_out_what_the_model_hides():
    assert _best("owner", SHOPS) == []
    assert _best("branches", replace(SHOPS, hidden=True)) == []


def test_mentions_prefer_what_is_not_deprecated():
    old = Column(name="price", type="INTEGER", deprecated=True)
    tables = (
        Table(id=_id("a"), kind="table", columns=(old,)),
        Table(id=_id("b"), kind="table", columns=(replace(old, deprecated=False),)),
    )
    assert _best("price", *tables) == [("b", "price")]


def test_whole_names_do_not_count_synonyms():
    linker = Linker((SHOPS,))
    assert [link.column for link in linker.whole(split_words("rent"))] == ["rent"]
    assert linker.whole(split_words("floor space")) == ()
