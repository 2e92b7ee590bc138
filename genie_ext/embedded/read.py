"""Reading: everything the question's words were found to mean, before any of it is combined."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genie_ext.embedded.cues import Cue, find_cues, read_number
from genie_ext.embedded.dates import DatePhrase, find_dates
from genie_ext.embedded.lifted import Lifted, find_lifted
from genie_ext.embedded.link import Linker, Mention
from genie_ext.embedded.meant import meant_names, segment_mention
from genie_ext.embedded.named import Named
from genie_ext.embedded.words import STOP_WORDS, Word, split_words
from genie_ext.types import Context
from semantic.found import ValueHit

_QUOTED = re.compile(r"\"([^\"]{1,200})\"|“([^”]{1,200})”|‘([^’]{1,200})’|(?<!\w)'([^']{1,200})'(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A quoted text of the question, without its quotes."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The parts of a question, each list in order of the question.

    Attributes:
        values: Cell values that were named; hits that share a span are alternatives.
        unlinked: Content words that nothing explains.
        lifted: Words that ask for rows which the default of a table leaves out.
        passed: Names of metrics that mean the plain thing of that name, though a query defines them otherwise.
        named: Names of metrics and segments; the words of a segment are a mention of its table as well.
    """

    text: str
    words: tuple[Word, ...]
    cues: tuple[Cue, ...]
    dates: tuple[DatePhrase, ...]
    quoted: tuple[Quoted, ...]
    mentions: tuple[Mention, ...]
    values: tuple[tuple[ValueHit, ...], ...]
    unlinked: tuple[str, ...]
    named: tuple[Named, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    passed: tuple[Named, ...] = ()


def read_question(context: Context) -> Reading:
    """Return what each part of the question means in this context."""
    text = context.question.text
    words = split_words(text)
    linker = Linker(context.tables)
    quoted = _find_quoted(text)
    spans = [(q.start, q.end) for q in quoted]
    named, passed = meant_names(context, linker, words, spans)
    defined = [*spans, *((n.start, n.end) for n in named)]
    dates = tuple(d for d in find_dates(text, context.question.today) if not _inside(d.at, d.until, defined))
    lifted = find_lifted(text, words, context.tables)
    spans += [(n.start, n.end) for n in named] + [(part.start, part.end) for part in lifted]
    spans += [(d.at, d.until) for d in dates]
    protected = tuple(m for m in linker.exact(words) if not _inside(m.start, m.end, spans))
    spans += [(m.start, m.end) for m in protected]
    values = _choose_values(context, linker, words, spans)
    spans += [(group[0].start, group[0].end) for group in values]
    cues = find_cues(text, taken=tuple(spans))
    spans += [(c.start, c.end) for c in cues if c.kind != "unsupported"]
    mentions = (
        *protected,
        *linker.mentions(words, blocked=[s for s in spans if s not in {(m.start, m.end) for m in protected}]),
    )
    mentions = _without_overlaps((*(segment_mention(n) for n in named if n.segments), *mentions))
    spans += [(m.start, m.end) for m in mentions]
    return Reading(
        text=text, words=words, cues=cues, dates=dates, quoted=quoted, values=values,
        mentions=mentions, unlinked=tuple(w.text for w in words if _unexplained(w, spans)), named=named,
        lifted=lifted, passed=passed,
    )  # fmt: skip


def _find_quoted(text: str) -> tuple[Quoted, ...]:
    return tuple(
        Quoted(text=next(g for g in match.groups() if g), start=match.start(), end=match.end())
        for match in _QUOTED.finditer(text)
    )


def _inside(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for other_start, other_end in spans)


def _without_overlaps(mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
    kept: list[Mention] = []
    for mention in mentions:  # protected ones come first and win
        if not _inside(mention.start, mention.end, [(k.start, k.end) for k in kept]):
            kept.append(mention)
    return tuple(sorted(kept, key=lambda mention: mention.start))


def _choose_values(
    context: Context, linker: Linker, words: tuple[Word, ...], spans: list[tuple[int, int]]
) -> tuple[tuple[ValueHit, ...], ...]:
    """Return value hits grouped by span; a phrase that also names a table is a value only when written like one."""
    known = {table.id for table in context.tables}
    names = {(m.start, m.end): m.score for m in linker.mentions(words)}
    groups: dict[tuple[int, int], list[ValueHit]] = {}
    for hit in sorted(context.found.values, key=lambda h: (h.start - h.end, -h.score)):
        span = (hit.start, hit.end)
        taken = [*spans, *(other for other in groups if other != span)]
        quoted = context.question.text[max(hit.start - 1, 0)] in "'\"“‘"
        if not quoted and read_number(hit.phrase) is not None:
            continue  # numbers are read as numbers
        if (
            hit.table not in known
            or (_inside(*span, taken) and not quoted)
            or (quoted and _inside(*span, [g for g in groups if g != span]))
        ):
            continue
        if not quoted and _reads_as_name(hit, names, context.question.text):
            continue
        groups.setdefault(span, []).append(hit)
    return tuple(tuple(sorted(groups[span], key=lambda h: (-h.score, -h.count))) for span in sorted(groups))


def _reads_as_name(hit: ValueHit, names: dict[tuple[int, int], float], text: str) -> bool:
    overlapping = [score for (start, end), score in names.items() if start < hit.end and hit.start < end]
    if not overlapping:
        return hit.match in {"fuzzy", "part"} and hit.score < 0.88 and hit.phrase.islower()
    capitalised = hit.start > 0 and text[hit.start].isupper()
    longer = any(
        start <= hit.start and hit.end <= end and (end - start) > (hit.end - hit.start) for start, end in names
    )
    return max(overlapping) >= 0.9 and (longer or not (capitalised and hit.match == "exact"))


def _unexplained(word: Word, spans: list[tuple[int, int]]) -> bool:
    low = word.text.casefold()
    return low not in STOP_WORDS and not low.isdigit() and len(low) > 1 and not _inside(word.start, word.end, spans)
