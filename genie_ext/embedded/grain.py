"""Grain: the table whose rows a metric aggregates, and why some definitions or groupings would count rows twice."""

from __future__ import annotations

from collections.abc import Sequence

from genie_ext.embedded.join_tree import find_path
from genie_ext.embedded.metric_sql import aggregated_tables
from genie_ext.errors import CannotAnswerError
from semantic.facts import Metric
from semantic.types import Relationship, Table, TableId


def find_grain(metric: Metric, tables: Sequence[Table], relationships: Sequence[Relationship]) -> TableId:
    """Return the table of a metric from which all its others are reached without repeating rows.

    Raises:
        CannotAnswerError: A table is missing, there is none such, or an aggregate would count rows more than once.
    """
    known = {table.id for table in tables}
    if not metric.tables or not known.issuperset(metric.tables):
        gone = ", ".join(sorted(table.name for table in metric.tables if table not in known)) or "no table"
        raise CannotAnswerError(f"The metric {metric.name} reads {gone}, which cannot be read here.")
    grain = next((table for table in metric.tables if _reaches_all(table, metric.tables, relationships)), None)
    if grain is None:
        names = " and ".join(table.name for table in metric.tables)
        raise CannotAnswerError(
            f"The metric {metric.name} reads {names}, and no known join connects them without counting rows twice.",
            hint="Declare the keys that join them, or define it over a view.",
        )
    _check_roles(metric, grain, relationships)
    _check_aggregates(metric, grain, relationships)
    return grain


def _reaches_all(start: TableId, tables: Sequence[TableId], relationships: Sequence[Relationship]) -> bool:
    paths = [find_path(((start, ""),), (table, ""), relationships) for table in tables]
    return all(path is not None and not any(edge.multiplies for edge in path) for path in paths)


def _check_roles(metric: Metric, grain: TableId, relationships: Sequence[Relationship]) -> None:
    """Refuse a definition over two tables that several keys join, since it does not say which one is meant."""
    for table in metric.tables:
        keys = {join.child_columns for join in relationships if (join.child, join.parent) == (grain, table)}
        if len(keys) > 1:
            ways = ", ".join(sorted(key[0] for key in keys))
            raise CannotAnswerError(f"The metric {metric.name} may reach {table.name} by {ways}; it is not said which.")


def _check_aggregates(metric: Metric, grain: TableId, relationships: Sequence[Relationship]) -> None:
    """Refuse sums over rows that the joins of the definition repeat, unless all of it is about those repeats."""
    read = [owners for owners in aggregated_tables(metric, metric.tables) if owners]
    repeated = [owners for owners in read if all(_is_repeated(table, grain, relationships) for table in owners)]
    meant = len(repeated) == len(read) and metric.tables[0] == grain
    if repeated and not meant:
        name = min(table.name for table in repeated[0])
        raise CannotAnswerError(
            f"The metric {metric.name} adds up {name} once for every row of {grain.name}, so some count repeatedly.",
            hint=f"Define it over {name} alone.",
        )


def _is_repeated(table: TableId, grain: TableId, relationships: Sequence[Relationship]) -> bool:
    path = find_path(((grain, ""),), (table, ""), relationships) or ()
    return any(edge.reversed().multiplies for edge in path)
