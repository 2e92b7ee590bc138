"""The figures of a grouped view: over the tables behind it, and over its own columns where that is all one can tell."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from semantic.errors import SourceError
from semantic.mining.attributes import is_attribute
from semantic.mining.folding import is_distinct
from semantic.mining.lineage import Selection
from semantic.mining.measures import Context, figure, period_of
from semantic.mining.mined import Measure
from semantic.mining.naming import snake
from semantic.mining.rolled import Grouped, grouped
from semantic.mining.snapshots import repeats
from semantic.mining.trees import bare, base_column, is_aggregate, undressed
from semantic.types import Table, TableId


def of_view(selection: Selection, context: Context) -> Grouped | None:
    """Return what a grouped view yields over the tables behind it; None where it is not grouped."""
    rows = selection.rows.inner.rows if selection.rows.inner is not None else selection.rows
    if selection.frame.keys is None or rows is None:
        return None
    time = period_of(selection, context)
    figures: dict[str, Measure] = {}
    for output in selection.select.selects:
        try:
            found = figure(selection, output.unalias(), output.alias_or_name, time, context)
        except SourceError:
            # It is reported where the view is mined.
            continue
        if found is not None:
            figures[output.alias_or_name.lower()] = found
    keys = {name: made for name in selection.frame.keys if (made := selection.frame.column(name)) is not None}
    return grouped(figures, keys, rows)


def over_view(selection: Selection, view: Table, context: Context) -> Iterator[tuple[str, Measure]]:
    """Yield the figures of a view, by column, as aggregates of that column, where they can be folded once more."""
    keys = [c for key in selection.frame.keys or () if (c := view.column(key)) is not None]
    time = next(((view.id, c.name) for c in keys if c.family == "date"), None)
    for output in selection.select.selects:
        column, call = view.column(output.alias_or_name), bare(output.unalias())
        core = undressed(call)
        if column is None or not is_aggregate(core) or is_distinct(core):
            continue
        kind = exp.Sum if isinstance(core, (exp.Count, exp.CountIf)) else type(core)
        if kind in {exp.Sum, exp.Min, exp.Max}:
            stock = _stock(selection, call, time) if kind is exp.Sum else None
            whole = kind(this=base_column(view.id, column.name))
            yield (
                column.name.lower(),
                Measure(
                    name=snake(column.name),
                    named=True,
                    expression=whole,
                    subject=view.id,
                    source=context.source,
                    time=time,
                    snapshot=stock,
                    attribute=_describes(selection, whole, context),
                    description=_warning(stock[1]) if stock else "",
                ),
            )


def _describes(selection: Selection, whole: exp.Expr, context: Context) -> bool:
    # The first few of a list add up to nothing that has a name.
    picked = any(selection.select.args.get(part) for part in ("limit", "qualify", "offset"))
    return picked or is_attribute(whole, selection.rows.filters, selection.frame, context.tables, context.keys)


def _stock(selection: Selection, call: exp.Expr, time: tuple[TableId, str] | None) -> tuple[TableId, str] | None:
    return time if time and repeats(selection.scope, time[1].lower(), [call]) else None


def _warning(period: str) -> str:
    """Return what to heed where the rows of a view count the same rows of a table in several periods."""
    return f"One figure for each {period}; adding up several counts the same rows again."
