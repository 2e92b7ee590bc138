"""Context stage: what the lake knows about a question."""

from __future__ import annotations

from dataclasses import replace

from genie_ext.guard import Policy
from genie_ext.types import Context, Question, Turn
from semantic.index import Index
from semantic.types import Found, Relationship, Table, TableId, ValueHit

_SMALL_LAKE = 30
_MOST_TABLES = 18


def find_context(question: Question, index: Index, policy: Policy, previous: Turn | None = None) -> Context:
    """Return the tables, columns, values and joins a question may need; the whole schema where it is small.

    What a policy hides is left out: tables nobody may read, and the known cells of hidden columns and filtered rows.
    """
    text = question.text if previous is None else f"{question.text} {previous.question.text}"
    found = index.search(text)
    if previous is not None:  # the spans of values must fit the new words alone
        found = replace(found, values=index.search(question.text).values)
    ids = tuple(table for table in _choose(found, index, previous) if policy.allows(table))
    chosen = set(ids)
    joins = tuple(r for r in index.relationships(ids) if r.child in chosen and r.parent in chosen)
    return Context(
        question=question,
        found=replace(found, values=tuple(hit for hit in found.values if _may_show(hit, policy))),
        tables=tuple(_veiled(index.table(table), policy) for table in ids),
        names={table: index.short_name(table) for table in ids},
        relationships=joins,
        previous=previous,
    )


def _may_show(hit: ValueHit, policy: Policy) -> bool:
    """Tell whether a value may be said; of filtered rows only what the user's own words say already."""
    if hit.column.lower() in policy.hidden(hit.table):
        return False
    return hit.match != "fuzzy" or hit.table not in policy.row_filters


def _veiled(table: Table, policy: Policy) -> Table:
    """Return a table without the profiles that would tell cells nobody may read."""
    if not policy.narrows(table.id):
        return table
    hidden, filtered = policy.hidden(table.id), table.id in policy.row_filters
    columns = (replace(c, profile=None) if filtered or c.name.lower() in hidden else c for c in table.columns)
    return replace(table, columns=tuple(columns))


def _choose(found: Found, index: Index, previous: Turn | None) -> tuple[TableId, ...]:
    """Return the tables of the context, best first."""
    ranked = [hit.document.table for hit in found.tables]
    ranked += [hit.document.table for hit in found.columns[:12]]
    ranked += [hit.table for hit in found.values if hit.match == "exact"]
    said = previous.plan.steps[-1].sources if previous is not None and previous.plan is not None else ()
    order = list(dict.fromkeys(table for table in (*said, *ranked) if table is not None))
    every = index.table_ids()
    if len(every) <= _SMALL_LAKE:
        return (*order, *(table for table in every if table not in set(order)))
    order = order[:_MOST_TABLES]
    return (*order, *_between(order, index))


def _between(chosen: list[TableId], index: Index) -> tuple[TableId, ...]:
    """Return the tables that join two chosen ones which have no direct join."""
    joins = index.relationships(chosen)
    inside = set(chosen)
    touched: dict[TableId, set[TableId]] = {}
    for join in joins:
        for near, far in ((join.child, join.parent), (join.parent, join.child)):
            if near in inside and far not in inside:
                touched.setdefault(far, set()).add(near)
    bridges = [table for table, ends in touched.items() if len(ends) > 1 and not _linked(ends, joins)]
    return tuple(bridges[:8])


def _linked(ends: set[TableId], joins: tuple[Relationship, ...]) -> bool:
    return all(any({a, b} == {j.child, j.parent} for j in joins) for a in ends for b in ends if a < b)
