"""Aggregates of a view that describe each of its rows, such as a customer's last order, and are no figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from semantic.mining.conditions import family, is_period
from semantic.mining.frames import Frame
from semantic.mining.keys import Keys
from semantic.mining.trees import bare, columns, table_of
from semantic.types import Table, TableId


def is_attribute(
    expression: exp.Expr, filters: Sequence[exp.Expr], frame: Frame, tables: Mapping[TableId, Table], keys: Keys
) -> bool:
    """Tell whether an aggregate of a grouped query describes a row of it rather than all of its rows.

    The first and the last day of a group do, and what is taken over a period for each thing that has a key.
    """
    keyed = [frame.column(name) for name in frame.keys or ()]
    by = [bare(made) for made in keyed if made is not None]
    core = bare(expression)
    if keyed and isinstance(core, (exp.Min, exp.Max)):
        taken = columns(core)
        return bool(taken) and all(family(c, tables) == "date" for c in taken)
    # A key without columns may be a period out of a list.
    if len(by) < len(keyed) or not all(map(columns, by)):
        return False
    if any(family(c, tables) == "date" for made in by for c in columns(made)):
        return False
    things = [c for c in by if isinstance(c, exp.Column) and c.catalog and keys.unique(table_of(c), (c.name,))]
    return bool(things) and any(is_period(f, tables) for f in filters)
