"""The logical names of a Snowflake model: what tables, columns and metrics stand for in the base tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from semantic.mining.raw import Relation
from semantic.mining.readers.expressions import (
    InexpressibleError,
    Tree,
    aggregates,
    column,
    has_window,
    parse,
    parts_of,
    plain_column,
    replace_columns,
)
from semantic.mining.readers.shapes import entries, identifier, mapping, relation, words

DIALECT = "snowflake"
_AGGREGATES = {"sum": "SUM", "avg": "AVG", "average": "AVG", "min": "MIN", "max": "MAX", "median": "MEDIAN",
               "count": "COUNT"}  # fmt: skip


@dataclass(slots=True, eq=False)
class Logical:
    """A logical table: its base table (empty for a query), its columns' expressions, the date it is followed over."""

    name: str
    relation: Relation
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    time: str = ""


class Names:
    """Resolves names of one model.

    Args:
        place: What the file is called in messages.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.lost: list[str] = []
        self.tables: dict[str, Logical] = {}
        self.metrics: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, raw: dict[str, Any]) -> Logical:
        """Take a logical table in, with its columns and metrics."""
        base = mapping(raw.get("base_table"))
        name = identifier(raw.get("name"))
        table = Logical(name, relation(base.get("database"), base.get("schema"), base.get("table")))
        for kind in ("dimensions", "time_dimensions", "facts", "measures"):
            for entry in entries(raw.get(kind)):
                table.columns[identifier(entry.get("name")).lower()] = entry
                if aggregate := _AGGREGATES.get(words(entry.get("default_aggregation")).lower()):
                    of = words(entry.get("expr")) or words(entry.get("name"))
                    self.metrics[(name, identifier(entry.get("name")).lower())] = entry | {"expr": f"{aggregate}({of})"}
        self.tables[name.lower()] = table
        times = entries(raw.get("time_dimensions"))
        table.time = self._date(table, words(times[0].get("name"))) if len(times) == 1 else ""
        for entry in entries(raw.get("metrics")):
            self.metrics[(name, identifier(entry.get("name")).lower())] = entry
        return table

    def _date(self, table: Logical, name: str) -> str:
        try:
            plain = plain_column(self.column(table, name))
        except InexpressibleError:
            return ""
        return plain.name if plain is not None and not plain.table else ""

    def add_metrics(self, raw: list[dict[str, Any]]) -> None:
        """Take in the metrics of the whole view."""
        for entry in raw:
            self.metrics[("", identifier(entry.get("name")).lower())] = entry

    def table(self, name: Any) -> Logical | None:
        """Return the logical table of that name."""
        return self.tables.get(identifier(name).lower())

    def column(self, table: Logical, name: str, above: tuple[str, ...] = ()) -> Tree:
        """Return what a logical column stands for, in columns of base tables."""
        entry = table.columns.get(name.lower())
        if entry is None:
            return column(name)
        return self.expression(table, words(entry.get("expr")) or f'"{name}"', (*above, name.lower()))

    def expression(self, table: Logical, sql: str, above: tuple[str, ...] = ()) -> Tree:
        """Return an expression over the columns of base tables, bare for those of `table`."""

        def found(named: Any) -> Tree | None:
            *start, last = parts_of(named)
            owner = self.table(start[-1]) if start else table
            if owner is None or not owner.relation:
                raise InexpressibleError(f"'{'.'.join((*start, last))}' is of no table of the model")
            if owner is not table:
                return _aliased(self.column(owner, last, above), owner.name)
            known = last.lower() in table.columns and last.lower() not in above
            return self.column(table, last, above) if known else column(last)

        return replace_columns(parse(sql, DIALECT), found)

    def physical(self, table: Logical, name: str) -> str:
        """Return the base column that a logical one is, its own name where it is more than a column."""
        try:
            plain = plain_column(self.column(table, name))
        except InexpressibleError:
            return name
        return plain.name if plain is not None and not plain.table else name

    def metric(self, owner: str, name: str, above: tuple[tuple[str, str], ...]) -> tuple[Logical, Tree]:
        """Return the table whose rows a metric aggregates, and its expression with other metrics put in."""
        key = (owner, name.lower())
        entry = self.metrics[key]
        if key in above:
            raise InexpressibleError("it is defined by itself")
        if above and entry.get("non_additive_dimensions"):
            raise InexpressibleError(f"'{name}' takes the last rows of a period (non_additive_dimensions)")
        tree, bases = self._put_in(owner, words(entry.get("expr")), (*above, key))
        if has_window(tree):
            raise InexpressibleError("it looks at other rows through a window")
        if not aggregates(tree):
            raise InexpressibleError("it aggregates nothing")
        if len(bases) != 1:
            counted = " and ".join(sorted(bases)) or "no table"
            raise InexpressibleError(f"it aggregates rows of {counted}, which one query over a join would count twice")
        return self.tables[bases.pop()], tree

    def stock(self, table: Logical, entry: dict[str, Any]) -> str:
        """Return the date column that a metric must not be added over, empty where it may.

        Raises:
            InexpressibleError: It takes other rows than those of one last date.
        """
        edges = entries(entry.get("non_additive_dimensions"))
        if not entry.get("non_additive_dimensions"):
            return ""
        last = len(edges) == 1 and not words(edges[0].get("sort_direction")).lower().startswith("desc")
        of = self.table(edges[0].get("table")) if last and edges[0].get("table") else table
        date = self._date(table, identifier(edges[0].get("dimension"))) if last and of is table else ""
        if not date:
            raise InexpressibleError("it takes other rows than those of one last date (non_additive_dimensions)")
        return date

    def _put_in(self, owner: str, sql: str, above: tuple[tuple[str, str], ...]) -> tuple[Tree, set[str]]:
        bases: set[str] = set()
        table = self.table(owner) if owner else None

        def found(named: Any) -> Tree | None:
            *start, last = parts_of(named)
            at = start[-1] if start else owner
            holder = self.table(at) if at else None
            key = (holder.name if holder else "", last.lower())
            if key in self.metrics and key not in above and not _inside_aggregate(named):
                base, tree = self.metric(*key, above)
                bases.add(base.name.lower())
                return tree if table is None or base is table else _aliased(tree, base.name)
            if holder is None or not holder.relation:
                raise InexpressibleError(f"'{'.'.join((*start, last))}' is of no table of the model")
            bases.add((table or holder).name.lower())
            tree = self.column(holder, last)
            return tree if table in {None, holder} else _aliased(tree, holder.name)

        tree = replace_columns(parse(sql, DIALECT), found)
        if table is not None and not bases:
            bases.add(table.name.lower())
        return tree, bases

    def relations(self, table: Logical, tree: Tree) -> dict[str, Relation]:
        """Return the base tables an expression reads, its own under the empty name."""
        from sqlglot import exp

        used = {named.table for named in tree.find_all(exp.Column)} - {""}
        return {"": table.relation} | {t.name: t.relation for t in self.tables.values() if t.name in used}


def _aliased(tree: Tree, alias: str) -> Tree:
    return replace_columns(tree, lambda named: None if named.table else column(named.name, alias))


def _inside_aggregate(node: Any) -> bool:
    from sqlglot import exp

    return node.find_ancestor(exp.AggFunc) is not None
