"""Signs: whether a query does what single words of a question ask for, such as "not", "or", "average" or "before"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from genie_ext.embedded.lexicon import read_lexicon

_TEXTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_IN_PLACE = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that a question can ask for and a query can do.

    Attributes:
        name: Of its features: "NAME left" where only the question has it, "NAME unasked" where only the query does.
        what: How it is called in a sentence.
        said: Tells it in questions.
        done: Tells it in queries.
        firm: True where a query without it does something else than was asked.
    """

    name: str
    what: str
    said: re.Pattern[str]
    done: re.Pattern[str]
    firm: bool


@cache
def signs() -> tuple[Sign, ...]:
    """Return all signs."""
    return tuple(
        Sign(
            name=one["name"],
            what=one["what"],
            said=re.compile(one["said"], re.IGNORECASE),
            done=re.compile(one["done"], re.IGNORECASE),
            firm=one.get("firm", False),
        )
        for one in read_lexicon("signs")["sign"]
    )


def compare(question: str, sql: str) -> Mapping[str, float]:
    """Return the features of all signs: 1 where question and query differ in one, else 0."""
    text, query = question.replace("’", "'"), _TEXTS.sub(_IN_PLACE, sql)
    found = {}
    for sign in signs():
        said, done = bool(sign.said.search(text)), bool(sign.done.search(query))
        found[f"{sign.name} left"] = float(said and not done)
        found[f"{sign.name} unasked"] = float(done and not said)
    return found


def firmly_left(known: Mapping[str, float]) -> tuple[str, ...]:
    """Return what a query lacks that a question firmly asks for, in words."""
    return tuple(sign.what for sign in signs() if sign.firm and known[f"{sign.name} left"])
