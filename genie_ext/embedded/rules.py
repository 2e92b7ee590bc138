"""Rules of the semantic model: questions to refuse, to ask back about, or to answer with a word of advice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from genie_ext.embedded.named import normalised
from genie_ext.embedded.words import split_words
from genie_ext.types import Clarification, Context, Refusal
from semantic.facts import Rule, Term

_MOST_CHOICES = 4


def apply_rules(context: Context) -> Clarification | Refusal | None:
    """Return what the rules demand before a question is read; None where it may be answered."""
    text = context.question.text
    for rule in context.rules:
        if rule.kind == "refuse" and (not rule.words or find_phrase(text, rule.words)):
            return Refusal(reason=rule.text or "The semantic model says not to answer this.", settled=True)
    for rule in context.rules:
        span = find_phrase(text, rule.words) if rule.kind == "clarify" else None
        if span is not None and not find_phrase(text, rule.choices):
            return _ask(text, span, rule)
    return None


def advice(context: Context) -> Iterator[str]:
    """Yield what the rules tell about the words of a question."""
    for rule in context.rules:
        if rule.kind == "instruct" and rule.text and find_phrase(context.question.text, rule.words):
            yield rule.text


def meanings(terms: Sequence[Term], phrases: Sequence[str]) -> Iterator[str]:
    """Yield the definitions of the words of the business that decided how a question was read."""
    for term in terms:
        if any(find_phrase(phrase, (term.term, *term.synonyms)) for phrase in phrases):
            yield f"“{term.term}” means {term.definition}"


def find_phrase(text: str, phrases: Sequence[str]) -> tuple[int, int] | None:
    """Return the place of the first words of a text that say one of the phrases, whatever their endings."""
    words = split_words(text)
    stems = [word.stem for word in words]
    for phrase in sorted(phrases, key=len, reverse=True):
        wanted = list(normalised(phrase))
        for i in range(len(stems) - len(wanted) + 1):
            if wanted and stems[i : i + len(wanted)] == wanted:
                return words[i].start, words[i + len(wanted) - 1].end
    return None


def _ask(text: str, span: tuple[int, int], rule: Rule) -> Clarification | Refusal:
    said = text[span[0] : span[1]]
    choices = rule.choices[:_MOST_CHOICES]
    question = rule.text or f"What is meant by “{said}”?"
    if len(choices) < 2:
        return Refusal(reason=question, missing=(f"what “{said}” means",), suggestions=choices, settled=True)
    return Clarification(
        question=question, choices=choices, readings=tuple(_replaced(text, span, choice) for choice in choices)
    )


def _replaced(text: str, span: tuple[int, int], choice: str) -> str:
    """Return a question with the choice in the place of the words that were unclear, or in brackets behind them."""
    said = text[span[0] : span[1]]
    holds = re.search(rf"\b{re.escape(said)}\b", choice, re.IGNORECASE) is not None
    short = len(choice.split()) <= 5
    new = choice if holds or short else f"{said} ({choice})"
    return text[: span[0]] + new + text[span[1] :]
