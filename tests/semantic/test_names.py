from __future__ import annotations

import pytest

from semantic.names import inflections, is_opaque, normalise, plural, singular, split_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("order_item_id", ("order", "item", "id")),
        ("orderItemID", ("order", "item", "id")),
        ("HTTPServer2Log", ("http", "server", "2", "log")),
        ("Straßen-Name", ("straßen", "name")),
        ("", ()),
    ],
)
def test_split_words_splits_identifiers(name: str, words: tuple[str, ...]) -> None:
    assert split_words(name) == words


@pytest.mark.parametrize(
    ("many", "one"),
    [("orders", "order"), ("categories", "category"), ("people", "person"), ("boxes", "box"), ("campuses", "campus"),
     ("houses", "house"), ("addresses", "address"), ("heroes", "hero")],
)  # fmt: skip
def test_singular_and_plural_undo_each_other(many: str, one: str) -> None:
    assert singular(many) == one
    assert singular(one) == one
    assert plural(one) == many


def test_normalise_folds_case_accents_and_space() -> None:
    assert normalise("  Émile\tZOLA ") == "emile zola"


def test_inflections_change_the_last_word_only() -> None:
    assert "sports cars" in inflections("sports car")
    assert "sports car" in inflections("sports cars")


def test_is_opaque_tells_hashes_from_words() -> None:
    assert is_opaque("dab0e928-c82f-4c46-83fd-36ee9674d745")
    assert is_opaque("https://example.org/x?y=1")
    assert not is_opaque("Grace Hopper")
