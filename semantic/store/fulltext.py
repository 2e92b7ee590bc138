"""Find documents by their words, in bounded time however many documents say the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from semantic.store.reader import Store, kind_word
from semantic.types import DocumentKind

# Scoring a document takes one to two microseconds, and a question has a tenth of a second in all.
_SCANNED = 25_000
# Among more documents each match takes longer, too: measured on 510,000, 5,000 leave 57 ms (p95) and 25,000 100 ms.
_MANY, _SCANNED_OF_MANY = 100_000, 5_000
# Common words are looked for two at a time; more of them would be more pairs than there is time for.
_PAIRED = 2
_TITLE, _TEXT = 2.0, 1.0


def match_words(store: Store, kind: DocumentKind, words: Sequence[str], *, limit: int) -> dict[int, float]:
    """Return the BM25 score, by position, of the documents of a kind that say most of the words.

    A word that very many documents say finds only those that say another such word, too.
    """
    phrases = ['"' + word.replace('"', "") + '"' for word in dict.fromkeys(words)]
    total = store.count_documents()
    counts = {phrase: _count(store, phrase) for phrase in phrases}
    wanted = _expression(counts, _SCANNED if total <= _MANY else _SCANNED_OF_MANY)
    if not wanted:
        return {}
    mark = f'kind : "{kind_word(kind)}"'
    # Where nearly all documents are of this kind, leaving the others out afterwards is cheaper than asking each.
    if 2 * _count(store, mark) < total:
        wanted = f"{mark} AND ({wanted})"
    rows = store.query(
        "SELECT d.position, f.score FROM (SELECT rowid AS code, -bm25(documents_text, ?, ?, 0.0) AS score "
        "FROM documents_text WHERE documents_text MATCH ? ORDER BY score DESC LIMIT ?) f "
        "JOIN documents d ON d.id = f.code WHERE d.kind = ? ORDER BY f.score DESC LIMIT ?",
        (_TITLE, _TEXT, wanted, 3 * limit, kind, limit),
    )
    return dict(rows)


def _count(store: Store, phrase: str) -> int:
    rows = store.query("SELECT count(*) FROM documents_text WHERE documents_text MATCH ?", (phrase,))
    return int(rows[0][0])


def _expression(counts: dict[str, int], left: int) -> str:
    """Combine phrases so that not many more documents match than may be scored."""
    rare, common = list[str](), list[str]()
    for phrase, count in sorted(counts.items(), key=lambda pair: pair[1]):
        if count:
            left -= count
            (rare if left >= 0 else common).append(phrase)
    pairs = [f"({a} AND {b})" for a, b in combinations(common[:_PAIRED], 2)]
    return " OR ".join([*rare, *pairs] or common)
