"""Conditions of synthetic questions: none, one or two of them, on own columns or on related rows."""

from __future__ import annotations

from bench.train.synthetic_conditions import own, plain
from bench.train.synthetic_lake import Link, Topic
from bench.train.synthetic_speech import Rows, Said, Speaker, ref_of
from genie_ext.types import Dimension, Filter, Step

_TRIES = 3


def conditions(speaker: Speaker, topic: Topic, *, least: int = 0) -> tuple[Said, ...]:
    """Return none, one or two conditions on rows of a topic, related rows included."""
    count = max(least, speaker.rng.choices((0, 1, 2), (2.5, 5, 1.5))[0])
    found: list[Said] = []
    for _ in range(_TRIES * count):
        if len(found) == count:
            break
        said = related(speaker, topic) if not found and speaker.chance(0.28) else own(speaker, topic)
        if said is not None and not _repeats(said, found):
            found.append(said)
    return tuple(found)


def related(speaker: Speaker, topic: Topic) -> Said | None:
    """Return a condition on the rows that those of a topic point at, or that point at them."""
    links = [link for link in speaker.asked.links if topic in (link.child, link.parent)]
    if not links:
        return None
    link = speaker.pick(links)
    if link.child is topic:
        return _of_parent(speaker, link)
    return speaker.pick((_has_children, _has_children, _without))(speaker, link)


def _repeats(said: Said, found: list[Said]) -> bool:
    """Tell whether a condition is on a column that another is on already, or cannot stand beside it."""
    columns = {part.subject for other in found for part in other.filters}
    return any(part.subject in columns for part in said.filters) or any(o.before and said.before for o in found)


def _of_parent(speaker: Speaker, link: Link) -> Said | None:
    """Return a condition on the row that each row points at: “orders of customers from France”."""
    said = plain(speaker, link.parent)
    if said is None:
        return None
    parents = speaker.rows(Rows(topic=link.parent, conditions=(said,)))
    return Said(filters=said.filters, after=speaker.say("conditions", "of_parent", parents=parents))


def _has_children(speaker: Speaker, link: Link) -> Said | None:
    """Return the condition that some row points at each row: “customers with at least one paid order”."""
    said = plain(speaker, link.child) if speaker.chance(0.6) else Said()
    if said is None:
        return None
    rows = Rows(topic=link.child, conditions=(said,) if said.filters else ())
    places = {"children": speaker.rows(rows), "child": speaker.rows(rows, many=False)}
    text = speaker.say("conditions", "have_children", **places)
    return Said(filters=said.filters, after=text, sources=(link.child.table.id,))


def _without(speaker: Speaker, link: Link) -> Said | None:
    """Return the condition that no row points at each row: “customers without orders”."""
    said = plain(speaker, link.child) if speaker.chance(0.25) else Said()
    if said is None:
        return None
    rows = Rows(topic=link.child, conditions=(said,) if said.filters else ())
    places = {"children": speaker.rows(rows), "child": speaker.rows(rows, many=False)}
    shown = Dimension(column=ref_of(link.child, link.child_column))
    inner = Step(sources=(link.child.table.id,), dimensions=(shown,), filters=said.filters)
    part = Filter(subject=ref_of(link.parent, link.parent_column), operator="not in", step=inner)
    return Said(filters=(part,), after=speaker.say("conditions", "no_children", **places))
