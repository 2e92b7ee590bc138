"""Synthetic questions about groups: figures by a column, groups with enough rows, the first groups by a figure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.train.synthetic_conditions import number_in, own
from bench.train.synthetic_lake import Topic
from bench.train.synthetic_names import WORDINGS, say_column, say_noun
from bench.train.synthetic_questions import Draw, aggregates, count_of
from bench.train.synthetic_speech import Rows, Said, Speaker, ref_of
from genie_ext.types import Aggregate, ColumnRef, Combination, Dimension, Filter, Measure, Operator, Order, Step
from semantic.types import Column

_OPERATORS: dict[str, Operator] = {"more": ">", "at_least": ">=", "less": "<"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What rows are grouped by, and how it is said.

    Attributes:
        columns: What is shown of each group.
        one: A group in words.
        many: Groups in words.
        keys: What else keeps two groups apart.
        own: True where it is a column of the rows themselves.
        column: The column, None where groups are rows of another table.
    """

    columns: tuple[ColumnRef, ...]
    one: str
    many: str
    keys: tuple[ColumnRef, ...] = ()
    own: bool = True
    column: Column | None = None

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What is shown."""
        return tuple(Dimension(column=ref) for ref in self.columns)


def group_figure(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for a figure by one or two groups, sorted now and then."""
    group, figure = _grouping(speaker, topic), _figure(speaker, topic)
    if group is None or figure is None:
        return None
    measure, said = figure
    rows = Rows(topic=topic, conditions=_limits(speaker, topic, group) if speaker.chance(0.45) else ())
    if rows.conditions or speaker.chance(0.25):
        said = f"{said} of {speaker.rows(rows)}"
    step = _split(rows, (measure,), group)
    places = {"figure": said, "group": group.one, "groups": group.many}
    second = _grouping(speaker, topic) if speaker.chance(0.2) else None
    if second is not None and second.own and group.own and second.columns != group.columns:
        text = speaker.say("grouped", "two", **places, second=second.one)
        step = replace(step, dimensions=(*group.dimensions, *second.dimensions))
        return Draw(kind="two groups", text=text, step=step, topic=topic)
    if speaker.chance(0.12):
        down = speaker.chance(0.7)
        text = speaker.say("grouped", "ordered" if down else "ordered_up", **places)
        step = replace(step, order=(Order(by=measure, descending=down),))
        return Draw(kind="sorted groups", text=text, step=step, topic=topic)
    return Draw(kind="group figure", text=speaker.say("grouped", "figure", **places), step=step, topic=topic)


def group_count(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the number of rows of each group."""
    group = _grouping(speaker, topic)
    if group is None:
        return None
    rows = Rows(topic=topic, conditions=_limits(speaker, topic, group) if speaker.chance(0.45) else ())
    places = {"rows": speaker.rows(rows), "row": speaker.noun(topic, many=False)}
    form = speaker.form("grouped", "count")
    if "{row} count" in form and rows.conditions:
        return None
    text = form.format(**places, group=group.one, groups=group.many)
    return Draw(kind="group count", text=text, step=_split(rows, (count_of(topic),), group), topic=topic)


def find_groups(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the groups with so many rows, or with so large a figure."""
    group = _grouping(speaker, topic)
    if group is None or not (group.own or group.keys):  # SQL would compare the rows of another table one by one
        return None
    word = speaker.rng.choices(tuple(_OPERATORS), (4, 4, 2))[0]
    rows = Rows(topic=topic, conditions=_limits(speaker, topic, group) if speaker.chance(0.15) else ())
    figure = _figure(speaker, topic) if speaker.chance(0.35) else None
    compared = speaker.pick(WORDINGS["compared"][word]["count" if figure is None else "figure"])
    places = {"group": group.one, "groups": group.many, "rows": speaker.rows(rows), "words": compared}
    if figure is None:
        measure, value = count_of(topic), speaker.pick((2, 2, 3, 3, 4, 5, 10, 20, 50))
        text = speaker.say("grouped", "having_count", **places, number=speaker.number(value))
    else:
        measure, said = figure
        value = number_in(speaker, _column_of(topic, measure)) or 0
        places |= {"figure": said, "number": speaker.number(value)}
        text = speaker.say("grouped", "having_figure", **places)
        if not value or measure.aggregate not in {"avg", "sum"} or rows.conditions:
            return None
    condition = Filter(subject=measure, operator=_OPERATORS[word], values=(value,))
    step = _split(rows, (), group)
    return Draw(kind="having", text=text, step=replace(step, filters=(*step.filters, condition)), topic=topic)


def rank_groups(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the first group by a figure, or the first few."""
    group = _grouping(speaker, topic)
    if group is None:
        return None
    rows = Rows(topic=topic, conditions=_limits(speaker, topic, group) if speaker.chance(0.15) else ())
    figure = _figure(speaker, topic) if speaker.chance(0.4) and not rows.conditions else None
    limit = speaker.pick((3, 5, 10, 2, 4)) if speaker.chance(0.4) else 1
    down = limit > 1 or speaker.chance(0.8)
    measure, said = figure or (count_of(topic), "")
    form = _ranked_form(speaker, group, counted=figure is None, down=down, limit=limit)
    places = {"figure": said, "group": group.one, "groups": group.many, "rows": speaker.rows(rows)}
    text = speaker.say("grouped", form, **places, number=speaker.number(limit))
    with_figure = text.lower().startswith(("top", "what are the top", "show the top"))
    step = _split(rows, (measure,) if with_figure else (), group)
    step = replace(step, order=(Order(by=measure, descending=down),), limit=limit)
    return Draw(kind="top group" if limit == 1 else "top groups", text=text, step=step, topic=topic)


def combine(speaker: Speaker, topic: Topic) -> Draw | None:
    """Return a question for the groups that have rows of two kinds, or none of a kind."""
    choices = topic.kinds
    one, two = own(speaker, topic), own(speaker, topic)
    if not choices or one is None or two is None or one.filters[0].subject != two.filters[0].subject:
        return None
    column = speaker.pick(choices)
    if ref_of(topic, column) == one.filters[0].subject or one.filters == two.filters:
        return None
    first, other = (Rows(topic=topic, conditions=(said,)) for said in (one, two))
    group = _own_group(speaker, topic, column)
    shown = Step(sources=(topic.table.id,), dimensions=group.dimensions)
    both = speaker.chance(0.6)
    places = {"groups": group.many, "first": speaker.rows(first), "other": speaker.rows(other)}
    text = speaker.say("grouped", "both" if both else "none", **places, rows=speaker.noun(topic))
    inner = replace(shown, filters=other.filters if both else first.filters)
    combined = Combination(kind="intersect" if both else "except", step=inner)
    step = replace(shown, filters=first.filters if both else (), combined=combined)
    return Draw(kind="combined", text=text, step=step, topic=topic)


# --- parts ---


def _grouping(speaker: Speaker, topic: Topic) -> Grouping | None:
    links = [link for link in speaker.asked.links if link.child is topic]
    far = [link for link in links if link.parent.named or link.parent.kinds]
    near = (*topic.kinds, *topic.kinds, *topic.years)
    if far and (not near or speaker.chance(0.45)):
        link = speaker.pick(far)
        parent = link.parent
        if parent.kinds and (not parent.named or speaker.chance(0.45)):
            column = speaker.pick(parent.kinds)
            one = speaker.far_column(parent, column)
            return Grouping(columns=(ref_of(parent, column),), one=one, many=_plural(one), own=False, column=column)
        keys = (ref_of(parent, link.parent_column),)
        noun = parent.noun
        shown = tuple(ref_of(parent, c) for c in parent.named)
        return Grouping(
            columns=shown, one=say_noun(noun, many=False), many=say_noun(noun, many=True), keys=keys, own=False
        )
    return _own_group(speaker, topic, speaker.pick(near)) if near else None


def _own_group(speaker: Speaker, topic: Topic, column: Column) -> Grouping:
    one = speaker.column(topic, column)
    return Grouping(columns=(ref_of(topic, column),), one=one, many=_plural(one), column=column)


def _plural(text: str) -> str:
    return say_column(tuple(text.split()), many=True)


def _figure(speaker: Speaker, topic: Topic) -> tuple[Measure, str] | None:
    if not topic.figures:
        return None
    column = speaker.pick(topic.figures)
    choices: list[Aggregate] = aggregates(column)
    aggregate = speaker.pick([choices[0], choices[0], *choices, *(["sum", "sum"] if "sum" in choices else [])])
    said = speaker.say("aggregates", aggregate, figure=_figure_name(speaker, topic, column))  # type: ignore[arg-type]
    return Measure(aggregate=aggregate, column=ref_of(topic, column)), said  # type: ignore[arg-type]


def _figure_name(speaker: Speaker, topic: Topic, column: Column) -> str:
    """Return a figure with the noun of its rows, unless its name means nothing else in the lake."""
    return speaker.column(topic, column) if speaker.is_alone(column) else speaker.far_column(topic, column)


def _limits(speaker: Speaker, topic: Topic, group: Grouping) -> tuple[Said, ...]:
    """Return a condition on rows that is not about what they are grouped by."""
    said = own(speaker, topic)
    if said is None or any(part.subject in group.columns for part in said.filters):
        return ()
    return (said,)


def _split(rows: Rows, measures: tuple[Measure, ...], group: Grouping) -> Step:
    return Step(
        sources=rows.sources,
        dimensions=group.dimensions,
        measures=measures,
        filters=rows.filters,
        keys=group.keys,
    )


def _ranked_form(speaker: Speaker, group: Grouping, *, counted: bool, down: bool, limit: int) -> str:
    if limit > 1:
        return "top_rows" if counted else "top"
    if not counted:
        return "most_figure" if down else "least_figure"
    if not down:
        return "fewest_rows"
    return "most_common" if group.own and speaker.chance(0.3) else "most_rows"


def _column_of(topic: Topic, measure: Measure) -> Column:
    return next(c for c in topic.figures if measure.column is not None and c.name == measure.column.column)
