"""The words of a question that are searched for."""

from __future__ import annotations

import re

from semantic.names import IDLE_WORDS, STOP_WORDS, normalise, singular, split_words

_EMBEDDED = 8
_ASKING = """alphabetical alphabetically amount arrange ascending average biggest corresponding count descending detail
display distinct each earliest every exact fewer fewest find following get give greater greatest had has have having
high higher highest information large larger largest latest least less list listed lowest made make many max maximum
mean min minimum more most much number oldest order ordered overall present provide quantity rank result retrieve
return same several show small smaller smallest sort sorted sum tell top total unique various whole youngest"""
_WORD = re.compile(r"[^\W_]+(?:['\u2019]s\b)?")

ASKING_WORDS = frozenset(_ASKING.split())
"""Words that say what to do with rows far more often than which rows."""
_NOT_EMBEDDED = IDLE_WORDS | ASKING_WORDS


def said_words(question: str) -> list[str]:
    """Return the words of a question that carry meaning, in normal form and in their order."""
    words = [word for token in _tokens(question) for word in (split_words(token) or (token,))]
    return [word for word in words if word not in STOP_WORDS]


def question_words(question: str) -> list[str]:
    """Return the words of a question that carry meaning, in the singular and in their order."""
    return [singular(word) for word in said_words(question)]


def embedded_words(question: str) -> tuple[str, ...]:
    """Return the words of a question that are worth a vector of their own."""
    words = (token for token in _tokens(question) if token not in _NOT_EMBEDDED and not token.isdigit())
    return tuple(dict.fromkeys(words))[:_EMBEDDED]


def _tokens(question: str) -> list[str]:
    return [re.sub(r"['\u2019]s$", "", normalise(token)) for token in _WORD.findall(question)]
