"""The joins of a query: by equal columns of its tables, through views as they are written, and by EXISTS and IN."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from semantic.facts import Source
from semantic.mining.frames import Pair, Rows
from semantic.mining.lineage import Selection, traced_column
from semantic.mining.mined import JoinUse
from semantic.mining.trees import bare, conjuncts, place_of, table_of

_Ends = tuple[exp.Column, exp.Column]


def joins(selections: Sequence[Selection], source: Source) -> Iterator[JoinUse]:
    """Yield each join of a query once for every way it is written."""
    for selection in selections:
        groups: dict[frozenset[int], list[_Ends]] = defaultdict(list)
        for pair in _own_pairs(selection.rows):
            groups[frozenset((place_of(pair.left), place_of(pair.right)))].append((pair.left, pair.right))
        for ends in groups.values():
            yield _use(ends, source)
        views: dict[frozenset[str], list[_Ends]] = defaultdict(list)
        for left, right in selection.rows.written:
            views[frozenset((str(table_of(left)), str(table_of(right))))].append((left, right))
        for ends in views.values():
            yield _use(ends, source)
    for left, right in _half_joins(selections):
        yield _use([(left, right)], source)


def _own_pairs(rows: Rows) -> Iterable[Pair]:
    inherited = {p.join for frame in rows.sources.values() if frame.rows is not None for p in frame.rows.pairs}
    return [p for p in rows.pairs if p.join not in inherited]


def _use(ends: Sequence[_Ends], source: Source) -> JoinUse:
    first = table_of(ends[0][0]), place_of(ends[0][0])
    sides = [(a, b) if (table_of(a), place_of(a)) == first else (b, a) for a, b in ends]
    names = dict.fromkeys((left.name, right.name) for left, right in sides)
    return JoinUse(
        left=table_of(sides[0][0]),
        left_columns=tuple(left for left, _ in names),
        right=table_of(sides[0][1]),
        right_columns=tuple(right for _, right in names),
        source=source,
    )


def _half_joins(selections: Sequence[Selection]) -> Iterator[_Ends]:
    """Yield the columns that EXISTS and IN set equal to those of the query around them."""
    by_scope = {id(s.scope): s for s in selections}
    by_select = {id(s.select): s for s in selections}
    for selection in selections:
        where = selection.select.args.get("where")
        outer = by_scope.get(id(selection.scope.parent)) if selection.scope.is_subquery else None
        for condition in map(bare, conjuncts(where.this if where else None)):
            ends = _leaning(condition, selection, outer) if outer is not None else None
            ends = ends or _listed(condition, selection, by_select)
            if ends is not None and table_of(ends[0]) != table_of(ends[1]):
                yield ends


def _leaning(condition: exp.Expr, inner: Selection, outer: Selection) -> _Ends | None:
    if not isinstance(condition, exp.EQ):
        return None
    for one, other in ((condition.this, condition.expression), (condition.expression, condition.this)):
        left, right = traced_column(inner.rows, one), traced_column(outer.rows, other)
        if left is not None and right is not None and traced_column(inner.rows, other) is None:
            return left, right
    return None


def _listed(condition: exp.Expr, selection: Selection, by_select: dict[int, Selection]) -> _Ends | None:
    query = condition.args.get("query") if isinstance(condition, exp.In) else None
    inner = by_select.get(id(query.this)) if isinstance(query, exp.Subquery) else by_select.get(id(query))
    outputs = inner.select.selects if inner is not None else []
    if inner is None or len(outputs) != 1:
        return None
    left, right = traced_column(selection.rows, condition.this), traced_column(inner.rows, outputs[0].unalias())
    return (left, right) if left is not None and right is not None else None
