"""The embedded planner: a context becomes a plan with a confidence, or a refusal that names what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from genie_ext.embedded.compose import compose, finish
from genie_ext.embedded.confidence import judge
from genie_ext.embedded.cues import Cue
from genie_ext.embedded.defaults import with_defaults
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.follow_up import is_follow_up, keep_date, merge, refers_back
from genie_ext.embedded.interpret import say
from genie_ext.embedded.levels import with_level
from genie_ext.embedded.metrics import say_figures, say_passed
from genie_ext.embedded.read import Reading, read_question
from genie_ext.embedded.rules import advice, apply_rules, find_phrase, meanings
from genie_ext.embedded.steps import base_table
from genie_ext.embedded.subjects import Lookup
from genie_ext.embedded.traps import find_traps
from genie_ext.embedded.trust import ask_which, bearers_of, outranks
from genie_ext.embedded.verified import find_verified
from genie_ext.embedded.words import STOP_WORDS, Word
from genie_ext.embedded.write import write_sql
from genie_ext.errors import CannotAnswerError
from genie_ext.types import Clarification, Context, Plan, Refusal, Step

_CHANGE = "a change to the data"
_SURE = 0.725
"""Confidence of the rules from which on they are seldom wrong, so that the ranking knows such a reading by this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the rules made of a question.

    Attributes:
        result: How they understand it, what is to be asked back, or what is missing.
        draft: How far they came, None where the result is settled before anything is composed.
        final: True where no other reading can be better: what a person or a rule of the lake decides, what continues
            the question before, and what cannot be computed here.
        strange: True where most words of the question name nothing in the data.
        sure: True where the rules explain the question so well that they are seldom wrong.
    """

    result: Plan | Clarification | Refusal
    draft: Draft | None = None
    final: bool = True
    strange: bool = False
    sure: bool = False


def plan_question(context: Context, lookup: Lookup) -> Planned:
    """Return how the rules understand the question, what is to be asked back, or what is missing.

    Args:
        context: What the lake knows about the question.
        lookup: Finds columns by meaning for phrases that no name explains.
    """
    settled = _settle(context)
    if settled is not None:
        return Planned(result=settled)
    reading = read_question(context)
    before = _continued(context)
    unclear = _unclear(context, reading, before)
    if unclear is not None:
        return Planned(result=unclear)
    draft = compose(context, reading, lookup, alone=before is None)
    unknown, strange = _unknown_names(reading), _strange_words(reading)
    draft.missing.extend((*unknown, *strange))
    step = finish(draft)
    if before is not None:
        step = _continue(context, draft, before, step)
    trapped = find_traps(step, context.relationships) if step is not None else ()
    draft.missing.extend(trapped)
    result = _result(context, draft, step)
    dated = isinstance(result, Plan) and result.steps[-1].time is not None
    final = before is not None or bool(unknown) or bool(trapped) or dated or _is_settled(draft)
    sure = isinstance(result, Plan) and result.confidence >= _SURE
    return Planned(result=result, draft=draft, final=final, strange=bool(strange), sure=sure)


def _is_settled(draft: Draft) -> bool:
    """Tell whether only the rules can read a question: names of the lake, dates, a choice, one table, nothing known."""
    reading = draft.reading
    dated = any(cue.kind == "grain" for cue in reading.cues) or not all(phrase.years for phrase in reading.dates)
    known = bool(reading.mentions or reading.values)
    return draft.unclear is not None or dated or bool(reading.named) or not known or _lists_a_table(reading)


def _lists_a_table(reading: Reading) -> bool:
    """Tell whether a question says one table and no more: "list the orders"."""
    said = [mention.tables() for mention in reading.mentions]
    more = reading.cues or reading.values or reading.dates or reading.quoted or reading.unlinked
    return not more and len(said) == 1 and bool(said[0]) and said[0][0].score == 1.0


def _result(context: Context, draft: Draft, step: Step | None) -> Plan | Clarification | Refusal:
    """Return the plan of a step that means one thing and can be computed."""
    if step is None and not draft.missing:
        draft.missing.append("any table or column that the question names")
    if draft.missing or step is None:
        return _refuse(context, draft.missing)
    if draft.unclear is not None:
        return draft.unclear
    try:
        step = complete(draft, step)
    except CannotAnswerError as error:
        return _refuse(context, [error.message])
    chance, reasons = judge(context, draft, step)
    return make_plan(draft, step, chance=chance, reasons=reasons)


def complete(draft: Draft, step: Step) -> Step:
    """Return a step with what the lake adds to it: default conditions and levels.

    Raises:
        CannotAnswerError: It cannot be compiled.
    """
    context = draft.context
    step = with_level(draft, with_defaults(draft, step))
    write_sql(step, context.names, context.tables, context.relationships)
    return step


def make_plan(draft: Draft, step: Step, *, chance: float, reasons: tuple[str, ...]) -> Plan:
    """Return the plan of a complete step, said in words and with all that was assumed."""
    context = draft.context
    draft.assumptions.extend((*say_figures(step), *say_passed(draft, step)))
    draft.assumptions.extend(meanings([hit.fact for hit in context.found.terms], _decisive(draft)))
    draft.assumptions.extend(advice(context))
    return Plan(
        interpretation=say(step, base_table(step)),
        steps=(step,),
        assumptions=tuple(dict.fromkeys(draft.assumptions)),
        confidence=round(chance, 3),
        reasons=reasons,
    )


def _settle(context: Context) -> Plan | Clarification | Refusal | None:
    """Return what is to be said before a question is read at all: its verified query, or what a rule demands."""
    if not _is_english(context.question.text):
        return Refusal(
            reason="The embedded tier reads English questions only.",
            suggestions=("Ask in English.", "Configure a model that reads your language."),
        )
    return find_verified(context) or apply_rules(context) or _barred(context)


def _unclear(context: Context, reading: Reading, before: Plan | None) -> Clarification | Refusal | None:
    """Return the question back about a name of several meanings, or the refusal of what cannot be computed."""
    for named in reading.named:
        facts = bearers_of(named, context.metrics)
        if not outranks(facts[0], facts[1:]):
            return ask_which(context.question.text, named, facts)
    unsupported = [cue for cue in reading.cues if cue.kind == "unsupported"]
    missing = [_say_unsupported(cue) for cue in unsupported]
    if before is not None and before.query is not None:
        missing.append("a whole question: a verified query answers its own question and no other")
    if before is not None and before.steps[-1].free:
        missing.append("a whole question: a model wrote the query before, and its parts are not known here")
    settled = any(cue.detail == _CHANGE for cue in unsupported)
    return replace(_refuse(context, missing), settled=settled) if missing else None


def _continued(context: Context) -> Plan | None:
    """Return the plan that the question changes, None where it stands alone."""
    before = context.previous.plan if context.previous is not None else None
    return before if is_follow_up(context.question.text) else None


def _continue(context: Context, draft: Draft, before: Plan, step: Step | None) -> Step | None:
    """Return the step of the draft merged into the one before."""
    counts = [cue for cue in draft.reading.cues if cue.kind == "aggregate" and cue.detail == "count"]
    counted = any(not refers_back(draft.reading.text[cue.end :]) for cue in counts)
    merged = merge(before, keep_date(before.steps[-1], step) if step is not None else None, counted=counted)
    if merged is not None and context.previous is not None:
        draft.assumptions.append(f"continues “{context.previous.question.text}”")
        draft.doubt("builds on the question before", 0.3)
    return merged


def _decisive(draft: Draft) -> tuple[str, ...]:
    """Return the words that named a figure or a condition, so that what they mean decided the answer."""
    return tuple(named.text for named in draft.reading.named)


def _barred(context: Context) -> Refusal | None:
    """Return the refusal of a figure or condition that reads what nobody may read."""
    text = context.question.text
    span = find_phrase(text, sorted(context.barred))
    if span is None:
        return None
    said = text[span[0] : span[1]]
    return Refusal(
        reason=f"“{said}” reads data that may not be read here.", missing=(f"the right to read “{said}”",), settled=True
    )


def _say_unsupported(cue: Cue) -> str:
    if cue.detail == _CHANGE:
        return f"the right to “{cue.word.strip(' ;')}”: a lake is only ever read"
    return f"a way to compute “{cue.word.strip()}” without a model"


def _unknown_names(reading: Reading) -> list[str]:
    """Return what is missing for words written as names, and for quoted texts, that no value or column explains."""
    missing = [f"anything called “{word.text}” in the data" for word in reading.words if _is_unknown(reading, word)]
    for quoted in reading.quoted:
        explained = any(g[0].start < quoted.end and quoted.start < g[0].end for g in reading.values)
        pattern = any(c.kind == "like" and 0 <= quoted.start - c.end <= 3 for c in reading.cues)
        if not explained and not pattern:
            missing.append(f"a cell that holds “{quoted.text}”")
    return missing


def _strange_words(reading: Reading) -> list[str]:
    """Return what is missing where at least two words, and half of those that could name something, name nothing."""
    names = (*(mention.text for mention in reading.mentions), *(named.text for named in reading.named))
    known = sum(len(name.split()) for name in names) + len(reading.values)
    strange = len(reading.unlinked)
    return [f"what “{' '.join(reading.unlinked[:5])}” means here"] if strange >= max(2, known + 1) else []


def _is_unknown(reading: Reading, word: Word) -> bool:
    """Tell whether a word is written as a name and nothing explains it."""
    named = word.start > 0 and word.text[:1].isupper() and not _starts_sentence(reading.text, word.start)
    return named and word.text in reading.unlinked


def _starts_sentence(text: str, start: int) -> bool:
    return re.search(r"[.?!:]\s*$", text[:start]) is not None


def _is_english(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text.casefold())
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return False
    ascii_share = sum(c.isascii() for c in letters) / len(letters)
    return ascii_share >= 0.7 and (len(words) < 6 or any(word in STOP_WORDS for word in words))


def _refuse(context: Context, missing: list[str]) -> Refusal:
    near = [context.names[table.id] for table in context.tables[:3]]
    suggestions = [f"Name a column or value of {', '.join(near)}."] if near else []
    return Refusal(
        reason="I could not answer this without guessing.",
        missing=tuple(dict.fromkeys(missing)),
        suggestions=(*suggestions, "Run `genie search` with your words, or configure a model."),
    )
