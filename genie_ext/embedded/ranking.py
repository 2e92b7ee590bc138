"""Ranking: the chance that a group of readings with one result is right, from what speaks for and against it.

The weights are fitted by `python -m bench.train rank` on databases that the parser was not trained on, so that the
chance of the winner is its confidence (logistic regression; Platt, 1999).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from genie_ext.embedded.candidates import Candidate, Group
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.left import names_left, numbers_left, values_left
from genie_ext.embedded.plan import Planned
from genie_ext.embedded.signs import compare, firmly_left
from genie_ext.embedded.steps import base_table, read_columns
from genie_ext.errors import ConfigError
from genie_ext.types import Measure, Plan, Step

SHIPPED = Path(__file__).with_name("parser") / "weights" / "ranking.json"
_LEAST = -8.0
_DISPUTED = 0.62
"""Chance that a reading which the rules are sure of keeps where the parser reads the question otherwise: on warehouses
the rules are mostly right then, on the questions of Spider the parser is."""
_GUESSED = 0.55
"""Chance that a reading keeps at most where the question does not say by what the best is the best."""
_KEY_WORDS = frozenset({"id", "identifier", "code", "number", "key", "no"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A group of readings with the chance that it is right, 0 to 1, and what speaks against it."""

    group: Group
    chance: float
    reasons: tuple[str, ...]


def rank(
    planned: Planned, groups: Sequence[Group], *, weights: Mapping[str, float] | None = None
) -> tuple[Ranked, ...]:
    """Return the groups with their chances, the best first; by the weights that ship where no others are given."""
    weights = read_weights() if groups and weights is None else weights or {}
    guessed = planned.draft.guessed if planned.draft is not None else ""
    ranked = []
    for group in groups:
        known = features(planned, group, groups)
        chance, reasons = chance_of(known, weights), _reasons(known, planned)
        if guessed:  # whoever asked knows by what, and no reading can
            chance, reasons = min(chance, _GUESSED), (*reasons, f"“{guessed}” does not say by what")
        ranked.append(Ranked(group=group, chance=chance, reasons=reasons))
    return tuple(sorted(ranked, key=lambda r: -r.chance))


def chance_of(known: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the chance, 0 to 1, of a group with these features.

    Where the rules are sure, their reading stands first, and what the parser makes of the question says how sure it is.

    Raises:
        ConfigError: A feature has no weight.
    """
    if missing := {*known, "bias"} - set(weights):
        names = ", ".join(sorted(missing))
        raise ConfigError(f"The weights of the ranking lack {names}.", hint="Install genie-ext again.")
    odds = sum(weights[name] * value for name, value in known.items()) + weights["bias"]
    chance = 1 / (1 + math.exp(-odds))
    if known.get("by sure rules"):
        return max(chance, _DISPUTED)
    return min(chance, _DISPUTED) if known.get("sure rules differ") else chance


def features(planned: Planned, group: Group, groups: Sequence[Group]) -> dict[str, float]:
    """Return what speaks for a group (by the parser, the rules and its result) and against it, by name."""
    best = group.candidates[0]
    ruled = [c for c in group.candidates if c.source == "rules"]
    parsed = [c for c in group.candidates if c.source == "parser"]
    others = [c for other in groups if other is not group for c in other.candidates]
    unlinked = planned.draft.reading.unlinked if planned.draft is not None else ()
    sure = planned.sure and not any(firmly_left(_signs(c)) for g in groups for c in g.candidates if c.source == "rules")
    return {
        "share": group.share,
        "score": max((max(c.score, _LEAST) for c in parsed), default=_LEAST),
        "by rules": float(bool(ruled)),
        "rules' odds": max((_odds(c.score) for c in ruled), default=0.0),
        "rules differ": float(any(c.source == "rules" for c in others)),
        "by sure rules": float(bool(ruled) and sure),
        "sure rules differ": float(sure and not ruled),
        "rules refuse": float(not isinstance(planned.result, Plan)),
        "empty": float(not group.rows),
        "tied": float(group.tied),
        "nothing": float(len(group.rows) == 1 and all(cell in (None, 0) for cell in group.rows[0])),
        "unlinked": min(len(unlinked), 4) / 4,
        "strange": float(planned.strange),
        "numbers left": numbers_left(best.draft, best.step),
        "values left": values_left(best.draft, best.step),
        "names left": names_left(best.draft, best.step),
        **_signs(best),
        **_shape(best),
    }


def _signs(candidate: Candidate) -> Mapping[str, float]:
    """Return in what question and query differ word by word."""
    return compare(candidate.draft.reading.text, candidate.sql)


def _shape(candidate: Candidate) -> dict[str, float]:
    """Return how rare and how risky the form of a step is."""
    step = candidate.step
    tables = {base_table(step), *step.sources, *(ref.table for ref in read_columns(step))}
    nested = any(f.step is not None or isinstance(f.subject, Measure) for f in step.filters)
    return {
        "joins": min(len(tables) - 1, 3) / 3,
        "conditions": min(len(step.filters), 4) / 4,
        "nested": float(nested or step.combined is not None),
        "grouped": float(bool(step.dimensions and step.measures)),
        "key unasked": float(_shows_key(candidate.draft, step)),
        "doubts": min(sum(cost for _, cost in candidate.draft.doubts), 3.0) if candidate.source == "parser" else 0.0,
    }


def _shows_key(draft: Draft, step: Step) -> bool:
    """Tell whether a step shows keys though the question says no word for them, so that names are wanted."""
    said = {word.stem for word in draft.reading.words}
    return not said & _KEY_WORDS and any(draft.identifies(dimension.column) for dimension in step.dimensions)


def _reasons(known: Mapping[str, float], planned: Planned) -> tuple[str, ...]:
    """Return what speaks against a group, in words."""
    unlinked = planned.draft.reading.unlinked if planned.draft is not None else ()
    reasons = {
        f"words not used: {', '.join(unlinked[:5])}": known["unlinked"] > 0,
        "a number of the question is not used": known["numbers left"] > 0,
        "a value of the question is not used": known["values left"] > 0,
        "another reading of the question gives another result": known["share"] < 0.6,
        "two ways of reading the question disagree": known["rules differ"] > 0 and known["by rules"] == 0,
        "the result is empty": known["empty"] > 0,
        "rows that are left out are as high as the last one shown": known["tied"] > 0,
    }
    unheard = (f"{what} of the question is not followed" for what in firmly_left(known))
    return (*(reason for reason, holds in reasons.items() if holds), *unheard)


def _odds(chance: float) -> float:
    chance = min(max(chance, 0.02), 0.98)
    return math.log(chance / (1 - chance))


@lru_cache(maxsize=2)
def read_weights(path: Path = SHIPPED) -> Mapping[str, float]:
    """Return the weight of each feature, and the "bias".

    Raises:
        ConfigError: The file is missing or holds no weights.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): float(weight) for name, weight in rows["weights"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"The weights of the ranking cannot be read: {path}.", hint="Install genie-ext again."
        ) from error
