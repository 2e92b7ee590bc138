"""Find values that differ from a phrase by a few slips, without a look at all that share three letters with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from semantic.store.reader import Store

# The full text of values knows no shorter piece.
_GRAM = 3
_BEGINNING = 2
_LAST = "\U0010ffff"


def near_values(store: Store, norm: str, edits: int) -> list[tuple[int, str]]:
    """Return number and norm of the values that may be so many slips away and share three letters in a row.

    Args:
        store: The index.
        norm: The phrase in normal form, of four letters or more.
        edits: Letters added, left out, put in place of others or swapped with their neighbour, at most.
    """
    found = dict(_with_pieces(store, norm, edits))
    if edits == 1:
        found |= _with_beginning(store, norm) | _with_swapped(store, norm)
    grams = {norm[i : i + _GRAM] for i in range(len(norm) - _GRAM + 1)}
    fewest, most = len(norm) - edits, len(norm) + edits
    return [(c, v) for c, v in found.items() if fewest <= len(v) <= most and any(gram in v for gram in grams)]


def _with_pieces(store: Store, norm: str, edits: int) -> list[tuple[int, str]]:
    """Return values that hold a piece of the phrase which no slip touched."""
    pieces = dict.fromkeys(_pieces(norm, edits))
    match = " OR ".join('"' + piece.replace('"', '""') + '"' for piece in pieces)
    rows = store.query(
        "SELECT rowid, norm FROM norms_text WHERE norms_text MATCH ? AND length(norm) BETWEEN ? AND ?",
        (match, len(norm) - edits, len(norm) + edits),
    )
    return [(code, value) for code, value in rows]


def _pieces(norm: str, edits: int) -> Iterator[str]:
    """Yield pieces of which one at least survives so many slips.

    One slip leaves the beginning whole, which the index of the norms finds, or else all behind it; letters swapped
    across that border are looked for by themselves. Several slips leave one of the pieces between them whole, unless
    letters were swapped across a border, so there are two sets of borders.
    """
    if edits == 1:
        yield norm[min(_BEGINNING, len(norm) - _GRAM) :]
        return
    for shift in (0, 1):
        borders = [0, *(shift + len(norm) * i // (edits + 1) for i in range(1, edits + 1)), len(norm)]
        yield from (norm[a:b] for a, b in pairwise(borders) if b - a >= _GRAM)


def _with_beginning(store: Store, norm: str) -> dict[int, str]:
    rows = store.query(
        "SELECT id, norm FROM norms WHERE norm >= ? AND norm < ? AND length(norm) BETWEEN ? AND ?",
        (norm[:_BEGINNING], norm[:_BEGINNING] + _LAST, len(norm) - 1, len(norm) + 1),
    )
    return dict(rows)


def _with_swapped(store: Store, norm: str) -> dict[int, str]:
    swapped = [norm[:i] + norm[i + 1] + norm[i] + norm[i + 2 :] for i in range(len(norm) - 1)]
    marks = ",".join("?" * len(swapped))
    return dict(store.query(f"SELECT id, norm FROM norms WHERE norm IN ({marks})", swapped))
