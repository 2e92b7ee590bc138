"""Speech of synthetic questions: which of many wordings is taken, and how tables, columns and numbers are said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bench.train.synthetic_lake import Asked, Topic
from bench.train.synthetic_names import WORDINGS, column_words, is_person, say_column, say_noun
from genie_ext.embedded.words import UNITS, name_stems
from genie_ext.types import ColumnRef, Filter
from semantic.types import Column, TableId

T = TypeVar("T")
_VAGUE = frozenset(WORDINGS["stems"]["vague"].split())
_MONEY = frozenset(WORDINGS["stems"]["money"].split())
_THOUSAND, _MILLION = 1_000, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A condition with its words.

    Attributes:
        filters: What must hold.
        after: Words behind the noun; {have}, {are} and {do} stand for verbs in the number of the noun.
        before: Words before the noun instead.
        sources: Tables that must have a matching row.
    """

    filters: tuple[Filter, ...] = ()
    after: str = ""
    before: str = ""
    sources: tuple[TableId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of a topic that meet conditions, as a question speaks of them."""

    topic: Topic
    conditions: tuple[Said, ...] = field(default=())

    @property
    def filters(self) -> tuple[Filter, ...]:
        """All that must hold for them."""
        return tuple(part for said in self.conditions for part in said.filters)

    @property
    def sources(self) -> tuple[TableId, ...]:
        """Their table, and those in which they must have a matching row."""
        return (self.topic.table.id, *(table for said in self.conditions for table in said.sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One who asks: a lake and dice."""

    asked: Asked
    rng: random.Random

    def chance(self, share: float) -> bool:
        """Tell whether something that happens so often happens now."""
        return self.rng.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of several."""
        return self.rng.choice(choices)

    def form(self, group: str, name: str) -> str:
        """Return one of the forms of a list of wordings."""
        return self.pick(WORDINGS[group][name])

    def say(self, group: str, name: str, /, **places: str) -> str:
        """Return one of the forms of a list with its places filled; the verbs of conditions stay open."""
        verbs = {"have": "{have}", "are": "{are}", "do": "{do}"}
        return self.form(group, name).format(**verbs, **places)

    def noun(self, topic: Topic, *, many: bool = True) -> str:
        """Return what the rows of a topic are called."""
        words = topic.noun
        other = self._synonym(words[-1]) if self.chance(0.08) else ""
        if len(words) > 1 and self.chance(0.06) and self._means_topic(words[-1:], topic):
            words = words[-1:]
        return say_noun((*words[:-1], other) if other else words, many=many)

    def rows(self, rows: Rows, *, many: bool = True, whole: bool = False) -> str:
        """Return rows as a noun with what is said of them, with “all” or “the” now and then where `whole`."""
        verbs = ("have", "are", "do") if many else ("has", "is", "does")
        noun = self.noun(rows.topic, many=many)
        before = " ".join(said.before for said in rows.conditions if said.before)
        after = [said.after for said in rows.conditions if said.after]
        text = f"{before} {noun} {_joined(after)}".strip()
        if whole and many and not before and self.chance(0.3):
            text = f"{self.pick(('all', 'all', 'the', 'all the', 'our'))} {text}"
        return text.format(have=verbs[0], are=verbs[1], do=verbs[2]) if rows.conditions else text

    def column(self, topic: Topic, column: Column, *, many: bool = False) -> str:
        """Return what a column is called where its table is said as well."""
        full = column_words(column)
        words = self._shortened(topic, column, full)
        if words == topic.noun and self._means_column(("name",), topic, column):
            words = ("name",)
        if words == full and column.synonyms and self.chance(0.2):
            return self.pick(column.synonyms)
        other = self._synonym(words[-1]) if self.chance(0.06) else ""
        return say_column((*words[:-1], *other.split()) if other else words, many=many)

    def far_column(self, topic: Topic, column: Column, *, many: bool = False) -> str:
        """Return what a column is called where its table is not said otherwise."""
        name = self.column(topic, column, many=many)
        if self.is_alone(column) and not set(name_stems(column.name)) <= _VAGUE and self.chance(0.5):
            return say_column(column_words(column), many=many)
        noun = say_noun(topic.noun, many=False)
        return name if name.startswith(noun) else f"{noun} {name}"

    def is_alone(self, column: Column) -> bool:
        """Tell whether no other column of the lake has a name that its words may mean."""
        own = frozenset(name_stems(column.name))
        return sum(count for stems, count in self.asked.columns.items() if own <= stems) == 1

    def number(self, value: float, column: Column | None = None) -> str:
        """Return a number as people write it."""
        text = f"{value:,}" if abs(value) >= _THOUSAND and self.chance(0.3) else f"{value}"
        words = WORDINGS["numbers"].get(text)
        if words and self.chance(0.25):
            return str(words)
        for unit, name in ((_MILLION, " million"), (_THOUSAND, "k")):
            if value >= unit and value % (unit // 10) == 0 and self.chance(0.15):
                text = f"{value / unit:g}{name}"
                break
        money = column is not None and bool(_MONEY & set(name_stems(column.name)))
        return f"${text}" if money and self.chance(0.1) else text

    def relative(self, topic: Topic) -> str:
        """Return the word that ties a clause to the noun of a topic."""
        return "who" if is_person(topic.noun) and self.chance(0.7) else "that"

    def _synonym(self, word: str) -> str:
        """Return another word for a word, empty where there is none or where it names something else here."""
        others = [o for o in WORDINGS["synonyms"].get(word, ()) if not set(name_stems(o)) & self.asked.stems]
        return self.pick(others) if others else ""

    def _means_topic(self, words: tuple[str, ...], topic: Topic) -> bool:
        stems = set(name_stems(" ".join(words)))
        others = (other for other in self.asked.topics if other is not topic)
        columns = sum(count for own, count in self.asked.columns.items() if stems <= own)
        return not any(stems & set(name_stems(" ".join(other.noun))) for other in others) and not columns

    def _shortened(self, topic: Topic, column: Column, full: tuple[str, ...]) -> tuple[str, ...]:
        """Return the words of a column without those that the question does not need, if they still mean only it."""
        words = full
        if len(words) > 1 and words[-1] in UNITS and words[-1] != "code" and self.chance(0.6):
            words = words[: -2 if words[-2] == "in" else -1]
        noun = topic.noun
        if words[: len(noun)] == noun and len(words) > len(noun) and self.chance(0.8):
            words = words[len(noun) :]
        elif len(words) > 1 and not _VAGUE & {words[0], words[-1]} and self.chance(0.08):
            words = words[-1:]
        return words if words == full or self._means_column(words, topic, column) else full

    def _means_column(self, words: tuple[str, ...], topic: Topic, column: Column) -> bool:
        stems = set(name_stems(" ".join(words)))
        columns = (other for other in topic.table.columns if other.name != column.name)
        return not any(stems <= set(name_stems(other.name)) for other in columns)


def ref_of(topic: Topic, column: Column | str) -> ColumnRef:
    """Return a column of a topic as steps name it."""
    return ColumnRef(topic.table.id, column if isinstance(column, str) else column.name)


def _joined(clauses: list[str]) -> str:
    """Return clauses one behind the other, with “and” between those of one form."""
    text = ""
    for clause in clauses:
        alike = bool(text) and clause.split()[0] in {"with", "whose", "where", "that", "without", "who"}
        text = f"{text} and {clause}" if alike else f"{text} {clause}"
    return text.strip()
