"""Preference: what speaks for one group of readings rather than for another, in words and by weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genie_ext.embedded.signs import signs

_LEAST = 0.05
"""Difference of log odds below which nobody wants to hear of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What sets a group apart from another.

    Attributes:
        text: One clause in which "it" is the group and "the other" what it is compared with.
        weight: Log odds that it adds to the group's, below 0 where it speaks against it.
    """

    text: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Features that say one thing; the first one decides whether the group has more or less of it.

    Attributes:
        features: Their names.
        more: What is said where the group has more than the other.
        less: What is said where it has less.
        percent: True where the first feature is a share that people want to see.
    """

    features: tuple[str, ...]
    more: str
    less: str
    percent: bool = False


TOPICS = (
    Topic(
        features=("share",),
        more="more of the parser's belief is on it",
        less="less of the parser's belief is on it",
        percent=True,
    ),
    Topic(
        features=("score",),
        more="its best wording is likelier to the parser",
        less="its best wording is less likely to the parser",
    ),
    Topic(
        features=("by rules", "rules' odds", "rules differ", "by sure rules", "sure rules differ"),
        more="the rules read the question this way, too",
        less="the rules read the question the other way",
    ),
    Topic(
        features=("numbers left",),
        more="it leaves out more numbers of the question",
        less="it leaves out fewer numbers of the question",
    ),
    Topic(
        features=("values left",),
        more="it leaves out more values of the question",
        less="it leaves out fewer values of the question",
    ),
    Topic(
        features=("names left",),
        more="it leaves out more names of the question",
        less="it leaves out fewer names of the question",
    ),
    Topic(features=("empty",), more="it finds no row", less="the other finds no row"),
    Topic(
        features=("tied",),
        more="a row that it leaves out ties with the last one it shows",
        less="a row that the other leaves out ties with the last one it shows",
    ),
    Topic(
        features=("nothing",),
        more="its only row holds nothing but zeros or missing values",
        less="the other's only row holds nothing but zeros or missing values",
    ),
    Topic(features=("joins",), more="it joins more tables", less="it joins fewer tables"),
    Topic(features=("conditions",), more="it has more conditions", less="it has fewer conditions"),
    Topic(features=("nested",), more="it needs a query within the query", less="it needs no query within the query"),
    Topic(features=("grouped",), more="it splits a figure", less="it does not split a figure"),
    Topic(
        features=("key unasked",),
        more="it shows keys that were not asked for",
        less="the other shows keys that were not asked for",
    ),
    Topic(features=("doubts",), more="more of it had to be assumed", less="less of it had to be assumed"),
    *(
        Topic(
            features=(f"{sign.name} left",),
            more=f"it does not follow {sign.what} of the question",
            less=f"the other does not follow {sign.what} of the question",
        )
        for sign in signs()
    ),
    *(
        Topic(
            features=(f"{sign.name} unasked",),
            more=f"nothing in the question asks for {sign.what} in it",
            less=f"nothing in the question asks for {sign.what} in the other",
        )
        for sign in signs()
    ),
)
SHARED = frozenset({"rules refuse", "unlinked", "strange"})
"""Features of the question, which all its groups have alike."""


def prefer(group: Mapping[str, float], other: Mapping[str, float], weights: Mapping[str, float]) -> tuple[Reason, ...]:
    """Return what sets a group apart from another, the weightiest first.

    Args:
        group: Features of the group, by name.
        other: Features of the other one.
        weights: Weight of each feature.
    """
    reasons = [_reason(topic, group, other, weights) for topic in TOPICS]
    return tuple(sorted((r for r in reasons if abs(r.weight) >= _LEAST), key=lambda reason: -abs(reason.weight)))


def _reason(
    topic: Topic, group: Mapping[str, float], other: Mapping[str, float], weights: Mapping[str, float]
) -> Reason:
    weight = sum(weights[name] * (group[name] - other[name]) for name in topic.features)
    lead = topic.features[0]
    text = topic.more if group[lead] > other[lead] else topic.less
    figures = f" ({group[lead]:.0%} against {other[lead]:.0%})" if topic.percent else ""
    return Reason(text=text + figures, weight=weight if group[lead] != other[lead] else 0.0)
