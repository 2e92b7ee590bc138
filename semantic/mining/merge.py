"""Equal measures become one metric with all its sources; those that share a name and differ know of each other.

Which measures become metrics: every measure that a model or a view defines; every measure whose alias says something;
and measures without such a name only where they are used `OFTEN` times, or a chart of a dashboard shows them. Counting
all rows of a table is no metric unless somebody gave it a name: it can be said of every table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlglot import exp

from semantic.facts import Dimension, Metric, Segment, Source
from semantic.mining.canonical import filter_keys, key, metric_key
from semantic.mining.conditional import number
from semantic.mining.conflicts import with_conflicts
from semantic.mining.keys import Keys
from semantic.mining.mined import Derived, Measure
from semantic.mining.naming import in_words, says_something
from semantic.mining.standing import ordered, standing_of
from semantic.mining.trees import bare, conjuncts, own_nodes, table_of, tables_of, undressed
from semantic.mining.units import normal, stem, unit_of
from semantic.mining.writing import written

_Found = TypeVar("_Found", Measure, Derived)

OFTEN = 3
"""Uses that make a figure or a condition without a name worth keeping."""
_MOST_SYNONYMS = 8
_HUNDRED = 100
_KEEP_UNIT = (exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Median)


def merge_measures(measures: Sequence[Measure], keys: Keys, newest: str) -> list[Metric]:
    """Return one metric for each different definition."""
    groups: dict[tuple[object, ...], list[Measure]] = defaultdict(list)
    forms: dict[tuple[object, ...], tuple[object, ...]] = {}
    for measure in measures:
        # Runs of one query share their trees, and a log may hold thousands of them.
        trees = (measure.subject, id(measure.expression), *map(id, measure.filters))
        if trees not in forms:
            forms[trees] = metric_key(_rows_counted(measure, keys), measure.filters)
        groups[measure.subject, measure.losing, *forms[trees]].append(measure)
    worth = [group for group in groups.values() if _is_worth(group)]
    return with_conflicts([_metric(group, newest) for group in worth], [group[0].expression for group in worth])


def merge_derived(derived: Sequence[Derived], newest: str) -> tuple[list[Dimension], list[Segment]]:
    """Return one dimension or segment for each different expression."""
    groups: dict[tuple[object, ...], list[Derived]] = defaultdict(list)
    forms: dict[tuple[int, bool], tuple[str, ...]] = {}
    for entry in derived:
        tree = id(entry.expression), entry.condition
        if tree not in forms:
            forms[tree] = filter_keys(conjuncts(entry.expression)) if entry.condition else (key(entry.expression),)
        groups[entry.condition, forms[tree]].append(entry)
    dimensions: list[Dimension] = []
    segments: list[Segment] = []
    for (condition, _), group in groups.items():
        named = [e for e in group if e.named] or (group if _uses(e.source for e in group) >= OFTEN else [])
        if not named:
            continue
        best, sources = _best(named, lambda e: e.name), ordered(e.source for e in group)
        text, tables = written(best.expression), tables_of([best.expression])
        synonyms = _synonyms(best.name, [e.name for e in named], [s for e in named for s in e.synonyms])
        said = next((e.description for e in named if e.description), "")
        standing = standing_of(sources, newest)
        if condition:
            segments.append(Segment(name=best.name, condition=text, tables=tables, description=said, synonyms=synonyms,
                                    sources=sources, standing=standing))  # fmt: skip
        else:
            dimensions.append(Dimension(name=best.name, expression=text, tables=tables, description=said,
                                        synonyms=synonyms, sources=sources, standing=standing))  # fmt: skip
    return dimensions, segments


def _rows_counted(measure: Measure, keys: Keys) -> exp.Expr:
    """Return the expression; counting the key of the rows that are aggregated counts the rows."""
    inner = bare(measure.expression)
    target = bare(inner.this) if isinstance(inner, exp.Count) else None
    if isinstance(target, exp.Distinct) and len(target.expressions) == 1:
        target = bare(target.expressions[0])
    if not isinstance(target, exp.Column) or table_of(target) != measure.subject:
        return measure.expression
    counted = keys.identifies(measure.subject, target.name)
    return exp.Count(this=exp.Star()) if counted else measure.expression


def _is_worth(group: Sequence[Measure]) -> bool:
    if all(m.attribute for m in group):
        return False
    if any(m.source.definition or m.source.certified for m in group):
        return True
    if any(m.named and says_something(m.name) for m in group):
        return True
    if _counts_all(group[0]):
        return False
    charted = any(m.source.kind == "dashboard" and m.source.title for m in group)
    return charted or _uses(m.source for m in group) >= OFTEN


def _counts_all(measure: Measure) -> bool:
    inner = bare(measure.expression)
    return (
        isinstance(inner, exp.Count) and isinstance(bare(inner.this), (exp.Star, exp.Literal)) and not measure.filters
    )


def _uses(sources: Iterable[Source]) -> int:
    return sum(s.uses for s in dict.fromkeys(sources))


def _metric(group: Sequence[Measure], newest: str) -> Metric:
    named = [m for m in group if m.named] or group
    best, sources = _best(named, lambda m: m.name), ordered(m.source for m in group)
    by_form = {filter_keys([f]): written(f) for f in best.filters}
    tables = dict.fromkeys((best.subject, *tables_of([best.expression, *best.filters]), *best.through))
    times = Counter(m.time for m in group if m.time is not None)
    name = _plain_name(best.name, [m.name for m in named])
    return Metric(
        name=name,
        expression=written(best.expression),
        tables=tuple(tables),
        filters=tuple(sorted(by_form.values())),
        time=best.time or (times.most_common(1)[0][0] if times else None),
        snapshot=next((m.snapshot for m in group if m.snapshot is not None), None),
        label=_first(m.label for m in [best, *group]),
        description=_first(m.description for m in [best, *group]),
        synonyms=_synonyms(name, [m.name for m in named], [s for m in group for s in (m.label, *m.synonyms)]),
        unit=_first([*(m.unit for m in [best, *group]), *(_unit(m) for m in [best, *named])]),
        sources=sources,
        standing=standing_of(sources, newest),
        deprecated=all(m.deprecated for m in group),
    )


def _unit(measure: Measure) -> str:
    """Return the unit that a name tells, or that of the one column whose values are taken as they are."""
    core = undressed(bare(measure.expression))
    column = bare(core.this) if isinstance(core, _KEEP_UNIT) else None
    taken = unit_of(column.name) if isinstance(column, exp.Column) else ""
    told = unit_of(measure.name) if measure.named else ""
    # A share is a percentage only where it is multiplied.
    percent = taken == "%" or any(number(n) == _HUNDRED for n in own_nodes(measure.expression))
    return taken if not told or (told == "%" and not percent) else told


def _plain_name(name: str, names: Sequence[str]) -> str:
    """Return a name less its unit where another source leaves the unit out."""
    shorter = next((n for n in names if not unit_of(n) and stem(n) == stem(name)), name)
    return shorter if says_something(shorter) else name


def _best(group: Sequence[_Found], name: Callable[[_Found], str]) -> _Found:
    """Return the entry of the most trusted source; among equals the one with the most frequent name."""
    counts = Counter({name(e): 0 for e in group})
    for entry in group:
        counts[name(entry)] += entry.source.uses
    order = {source: number for number, source in enumerate(ordered(e.source for e in group))}
    return min(
        group,
        key=lambda e: (
            _trust(e.source), not says_something(name(e)), -counts[name(e)], order.get(e.source, len(order)), name(e),
        ),
    )  # fmt: skip


def _trust(source: Source) -> tuple[bool, bool]:
    return (not source.certified, not source.definition)


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _synonyms(name: str, names: Sequence[str], said: Sequence[str]) -> tuple[str, ...]:
    """Return the other names in words, said ones first, then by how often they are used."""
    counted = [in_words(n) for n, _ in Counter(names).most_common() if says_something(n)]
    own = normal(name)
    found = {normal(text): text for text in reversed([*(s.strip() for s in said), *counted]) if text}
    found.pop(own, None)
    return tuple(reversed(found.values()))[:_MOST_SYNONYMS]
