"""Synthetic questions about rows: lists, lookups, counts, figures, sorted lists, superlatives; each with its step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.train.synthetic_conditions import cells, comparatives
from bench.train.synthetic_lake import Topic
from bench.train.synthetic_names import WORDINGS
from bench.train.synthetic_relations import conditions
from bench.train.synthetic_speech import Rows, Speaker, ref_of
from genie_ext.embedded.words import name_stems
from genie_ext.types import Aggregate, Dimension, Filter, Measure, Order, Step
from semantic.types import Column

_ADDED = frozenset(WORDINGS["stems"]["added"].split())
_AVERAGED = frozenset(WORDINGS["stems"]["averaged"].split())
_MOST = (("highest", "highest", "largest"), ("lowest", "lowest", "smallest"))
_SHARED = re.compile(r"(?: of(?: the)?)?\s+and ")
"""What stands between two figures that share a name: “average of the and highest price”."""
_DATED = (("most recent", "latest", "newest"), ("earliest", "oldest", "first"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A question with the step that answers it.

    Attributes:
        kind: What sort of question it is.
        text: The question.
        step: The step.
        topic: What it is about.
    """

    kind: str
    text: str
    step: Step
    topic: Topic


def list_columns(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for some columns of rows."""
    rows = Rows(topic=topic, conditions=conditions(speaker, topic))
    columns = shown(speaker, topic)
    if any(_is_limited(rows, column) for column in columns) or (not rows.conditions and speaker.chance(0.4)):
        return None
    each = not rows.filters and not rows.sources[1:] and speaker.chance(0.25)
    names = _named(speaker, topic, columns, many=not each and speaker.chance(0.5))
    places = {"columns": names, "rows": speaker.rows(rows, whole=True), "row": speaker.rows(rows, many=False)}
    text = speaker.say("shown", "each" if each else "list", **places)
    return Draw(kind="list", text=text, step=_listed(rows, columns), topic=topic)


def list_named(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the names of rows."""
    if not topic.named:
        return None
    rows = Rows(topic=topic, conditions=conditions(speaker, topic, least=1))
    if not rows.conditions:
        return None
    text = speaker.say("shown", "named", rows=speaker.rows(rows))
    return Draw(kind="names", text=text, step=_listed(rows, topic.named), topic=topic)


def list_whole(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for all columns of rows."""
    rows = Rows(topic=topic, conditions=conditions(speaker, topic))
    if not rows.conditions and speaker.chance(0.6):
        return None
    text = speaker.say("shown", "whole", rows=speaker.rows(rows, whole=True))
    return Draw(kind="whole", text=text, step=_listed(rows, ()), topic=topic)


def look_up(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for columns of the row of a name."""
    known = cells(topic.named[0]) if len(topic.named) == 1 else []
    columns = [c for c in shown(speaker, topic, most=2) if c not in topic.named]
    if not known or not columns:
        return None
    value = speaker.pick(known)
    part = Filter(subject=ref_of(topic, topic.named[0]), operator="=", values=(value,))
    names = _named(speaker, topic, columns, many=False)
    text = speaker.say("shown", "lookup", columns=names, row=speaker.noun(topic, many=False), value=value)
    step = Step(sources=(topic.table.id,), dimensions=_dimensions(topic, columns), filters=(part,))
    return Draw(kind="lookup", text=text, step=step, topic=topic)


def list_distinct(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the different values of a column, or for how many there are."""
    choices = (*topic.kinds, *topic.years)
    if not choices:
        return None
    column = speaker.pick(choices)
    rows = Rows(topic=topic, conditions=conditions(speaker, topic) if speaker.chance(0.4) else ())
    places = {"columns": speaker.column(topic, column, many=True), "rows": speaker.rows(rows)}
    if speaker.chance(0.5):
        text = speaker.say("shown", "distinct", **places)
        step = Step(sources=rows.sources, dimensions=_dimensions(topic, [column]), filters=rows.filters, distinct=True)
        return Draw(kind="distinct", text=text, step=step, topic=topic)
    text = speaker.say("shown", "count_distinct", **places)
    figure = Measure(aggregate="count_distinct", column=ref_of(topic, column))
    return Draw(kind="count distinct", text=text, step=_computed(rows, (figure,)), topic=topic)


def count_rows(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the number of rows."""
    rows = Rows(topic=topic, conditions=conditions(speaker, topic, least=1))
    if not rows.conditions and speaker.chance(0.75):
        return None
    text = speaker.say("shown", "count", rows=speaker.rows(rows), row=speaker.noun(topic, many=False))
    return Draw(kind="count", text=text, step=_computed(rows, (count_of(topic),)), topic=topic)


def compute(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for one or two figures over rows."""
    if not topic.figures:
        return None
    column = speaker.pick(topic.figures)
    alone = speaker.is_alone(column) and speaker.chance(0.12)
    rows = Rows(topic=topic, conditions=() if alone else conditions(speaker, topic))
    if _is_limited(rows, column):
        return None
    some = speaker.rng.sample(aggregates(column), 2 if speaker.chance(0.15) else 1)
    name = speaker.column(topic, column)
    said = " and ".join(
        speaker.say("aggregates", a, figure=name if i == len(some) - 1 else "") for i, a in enumerate(some)
    )
    said = _SHARED.sub(" and ", said)
    text = speaker.say("shown", "figure_alone" if alone else "figure", figure=said, rows=speaker.rows(rows, whole=True))
    measures = tuple(Measure(aggregate=a, column=ref_of(topic, column)) for a in some)
    return Draw(kind="figure", text=text, step=_computed(rows, measures), topic=topic)


def list_sorted(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for a list in an order."""
    key = _sort_key(speaker, topic)
    if key is None:
        return None
    rows = Rows(topic=topic, conditions=conditions(speaker, topic) if speaker.chance(0.35) else ())
    columns = topic.named or shown(speaker, topic, most=2)
    if _is_limited(rows, key):
        return None
    down = speaker.chance(0.6)
    plain = not down and speaker.chance(0.5)
    ends = ("latest first", "earliest first") if key in topic.dates else ("largest first", "smallest first")
    order = ("newest", "oldest") if key in topic.dates else ("highest", "lowest")
    places = {
        "columns": _named(speaker, topic, columns, many=speaker.chance(0.6)), "rows": speaker.rows(rows, whole=True),
        "key": speaker.column(topic, key), "direction": "descending" if down else "ascending",
        "ends": ends[not down], "from": order[not down], "to": order[down],
    }  # fmt: skip
    text = speaker.say("shown", "sorted_plain" if plain else "sorted", **places)
    order_by = Order(by=Dimension(column=ref_of(topic, key)), descending=down)
    return Draw(kind="sorted", text=text, step=_listed(rows, columns, order=order_by), topic=topic)


def find_extreme(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the first rows by a column: one, or the top few."""
    key = _sort_key(speaker, topic)
    if key is None:
        return None
    rows = Rows(topic=topic, conditions=conditions(speaker, topic) if speaker.chance(0.3) else ())
    down, by_name = speaker.chance(0.68), bool(topic.named) and speaker.chance(0.6)
    columns = topic.named if by_name else [c for c in shown(speaker, topic, most=2) if c is not key]
    if not columns or key in columns or _is_limited(rows, key):
        return None
    limit = speaker.pick((3, 3, 5, 5, 10, 4, 2, 20)) if speaker.chance(0.4) else 1
    words = comparatives(topic, key).get("most" if down else "least")
    worded = isinstance(words, list) and limit == 1 and speaker.chance(0.5)
    most = speaker.pick(words) if worded else speaker.pick((_DATED if key in topic.dates else _MOST)[not down][:3])
    places = {
        "columns": _named(speaker, topic, columns, many=False), "rows": speaker.rows(rows), "most": most,
        "row": speaker.rows(rows, many=False), "key": speaker.column(topic, key), "number": speaker.number(limit),
    }  # fmt: skip
    form = ("extreme_word" if worded else "extreme") if limit == 1 else "top" if down or by_name else ""
    if form == "top" and not down:
        form = "bottom"
    if not form:
        return None
    text = speaker.say("shown", f"{form}_named" if by_name else form, **places)
    if "Which {row} has" in text or (not by_name and limit == 1 and text.startswith("Which")):
        return None
    order = Order(by=Dimension(column=ref_of(topic, key)), descending=down)
    step = _listed(rows, columns, order=order, limit=limit)
    return Draw(kind="extreme" if limit == 1 else "top", text=text, step=step, topic=topic)


# --- parts ---


def shown(speaker: Speaker, topic: Topic, most: int = 3) -> tuple[Column, ...]:
    """Return some columns of a topic, its name more often than others."""
    count = min(speaker.rng.choices((1, 2, 3), (5, 4, 1.5))[0], most, len(topic.shown))
    some = speaker.rng.sample(topic.shown, count)
    if topic.named and speaker.chance(0.5) and topic.named[0] in topic.shown:
        some = [topic.named[0], *(c for c in some if c is not topic.named[0])][:most]
    return tuple(some)


def aggregates(column: Column) -> list[Aggregate]:
    """Return how a number can be combined over rows: sums only of what adds up."""
    stems = set(name_stems(column.name))
    adds = stems & _ADDED and not stems & _AVERAGED
    return ["avg", "sum", "max", "min"] if adds else ["avg", "max", "min"]


def count_of(topic: Topic) -> Measure:
    """Return the number of rows of a topic."""
    return Measure(aggregate="count", table=topic.table.id)


def _is_limited(rows: Rows, column: Column) -> bool:
    """Tell whether rows are limited by a column already, so that to rank or combine them by it says little."""
    return ref_of(rows.topic, column) in {part.subject for part in rows.filters}


def _sort_key(speaker: Speaker, topic: Topic) -> Column | None:
    keys = (*topic.figures, *topic.figures, *topic.dates, *topic.years)
    return speaker.pick(keys) if keys else None


def _named(speaker: Speaker, topic: Topic, columns: Sequence[Column], *, many: bool) -> str:
    names = [speaker.column(topic, column, many=many) for column in columns]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _dimensions(topic: Topic, columns: Sequence[Column]) -> tuple[Dimension, ...]:
    return tuple(Dimension(column=ref_of(topic, column)) for column in columns)


def _listed(rows: Rows, columns: Sequence[Column], *, order: Order | None = None, limit: int | None = None) -> Step:
    return Step(
        sources=rows.sources,
        dimensions=_dimensions(rows.topic, columns),
        filters=rows.filters,
        order=(order,) if order is not None else (),
        limit=limit,
    )


def _computed(rows: Rows, measures: tuple[Measure, ...]) -> Step:
    return Step(sources=rows.sources, measures=measures, filters=rows.filters)
