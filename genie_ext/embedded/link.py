"""Schema linking: which words of a question name which tables and columns.

A phrase may name several things; every mention keeps its candidates so that the plan can choose those that lie close
together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genie_ext.embedded.link_items import Item, items_of, score_of
from genie_ext.embedded.words import STOP_WORDS, Word, root
from semantic.types import Table, TableId

LONGEST_PHRASE = 6
_GLUE = frozenset({"a", "an", "the", "of", "in", "to", "'s", "their", "its", "all"})
_SOFT = frozenset(
    {
        "order",
        "total",
        "number",
        "value",
        "record",
        "information",
        "info",
        "detail",
        "details",
        "data",
        "list",
        "values",
    }
)
_WEAKEST = 0.5
_PARTIAL = 0.7
"""Below it a phrase is only a part of a name."""


@dataclass(frozen=True, slots=True)
class Link:
    """A table (`column` is empty) or a column that a phrase may name; `score` is 0 to 1."""

    table: TableId
    column: str
    score: float


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase of the question with the things it may name, best first; [start, end) in characters."""

    text: str
    start: int
    end: int
    links: tuple[Link, ...]

    @property
    def score(self) -> float:
        """Score of the best candidate."""
        return self.links[0].score if self.links else 0.0

    def tables(self) -> tuple[Link, ...]:
        """Return the candidates that are tables."""
        return tuple(link for link in self.links if not link.column)

    def columns(self) -> tuple[Link, ...]:
        """Return the candidates that are columns."""
        return tuple(link for link in self.links if link.column)


class Linker:
    """Links phrases to the tables and columns of one context."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._items: list[Item] = []
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        self._by_root: dict[str, list[int]] = defaultdict(list)
        self._by_joined: dict[str, list[int]] = defaultdict(list)
        for rank, table in enumerate(tables):
            if table.hidden:
                continue
            for item in items_of(table, min(rank, 20) * 0.004):
                self._add(item)

    def mentions(self, words: Sequence[Word], *, blocked: Iterable[tuple[int, int]] = ()) -> tuple[Mention, ...]:
        """Return the best non-overlapping mentions, in order of the question.

        Args:
            words: Words of the question.
            blocked: Character ranges that already have another meaning.
        """
        spans = tuple(blocked)
        free = [not any(word.start < end and start < word.end for start, end in spans) for word in words]
        best: list[tuple[float, tuple[Mention, ...]]] = [(0.0, ())]
        for end in range(1, len(words) + 1):
            choice = best[end - 1]
            for start in range(max(0, end - LONGEST_PHRASE), end):
                if not all(free[start:end]):
                    continue
                mention = self._mention(words[start:end])
                if mention is not None:
                    length = sum(_content(word) for word in words[start:end])
                    value = best[start][0] + mention.score * length + 0.01 * (length > 1)
                    if value > choice[0]:
                        choice = (value, (*best[start][1], mention))
            best.append(choice)
        return best[-1][1]

    def exact(self, words: Sequence[Word]) -> tuple[Mention, ...]:
        """Return phrases of two words or more that spell a whole column name, such as "number of seats"."""
        found = [mention for i in range(len(words)) for mention in self._coordinated(words[i : i + 4])]
        start = 0
        while start < len(words):
            for end in range(min(len(words), start + LONGEST_PHRASE), start + 1, -1):
                stems = frozenset(word.stem for word in words[start:end]) - _GLUE
                edge = {words[start].stem, words[end - 1].stem} & _GLUE
                links = [] if edge or len(stems) < 2 else self._links(stems, lowest=0.93, columns_only=True)
                if links and not _is_aggregate_reading(words[start].stem, stems, links, self._items):
                    found.append(_build(words[start:end], links))
                    start = end - 1
                    break
            start += 1
        return tuple(found)

    def whole(self, words: Sequence[Word]) -> tuple[Link, ...]:
        """Return the tables and columns that words spell in full, without counting what people also call them."""
        stems = frozenset(word.stem for word in words) - _GLUE
        return tuple(link for link in self._links(stems, lowest=0.93, names_only=True) if stems)

    def _coordinated(self, words: Sequence[Word]) -> tuple[Mention, ...]:
        """Return both columns of "first and last name": two words share one noun."""
        if len(words) < 4 or words[1].text.casefold() not in {"and", "or"} or {words[0].stem, words[2].stem} & _GLUE:
            return ()
        pairs = [
            self._links(frozenset({w.stem, words[3].stem}), lowest=0.93, columns_only=True)
            for w in (words[0], words[2])
        ]
        if not all(pairs):
            return ()
        return _build(words[:1], pairs[0]), _build(words[2:], pairs[1])

    def _mention(self, words: Sequence[Word]) -> Mention | None:
        if not (_content(words[0]) and _content(words[-1])):
            return None
        if any(not _content(word) and word.text.casefold() not in _GLUE for word in words):
            return None
        stems = frozenset(word.stem for word in words if _content(word))
        soft = all(word.stem in _SOFT for word in words)
        links = self._links(stems, lowest=0.93 if soft else _WEAKEST)
        if len(words) > 1:
            links += [
                Link(*self._items[i].link, 0.95 - self._items[i].penalty)
                for i in self._by_joined.get("".join(w.stem for w in words), ())
            ]
        if len(stems) == 1 and all(link.score < _PARTIAL for link in links):
            links += self._family(words[0].text)
        return _build(words, sorted(links, key=lambda link: -link.score)) if links else None

    def _family(self, word: str) -> list[Link]:
        """Return what shares only the root of a word: a table `rating` for "rated"."""
        items = [self._items[i] for i in self._by_root.get(root(word), ())] if len(word) > 4 else []
        items = [item for item in items if len(item.roots) == 1] or items
        return [
            Link(*item.link, 0.62 - 0.1 * (len(item.roots) - 1) - item.penalty)
            for item in items
            if len(item.roots) <= 2
        ]

    def _links(
        self, stems: frozenset[str], *, lowest: float, columns_only: bool = False, names_only: bool = False
    ) -> list[Link]:
        candidates = {index for word in stems for index in self._by_stem.get(word, ())}
        best: dict[tuple[TableId, str], Link] = {}
        for index in candidates:
            item = self._items[index]
            score = score_of(stems, item) - item.penalty
            wanted = (item.link[1] or not columns_only) and not (names_only and item.synonym)
            known = best.get(item.link)
            if score + item.penalty >= lowest and wanted and (known is None or known.score < score):
                best[item.link] = Link(*item.link, score)
        links = best.values()
        return sorted(links, key=lambda link: (-link.score, bool(link.column), str(link.table), link.column))[:12]

    def _add(self, item: Item) -> None:
        index = len(self._items)
        self._items.append(item)
        for word in item.stems | item.comment | item.long:
            self._by_stem[word].append(index)
        for word in item.roots:
            self._by_root[word].append(index)
        self._by_joined[item.joined].append(index)


def _content(word: Word) -> bool:
    low = word.text.casefold()
    return word.stem in _SOFT or (low not in STOP_WORDS and len(low) > 1)


def _is_aggregate_reading(first: str, stems: frozenset[str], links: list[Link], items: list[Item]) -> bool:
    """Tell whether "average age" is an aggregate of `age` rather than a column spelled only by dropping words."""
    if first not in {"average", "maximum", "minimum", "total", "first", "last", "top"}:
        return False
    return not any(item.stems == stems for item in items for link in links if item.link == (link.table, link.column))


def _build(words: Sequence[Word], links: list[Link]) -> Mention:
    return Mention(
        text=" ".join(word.text for word in words), start=words[0].start, end=words[-1].end, links=tuple(links)
    )
