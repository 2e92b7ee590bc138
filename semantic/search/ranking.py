"""Rank documents of any kind by meaning and by words: passages, metrics, past queries, terms."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from semantic.found import Hit
from semantic.names import inflections, normalise, split_words
from semantic.search.closeness import Asked
from semantic.store.fulltext import match_words
from semantic.store.reader import Store
from semantic.types import Document, DocumentKind, TableId
from semantic.vectors.nearest import Nearest

_CANDIDATES = 400
_SAMPLE = 256
# Weights are in standard deviations of the dense score; 0.5 for words was measured on 1,034 questions.
_LEXICAL = 0.5
_STALE = -2.5


@dataclass(slots=True)
class _Scored:
    """One candidate document and what speaks for it."""

    score: float
    dense: float
    lexical: float
    reasons: list[str] = field(default_factory=list)


def rank_documents(
    store: Store,
    nearest: Nearest | None,
    kind: DocumentKind,
    asked: Asked,
    words: Sequence[str],
    *,
    limit: int,
    hidden: Collection[TableId] = (),
    sunk: Collection[TableId] = (),
) -> tuple[Hit, ...]:
    """Return the documents of a kind that fit a question, best first.

    Args:
        store: The store.
        nearest: The vectors of the kind, None where it has none.
        kind: The kind.
        asked: The question with its vector.
        words: Its words that carry meaning.
        limit: Hits returned at most.
        hidden: Tables whose documents are left out.
        sunk: Tables whose documents come after equally good ones, since they are copies.
    """
    if nearest is None or not nearest.ntotal or not limit:
        return ()
    scored = _fuse(store, nearest, kind, asked, words)
    places = ",".join(map(str, scored))
    ranked: list[tuple[Document, _Scored]] = []
    for position, document in store.documents(f"kind = ? AND position IN ({places})", (kind,)).items():
        entry = scored[position]
        if document.table in hidden:
            continue
        if document.table in sunk:
            entry.score += _STALE
            entry.reasons.append("is about an old or intermediate copy")
        ranked.append((document, entry))
    ranked.sort(key=lambda pair: (-pair[1].score, pair[0].source))
    return tuple(_hit(document, entry, words) for document, entry in ranked[:limit])


def name_reasons(title: str, text: str, words: Sequence[str]) -> list[str]:
    """Say which words of the question are in the name, or else in the text."""
    if named := _said(title, words, normalise(title)):
        return [f"its name says {', '.join(named[:3])}"]
    if said := _said(text, words):
        return [f"its description mentions {', '.join(said[:3])}"]
    return []


def _said(text: str, words: Sequence[str], *more: str) -> list[str]:
    forms = {form for word in (*split_words(text), *more) for form in (word, *inflections(word))}
    return [word for word in dict.fromkeys(words) if word in forms]


def _hit(document: Document, entry: _Scored, words: Sequence[str]) -> Hit:
    return Hit(
        document=document,
        score=round(entry.score, 4),
        dense=round(entry.dense, 4),
        lexical=round(entry.lexical, 4),
        reasons=(*name_reasons(document.title, document.text, words), *entry.reasons),
    )


def _fuse(store: Store, nearest: Nearest, kind: DocumentKind, asked: Asked, words: Sequence[str]) -> dict[int, _Scored]:
    """Add up z-scores of meaning and of words for the best candidates of either."""
    total, vector = nearest.ntotal, asked.vectors[0]
    scores, places = nearest.search(asked.vectors[:1], min(total, _CANDIDATES))
    dense = {int(p): float(s) for p, s in zip(places[0], scores[0], strict=True) if p >= 0}
    lexical = match_words(store, kind, words, limit=_CANDIDATES)
    if missing := [p for p in lexical if p not in dense]:
        dense |= dict(zip(missing, (nearest.rows(missing) @ vector).tolist(), strict=True))
    sample = nearest.rows(np.arange(0, total, max(1, total // _SAMPLE))) @ vector
    mean, spread = float(sample.mean()), max(float(sample.std()), 0.03)
    lexical_mean = sum(lexical.values()) / total
    square = sum(s * s for s in lexical.values()) / total
    lexical_spread = math.sqrt(max(square - lexical_mean**2, 1e-9)) if lexical else 1.0
    found: dict[int, _Scored] = {}
    for place, cosine in dense.items():
        said = lexical.get(place, 0.0)
        score = (cosine - mean) / spread + _LEXICAL * (said - lexical_mean) / lexical_spread
        found[place] = _Scored(score, cosine, said, ["close in meaning"] if cosine > mean + 2 * spread else [])
    return found
