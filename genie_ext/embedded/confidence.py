"""Confidence: what speaks against a plan, summed as log odds and calibrated on measured answers."""

from __future__ import annotations

import math
import re

from genie_ext.embedded.draft import Draft
from genie_ext.embedded.join_tree import find_path
from genie_ext.embedded.steps import base_table, compared_metrics, metrics_of, read_columns
from genie_ext.types import ColumnRef, Context, Measure, Step
from semantic.facts import Standing

_PRIOR = 2.2
"""Log odds of a plan that nothing speaks against, before calibration."""

_SCALE, _SHIFT = 0.473, 0.090
"""Platt scaling of the log odds, fitted by `bench/calibrate.py`."""

NO_DOUBT = "every word of the question was used"
"""The reason given where nothing speaks against a plan."""

# A figure that somebody defined is not guessed from words; how far that helps depends on who says so.
_TRUST: dict[Standing, float] = {"certified": 2.5, "modelled": 2.5, "used": 1.5, "recent": 1.0, "once": 0.5}

_WHOLE = 0.8
"""Score from which a mention spells a name in full rather than in part."""

# A verb often only says how two tables are joined; another word that nothing explains is mostly a lost condition.
_VERB_COST, _NAME_COST = 0.4, 1.6
_VERB = re.compile(
    r"(?!un|non|in)\w+(?:ed|ing)|made|held|born|given|got|gets?|lives?|belongs?|uses?|owns?|works?|placed?"
)


def judge(context: Context, draft: Draft, step: Step) -> tuple[float, tuple[str, ...]]:
    """Return the chance that a step is right, 0 to 1, and the reasons, each a short clause."""
    doubts = [*draft.doubts, *_words(draft, step), *_reach(context, draft, step), *_joins(context, step), *_shape(step)]
    metrics = {m.metric for m in (*metrics_of(step), *compared_metrics(step)) if m.metric is not None}
    # Each doubt about the rest of the question takes away from what a known figure adds.
    known = max((_TRUST[metric.standing] for metric in metrics), default=0.0)
    doubts.append(("", -max(0.0, known - sum(cost for clause, cost in doubts if clause))))
    odds = _PRIOR - sum(cost for _, cost in doubts)
    reasons = [clause for clause, _ in doubts if clause] or [NO_DOUBT]
    return _chance(_SCALE * odds + _SHIFT), tuple(dict.fromkeys(reasons))


def uncalibrate(chance: float) -> float:
    """Return the log odds, before calibration, of a calibrated chance between 0 and 1."""
    return (_odds(chance) - _SHIFT) / _SCALE


def _words(draft: Draft, step: Step) -> list[tuple[str, float]]:
    """Return doubts about words that nothing explains, or that were explained only in part or for nothing."""
    unlinked, mentions = draft.reading.unlinked, draft.reading.mentions
    doubts = []
    if unlinked:
        cost = sum(_VERB_COST if _VERB.fullmatch(word.casefold()) else _NAME_COST for word in unlinked)
        doubts.append(("words not used: " + ", ".join(unlinked[:5]), cost))
    weak = [m for i, m in enumerate(mentions) if i in draft.used and m.score < _WHOLE]
    doubts += [(f"“{m.text}” matches a name only in part", 0.5 if m.score >= 0.6 else 1.4) for m in weak]
    read = {base_table(step), *step.sources, *(r.table for r in read_columns(step))}
    unused = [m for i, m in enumerate(mentions) if i not in draft.used]
    idle = [m.text for m in unused if not any(k.table in read and k.score >= _WHOLE for k in m.tables())]
    return doubts + [(f"“{text}” was not needed", 0.8) for text in idle]


def _reach(context: Context, draft: Draft, step: Step) -> list[tuple[str, float]]:
    """Return doubts about values of a table that the question does not name and that only matches in many rows."""
    named = {k.table for m in draft.reading.mentions for k in m.links if k.score >= _WHOLE}
    start = ((base_table(step), ""),)
    doubts = []
    for condition in step.filters:
        subject = condition.subject
        if not isinstance(subject, ColumnRef) or subject.table in named:
            continue
        path = find_path(start, (subject.table, ""), context.relationships) or ()
        if any(edge.multiplies for edge in path):
            doubts.append(
                (f"“{condition.phrase}” was found in {subject.table.name}, which the question does not name", 1.4)
            )
    return doubts


def _joins(context: Context, step: Step) -> list[tuple[str, float]]:
    """Return doubts about joins: each may be the wrong one, more so where it was inferred."""
    base = base_table(step)
    joined = {r.table for r in read_columns(step)} - {base}
    ends = joined | {base}
    inferred = any(r.origin == "inferred" and {r.child, r.parent} <= ends for r in context.relationships)
    doubts = [("", 0.25 * len(joined))]
    if joined and inferred:
        doubts.append(("a join was inferred from names and values", 0.2))
    return doubts


def _shape(step: Step) -> list[tuple[str, float]]:
    """Return doubts about rare shapes: many conditions, nested figures, tables that only have to match."""
    nested = sum(f.step is not None or isinstance(f.subject, Measure) for f in step.filters)
    idle = len(set(step.sources) - {base_table(step)} - {r.table for r in read_columns(step)})
    return [("", 0.2 * max(0, len(step.filters) - 1)), ("", 0.3 * nested), ("", 0.4 * idle)]


def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _odds(chance: float) -> float:
    return math.log(chance / (1 - chance))
