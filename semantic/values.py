"""Find cell values in the words of a question: exact, inflected, or misspelt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from semantic.names import IDLE_WORDS, inflections, normalise, singular, split_words
from semantic.store import Store
from semantic.types import MatchKind, TableId, ValueHit

_TOKEN = re.compile(r"\w+(?:[.'\u2019&/+-]\w+)*[+#%]*|[$€£]\d+")
_QUOTED = re.compile(
    r"\"([^\"]{1,120})\"|(?<!\w)'([^']{1,120})'(?!\w)|\u201c([^\u201d]{1,120})\u201d|\u2018([^\u2019]{1,120})\u2019|`([^`]{1,120})`"
)
_LONGEST = 6
_FUZZY_SCORE = 0.86
_FUZZY_LENGTH = 4
_CANDIDATES = 24
_CODE_LENGTH = 3
_KEY_WORDS = frozenset({"id", "key", "sk", "fk", "pk"})


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def norm(self) -> str:
        return normalise(self.text)


def find_values(store: Store, question: str, *, limit: int) -> tuple[ValueHit, ...]:
    """Return the values the question names, best first, at most `limit`.

    Overlapping shorter phrases are dropped, and of one phrase the better kinds of match come first, then higher counts.
    """
    quoted = [_Phrase(text, m.start() + 1, m.end() - 1, quoted=True) for m in _QUOTED.finditer(question)
              if (text := next(g for g in m.groups() if g))]  # fmt: skip
    phrases = [*quoted, *_phrases(question, quoted)]
    norms = _lookup(store, {form for p in phrases for form in (p.norm, *inflections(p.norm))})
    hits: list[ValueHit] = []
    covered: list[tuple[int, int]] = []
    for phrase in phrases:
        if any(phrase.start < end and start < phrase.end for start, end in covered):
            continue
        if found := _exact(store, phrase, norms):
            hits += found
            covered.append((phrase.start, phrase.end))
    for phrase in phrases:
        if any(phrase.start < end and start < phrase.end for start, end in covered):
            continue
        if found := _fuzzy(store, phrase):
            hits += found
            covered.append((phrase.start, phrase.end))
    return choose(hits, {}, limit=limit)


def _phrases(question: str, quoted: Sequence[_Phrase]) -> list[_Phrase]:
    """Return the runs of one to six words, longest first, that do not cut through a quotation."""
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(question)]
    found: list[_Phrase] = []
    for size in range(min(_LONGEST, len(tokens)), 0, -1):
        for first in range(len(tokens) - size + 1):
            start, end = tokens[first][0], tokens[first + size - 1][1]
            if not any(start < q.end and q.start < end and (start, end) != (q.start, q.end) for q in quoted):
                found.append(_Phrase(question[start:end], start, end))
            if question[start:end].endswith(("'s", "\u2019s")):
                found.append(_Phrase(question[start : end - 2], start, end - 2))
    return [p for p in found if not _is_idle(p)]


def _is_idle(phrase: _Phrase) -> bool:
    words = phrase.norm.split()
    if len(words) == 1:
        # "US", "IT" or "A" in capitals may be a code; the same word in small letters is none.
        return words[0] in IDLE_WORDS and not (phrase.text.isupper() and phrase.start > 0)
    return words[0] in IDLE_WORDS and words[-1] in IDLE_WORDS and all(w in IDLE_WORDS for w in words)


def _lookup(store: Store, forms: Iterable[str]) -> dict[str, int]:
    rows = store.query(
        "SELECT norm, id FROM norms WHERE norm IN (SELECT value FROM json_each(?))", (json.dumps(sorted(forms)),)
    )
    return dict(rows)


def _exact(store: Store, phrase: _Phrase, norms: dict[str, int]) -> list[ValueHit]:
    if phrase.norm in norms:
        hits = _hits(store, phrase, norms[phrase.norm], "exact", 1.0)
        if found := [h for h in hits if phrase.quoted or not _is_code(h.value) or h.value == phrase.text]:
            return found
    if phrase.quoted or len(phrase.norm) < _CODE_LENGTH:
        return []
    forms = [form for form in inflections(phrase.norm) if form in norms and len(form) >= _CODE_LENGTH]
    return [h for form in forms for h in _hits(store, phrase, norms[form], "inflection", 0.95) if not _is_code(h.value)]


def _is_code(value: str) -> bool:
    """Tell state letters, flags and the like, which must be spelt as they are: "in" is not Indiana."""
    letters = any(c.isalpha() for c in value)
    return letters and (len(value) < _CODE_LENGTH or (len(value) == _CODE_LENGTH and normalise(value) in IDLE_WORDS))


def _fuzzy(store: Store, phrase: _Phrase) -> list[ValueHit]:
    norm = phrase.norm
    words = norm.split()
    if len(norm) < _FUZZY_LENGTH or not any(c.isalpha() for c in norm) or _is_schema_word(store, words):
        return []
    if words[0] in IDLE_WORDS or words[-1] in IDLE_WORDS:
        return []
    grams = sorted({norm[i : i + 3] for i in range(len(norm) - 2)})
    match = " OR ".join('"' + g.replace('"', '""') + '"' for g in grams)
    rows = store.query(
        "SELECT rowid, norm FROM norms_text WHERE norms_text MATCH ? ORDER BY rank LIMIT ?", (match, _CANDIDATES)
    )
    scored = sorted(((_similarity(norm, value), code) for code, value in rows), reverse=True)
    best = [pair for pair in scored if pair[0] >= _FUZZY_SCORE and pair[0] >= scored[0][0] - 0.02]
    return [hit for score, code in best[:3] for hit in _hits(store, phrase, code, "fuzzy", round(score * 0.95, 3))]


def _similarity(norm: str, value: str) -> float:
    """Score edits and swapped neighbours, a little stricter where the lengths differ in whole words."""
    edits = OSA.distance(norm, value)
    longest = max(len(norm), len(value))
    # One slip in a word of five letters or more is a typo; in shorter ones it is another word.
    if edits == 1 and longest >= 5 and norm[0] == value[0]:
        return max(_FUZZY_SCORE, 1 - edits / longest)
    return float(1 - edits / longest)


def _is_schema_word(store: Store, words: Sequence[str]) -> bool:
    forms = {form for w in words for form in (w, singular(w), *inflections(w))}
    rows = store.query(
        "SELECT word FROM words WHERE word IN (SELECT value FROM json_each(?))", (json.dumps(sorted(forms)),)
    )
    known = {row[0] for row in rows}
    return all(w in IDLE_WORDS or known & {w, singular(w), *inflections(w)} for w in words)


def _hits(store: Store, phrase: _Phrase, norm: int, match: MatchKind, score: float) -> list[ValueHit]:
    # "2" in a question is a number of things far more often than a key that is stored as text.
    is_counter = phrase.norm.isdigit() and len(phrase.norm) < _CODE_LENGTH and not phrase.quoted
    rows = store.query(
        "SELECT table_id, column_name, value, count FROM vals WHERE norm_id = ? ORDER BY count DESC LIMIT 100", (norm,)
    )
    return [
        ValueHit(
            phrase=phrase.text, start=phrase.start, end=phrase.end, table=store.names[owner], column=column,
            value=value, count=count, match=match, score=score,
        )
        for owner, column, value, count in rows
        if not (is_counter and _KEY_WORDS & set(split_words(column)[-1:]))
    ]  # fmt: skip


def choose(hits: Iterable[ValueHit], ranks: Mapping[TableId, int], *, limit: int) -> tuple[ValueHit, ...]:
    """Give every phrase its best hits before any phrase gets more.

    Args:
        hits: Hits of all phrases.
        ranks: Places of the tables that fit the question, which decide between equal matches.
        limit: Hits kept at most.
    """
    last = len(ranks)
    places: dict[tuple[int, int], list[ValueHit]] = {}
    for hit in hits:
        places.setdefault((hit.start, hit.end), []).append(hit)
    ranked: list[tuple[int, float, int, ValueHit]] = []
    for order, found in enumerate(places.values()):
        found.sort(key=lambda h: (-h.score, ranks.get(h.table, last), -h.count))
        ranked += [(rank, -hit.score, order, hit) for rank, hit in enumerate(found)]
    ranked.sort(key=lambda entry: entry[:3])
    kept = [entry[3] for entry in ranked[:limit]]
    return tuple(sorted(kept, key=lambda h: (-h.score, -(h.end - h.start), ranks.get(h.table, last), -h.count)))
