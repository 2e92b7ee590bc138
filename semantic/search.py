"""Search documents by meaning and by words, and fuse both with the values the question names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from semantic.names import STOP_WORDS, inflections, normalise, split_words
from semantic.stale import stale_words
from semantic.store import Store
from semantic.types import Document, DocumentKind, Found, Hit, TableId, ValueHit, Vectors
from semantic.values import choose, find_values

_CANDIDATES = 400
_VALUES_WEIGHED = 200
# Weights are in standard deviations of the dense score; 0.5 for words was measured on 1,034 questions.
_LEXICAL = 0.5
_VALUE_TABLE = 1.5
_VALUE_COLUMN = 2.0
_COLUMN_TO_TABLE = 0.3
_STALE = -2.5
_EMPTY = -0.7
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Query:
    """A question, ready to be searched for."""

    words: list[str]
    vector: Vectors
    values: tuple[ValueHit, ...]
    wants_stale: bool


@dataclass(slots=True)
class _Scored:
    """One candidate document and what speaks for it."""

    score: float = 0.0
    dense: float = 0.0
    lexical: float = 0.0
    reasons: list[str] = field(default_factory=list)


def search(
    store: Store,
    nearest: dict[DocumentKind, Any],
    question: str,
    vector: Vectors,
    *,
    tables: int,
    columns: int,
    values: int,
    passages: int,
) -> Found:
    """Return the tables, columns, values and passages that fit a question, best first."""
    words = question_words(question)
    query = _Query(words, vector, find_values(store, question, limit=_VALUES_WEIGHED), stale_words(words))
    found_columns = _rank(store, nearest, "column", query)
    best: dict[TableId, float] = {}
    for document, entry in found_columns:
        if document.table is not None:
            best[document.table] = max(entry.score, best.get(document.table, 0.0))
    found_tables = _rank(store, nearest, "table", query, best)
    ranks = {document.table: place for place, (document, _) in enumerate(found_tables) if document.table is not None}
    return Found(
        tables=_hits(found_tables[:tables], words),
        columns=_hits(found_columns[:columns], words),
        values=choose(query.values, ranks, limit=values),
        passages=_hits(_rank(store, nearest, "passage", query)[:passages], words),
        question_vector=vector,
    )


def question_words(question: str) -> list[str]:
    """Return the words of a question that carry meaning, in normal form."""
    words = [w for token in _WORD.findall(question) for w in (normalise(token), *split_words(token))]
    return [w for w in dict.fromkeys(words) if w not in STOP_WORDS]


def _rank(
    store: Store,
    nearest: dict[DocumentKind, Any],
    kind: DocumentKind,
    query: _Query,
    best_columns: dict[TableId, float] | None = None,
) -> list[tuple[Document, _Scored]]:
    index = nearest.get(kind)
    if index is None or not index.ntotal:
        return []
    scored = _fuse(store, index, kind, query)
    evidence = _value_evidence(store, kind, query.values) if kind != "passage" else {}
    ranked: list[tuple[Document, _Scored]] = []
    for position, document in _documents(store, kind, {*scored, *evidence}).items():
        entry = scored.get(position, _Scored())
        for bonus, reason in evidence.get(position, []):
            entry.score += bonus
            entry.reasons.append(reason)
        if document.table is not None:
            entry.score += _COLUMN_TO_TABLE * max(0.0, (best_columns or {}).get(document.table, 0.0))
            _sink(entry, document.table, store, wants_stale=query.wants_stale)
        ranked.append((document, entry))
    return sorted(ranked, key=lambda pair: (-pair[1].score, pair[0].source))


def _hits(ranked: Sequence[tuple[Document, _Scored]], words: Sequence[str]) -> tuple[Hit, ...]:
    for document, entry in ranked:
        _add_names(entry, document, words)
    return tuple(
        Hit(
            document=document,
            score=round(entry.score, 4),
            dense=round(entry.dense, 4),
            lexical=round(entry.lexical, 4),
            reasons=tuple(dict.fromkeys(entry.reasons)),
        )
        for document, entry in ranked
    )


def _fuse(store: Store, index: Any, kind: DocumentKind, query: _Query) -> dict[int, _Scored]:
    """Add up z-scores of meaning and of words for the best candidates of either."""
    total = index.ntotal
    scores, places = index.search(query.vector, min(total, _CANDIDATES))
    dense = {int(p): float(s) for p, s in zip(places[0], scores[0], strict=True) if p >= 0}
    lexical = _lexical(store, kind, query.words)
    missing = [p for p in lexical if p not in dense]
    if missing:
        rows = np.stack([index.reconstruct(p) for p in missing])
        dense |= {p: float(s) for p, s in zip(missing, rows @ query.vector[0], strict=True)}
    mean, spread = _background(index, query.vector)
    count = sum(lexical.values())
    square = sum(s * s for s in lexical.values())
    lexical_mean = count / total
    lexical_spread = math.sqrt(max(square / total - lexical_mean**2, 1e-9)) if lexical else 1.0
    found: dict[int, _Scored] = {}
    for place, cosine in dense.items():
        words_score = lexical.get(place, 0.0)
        score = (cosine - mean) / spread + _LEXICAL * (words_score - lexical_mean) / lexical_spread
        found[place] = _Scored(score, cosine, words_score, ["close in meaning"] if cosine > mean + 2 * spread else [])
    return found


def _background(index: Any, vector: Vectors) -> tuple[float, float]:
    """Return mean and spread of the cosine over evenly spaced documents."""
    step = max(1, index.ntotal // 256)
    rows = np.stack([index.reconstruct(p) for p in range(0, index.ntotal, step)])
    cosines = rows @ vector[0]
    return float(cosines.mean()), float(max(cosines.std(), 0.03))


def _lexical(store: Store, kind: DocumentKind, words: Sequence[str]) -> dict[int, float]:
    if not words:
        return {}
    match = " OR ".join('"' + word.replace('"', "") + '"' for word in words)
    rows = store.query(
        "SELECT d.position, -bm25(documents_text, 2.0, 1.0) AS score FROM documents_text t "
        "JOIN documents d ON d.id = t.rowid WHERE documents_text MATCH ? AND d.kind = ? ORDER BY score DESC LIMIT ?",
        (match, kind, _CANDIDATES),
    )
    return dict(rows)


def _documents(store: Store, kind: DocumentKind, positions: Iterable[int]) -> dict[int, Document]:
    marks = ",".join(str(p) for p in positions)
    return store.documents(f"kind = ? AND position IN ({marks})", (kind,))


def _value_evidence(
    store: Store, kind: DocumentKind, matched: Sequence[ValueHit]
) -> dict[int, list[tuple[float, str]]]:
    """Return bonuses by document position; a value that many tables hold says little about each."""
    spread: dict[tuple[int, int], set[TableId]] = {}
    for hit in matched:
        spread.setdefault((hit.start, hit.end), set()).add(hit.table)
    evidence: dict[int, list[tuple[float, str]]] = {}
    seen: set[tuple[int, int, int]] = set()
    for hit in matched:
        column = hit.column if kind == "column" else ""
        rows = store.query(
            "SELECT position FROM documents WHERE kind = ? AND table_id = ? AND column_name = ?",
            (kind, store.ids[hit.table], column),
        )
        for (position,) in rows:
            if (position, hit.start, hit.end) in seen:
                continue
            seen.add((position, hit.start, hit.end))
            weight = _VALUE_COLUMN if kind == "column" else _VALUE_TABLE
            bonus = weight * hit.score / math.sqrt(len(spread[hit.start, hit.end]))
            where = "" if kind == "column" else f" in {hit.column}"
            evidence.setdefault(position, []).append((bonus, f"holds the value '{hit.value}'{where}"))
    return evidence


def _add_names(entry: _Scored, document: Document, words: Sequence[str]) -> None:
    """Say which words of the question are in the name or in the text."""
    title = {form for w in (*split_words(document.title), normalise(document.title)) for form in (w, *inflections(w))}
    named = [w for w in words if w in title]
    if named:
        entry.reasons.insert(0, f"its name says {', '.join(named[:3])}")
    elif entry.lexical > 0:
        text = {form for w in split_words(document.text) for form in (w, *inflections(w))}
        if said := [w for w in words if w in text]:
            entry.reasons.insert(0, f"its description mentions {', '.join(said[:3])}")


def _sink(entry: _Scored, table: TableId, store: Store, *, wants_stale: bool) -> None:
    if table in store.stale and not wants_stale:
        entry.score += _STALE
        entry.reasons.append("looks like an old or intermediate copy")
    if table in store.empty:
        entry.score += _EMPTY
        entry.reasons.append("has no rows")
