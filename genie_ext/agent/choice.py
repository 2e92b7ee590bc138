"""Choices: which reading of a question asked back a reply picks."""

from __future__ import annotations

import re
from dataclasses import replace

from genie_ext.embedded.named import normalised
from genie_ext.embedded.words import STOP_WORDS
from genie_ext.types import Clarification, Plan

_NUMBER = re.compile(
    r"\s*(?:the |number |option |choice |no\.? ?|#)*(\d+|one|two|three|four|first|second|third|fourth|last)"
    r"(?:st|nd|rd|th)?(?: one| option| choice)?\s*[.)!]?\s*",
    re.IGNORECASE,
)
_COUNTED = {"one": 1, "two": 2, "three": 3, "four": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
_POLITE = frozenset(
    {"mean", "meant", "want", "take", "use", "pick", "choose", "option", "choice", "version", "definition"}
)
_LONGEST = 12


_CHOSEN = 0.9
"""Confidence in a reading that the user picked."""


def pick(asked: Clarification, reply: str) -> tuple[str, Plan | None] | None:
    """Return the whole question that a reply stands for and, where the choice is a reading, its plan; else None.

    A choice is picked by its number, by its own text, or by words that occur in it and in no other.
    """
    index = _numbered(asked, reply)
    if index is None:
        index = _worded(asked, reply)
    if index is None or index >= len(asked.readings):
        return None
    plan = asked.plans[index] if asked.plans else None
    chosen = replace(plan, confidence=_CHOSEN, reasons=("you chose this reading",)) if plan is not None else None
    return asked.readings[index], chosen


def _numbered(asked: Clarification, reply: str) -> int | None:
    match = _NUMBER.fullmatch(reply)
    if match is None:
        return None
    word, count = match[1].lower(), len(asked.choices)
    number = count if word == "last" else _COUNTED.get(word) or int(word)
    return number - 1 if 1 <= number <= count else None


def _worded(asked: Clarification, reply: str) -> int | None:
    said = normalised(reply)
    choices = [normalised(choice) for choice in asked.choices]
    if said in choices:
        return choices.index(said)
    wanted = {stem for stem in said if stem not in STOP_WORDS | _POLITE}
    fitting = [i for i, choice in enumerate(choices) if wanted and wanted <= set(choice)]
    if len(fitting) > 1:  # "revenue" names the first of "revenue" and "net revenue"
        fitting = [i for i in fitting if wanted == {s for s in choices[i] if s not in STOP_WORDS}] or fitting
    return fitting[0] if len(fitting) == 1 and len(said) <= _LONGEST else None
