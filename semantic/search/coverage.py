"""How well the names, descriptions and values of a lake cover each word of a question."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semantic.found import ValueHit
from semantic.names import normalise, singular, split_words
from semantic.search.lexicon import Lexicon, glued
from semantic.search.outline import Floats, Outline
from semantic.search.question import ASKING_WORDS
from semantic.store.reader import Store

_SURE = 0.9
# A word that no name has is half as telling as one that a single name has: it may be idle.
_UNKNOWN = 0.5
# What is asked of rows, and bare numbers, say little about where the rows are.
_IDLE = 0.3
_COLUMN_NAME = 0.9
_DESCRIBED = 0.5
# Words that more descriptions have are no evidence, and reading them all would take long.
_DESCRIPTIONS = 300


@dataclass(frozen=True, slots=True)
class Coverage:
    """Strength, 0 to 1, with which each word of a question is found; a row per word.

    Attributes:
        words: The words.
        weights: How telling each word is, shape (W,).
        titles: In each distinct name of a column, shape (W, number of names).
        tables: In each table, by its best element: its name, a column, a description, a value; shape (W, T).
        exact: In the column of each table that says little else, shape (W, T).
        title_share: Share of each distinct name of a column that the question says, shape (number of names,).
        table_share: Share of the name of each table that the question says, shape (T,).
        rarity: How telling the values of each table are, shape (T,).
        named: The same of values that the question writes as names, shape (T,).
        columns: By position, strengths of columns whose description or values hold words, shape (W,).
        values: By position, how telling the values of a column are.
    """

    words: tuple[str, ...]
    weights: Floats
    titles: Floats
    tables: Floats
    exact: Floats
    title_share: Floats
    table_share: Floats
    rarity: Floats
    named: Floats
    columns: dict[int, Floats]
    values: dict[int, float]

    @property
    def total(self) -> float:
        """How telling all words are together."""
        return max(float(self.weights.sum()), 1e-6)


def cover(
    store: Store,
    outline: Outline,
    lexicon: Lexicon,
    sequence: Sequence[str],
    *,
    values: Sequence[ValueHit],
    alike: Mapping[str, Mapping[str, float]],
) -> Coverage:
    """Match the words of a question with a lake.

    Args:
        store: The store.
        outline: The lake.
        lexicon: The words of its names.
        sequence: The words of the question, in their order.
        values: The values it names.
        alike: For its words, the words of names that mean about the same, with how surely.
    """
    words = tuple(dict.fromkeys(sequence))
    titles = np.zeros((len(words), len(outline.titles)), dtype=np.float32)
    names = np.zeros((len(words), len(outline.tables)), dtype=np.float32)
    said: dict[str, float] = {}
    for row, word in enumerate(words):
        for other, strength in lexicon.matches(word):
            said[other] = max(strength, said.get(other, 0.0))
            titles[row, lexicon.words[other][0]] = strength
            names[row, lexicon.words[other][1]] = strength
    title_share, table_share = lexicon.shares(said.items())
    for form, parts, strength in glued(sequence):
        if form in lexicon.squeezed:
            for numbers, target, share in zip(
                lexicon.squeezed[form], (titles, names), (title_share, table_share), strict=False
            ):
                share[numbers] = np.maximum(share[numbers], strength)
                for row in map(words.index, parts):
                    target[row, numbers] = np.maximum(target[row, numbers], strength)
    _add_alike(lexicon, words, alike, (titles, names))
    by_column = np.array([outline.best_by_table(row) for row in titles]).reshape(names.shape)
    found = Coverage(
        words=words,
        weights=_weights(words, np.maximum(names, by_column)),
        titles=titles,
        tables=np.maximum(names, _COLUMN_NAME * by_column),
        exact=np.array([outline.best_by_table(row * title_share) for row in titles]).reshape(names.shape),
        title_share=title_share,
        table_share=table_share,
        rarity=np.zeros(len(outline.tables), dtype=np.float32),
        named=np.zeros(len(outline.tables), dtype=np.float32),
        columns={},
        values={},
    )
    _add_descriptions(found, store, outline)
    _add_values(found, outline, values)
    return found


def _add_alike(
    lexicon: Lexicon, words: Sequence[str], alike: Mapping[str, Mapping[str, float]], targets: tuple[Floats, Floats]
) -> None:
    for row, word in enumerate(words):
        for other, strength in alike.get(word, {}).items():
            for target, numbers in zip(targets, lexicon.words.get(other, ()), strict=False):
                target[row, numbers] = np.maximum(target[row, numbers], strength)


def _weights(words: Sequence[str], strengths: Floats) -> Floats:
    """Weigh words by how few tables have them, and little where they only say what is asked."""
    total = strengths.shape[1]
    having = (strengths >= _SURE).sum(axis=1)
    rare = np.log((total + 1) / (having + 0.5))
    found = np.where(having == 0, _UNKNOWN * math.log(total + 1), rare)
    found *= [_IDLE if word.isdigit() or word in ASKING_WORDS else 1.0 for word in words]
    return found.astype(np.float32)


def _add_descriptions(found: Coverage, store: Store, outline: Outline) -> None:
    for row, word in enumerate(found.words):
        rows = store.query(
            "SELECT d.kind, d.position, d.table_id FROM documents_text t JOIN documents d ON d.id = t.rowid "
            "WHERE documents_text MATCH ? AND d.kind IN ('table', 'column') LIMIT ?",
            ('body : "' + word.replace('"', "") + '"', _DESCRIPTIONS + 1),
        )
        if not 0 < len(rows) <= _DESCRIPTIONS:
            continue
        tables = [outline.coded(owner) for _, _, owner in rows]
        found.tables[row, tables] = np.maximum(found.tables[row, tables], _DESCRIBED)
        for kind, position, _ in rows:
            if kind == "column":
                _strengthen(found, position, row, _DESCRIBED)


def _add_values(found: Coverage, outline: Outline, values: Sequence[ValueHit]) -> None:
    spread: dict[tuple[int, int], set[int]] = {}
    tables = [outline.number(hit.table) for hit in values]
    for hit, table in zip(values, tables, strict=True):
        spread.setdefault((hit.start, hit.end), set()).add(table)
    inside = {phrase: _rows_of(found, phrase) for phrase in {hit.phrase for hit in values}}
    for hit, table in zip(values, tables, strict=True):
        rows = inside[hit.phrase]
        # A value that many tables hold says little about each.
        worth = hit.score / math.sqrt(len(spread[hit.start, hit.end]))
        found.tables[rows, table] = np.maximum(found.tables[rows, table], hit.score)
        target = found.named if _is_named(hit) else found.rarity
        if not _is_number(hit):
            target[table] = max(target[table], worth)
        for position in outline.columns_named(table, hit.column):
            found.values[position] = max(worth, found.values.get(position, 0.0))
            for row in rows:
                _strengthen(found, position, row, hit.score)


def _rows_of(found: Coverage, phrase: str) -> list[int]:
    """Return the rows of the words that a phrase holds."""
    inside = {singular(word) for word in split_words(normalise(phrase))}
    return [row for row, word in enumerate(found.words) if word in inside]


def _is_named(hit: ValueHit) -> bool:
    """Tell whether a question writes a value as a name, which few other tables of a lake hold by chance."""
    return hit.start > 0 and hit.match != "fuzzy" and any(word[0].isupper() for word in hit.phrase.split())


def _is_number(hit: ValueHit) -> bool:
    return not any(character.isalpha() for character in hit.phrase)


def _strengthen(found: Coverage, position: int, row: int, strength: float) -> None:
    known = found.columns.setdefault(position, np.zeros(len(found.words), dtype=np.float32))
    known[row] = max(known[row], strength)
