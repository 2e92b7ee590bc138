"""Conditions of synthetic questions on own columns, with values that are in the data, and how they are said."""

from __future__ import annotations

import math
from collections.abc import Callable

from bench.train.synthetic_lake import Topic, as_float
from bench.train.synthetic_names import WORDINGS, is_person, say_noun
from bench.train.synthetic_speech import Said, Speaker, ref_of
from genie_ext.embedded.words import name_stems
from genie_ext.types import Filter, Measure, Operator, Step
from semantic.types import Column

_PLACES = frozenset(WORDINGS["stems"]["places"].split())
_KINDS = frozenset(WORDINGS["stems"]["kinds"].split())
_COMPARISONS: dict[str, Operator] = {"more": ">", "at_least": ">=", "less": "<", "at_most": "<=", "between": "between"}
_SHORTEST_PART = 3
_OWN = {"equal": 34, "number": 30, "year": 8, "average": 7, "among": 7, "pattern": 5, "unequal": 5, "known": 4}


def own(speaker: Speaker, topic: Topic) -> Said | None:
    """Return a condition on a column of a topic."""
    kind = speaker.rng.choices(tuple(_OWN), tuple(_OWN.values()))[0]
    return _MAKERS[kind](speaker, topic)


# --- values ---


def cells(column: Column) -> list[str]:
    """Return the texts of a column that can be said; no braces, which are places to fill, and no lists."""
    texts = [text for text, _ in column.profile.frequent] if column.profile else []
    plain = [t for t in texts if not set("{},") & set(t) and not {"or", "and", "nor"} & set(t.lower().split())]
    return [t for t in plain if 1 < len(t) <= 40 and any(c.isalpha() for c in t) and t == t.strip() and t.isprintable()]


def _quoted(speaker: Speaker, text: str) -> str:
    """Return a value in the ways people write one."""
    if speaker.chance(0.2):
        return f'"{text}"' if '"' not in text and speaker.chance(0.7) else f"'{text}'" if "'" not in text else text
    return text.lower() if speaker.chance(0.12) else text


def number_in(speaker: Speaker, column: Column) -> int | float | None:
    """Return a round number that lies among those of a column."""
    profile = column.profile
    low, high = (as_float(profile.minimum), as_float(profile.maximum)) if profile else (None, None)
    if low is None or high is None or not low < high:
        return None
    known = [n for n in (as_float(text) for text, _ in (profile.frequent if profile else ())) if n is not None]
    near = low < high / 100 or speaker.chance(0.5)
    value = speaker.pick(known) if known and near else low + (high - low) * speaker.rng.uniform(0.15, 0.85)
    if value == 0 or not math.isfinite(value):
        return None
    digits = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    whole = rounded == int(rounded) or "INT" in column.type.upper() or abs(rounded) >= 100
    return int(rounded) if whole else rounded


# --- conditions on own columns ---


def _equal(speaker: Speaker, topic: Topic) -> Said | None:
    column = speaker.pick(topic.kinds) if topic.kinds else None
    known = cells(column) if column is not None else []
    if column is None or not known:
        return None
    value = speaker.pick(known)
    filters = (Filter(subject=ref_of(topic, column), operator="=", values=(value,)),)
    said, stems = _quoted(speaker, value), set(name_stems(column.name))
    if stems & _KINDS and _is_adjective(value) and speaker.chance(0.5):
        return Said(filters=filters, before=said)
    place = stems & _PLACES and speaker.chance(0.65)
    form = ("place_person" if is_person(topic.noun) else "place") if place else "equal"
    return Said(filters=filters, after=_after(speaker, topic, column, form, value=said))


def _is_adjective(value: str) -> bool:
    """Tell whether a value reads well before a noun: words, and no code."""
    return all(word.isalpha() and len(word) > 3 and not word.isupper() for word in value.split()[:3])


def _unequal(speaker: Speaker, topic: Topic) -> Said | None:
    column = speaker.pick(topic.kinds) if topic.kinds else None
    known = cells(column) if column is not None else []
    if column is None or not known:
        return None
    value = speaker.pick(known)
    place = set(name_stems(column.name)) & _PLACES and speaker.chance(0.6)
    after = _after(speaker, topic, column, "place_not" if place else "unequal", value=_quoted(speaker, value))
    return Said(filters=(Filter(subject=ref_of(topic, column), operator="!=", values=(value,)),), after=after)


def _among(speaker: Speaker, topic: Topic) -> Said | None:
    column = speaker.pick(topic.kinds) if topic.kinds else None
    known = cells(column) if column is not None else []
    if column is None or len(known) < 3:
        return None
    two = speaker.rng.sample(known, 2)
    within = speaker.chance(0.8)
    place = set(name_stems(column.name)) & _PLACES and within and speaker.chance(0.6)
    form = "place_in" if place else "among" if within else "outside"
    after = _after(speaker, topic, column, form, value=two[0], other=two[1])
    operator: Operator = "in" if within else "not in"
    return Said(filters=(Filter(subject=ref_of(topic, column), operator=operator, values=tuple(two)),), after=after)


def _compared(speaker: Speaker, topic: Topic) -> Said | None:
    column = speaker.pick(topic.figures) if topic.figures else None
    value = number_in(speaker, column) if column is not None else None
    if column is None or value is None:
        return None
    form = speaker.rng.choices(tuple(_COMPARISONS), (5, 3, 4, 2, 2))[0]
    values = [value]
    if form == "between":
        values = sorted({value, number_in(speaker, column) or value})
        if len(values) == 1:
            return None
    said = [speaker.number(v, column) for v in values]
    after = _word_compared(speaker, topic, column, form, said[0]) or _after(
        speaker, topic, column, form, value=said[0], other=said[-1]
    )
    part = Filter(subject=ref_of(topic, column), operator=_COMPARISONS[form], values=tuple(values))
    return Said(filters=(part,), after=after)


def comparatives(topic: Topic, column: Column) -> dict[str, str | list[str]]:
    """Return the words that compare a column without its name, none where another may be meant by them."""
    words = name_stems(column.name)
    same = [c for c in topic.table.columns if words[-1] in name_stems(c.name)]
    found: dict[str, str | list[str]] = WORDINGS["comparatives"].get(words[-1], {}) if len(same) == 1 else {}
    return found


def _word_compared(speaker: Speaker, topic: Topic, column: Column, form: str, value: str) -> str:
    words = comparatives(topic, column)
    return f"{words[form]} {value}" if form in words and speaker.chance(0.4) else ""


def _year(speaker: Speaker, topic: Topic) -> Said | None:
    column = speaker.pick(topic.years) if topic.years and not topic.dates else None
    known = [as_float(text) for text, _ in column.profile.frequent] if column is not None and column.profile else []
    years = [int(year) for year in known if year is not None]
    if column is None or not years:
        return None
    form, operator = speaker.rng.choices((("year", "="), ("year_after", ">"), ("year_before", "<")), (6, 2, 2))[0]
    year = speaker.pick(years)
    part = Filter(subject=ref_of(topic, column), operator=operator, values=(year,))  # type: ignore[arg-type]
    return Said(filters=(part,), after=_after(speaker, topic, column, form, value=str(year)))


def _average(speaker: Speaker, topic: Topic) -> Said | None:
    if not topic.figures:
        return None
    column = speaker.pick(topic.figures)
    ref, above = ref_of(topic, column), speaker.chance(0.65)
    mean = Step(sources=(topic.table.id,), measures=(Measure(aggregate="avg", column=ref),))
    form = "above_average" if above else "below_average"
    rows = say_noun(topic.noun, many=True)
    after = _after(speaker, topic, column, form, rows=rows)
    return Said(filters=(Filter(subject=ref, operator=">" if above else "<", step=mean),), after=after)


def _pattern(speaker: Speaker, topic: Topic) -> Said | None:
    columns = [c for c in (*topic.named, *topic.kinds) if cells(c)]
    if not columns:
        return None
    column = speaker.pick(columns)
    words = [w for w in speaker.pick(cells(column)).split() if w.isalnum() and len(w) >= _SHORTEST_PART]
    if not words:
        return None
    form = speaker.rng.choices(("contains", "starts", "ends"), (6, 3, 1))[0]
    part = words[0][: speaker.pick((1, 2, 3))] if form == "starts" else words[-1][-3:] if form == "ends" else words[0]
    pattern = {"contains": f"%{part}%", "starts": f"{part}%", "ends": f"%{part}"}[form]
    mark = speaker.pick(("'", '"', '"'))
    after = _after(speaker, topic, column, form, value=f"{mark}{part}{mark}")
    return Said(filters=(Filter(subject=ref_of(topic, column), operator="like", values=(pattern,)),), after=after)


def _known(speaker: Speaker, topic: Topic) -> Said | None:
    columns = [c for c in topic.shown if c.profile is not None and c.profile.nulls > 0]
    if not columns:
        return None
    column, missing = speaker.pick(columns), speaker.chance(0.6)
    part = Filter(subject=ref_of(topic, column), operator="is null" if missing else "is not null")
    return Said(filters=(part,), after=_after(speaker, topic, column, "missing" if missing else "known"))


def _after(speaker: Speaker, topic: Topic, column: Column, form: str, **places: str) -> str:
    """Return a condition in words that follow the noun."""
    text = speaker.say("conditions", form, column=speaker.column(topic, column), **places)
    return speaker.relative(topic) + text.removeprefix("that") if text.startswith("that ") else text


def plain(speaker: Speaker, topic: Topic) -> Said | None:
    """Return a condition on a column of a topic that is short to say."""
    return speaker.pick((_equal, _equal, _compared, _year))(speaker, topic)


_MAKERS: dict[str, Callable[[Speaker, Topic], Said | None]] = {
    "equal": _equal, "unequal": _unequal, "among": _among, "number": _compared, "year": _year, "average": _average,
    "pattern": _pattern, "known": _known,
}  # fmt: skip
