"""Derived columns, marked segments and other names of columns, as the outputs of a SELECT give them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from semantic.facts import Note, Source
from semantic.mining.conditions import is_flag, lasting
from semantic.mining.lineage import Selection
from semantic.mining.measures import Context
from semantic.mining.mined import Derived
from semantic.mining.naming import in_words, is_given, name_of, says_something, snake
from semantic.mining.trees import (
    aggregates,
    bare,
    columns,
    has_window,
    own_nodes,
    place_of,
    table_of,
    tables_of,
)  # fmt: skip
from semantic.names import STOP_WORDS, singular, split_words
from semantic.types import TableId

_MADE_UP = (exp.MD5, exp.SHA, exp.SHA2, exp.Rand, exp.Uuid, exp.Query, exp.Placeholder, exp.Parameter)
_TRIMS = (exp.Trim, exp.Lower, exp.Upper, exp.Initcap, exp.Nullif, exp.AtTimeZone, exp.FromTimeZone)
# Names of the steps of a query, not of what its rows are.
_STEP_WORDS = """source renamed final base joined filtered cleaned cte tmp temp fields macro unioned aggregated grouped
ranked deduped sub subquery inner outer data raw stage staging step input output result results all rows"""
_STEPS = frozenset(_STEP_WORDS.split())


def derived(selection: Selection, context: Context) -> Iterator[Derived]:
    """Yield the derived columns and segments that the outputs of a SELECT name."""
    keys = set(selection.frame.keys or ())
    for output in selection.select.selects:
        node, name = output.unalias(), output.alias_or_name
        made = None if isinstance(node, exp.Column) and node.name == name else selection.rows.trace(node)
        if made is None or not _is_derived(made):
            continue
        alias = context.spelling.get(name.lower(), name)
        condition = is_flag(made, context.tables)
        if _asks_for_null(made) and _may_be_empty(made, selection):
            # It tells whether the outer join found a row, which nothing but this join can tell.
            continue
        if is_given(alias):
            yield _named(snake(alias), condition if condition is not None else made, context.source,
                         condition=condition is not None)  # fmt: skip
        elif name.lower() in keys and condition is None:
            yield Derived(name=name_of(made), expression=made, source=context.source, named=False)
    yield from _counted(selection, context)
    yield from _named_step(selection, context)
    yield from _where(selection, context)


def _named(name: str, expression: exp.Expr, source: Source, *, condition: bool) -> Derived:
    return Derived(name=name, expression=expression, source=source, condition=condition)


def _is_derived(node: exp.Expr) -> bool:
    """Tell whether an expression makes something new out of columns."""
    if aggregates(node) or has_window(node) or any(isinstance(n, _MADE_UP) for n in own_nodes(node)):
        return False
    found = columns(node)
    tables = {table_of(c): place_of(c) for c in found}
    if not found or not all(c.catalog for c in found) or any(tables[table_of(c)] != place_of(c) for c in found):
        return False
    return _renamed(node) is None


def _asks_for_null(node: exp.Expr) -> bool:
    return any(isinstance(n, exp.Is) for n in own_nodes(node))


def _may_be_empty(node: exp.Expr, selection: Selection) -> bool:
    """Tell whether an expression reads rows that an outer join may leave empty."""
    rows = selection.rows
    places = {place_of(c) for c in columns(node)}
    return rows.inner is None and any(place in rows.optional or place not in rows.places for place in places)


def _renamed(node: exp.Expr) -> exp.Column | None:
    """Return the column that an expression merely renames, retypes, trims or fills."""
    inner = bare(node)
    while isinstance(inner, (exp.Cast, exp.TryCast, exp.Coalesce, *_TRIMS)) or _moves_zone(inner):
        if _moves_zone(inner):
            inner = bare(inner.expressions[-1])
            continue
        # A timestamp cut to its day is a bucket of its own.
        if isinstance(inner, (exp.Cast, exp.TryCast)) and inner.to.is_type(exp.DType.DATE):
            return None
        inner = bare(inner.this)
    inner = _nulled(inner)
    return inner if isinstance(inner, exp.Column) and inner.catalog else None


def _nulled(node: exp.Expr) -> exp.Expr:
    """Return the column whose marks for "nothing" a CASE turns to null, the node itself where it does not."""
    otherwise = node.args.get("default") if isinstance(node, exp.Case) and len(node.args["ifs"]) == 1 else None
    if otherwise is None or not isinstance(bare(node.args["ifs"][0].args["true"]), exp.Null):
        return node
    return bare(otherwise)


def _moves_zone(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() == "timezone" and bool(node.expressions)


def _counted(selection: Selection, context: Context) -> Iterator[Derived]:
    """Yield the conditions under which rows are counted, named as the counts are."""
    for output in selection.select.selects:
        node = bare(output.unalias())
        condition = _count_condition(node)
        traced = selection.rows.trace(condition) if condition is not None and selection.rows.inner is None else None
        alias = context.spelling.get(output.alias_or_name.lower(), output.alias_or_name)
        if traced is not None and columns(traced) and is_given(alias) and not has_window(traced):
            words = [w for w in split_words(alias) if w not in {"num", "n", "count", "cnt", "total", "number", "of"}]
            if words:
                yield _named("_".join(words), traced, context.source, condition=True)


def _count_condition(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.Filter) and isinstance(node.this, exp.Count) and isinstance(bare(node.this.this), exp.Star):
        return bare(node.expression.this)
    if isinstance(node, exp.CountIf):
        return bare(node.this)
    inner = bare(node.this) if isinstance(node, (exp.Sum, exp.Count)) else None
    return is_flag(inner, {}) if isinstance(inner, (exp.Case, exp.If)) else None


def _named_step(selection: Selection, context: Context) -> Iterator[Derived]:
    """Yield the conditions of a named part of a query, such as `WITH active_customers AS (...)`."""
    cte = selection.select.parent
    name = cte.alias if isinstance(cte, exp.CTE) else ""
    filters = lasting(selection.rows.filters, context.tables, definition=True)
    # A step that is called like its table is the table.
    own = {singular(w) for table in selection.rows.places.values() for w in split_words(table.name)}
    if {singular(w) for w in split_words(name)} <= own:
        return
    if not says_something(name) or set(split_words(name)) & _STEPS or selection.frame.unsafe or not filters:
        return
    if selection.frame.keys is None and len(selection.rows.places) == 1 and len(tables_of(filters)) == 1:
        yield _named(snake(name), exp.and_(*filters, copy=True), context.source, condition=True)


def _where(selection: Selection, context: Context) -> Iterator[Derived]:
    """Yield the conditions of a SELECT itself; those that many queries share become segments."""
    inherited = {id(f) for frame in selection.rows.sources.values() if frame.rows for f in frame.rows.filters}
    for condition in lasting(selection.rows.filters, context.tables, definition=False):
        if id(condition) not in inherited and len({place_of(c) for c in columns(condition)}) == 1:
            yield Derived(
                name=name_of(condition), expression=condition, source=context.source, condition=True, named=False
            )


def other_names(selection: Selection, context: Context) -> Iterator[Note]:
    """Yield the aliases of plain columns and tables that are words of their own."""
    for output in selection.select.selects:
        if isinstance(output, exp.Alias):
            made = selection.rows.trace(output.this)
            column = _renamed(made) if made is not None else None
            alias = context.spelling.get(output.alias.lower(), output.alias)
            # Two uses of one table have roles, and their aliases name the roles.
            alone = column is not None and [*selection.rows.places.values()].count(table_of(column)) <= 1
            if column is not None and alone and _is_new(alias, column.name, table_of(column)):
                yield Note(table=table_of(column), column=column.name, kind="synonym", text=in_words(alias),
                           source=context.source)  # fmt: skip
    tables = [frame.table.id for frame in selection.rows.sources.values() if frame.table is not None]
    for alias, frame in selection.rows.sources.items():
        if frame.table is not None and tables.count(frame.table.id) == 1 and _is_word_for(alias, frame.table.id):
            yield Note(table=frame.table.id, column="", kind="synonym", text=in_words(alias), source=context.source)


def _is_new(alias: str, name: str, table: TableId) -> bool:
    """Tell whether an alias has a word that the names of the column and of its table lack."""
    known = {singular(w) for w in (*split_words(name), *split_words(table.name))} | STOP_WORDS
    joined = "".join(split_words(name))
    new = [w for w in split_words(alias) if singular(w) not in known and len(w) > 2]
    return bool(new) and says_something(alias) and "".join(split_words(alias)) != joined


def _is_word_for(alias: str, table: TableId) -> bool:
    """Tell whether an alias is another word for a table, and no shortening of its name or step of a query."""
    words = {singular(w) for w in split_words(alias)}
    known = {singular(w) for w in split_words(table.name)}
    if not says_something(alias) or words <= known or words & _STEPS or any(len(w) < 4 for w in words):
        return False
    letters = iter(table.name.lower())
    shortened = all(letter in letters for letter in alias.lower() if letter.isalpha())
    return not shortened and all(set(w) & set("aeiouy") for w in words)
