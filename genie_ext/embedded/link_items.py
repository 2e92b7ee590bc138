"""Items that phrases are linked to: every name of a table or column, and how well words spell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genie_ext.embedded.words import STOP_WORDS, UNITS, name_stems, root, stem
from semantic.types import Column, Table, TableId

_SYNONYM = 0.03
"""How far below its own name a thing is found by another word for it."""
_OUTDATED = 0.15
"""How far below the others a thing is found that a better one replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One name of a table or column.

    Attributes:
        link: What is named: the table, and the column or an empty text.
        stems: Words of the name.
        short: Words of a column's name that its table's name does not hold.
        long: Words of the name and of what it belongs to.
        comment: Words of what is said about it.
        roots: What the words of the name share with others of their family.
        joined: The words written as one.
        penalty: How far below other things of its name it is found.
        synonym: True where it is another word for it rather than its own name.
    """

    link: tuple[TableId, str]
    stems: frozenset[str]
    short: frozenset[str]
    long: frozenset[str]
    comment: frozenset[str]
    roots: frozenset[str]
    joined: str
    penalty: float
    synonym: bool


def items_of(table: Table, penalty: float) -> Iterator[Item]:
    """Yield the names of a table and of its columns, less those that are hidden."""
    penalty += _OUTDATED * table.stale
    comment = frozenset(stem(word) for word in table.comment.split()) if table.comment else frozenset()
    schema = frozenset(name_stems(table.id.schema)) - {"main"}
    for i, name in enumerate((table.id.name, *table.synonyms)):
        yield _item((table.id, ""), name, comment, (frozenset(), schema), penalty + _SYNONYM * (i > 0))
    for column in table.columns:
        if not column.hidden:
            yield from _column_items(table, column, penalty + _OUTDATED * column.deprecated)


def _column_items(table: Table, column: Column, penalty: float) -> Iterator[Item]:
    owner = frozenset(name_stems(table.id.name))
    comment = frozenset(stem(word.strip(".,;:()")) for word in column.comment.split()) - STOP_WORDS
    for i, name in enumerate((column.name, *column.synonyms)):
        yield _item((table.id, column.name), name, comment, (owner, owner), penalty + _SYNONYM * (i > 0))


def _item(
    link: tuple[TableId, str],
    name: str,
    comment: frozenset[str],
    around: tuple[frozenset[str], frozenset[str]],
    penalty: float,
) -> Item:
    """Return one name; `around` holds the words that a column's name may repeat, and those that may be said besides."""
    stems, own = frozenset(name_stems(name)), link[1] or link[0].name
    return Item(
        link=link, stems=stems, short=stems - around[0] if link[1] else frozenset(), long=stems | around[1],
        comment=comment, roots=frozenset(root(word) for word in stems), joined="".join(name_stems(name)),
        penalty=penalty, synonym=name != own,
    )  # fmt: skip


def score_of(stems: frozenset[str], item: Item) -> float:
    """Return how well the stems of a phrase name an item, 0 to 1."""
    if stems == item.stems or (len(stems) > len(item.stems) and stems == item.long):
        return 1.0
    whole = _score_column(stems, item) if item.link[1] else 0.0
    if whole:
        return whole
    if stems < item.stems:
        return 0.45 + 0.4 * len(stems) / len(item.stems)
    return 0.55 + 0.1 * min(len(stems) - 1, 2) if item.comment and stems <= item.comment else 0.0


def _score_column(stems: frozenset[str], item: Item) -> float:
    """Return how well a phrase spells a column whose unit or owner's name is left out or put before it, else 0."""
    if item.stems - UNITS and stems in (item.stems - UNITS, item.long - UNITS):
        return 0.97
    if item.short and stems == item.short:
        return 0.93
    return 0.9 if item.short and item.short < stems <= item.long else 0.0
