"""The usual ways to find tables and columns, for comparison: names alone, and a vector store over DDL."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.semantics.gold import Element
from semantic.index import Index
from semantic.names import split_words
from semantic.types import Table, Vectors
from semantic.vectors.encoders import encode_many, find_encoder

Found = tuple[list[Element], list[Element]]
Search = Callable[[str, str | None], Found]
"""Question and the only catalog that may be found, None for all, to tables and columns, best first."""

_TABLES, _COLUMNS = 10, 25
_LEXICAL = 0.5
_K1, _B = 1.2, 0.75
_WORD = re.compile(r"[a-z]+|\d+")


def names_search(index: Index, work: Path) -> Search:
    """Return the search that fuses vectors and half of BM25 over the names of tables and columns."""
    tables = [index.table(table) for table in index.table_ids()]
    places = [_element(table) for table in tables]
    columns = [
        (_element(table, c.name), f"{_words(table.id.name)} {_words(c.name)}")
        for table in tables
        for c in table.columns
    ]
    of_tables = _Plain(places, [_words(table.id.name) for table in tables], work / "table_names.npy")
    of_columns = _Plain([e for e, _ in columns], [text for _, text in columns], work / "column_names.npy")

    def search(question: str, catalog: str | None) -> Found:
        vector = find_encoder().encode([question])[0]
        return of_tables.search(question, vector, catalog, _TABLES), of_columns.search(
            question, vector, catalog, _COLUMNS
        )

    return search


class _Plain:
    """Dense and BM25 scores over short texts, added as z-scores."""

    def __init__(self, elements: Sequence[Element], texts: Sequence[str], path: Path) -> None:
        self._elements = elements
        self._catalogs = np.array([element[0] for element in elements])
        self._vectors = _vectors(texts, path)
        words = [_WORD.findall(text) for text in texts]
        lengths = np.array([len(w) for w in words])
        self._weights: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, counts in enumerate(map(Counter, words)):
            for word, count in counts.items():
                norm = _K1 * (1 - _B + _B * lengths[place] / lengths.mean())
                self._weights[word].append((place, count * (_K1 + 1) / (count + norm)))

    def search(self, question: str, vector: NDArray[np.float32], catalog: str | None, limit: int) -> list[Element]:
        lexical = np.zeros(len(self._elements))
        for word in set(_WORD.findall(question.lower())):
            found = self._weights.get(word, ())
            rarity = math.log(1 + (len(lexical) - len(found) + 0.5) / (len(found) + 0.5))
            for place, weight in found:
                lexical[place] += rarity * weight
        scores = _standard(self._vectors @ vector) + _LEXICAL * _standard(lexical)
        if catalog is not None:
            scores[self._catalogs != catalog] = -np.inf
        return [self._elements[place] for place in np.argsort(-scores, kind="stable")[:limit]]


def peer_search(index: Index, work: Path) -> Search:
    """Return LangChain's vector store with one document per CREATE TABLE; columns are those of its tables, in order."""
    from langchain_core.documents import Document
    from langchain_core.vectorstores import InMemoryVectorStore

    tables = {str(table): index.table(table) for table in index.table_ids()}
    texts = {name: _ddl(table) for name, table in tables.items()}
    known = dict(zip(texts.values(), _vectors(list(texts.values()), work / "ddl.npy").tolist(), strict=True))

    class MiniLM:
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [known[text] for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return [float(x) for x in find_encoder().encode([text])[0]]

    store = InMemoryVectorStore(MiniLM())
    store.add_documents([Document(page_content=text, metadata={"table": name}) for name, text in texts.items()])

    def search(question: str, catalog: str | None) -> Found:
        def wanted(document: Document) -> bool:
            return catalog is None or str(document.metadata["table"]).split(".")[0].lower() == catalog

        hits = [tables[d.metadata["table"]] for d in store.similarity_search(question, k=_TABLES, filter=wanted)]
        return [_element(t) for t in hits], [_element(t, c.name) for t in hits for c in t.columns][:_COLUMNS]

    return search


def _vectors(texts: Sequence[str], path: Path) -> Vectors:
    """Encode texts once; the file is made again where their number has changed."""
    if path.is_file() and len(known := np.load(path)) == len(texts):
        return np.asarray(known, dtype=np.float32)
    distinct = list(dict.fromkeys(texts))
    rows = dict(zip(distinct, encode_many(find_encoder(), distinct, total=len(distinct)), strict=True))
    found = np.stack([rows[text] for text in texts]).astype(np.float32)
    np.save(path, found)
    return found


def _standard(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray((scores - scores.mean()) / max(float(scores.std()), 1e-9), dtype=np.float64)


def _element(table: Table, column: str = "") -> Element:
    return table.id.catalog.lower(), table.id.name.lower(), column.lower()


def _ddl(table: Table) -> str:
    columns = ", ".join(f'"{c.name}" {c.type}' for c in table.columns)
    key = f", PRIMARY KEY ({', '.join(table.primary_key)})" if table.primary_key else ""
    return f'CREATE TABLE "{table.id.catalog}"."{table.id.schema}"."{table.id.name}" ({columns}{key})'


def _words(name: str) -> str:
    return " ".join(split_words(name)) or name
