"""Queries as steps: what a query says, in the words that a plan has for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from genie_ext.embedded.sql_reader.conditions import aggregate_subject, read_filters
from genie_ext.embedded.sql_reader.scope import (
    Lake,
    NotSaidError,
    QueryScope,
    add_links,
    bare,
    conjuncts,
    find_table,
    table_forms,
)
from genie_ext.types import Aggregate, ColumnRef, Combination, Dimension, Filter, Measure, Order, Step
from semantic.types import Relationship, Table, TableId

if TYPE_CHECKING:
    from sqlglot import exp

_AGGREGATES: dict[str, Aggregate] = {"count": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max"}


def say_step(
    sql: str, tables: Sequence[Table], relationships: Sequence[Relationship], names: Mapping[TableId, str]
) -> Step:
    """Return what a query in DuckDB's dialect says as a step.

    Raises:
        NotSaidError: No step can say it; the text is the reason.
    """
    from sqlglot import parse_one

    lake = Lake(tables=table_forms(tables, names), relationships=relationships)
    return _read(parse_one(sql, dialect="duckdb"), lake)


def _read(tree: exp.Expr, lake: Lake) -> Step:
    from sqlglot import exp

    tree = tree.unnest()
    if isinstance(tree, exp.Union | exp.Intersect | exp.Except):
        return _combined(tree, lake)
    if not isinstance(tree, exp.Select):
        raise NotSaidError(f"a statement {tree.key}")
    return _Reader(tree, lake).step()


def _combined(tree: exp.SetOperation, lake: Lake) -> Step:
    if not tree.args.get("distinct"):
        raise NotSaidError("a combination that keeps repeated rows")
    if tree.args.get("order") or tree.args.get("limit"):
        raise NotSaidError("a combination that is sorted as a whole")
    first, second = _read(tree.left, lake), _read(tree.right, lake)
    if first.combined is not None:
        raise NotSaidError("a combination of three queries")
    return replace(first, combined=Combination(kind=tree.key, step=second))  # type: ignore[arg-type]


class _Reader:
    """Reads one SELECT."""

    def __init__(self, tree: exp.Select, lake: Lake) -> None:
        self.tree, self.lake = tree, lake
        self.shown = [part.unalias() for part in tree.expressions]
        self.rest: list[exp.Expr] = []
        self.scope = self._scope()
        self.base = self._base()
        self.scope.set_roles(self.base)
        self.scope.read.add(self.base)

    def step(self) -> Step:
        """Return the step."""
        measures = tuple(self._measure(part) for part in self.shown if self._is_figure(part))
        dimensions = tuple(self._dimension(part) for part in self.shown if self._is_column(part))
        if len(measures) + len(dimensions) < sum(not self._is_star(part) for part in self.shown):
            raise NotSaidError("a computed value shown")
        filters, order = self._filters(), self._order()
        grouped = bool(measures) or any(isinstance(f.subject, Measure) for f in filters)
        grouped = grouped or any(isinstance(o.by, Measure) for o in order)
        keys, group = self._keys(dimensions), self.tree.args.get("group")
        return Step(
            sources=tuple(dict.fromkeys(self._sources())),
            dimensions=dimensions,
            measures=measures,
            filters=filters,
            order=order,
            limit=self._limit(),
            distinct=self._distinct() or (group is not None and not grouped and not keys),
            keys=keys if grouped else (),
        )

    # --- FROM ---

    def _scope(self) -> QueryScope:
        from sqlglot import exp

        source = self.tree.args.get("from_") or self.tree.args.get("from")
        joins = self.tree.args.get("joins") or []
        if source is None or any(
            join.side or join.kind not in ("", "INNER") or join.args.get("using") for join in joins
        ):
            raise NotSaidError("an outer join" if source is not None else "no table")
        parts = [source.this, *(join.this for join in joins)]
        tables = {part.alias_or_name.lower(): find_table(self.lake, part) for part in parts}
        if len(tables) < len(parts):
            raise NotSaidError("a table joined to itself")
        scope = QueryScope(tables=tables, relationships=self.lake.relationships)
        where = self.tree.args.get("where")
        conditions = [part for join in joins for part in conjuncts(join.args.get("on"))]
        self.rest = add_links(scope, [*conditions, *conjuncts(where.this if isinstance(where, exp.Where) else None)])
        return scope

    def _base(self) -> str:
        """Return the alias that the writer starts from: of the first figure, else of the first column."""
        from sqlglot import exp

        figures = [part for part in self.shown if self._is_figure(part)]
        if figures and self._counts_rows(bare(figures[0])):
            return self.scope.child_most()
        columns = [part for part in figures or self.shown if part.find(exp.Column) is not None]
        column = columns[0].find(exp.Column) if columns else None
        if column is None or isinstance(column.this, exp.Star):
            return column.table.lower() if column is not None and column.table else next(iter(self.scope.tables))
        return self.scope.place(column)[0]

    def _sources(self) -> list[TableId]:
        unread = [alias for alias in self.scope.tables if alias not in self.scope.read]
        return [self.scope.tables[alias].id for alias in (self.base, *unread)]

    # --- what is shown ---

    def _is_figure(self, node: exp.Expr) -> bool:
        from sqlglot import exp

        return isinstance(bare(node), exp.AggFunc)

    def _is_column(self, node: exp.Expr) -> bool:
        from sqlglot import exp

        return isinstance(bare(node), exp.Column) and not self._is_star(node)

    def _is_star(self, node: exp.Expr) -> bool:
        from sqlglot import exp

        star = isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))
        if star and isinstance(node, exp.Star) and len(self.scope.tables) > 1:
            raise NotSaidError("all columns of several tables")
        return star

    def _dimension(self, node: exp.Expr) -> Dimension:
        return Dimension(column=self.scope.ref(bare(node)))  # type: ignore[arg-type]

    def _counts_rows(self, node: exp.Expr) -> bool:
        """Tell whether a figure counts rows: all, or those with a key, which no row lacks."""
        from sqlglot import exp

        inside = node.this if isinstance(node, exp.Count) else None
        if not isinstance(inside, exp.Column):
            return isinstance(inside, exp.Star)
        alias, name = self.scope.place(inside)
        return self.scope.tables[alias].primary_key == (name,)

    def _measure(self, node: exp.Expr) -> Measure:
        from sqlglot import exp

        node = bare(node)
        aggregate = _AGGREGATES.get(node.key)
        inside = node.this.unnest() if isinstance(node.this, exp.Expr) else node.this
        if aggregate is None:
            raise NotSaidError(f"the figure {node.key}")
        if self._counts_rows(node):
            child = self.scope.child_most()
            self.scope.read.add(child)
            return Measure(aggregate="count", table=self.scope.tables[child].id)
        if isinstance(inside, exp.Distinct):
            if aggregate != "count" or len(inside.expressions) != 1:
                raise NotSaidError("a figure of different values")
            aggregate, inside = "count_distinct", inside.expressions[0]
        column = bare(inside)
        if not isinstance(column, exp.Column):
            raise NotSaidError("a figure of a computed value")
        return Measure(aggregate=aggregate, column=self.scope.ref(column))

    # --- the other clauses ---

    def _filters(self) -> tuple[Filter, ...]:
        having = self.tree.args.get("having")
        conditions = [*self.rest, *conjuncts(having.this if having else None)]
        return read_filters(
            conditions, aggregate_subject(self.scope, self._measure), lambda tree: _read(tree, self.lake)
        )

    def _keys(self, dimensions: Sequence[Dimension]) -> tuple[ColumnRef, ...]:
        """Return the columns grouped by that are not shown, where possible as equal ones of the table that is."""
        group = self.tree.args.get("group")
        shown = {dimension.column for dimension in dimensions}
        keys = [self._key(node, shown) for node in (group.expressions if group else ())]
        return tuple(dict.fromkeys(key for key in keys if key not in shown))

    def _key(self, node: exp.Expr, shown: set[ColumnRef]) -> ColumnRef:
        from sqlglot import exp

        column = bare(node)
        if not isinstance(column, exp.Column):
            raise NotSaidError("a group by a computed value")
        for alias, name in sorted(self.scope.same(self.scope.place(column))):
            table = self.scope.tables[alias]
            ref = ColumnRef(table.id, name, self.scope.roles.get(alias, ""))
            if ref in shown or (table.primary_key == (name,) and any(other.table == table.id for other in shown)):
                return ref
        return self.scope.ref(column)

    def _order(self) -> tuple[Order, ...]:
        order = self.tree.args.get("order")
        return tuple(self._sorted(node) for node in (order.expressions if order else ()))

    def _sorted(self, node: exp.Expr) -> Order:
        from sqlglot import exp

        aliases = {part.alias.lower(): part.this for part in self.tree.expressions if isinstance(part, exp.Alias)}
        key = bare(node.this)
        if isinstance(key, exp.Column) and not key.table and key.name.lower() in aliases:
            key = bare(aliases[key.name.lower()])
        if isinstance(key, exp.Literal) and key.is_int and int(key.name) <= len(self.shown):
            key = bare(self.shown[int(key.name) - 1])
        if isinstance(key, exp.Column):
            return Order(by=self._dimension(key), descending=bool(node.args.get("desc")))
        if isinstance(key, exp.AggFunc):
            return Order(by=self._measure(key), descending=bool(node.args.get("desc")))
        raise NotSaidError("a computed value sorted by")

    def _limit(self) -> int | None:
        limit = self.tree.args.get("limit")
        if self.tree.args.get("offset"):
            raise NotSaidError("rows after the first ones")
        return int(limit.expression.name) if limit else None

    def _distinct(self) -> bool:
        distinct = self.tree.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise NotSaidError("DISTINCT ON")
        return distinct is not None
