"""What the index knows about some words, as far as a policy lets it be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from genie_ext.agent.context import find_context
from genie_ext.guard import Policy
from genie_ext.mcp_server.forms import Meant
from genie_ext.types import Context, Question
from semantic.facts import Metric
from semantic.found import Hit
from semantic.index import Index
from semantic.mining.writing import shown

_MOST = 8


def find_meaning(words: str, index: Index, policy: Policy) -> list[Meant]:
    """Return tables, columns, values, metrics and joins; terms and passages only where nothing at all is hidden.

    A definition or a document may speak of any table, so a client that may not see all of them gets neither.
    """
    context = find_context(Question(text=words), index, policy)
    found = context.found
    facts = [*_hits("table", found.tables, index, policy), *_hits("column", found.columns, index, policy)]
    facts += _values(context, index, policy)
    facts += [_metric(metric, index) for metric in context.metrics if _may_tell(metric, context, policy)][:_MOST]
    facts += _joins(context, policy)
    if policy.allowed is None and not policy.hidden_columns and not policy.row_filters:
        facts += [Meant(kind="term", name=hit.fact.term, text=hit.fact.definition) for hit in found.terms]
        facts += [Meant(kind="passage", name=hit.document.title, text=hit.document.text) for hit in found.passages[:3]]
    return facts


def _hits(kind: str, hits: Iterable[Hit], index: Index, policy: Policy) -> list[Meant]:
    """Return tables or columns that may be seen, best first."""
    found = []
    for hit in hits:
        table, column = hit.document.table, hit.document.column
        if table is None or not policy.allows(table):
            continue
        about = index.table(table)
        if kind == "table":
            found.append(Meant(kind="table", name=index.short_name(table), text=about.comment or ""))
        elif column and column.lower() not in policy.hidden(table):
            own = about.column(column)
            if own is not None and not own.hidden:
                name = f"{index.short_name(table)}.{column}"
                found.append(Meant(kind="column", name=name, text="; ".join(filter(None, (own.type, own.comment)))))
    return found[:_MOST]


def _values(context: Context, index: Index, policy: Policy) -> Iterator[Meant]:
    for hit in context.found.values[:_MOST]:
        if policy.allows(hit.table):
            place = f"{index.short_name(hit.table)}.{hit.column}"
            yield Meant(kind="value", name=place, text=f"{hit.phrase!r} is the value {hit.value!r}")


def _may_tell(metric: Metric, context: Context, policy: Policy) -> bool:
    return metric.name.lower() not in context.barred and all(map(policy.allows, metric.tables))


def _metric(metric: Metric, index: Index) -> Meant:
    where = f" where {' and '.join(shown(f, index.short_name) for f in metric.filters)}" if metric.filters else ""
    text = f"{shown(metric.expression, index.short_name)}{where} [{metric.standing}]"
    return Meant(kind="metric", name=metric.name, text=text)


def _joins(context: Context, policy: Policy) -> Iterator[Meant]:
    names = context.names
    for join in context.relationships[:_MOST]:
        ends = list(zip(join.child_columns, join.parent_columns, strict=True))
        hidden = policy.hidden(join.child), policy.hidden(join.parent)
        if not any(own.lower() in hidden[0] or other.lower() in hidden[1] for own, other in ends):
            on = " and ".join(f"{names[join.child]}.{own} = {names[join.parent]}.{other}" for own, other in ends)
            yield Meant(kind="join", name=f"{names[join.child]} → {names[join.parent]}", text=on)
