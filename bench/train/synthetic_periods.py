"""Periods of synthetic questions: words for a range of days, which the rules read and the step leaves out."""

from __future__ import annotations

import datetime as dt

from bench.train.synthetic_lake import Topic
from bench.train.synthetic_names import WORDINGS
from bench.train.synthetic_questions import Draw
from bench.train.synthetic_speech import Speaker
from genie_ext.embedded.dates import find_dates
from genie_ext.embedded.steps import conditioned, inner_steps
from genie_ext.types import Dimension, Step

TODAY = dt.date(2025, 6, 17)
"""The day on which all synthetic questions are asked, so that they are the same on every day."""
_SHARE = 0.6
_DATED_KINDS = frozenset(
    {"list", "names", "count", "count distinct", "figure", "group figure", "group count", "top group", "top groups",
     "distinct", "two groups"}
)  # fmt: skip


def with_period(speaker: Speaker, draw: Draw) -> tuple[str, bool]:
    """Return the text of a question, with a period now and then where its topic has dates, and whether it has."""
    if draw.kind not in _DATED_KINDS or not _has_days(draw) or not speaker.chance(_SHARE):
        return draw.text, False
    period = _period(speaker, draw.topic)
    if period is None:
        return draw.text, False
    if speaker.chance(0.12):
        return f"{period[0].upper()}{period[1:]}, {draw.text[0].lower()}{draw.text[1:]}", True
    body, mark = (draw.text[:-1], draw.text[-1]) if draw.text[-1] in "?." else (draw.text, "")
    return f"{body} {period}{mark}", True


def says_period(text: str, *, wanted: bool, step: Step) -> bool:
    """Tell whether a text names exactly the period it shall name; a year that the step compares is none."""
    phrases = find_dates(text, TODAY)
    if wanted:
        return len(phrases) == 1
    years = {str(value) for value in _values(step)}
    return all(phrase.years and any(year in phrase.text for year in years) for phrase in phrases)


def _has_days(draw: Draw) -> bool:
    """Tell whether a period can be about the rows of a question, whose dates nothing else in it reads."""
    topic = draw.topic
    if not topic.days or topic.years or inner_steps(draw.step) or any("birth" in d.name.lower() for d in topic.days):
        return False
    dimensions = [part.column for part in draw.step.dimensions]
    dimensions += [order.by.column for order in draw.step.order if isinstance(order.by, Dimension)]
    read = {ref.column for ref in (*dimensions, *conditioned(draw.step))}
    return read.isdisjoint(day.name for day in topic.days) and set(draw.step.sources) == {topic.table.id}


def _period(speaker: Speaker, topic: Topic) -> str | None:
    profile = topic.days[0].profile
    low, high = (profile.minimum, profile.maximum) if profile is not None else (None, None)
    if not low or not high or not (low[:4].isdigit() and high[:4].isdigit()):
        return None
    months = WORDINGS["periods"]["months"].split()
    first = speaker.rng.randrange(11)
    later = speaker.rng.randrange(first + 1, 12)
    return str(
        speaker.form("periods", "forms").format(
            year=speaker.rng.randint(int(low[:4]), int(high[:4])), count=speaker.pick((2, 3, 6, 7, 12, 14, 30, 60, 90)),
            month=months[first], later=months[later], quarter=speaker.pick((1, 2, 3, 4)),
        )
    )  # fmt: skip


def _values(step: Step) -> list[object]:
    own = [value for part in step.filters for value in part.values]
    return own + [value for inner in inner_steps(step) for value in _values(inner)]
