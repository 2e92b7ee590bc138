"""Context stage: what the lake knows about a question."""

from __future__ import annotations

from dataclasses import replace

from genie_ext.agent.known import find_known
from genie_ext.embedded.steps import metric_tables
from genie_ext.embedded.words import split_words
from genie_ext.guard import Policy
from genie_ext.policies import defaults_to_hidden
from genie_ext.types import Context, Question, Turn
from semantic.found import Found, ValueHit
from semantic.index import Index
from semantic.types import Relationship, Table, TableId

_SMALL_LAKE = 30
_MOST_TABLES = 18


def find_context(question: Question, index: Index, policy: Policy, previous: Turn | None = None) -> Context:
    """Return the tables, columns, values and joins a question may need; the whole schema where it is small.

    What a policy hides is left out: tables nobody may read, and the known cells of hidden columns and filtered rows.
    """
    text = question.text if previous is None else f"{question.text} {previous.question.text}"
    found = index.search(text)
    if previous is not None:  # the spans of values and the facts must fit the new words alone
        new = index.search(question.text, tables=0, columns=0, passages=0)
        found = replace(found, values=new.values, queries=new.queries, terms=new.terms)
    order = _choose(text, found, index, previous)
    known = find_known(question.text, found, index, policy, order)
    ids = tuple(table for table in dict.fromkeys((*known.tables, *order)) if policy.allows(table))
    chosen = set(ids)
    joins = tuple(r for r in index.relationships(ids) if r.child in chosen and r.parent in chosen)
    return Context(
        question=question,
        found=replace(found, values=tuple(hit for hit in found.values if _may_show(hit, index, policy))),
        tables=tuple(_veiled(index.table(table), policy) for table in ids),
        names={table: index.short_name(table) for table in ids},
        relationships=joins,
        previous=previous,
        metrics=known.metrics,
        segments=known.segments,
        rules=index.rules(),
        barred=known.barred,
    )


def _may_show(hit: ValueHit, index: Index, policy: Policy) -> bool:
    """Tell whether a value may be said; of filtered rows only what the user's own words say already."""
    column = index.table(hit.table).column(hit.column)
    if hit.column.lower() in policy.hidden(hit.table) or (column is not None and column.hidden):
        return False
    return hit.match in {"exact", "inflection"} or hit.table not in policy.row_filters


def _veiled(table: Table, policy: Policy) -> Table:
    """Return a table without what the model hides, and without the profiles that would tell cells nobody may read."""
    if any(column.hidden for column in table.columns):
        barred = policy.hidden(table.id)
        kept = (c for c in table.columns if not (c.hidden and c.name.lower() in barred))
        table = replace(table, columns=tuple(replace(c, profile=None) if c.hidden else c for c in kept))
        if defaults_to_hidden(table, policy.hidden_columns):
            table = replace(table, default_filter="")  # the policy applies it, and it would tell the hidden column
    if not policy.narrows(table.id):
        return table
    hidden, filtered = policy.hidden(table.id), table.id in policy.row_filters
    columns = (replace(c, profile=None) if filtered or c.name.lower() in hidden else c for c in table.columns)
    return replace(table, columns=tuple(columns))


def _choose(text: str, found: Found, index: Index, previous: Turn | None) -> tuple[TableId, ...]:
    """Return the tables of the context, best first."""
    ranked = [hit.document.table for hit in found.tables]
    ranked += [hit.document.table for hit in found.columns[:12]]
    ranked += [hit.table for hit in found.values if hit.match == "exact"]
    step = previous.plan.steps[-1] if previous is not None and previous.plan is not None else None
    said = (*step.sources, *metric_tables(step)) if step is not None else ()
    order = list(dict.fromkeys(table for table in (*said, *ranked) if table is not None))
    every = index.table_ids()
    if len(every) <= _SMALL_LAKE:
        return (*order, *(table for table in every if table not in set(order)))
    order = list(dict.fromkeys((*order[:_MOST_TABLES], *_spelled(text, index))))
    return (*order, *_between(order, index))


def _spelled(text: str, index: Index) -> tuple[TableId, ...]:
    """Return the tables whose names are words of the question, if only one current table bears each."""
    found: list[TableId] = []
    for word in split_words(text):
        forms = dict.fromkeys((word.text.lower(), word.stem, f"{word.stem}s"))
        named = {table for form in forms for table in index.find((form,)) if not index.table(table).stale}
        found.extend(named if len(named) == 1 else ())
    return tuple(found)


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
