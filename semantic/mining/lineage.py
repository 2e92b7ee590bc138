"""Trace every column of a query through nested queries and views down to the columns of base tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from semantic.mining.frames import Frame, Pair, Rows, table_frame
from semantic.mining.grain import connected
from semantic.mining.qualify import Catalog, Statement
from semantic.mining.shape import group_keys, reshaping
from semantic.mining.trees import aggregates, bare, base_column, conjuncts, has_window, place_of
from semantic.types import TableId

_joins = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Selection:
    """One SELECT of a query with the rows it works on and what it yields."""

    select: exp.Select
    scope: Scope
    rows: Rows
    frame: Frame


class Lineage:
    """The scopes of one statement with what they yield.

    Args:
        catalog: The tables of the lake.
        views: Returns what a view yields, None where it is to be taken as a table.
    """

    def __init__(self, catalog: Catalog, views: Callable[[TableId], Frame | None]) -> None:
        self._catalog = catalog
        self._views = views
        self._frames: dict[int, Frame] = {}

    def selections(self, statement: Statement) -> list[Selection]:
        """Return every SELECT of a statement, inner ones first; the last one is the query itself if it is a SELECT."""
        found: list[Selection] = []
        for scope in traverse_scope(statement.tree):
            select = scope.expression
            if isinstance(select, exp.Select):
                rows = self._rows(scope, select)
                frame = _yielded(select, rows)
                found.append(Selection(select, scope, rows, frame))
            else:
                frame = _combined(scope)
            self._frames[id(scope)] = frame
        return found

    def _rows(self, scope: Scope, select: exp.Select) -> Rows:
        rows = Rows()
        first = select.args.get("from_")
        if first is None:
            rows.unsafe = "it reads no table"
            return rows
        self._add(rows, scope, first.this, None)
        for join in select.args.get("joins") or []:
            self._add(rows, scope, join.this, join)
        for lateral in select.args.get("laterals") or []:
            rows.unsafe = rows.unsafe or f"its rows come from a {lateral.key}"
        where = select.args.get("where")
        for condition in conjuncts(where.this if where else None):
            self._condition(rows, condition, next(_joins))
        if not rows.unsafe and not connected(rows):
            rows.unsafe = "its tables are not joined by equal columns"
        return rows

    def _add(self, rows: Rows, scope: Scope, node: exp.Expr, join: exp.Join | None) -> None:
        alias = node.alias_or_name
        frame = self._source(scope, node, alias)
        if frame is None:
            rows.unsafe = rows.unsafe or f"its rows come from {_shown(node)}"
            return
        frame = frame.fresh(rows.seen)
        rows.seen |= frame.places
        rows.sources[alias] = frame
        if join is None:
            self._first(rows, frame)
        else:
            self._join(rows, frame, join)

    def _source(self, scope: Scope, node: exp.Expr, alias: str) -> Frame | None:
        source = scope.sources.get(alias)
        if node.args.get("pivots") or node.args.get("sample"):
            return None
        if isinstance(source, Scope):
            return self._frames.get(id(source))
        if not isinstance(source, exp.Table):
            return None
        table = self._catalog.exact(source.catalog, source.db, source.name)
        if table is None:
            return None
        return self._views(table) or table_frame(self._catalog.table(table))

    def _first(self, rows: Rows, frame: Frame) -> None:
        if frame.keys is not None:
            rows.inner = frame
            rows.unsafe = frame.unsafe
        else:
            _take(rows, frame, outer=False)

    def _join(self, rows: Rows, frame: Frame, join: exp.Join) -> None:
        if rows.inner is not None:
            rows.unsafe = rows.unsafe or "it joins a grouped query"
        before, side, kind = set(rows.places), (join.side or "").upper(), (join.kind or "").upper()
        if side == "FULL" or kind in {"SEMI", "ANTI", "ASOF", "POSITIONAL"} or join.method:
            rows.unsafe = rows.unsafe or f"it has a {side or kind or join.method} join".lower()
        if frame.keys is None:
            _take(rows, frame, outer=bool(side))
        added = set(rows.places) - before
        number = next(_joins)
        conditions = conjuncts(join.args.get("on"))
        rows.optional |= added if side in {"LEFT", "FULL"} else before if side in {"RIGHT", "FULL"} else set()
        loose = [c for c in conditions if not self._pair(rows, c, number)]
        if side:
            rows.tainted |= (added if side == "LEFT" else before) if loose else set()
        else:
            for condition in loose:
                self._condition(rows, condition, number)
        if frame.keys is not None and not _attached(rows, frame, join, number, loose):
            rows.unsafe = rows.unsafe or "it joins a grouped query"

    def _condition(self, rows: Rows, condition: exp.Expr, number: int) -> None:
        if self._pair(rows, condition, number):
            return
        traced = rows.trace(condition)
        if traced is None:
            rows.unsafe = rows.unsafe or "a condition cannot be traced to tables"
        elif aggregates(traced) or has_window(traced):
            rows.unsafe = rows.unsafe or "a condition is on figures of a grouped query"
        else:
            rows.filters.append(traced)

    def _pair(self, rows: Rows, condition: exp.Expr, number: int) -> bool:
        """Note a condition that sets columns of two tables equal; tell whether it is one."""
        inner = bare(condition)
        if not isinstance(inner, (exp.EQ, exp.NullSafeEQ)):
            return False
        left, right = traced_column(rows, inner.this), traced_column(rows, inner.expression)
        if left is None or right is None or place_of(left) == place_of(right):
            return False
        rows.pairs.append(Pair(left, right, number))
        sides = [named for side in (inner.this, inner.expression) if (named := _as_named(rows, side)) is not None]
        if len(sides) == 2 and (sides[0] != left or sides[1] != right):
            rows.written.append((sides[0], sides[1]))
        return True


def _yielded(select: exp.Select, rows: Rows) -> Frame:
    made = {s.alias_or_name.lower(): rows.trace(s.unalias()) for s in select.selects}
    keys = group_keys(select)
    if keys is None and rows.inner is not None:
        limited = "it has conditions on a grouped query" if rows.filters else reshaping(select)
        return Frame(made=made, rows=rows.inner.rows, keys=_passed(rows.inner, made), unsafe=rows.unsafe or limited)
    return Frame(made=made, rows=rows, keys=keys, unsafe=reshaping(select) or rows.unsafe)


def _combined(scope: Scope) -> Frame:
    # Columns of a union are made in several ways at once.
    query = scope.expression
    names = query.named_selects if isinstance(query, exp.Query) else []
    kind = "union" if isinstance(query, exp.SetOperation) else query.key
    return Frame(made=dict.fromkeys((n.lower() for n in names), None), unsafe=f"its rows come from a {kind}")


def _shown(node: exp.Expr) -> str:
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return "a function"
    return node.name or f"a {node.key}"


def _take(rows: Rows, frame: Frame, *, outer: bool) -> None:
    """Add the tables behind a source to the rows."""
    if frame.table is not None:
        rows.places[frame.place] = frame.table.id
        return
    rows.unsafe = rows.unsafe or frame.unsafe
    if frame.rows is not None:
        rows.places |= frame.rows.places
        rows.optional |= frame.rows.optional
        rows.tainted |= frame.rows.tainted
        if outer and frame.rows.filters:
            # Conditions inside an outer join leave rows empty; they drop none.
            rows.tainted |= set(frame.rows.places)
        else:
            rows.filters += frame.rows.filters
        rows.pairs += frame.rows.pairs


def _passed(inner: Frame, made: dict[str, exp.Expr | None]) -> tuple[str, ...]:
    """Return the output columns that carry the keys of a grouped query on."""
    names = {node.sql(): name for name, node in made.items() if node is not None}
    keys = [inner.column(key) for key in inner.keys or ()]
    return tuple(names.get(key.sql(), "") if key is not None else "" for key in keys)


def _attached(rows: Rows, frame: Frame, join: exp.Join, number: int, loose: list[exp.Expr]) -> bool:
    """Tell whether joining a grouped query neither drops nor doubles rows."""
    if frame.keys == ():
        return True
    met = {place_of(c) for p in rows.pairs if p.join == number for c in (p.left, p.right)}
    keys = [frame.column(key) for key in frame.keys or ()]
    bound = {(place_of(c), c.name) for p in rows.pairs if p.join == number for c in (p.left, p.right)}
    held = all(isinstance(k, exp.Column) and (place_of(k), k.name) in bound for k in keys)
    return bool(met) and held and not loose and (join.side or "").upper() == "LEFT"


def traced_column(rows: Rows, node: exp.Expr) -> exp.Column | None:
    """Return the base column that an expression is, casts left out; None where it is none."""
    inner = bare(node)
    while isinstance(inner, (exp.Cast, exp.TryCast)):
        inner = bare(inner.this)
    made = rows.column(inner) if isinstance(inner, exp.Column) else None
    while isinstance(made, (exp.Paren, exp.Cast, exp.TryCast)):
        made = made.this
    return made if isinstance(made, exp.Column) and made.catalog else None


def _as_named(rows: Rows, node: exp.Expr) -> exp.Column | None:
    """Return a column as a column of the table or view that the query names."""
    inner = bare(node)
    frame = rows.sources.get(inner.table) if isinstance(inner, exp.Column) else None
    table = (frame.table or frame.view) if frame is not None else None
    found = table.column(inner.name) if table is not None else None
    return base_column(table.id, found.name) if table is not None and found is not None else None
