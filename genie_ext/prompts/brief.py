"""The brief: what a model is told of the lake for one question, within a budget of tokens whatever the lake's size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from genie_ext.config import Privacy
from genie_ext.models.tokens import count_tokens
from genie_ext.prompts.quote import CLOSE, OPEN, quote, quote_name, quote_value
from genie_ext.types import Context
from semantic.facts import Metric
from semantic.types import Column, Relationship, Table, TableId
from semantic.values.personal import public_view

_MOST_VALUES = 6
_FEW_DISTINCT = 30
"""Columns of at most so many values show some of them: they are what people filter on."""
_OF_QUESTION, _OF_TABLE = 0.3, 0.35
"""Share of the budget that the question's own finds, and any one table, may take at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a model is told of the lake.

    Attributes:
        text: The words, marked as data.
        tables: Tables that it names.
        left_out: What did not fit, in a few words each.
        leaves: What of the data stands in it.
    """

    text: str
    tables: tuple[TableId, ...]
    left_out: tuple[str, ...]
    leaves: Privacy


def write_brief(
    context: Context,
    *,
    privacy: Privacy,
    tokens: int,
    barred: Mapping[TableId, Collection[str]],
    only: Collection[TableId] = (),
) -> Brief:
    """Return what a model is told of the lake, the best first, at most so many tokens.

    Args:
        context: What was found for the question, tables in their order of worth.
        privacy: What of the data may stand in it; personal columns never show values.
        tokens: The budget.
        barred: Columns in lower case that nobody may read, by table; they are not even named.
        only: Tables that are told of, none = all of the context.
    """
    tables = [public_view(t) for t in context.tables if (not only or t.id in only) and not t.hidden]
    page = _Page(tokens - count_tokens(OPEN + CLOSE) - 8)
    with_values = privacy != "schema"
    page.add_all(_finds(context, {t.id for t in tables}, with_values=with_values), share=_OF_QUESTION)
    told = []
    for table in tables:
        lines = _describe(table, context, barred.get(table.id, ()), with_values=with_values)
        told.extend([table.id] if page.add_table(lines) else [])
    page.add_all(_joins(context, told), share=1.0)
    page.add_all(_examples(context, told, with_values=with_values), share=1.0)
    left = [context.names[t.id] for t in tables if t.id not in told]
    missing = [f"{len(left)} more tables"] if left else []
    text = "\n".join((OPEN, *page.lines, *(f"not shown: {what}" for what in missing), CLOSE))
    leaves: Privacy = "values" if with_values else "schema"
    return Brief(text=text, tables=tuple(told), left_out=(*missing, *page.cut), leaves=leaves)


@dataclass(slots=True)
class _Page:
    """Lines within a budget of tokens."""

    left: int
    lines: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def add(self, line: str) -> bool:
        """Write a line where it fits."""
        cost = count_tokens(line + "\n")
        if cost > self.left:
            return False
        self.lines.append(line)
        self.left -= cost
        return True

    def add_all(self, lines: Iterator[str], *, share: float) -> None:
        """Write lines until one does not fit into a share of what is left."""
        spare = int(self.left * (1 - share))
        self.left -= spare
        for line in lines:
            if not self.add(line):
                break
        self.left += spare

    def add_table(self, lines: Sequence[str]) -> bool:
        """Write a table with as many of its columns as may be; False where not even its head fits."""
        spare = self.left - int(self.left * _OF_TABLE) if sum(map(count_tokens, lines)) > self.left * _OF_TABLE else 0
        self.left -= spare
        written = 0
        for line in lines:
            if not self.add(line):
                break
            written += 1
        self.left += spare
        if 0 < written < len(lines):
            note = f"  … {len(lines) - written} more columns are not shown"
            self.add(note)
            self.cut.append(f"{len(lines) - written} columns of {lines[0].split(':', 1)[0]}")
        return written > 0


def _finds(context: Context, tables: Collection[TableId], *, with_values: bool) -> Iterator[str]:
    """Yield what the words of the question mean: metrics, conditions with a name, terms, and cells."""
    for metric in context.metrics:
        formula = f" = {_formula(metric)}" if with_values else ""  # conditions in it may name cells
        yield f"metric {quote_name(metric.name)}{_also(metric.synonyms)}{formula}{_meaning(metric.description)}"
    for segment in context.segments:
        name = f"named condition {quote(segment.name, 80)}{_also(segment.synonyms)}"
        yield f"{name}{f' = {quote(segment.condition)}' if with_values else ''}{_meaning(segment.description)}"
    for hit in context.found.terms:
        yield f"term {quote(hit.fact.term, 80)}: {quote(hit.fact.definition)}"
    if not with_values:
        return
    personal = {(t.id, c.name) for t in context.tables for c in t.columns if c.personal or c.hidden}
    for value in context.found.values:
        if value.table in tables and (value.table, value.column) not in personal:
            column = f"{context.names[value.table]}.{quote_name(value.column)}"
            yield f"cell for “{quote(value.phrase, 80)}”: {column} = {quote_value(value.value)}"


def _describe(table: Table, context: Context, barred: Collection[str], *, with_values: bool) -> list[str]:
    """Return a table in lines: its head, then its columns, those that the question speaks of first."""
    hits = {hit.document.column: hit.score for hit in context.found.columns if hit.document.table == table.id}
    keys = {name for join in context.relationships for name in _ends(join, table.id)} | set(table.primary_key)
    columns = [c for c in table.columns if not c.hidden and c.name.lower() not in barred]
    columns.sort(key=lambda c: -(hits.get(c.name, 0.0) + (1.0 if c.name in keys else 0.0)))
    rows = f", {table.rows:,} rows" if table.rows is not None else ""
    kind = "view" if table.definition else "table"
    default = f" Unless asked otherwise: {quote(table.default_filter)}." if table.default_filter and with_values else ""
    stale = " A stale copy: do not use it unless it is asked for." if table.stale else ""
    head = f"{context.names[table.id]}: {kind}{rows}{_meaning(table.comment)}{default}{stale}"
    return [head, *(_column(c, table, with_values=with_values) for c in columns)]


def _column(column: Column, table: Table, *, with_values: bool) -> str:
    marks = ["key"] if column.name in table.primary_key else []
    marks += [quote(column.unit, 20)] if column.unit else []
    marks += ["deprecated"] if column.deprecated else []
    shown = f" [{', '.join(marks)}]" if marks else ""
    said = f"{_also(column.synonyms)}{_meaning(column.comment)}{_values(column) if with_values else ''}"
    return f"  {quote_name(column.name)} {quote(column.type, 60)}{shown}{said}"


def _values(column: Column) -> str:
    """Return some values of a column of few, and the range of numbers and dates."""
    profile = column.profile
    if profile is None or column.personal:
        return ""
    if column.family in ("number", "date") and profile.minimum is not None and profile.maximum is not None:
        return f" ({quote(profile.minimum, 24)} to {quote(profile.maximum, 24)})"
    if not profile.frequent or profile.distinct > _FEW_DISTINCT:
        return ""
    few = [quote_value(text, 40) for text, _ in profile.frequent[:_MOST_VALUES]]
    return f" ({', '.join(few)}{', …' if profile.distinct > len(few) else ''})"


def _joins(context: Context, told: Collection[TableId]) -> Iterator[str]:
    for join in context.relationships:
        if join.child in told and join.parent in told:
            child, parent = context.names[join.child], context.names[join.parent]
            pairs = zip(join.child_columns, join.parent_columns, strict=True)
            on = " and ".join(f"{child}.{quote_name(a)} = {parent}.{quote_name(b)}" for a, b in pairs)
            yield f"join {on} ({join.cardinality})"


def _examples(context: Context, told: Collection[TableId], *, with_values: bool) -> Iterator[str]:
    """Yield past queries and passages; both may hold cells, so that they stay where only names may leave."""
    if not with_values:
        return
    for hit in context.found.queries:
        query = hit.fact
        if query.sql and all(table in told for table in query.tables):
            kind = "verified query" if query.verified else "past query"
            yield f"{kind} for “{quote(query.text, 120)}”: {quote(query.sql, 600)}"
    for passage in context.found.passages[:3]:
        yield f"note “{quote(passage.document.title, 80)}”: {quote(passage.document.text, 400)}"


def _formula(metric: Metric) -> str:
    where = f" where {' and '.join(metric.filters)}" if metric.filters else ""
    return quote(metric.expression + where, 400)


def _ends(join: Relationship, table: TableId) -> Iterator[str]:
    yield from join.child_columns if join.child == table else ()
    yield from join.parent_columns if join.parent == table else ()


def _also(words: Sequence[str]) -> str:
    return f" (also: {', '.join(quote(word, 40) for word in words[:4])})" if words else ""


def _meaning(text: str) -> str:
    return f" – {quote(text)}" if text else ""
