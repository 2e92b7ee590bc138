"""Serialisation: a question and its items as the token ids that the network reads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from genie_ext.embedded.parser.features import make_features
from genie_ext.embedded.parser.inputs import Inputs
from genie_ext.embedded.parser.items import Items
from genie_ext.embedded.words import ABBREVIATIONS, plain_name
from genie_ext.types import ColumnRef, Context

MOST_TOKENS = 288
_MOST_QUESTION = 96
_MOST_NAME = 12
_MOST_CELLS = 2

Span = tuple[int, int]


class Serialiser:
    """Turns questions into inputs with the tokenizer of the encoder.

    Args:
        tokenizer: A `tokenizers.Tokenizer` with "[CLS]" and "[SEP]"; its truncation and padding are switched off.
    """

    def __init__(self, tokenizer: Any) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._cls, self._sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        self._pieces = lru_cache(maxsize=50_000)(self._encode)

    def read(self, context: Context, items: Items) -> Inputs:
        """Return the inputs of a question; tables that no longer fit are left as items without words."""
        asked = self._tokenizer.encode(context.question.text, add_special_tokens=False)
        ids = [self._cls, *asked.ids[:_MOST_QUESTION], self._sep]
        until = len(ids) - 1
        said = _cells(context)
        tables, columns = [], {}
        for table in items.tables:
            tables.append(self._add(ids, _spoken(table.id.name)))
            ids.extend(self._pieces(":"))
            for ref in (ref for ref in items.columns if ref.table == table.id):
                columns[ref] = self._add(ids, _spoken(ref.column))
                for cell in said.get(ref, ())[:_MOST_CELLS]:
                    ids.extend((*self._pieces("="), *self._pieces(cell)[:_MOST_NAME]))
                ids.extend(self._pieces(","))
            ids.append(self._sep)
        values = [_locate(value.start, value.end, asked.offsets[:_MOST_QUESTION]) for value in items.values]
        owned = [columns[value.owner] if value.owner is not None else None for value in items.values]
        spans = [*tables, *(columns[ref] for ref in items.columns)]
        spans += [own or span for own, span in zip(owned, values, strict=True)]
        clipped = [(start, end) if end <= MOST_TOKENS else (0, 1) for start, end in spans]
        return Inputs(
            ids=np.array(ids[:MOST_TOKENS], dtype=np.int64),
            question=(1, until),
            spans=np.array(clipped, dtype=np.int64).reshape(-1, 2),
            kinds=np.array(
                [0] * len(items.tables) + [1] * len(items.columns) + [2] * len(items.values), dtype=np.int64
            ),
            owners=_owners(items),
            features=make_features(context, items),
        )

    def _add(self, ids: list[int], name: str) -> Span:
        start = len(ids)
        ids.extend(self._pieces(name)[:_MOST_NAME])
        return start, len(ids)

    def _encode(self, text: str) -> tuple[int, ...]:
        # A name of signs that the vocabulary does not know still needs one token to be read at.
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids) or (self._sep,)


def _spoken(name: str) -> str:
    """Return a name as people say it, short forms spelled out."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in plain_name(name).split())


def _cells(context: Context) -> dict[ColumnRef, list[str]]:
    """Return the cells of each column that the question says, the best first."""
    cells: dict[ColumnRef, list[str]] = {}
    for hit in sorted(context.found.values, key=lambda hit: -hit.score):
        known = cells.setdefault(ColumnRef(hit.table, hit.column), [])
        if hit.value not in known:
            known.append(hit.value)
    return cells


def _locate(start: int, end: int, offsets: list[Span]) -> Span:
    """Return the tokens that hold the characters from start to end; the first token where none does."""
    inside = [i for i, (a, b) in enumerate(offsets, start=1) if a < end and start < b]
    return (inside[0], inside[-1] + 1) if inside else (0, 1)


def _owners(items: Items) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the table of each column and the column of each value that it alone has; others own themselves."""
    owners = np.arange(len(items), dtype=np.int64)
    tables = {table.id: i for i, table in enumerate(items.tables)}
    columns = {ref: i for i, ref in enumerate(items.columns, start=len(items.tables))}
    for ref, i in columns.items():
        owners[i] = tables[ref.table]
    for i, value in enumerate(items.values, start=len(items.tables) + len(items.columns)):
        owners[i] = columns[value.owner] if value.owner is not None else i
    return owners
