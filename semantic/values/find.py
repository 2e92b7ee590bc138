"""Find cell values in the words of a question: exact, inflected, written otherwise, in part, or misspelt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from rapidfuzz.distance import OSA

from semantic.found import MatchKind, ValueHit
from semantic.names import IDLE_WORDS, inflections, normalise, singular, split_words
from semantic.store.reader import Store
from semantic.types import TableId
from semantic.values.forms import initials_of, other_forms
from semantic.values.near import near_values
from semantic.values.parts import as_part, by_initials, in_other_order
from semantic.values.phrases import Phrase, find_phrases, is_name, is_substring

_FUZZY_SCORE = 0.86
# What the score leaves of a value that is longer by as many letters.
_SLIPS = (1 - _FUZZY_SCORE) / _FUZZY_SCORE
_FUZZY_LENGTH = 4
_FUZZY_SMALL_LENGTH = 7
_CODE_LENGTH = 3
_BESIDE = 2
_KEY_WORDS = frozenset({"id", "key", "sk", "fk", "pk"})


def find_values(store: Store, question: str, *, limit: int) -> tuple[ValueHit, ...]:
    """Return the values the question names, best first, at most `limit`.

    Overlapping shorter phrases are dropped, and of one phrase the better kinds of match come first, then higher counts.
    """
    phrases = find_phrases(question)
    norms = _lookup(store, phrases)
    known = _schema_words(store, phrases)
    hits: list[ValueHit] = []
    covered: list[tuple[int, int]] = []

    def add(phrase: Phrase, found: list[ValueHit]) -> None:
        if found:
            hits.extend(found)
            covered.append((phrase.start, phrase.end))

    def free(phrase: Phrase) -> bool:
        return not any(phrase.start < end and start < phrase.end for start, end in covered)

    for phrase in phrases:
        if free(phrase):
            named = phrase.all_in(known)
            exact = _exact(store, phrase, norms, named=named)
            add(phrase, [*exact, *_otherwise(store, phrase, norms, alone=not exact and not named)])
    for look in (_by_parts, _fuzzy):
        for phrase in phrases:
            if free(phrase) and not phrase.all_in(known) and not is_substring(phrase, question):
                add(phrase, look(store, phrase, question))
    return choose(hits, {}, limit=limit)


def _lookup(store: Store, phrases: Iterable[Phrase]) -> dict[str, int]:
    """Return the numbers of all values that some way to write some phrase equals."""
    forms = {p.norm for p in phrases}
    forms |= {form for norm in tuple(forms) for form in inflections(norm)}
    forms |= {form for p in phrases for form, _ in other_forms(p.text)} | {initials_of(p.text) for p in phrases}
    rows = store.query(
        "SELECT norm, id FROM norms WHERE norm IN (SELECT value FROM json_each(?))", (json.dumps(sorted(forms)),)
    )
    return dict(rows)


def _schema_words(store: Store, phrases: Iterable[Phrase]) -> set[str]:
    """Return the words of the question that are also in names of tables and columns."""
    words = {word for p in phrases for word in p.norm.split()}
    forms = {form for w in words for form in (w, singular(w), *inflections(w))}
    rows = store.query(
        "SELECT word FROM words WHERE word IN (SELECT value FROM json_each(?))", (json.dumps(sorted(forms)),)
    )
    known = {row[0] for row in rows}
    return {w for w in words if w in IDLE_WORDS or known & {w, singular(w), *inflections(w)}}


def _exact(store: Store, phrase: Phrase, norms: dict[str, int], *, named: bool) -> list[ValueHit]:
    if phrase.norm in norms:
        hits = _hits(store, phrase, norms[phrase.norm], "exact", 1.0)
        exact = phrase.quoted or (phrase.norm in IDLE_WORDS and not phrase.text.isupper())
        if found := [h for h in hits if phrase.quoted or not (exact or _is_code(h.value)) or h.value == phrase.text]:
            return found
    # "How many drivers" asks for rows of that table, not for the value "driver".
    subject = named and phrase.text.islower()
    if phrase.quoted or subject or len(phrase.norm) < _CODE_LENGTH or phrase.norm in IDLE_WORDS:
        return []
    forms = [form for form in inflections(phrase.norm) if form in norms and len(form) >= _CODE_LENGTH]
    return [h for form in forms for h in _hits(store, phrase, norms[form], "inflection", 0.95) if not _is_code(h.value)]


def _is_code(value: str) -> bool:
    """Tell state letters, flags and the like, which must be spelt as they are: "in" is not Indiana."""
    letters = any(c.isalpha() for c in value)
    return letters and (len(value) < _CODE_LENGTH or (len(value) == _CODE_LENGTH and normalise(value) in IDLE_WORDS))


def _otherwise(store: Store, phrase: Phrase, norms: dict[str, int], *, alone: bool) -> list[ValueHit]:
    """Return values that say the same in other words; those of any column only where nothing else is meant."""
    hits: list[ValueHit] = []
    for form, words in other_forms(phrase.text):
        if form in norms and (words or alone):
            found = _hits(store, phrase, norms[form], "abbreviation", 0.9)
            hits += [h for h in found if not words or _is_about(h, words)]
    short = initials_of(phrase.text)
    if alone and short in norms:
        found = _hits(store, phrase, norms[short], "abbreviation", 0.85)
        hits += [h for h in found if h.value.replace(".", "").isupper()]
    return hits


def _is_about(hit: ValueHit, words: frozenset[str]) -> bool:
    named = {*split_words(hit.column), *map(singular, split_words(hit.table.name))}
    return bool(words & named) or any(word in hit.column.lower() for word in words if len(word) > _CODE_LENGTH)


def _by_parts(store: Store, phrase: Phrase, question: str) -> list[ValueHit]:
    """Return values that the words are part of, or that hold them in another order, or begin with their letters."""
    ordered = tuple((code, 0.92) for code in in_other_order(store, phrase.norm))
    named = is_name(phrase, question)
    written = (phrase.norm, *(form for form, words in other_forms(phrase.text) if not words))
    parts = ordered or next((found for form in written if (found := as_part(store, form, named=named))), ())
    if parts:
        return [hit for code, score in parts for hit in _hits(store, phrase, code, "part", score)]
    letters = by_initials(store, phrase.text)
    return [hit for code in letters for hit in _hits(store, phrase, code, "abbreviation", 0.85)]


def _fuzzy(store: Store, phrase: Phrase, _: str) -> list[ValueHit]:
    norm = phrase.norm
    words = norm.split()
    # A short word in small letters is far more often another word than a slip in a name: "parts" is not Paris.
    if len(norm) < (_FUZZY_SMALL_LENGTH if len(words) == 1 and phrase.text.islower() else _FUZZY_LENGTH):
        return []
    if not any(c.isalpha() for c in norm):
        return []
    if words[0] in IDLE_WORDS or words[-1] in IDLE_WORDS:
        return []
    rows = near_values(store, norm, max(1, int(_SLIPS * len(norm) + 1e-9)))
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


def _hits(store: Store, phrase: Phrase, norm: int, match: MatchKind, score: float) -> list[ValueHit]:
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


def _joined(hits: Iterable[ValueHit]) -> Callable[[ValueHit], bool]:
    """Return a test for hits that share a table with what is named right beside them: "Berlin Germany" is one place."""
    spans: dict[tuple[int, int], set[tuple[TableId, str]]] = {}
    for hit in hits:
        spans.setdefault((hit.start, hit.end), set()).add((hit.table, hit.column))

    def test(hit: ValueHit) -> bool:
        beside = (places for (start, end), places in spans.items()
                  if 0 <= start - hit.end <= _BESIDE or 0 <= hit.start - end <= _BESIDE)  # fmt: skip
        return any(table == hit.table and column != hit.column for places in beside for table, column in places)

    return test


def choose(hits: Iterable[ValueHit], ranks: Mapping[TableId, int], *, limit: int) -> tuple[ValueHit, ...]:
    """Give every phrase its best hits before any phrase gets more.

    Args:
        hits: Hits of all phrases.
        ranks: Places of the tables that fit the question, which decide between equal matches.
        limit: Hits kept at most.
    """
    last = len(ranks)
    hits = tuple(hits)
    joined = _joined(hits)
    places: dict[tuple[int, int], list[ValueHit]] = {}
    for hit in hits:
        places.setdefault((hit.start, hit.end), []).append(hit)
    ranked: list[tuple[int, float, int, ValueHit]] = []
    for order, found in enumerate(places.values()):
        found.sort(key=lambda h: (-h.score, ranks.get(h.table, last), not joined(h), -h.count))
        ranked += [(rank, -hit.score, order, hit) for rank, hit in enumerate(found)]
    ranked.sort(key=lambda entry: entry[:3])
    kept = [entry[3] for entry in ranked[:limit]]
    return tuple(
        sorted(kept, key=lambda h: (-h.score, -(h.end - h.start), ranks.get(h.table, last), not joined(h), -h.count))
    )
