"""The policy of a lake: what the settings and the semantic model keep from everybody."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping

from genie_ext.config import Settings
from genie_ext.errors import ConfigError
from genie_ext.guard import Policy
from semantic.index import Index
from semantic.types import Table, TableId


def make_policy(settings: Settings, index: Index) -> Policy:
    """Return the settings' rules, and what the semantic model hides, as a policy over the tables of the index.

    Columns that joins need stay readable, or hiding technical keys would take the joins away; they are never shown.

    Raises:
        ConfigError: A rule names a table or column that the lake does not have.
    """
    marked = [index.table(table) for table in dict.fromkeys(table for table, _ in index.hidden())]
    hidden_tables = frozenset(table.id for table in marked if table.hidden)
    allowed = _allowed(settings.allowed_tables, index) if settings.allowed_tables else None
    if hidden_tables:
        allowed = frozenset(index.table_ids() if allowed is None else allowed) - hidden_tables
    modelled = _modelled(marked, index)
    filters = {
        table: condition
        for name, condition in settings.row_filters.items()
        for table in _named(name, index, "row_filters")
    }
    return Policy(
        allowed=allowed,
        hidden_columns=_united(_hidden(settings.hidden_columns, index), modelled),
        row_filters=_narrowed(filters, (table for table in marked if defaults_to_hidden(table, modelled))),
    )


def defaults_to_hidden(table: Table, hidden: Mapping[TableId, frozenset[str]]) -> bool:
    """Tell whether the default condition of a table reads a hidden column, so that no query can apply or lift it."""
    words = {word.lower() for word in re.findall(r"\w+", table.default_filter)}
    return any(column.lower() in words for column in hidden.get(table.id, ()))


def views_past(policy: Policy, index: Index) -> tuple[TableId, ...]:
    """Return the views without a rule of their own that read tables of which the policy keeps columns or rows back.

    A view is judged by the names in its definition, those of other views included, so that one too many may be named.
    """
    tables = [index.table(table) for table in index.table_ids()]
    keeping = {table.id.name.lower() for table in tables if policy.narrows(table.id)}
    views = {
        table.id: frozenset(word.lower() for word in re.findall(r"\w+", table.definition))
        for table in tables
        if table.definition and policy.allows(table.id) and not policy.narrows(table.id)
    }
    found: dict[TableId, None] = {}
    while more := [view for view, words in views.items() if view not in found and words & keeping]:
        found.update(dict.fromkeys(more))
        keeping |= {view.name.lower() for view in more}
    return tuple(found)


def _narrowed(filters: dict[TableId, str], tables: Iterable[Table]) -> dict[TableId, str]:
    """Return row filters with the default conditions of some tables."""
    found = dict(filters)
    for table in tables:
        own, default = found.get(table.id), re.sub(rf"\b{re.escape(table.id.name)}\.", "", table.default_filter)
        found[table.id] = f"({own}) AND ({default})" if own else default
    return found


def _modelled(tables: Iterable[Table], index: Index) -> dict[TableId, frozenset[str]]:
    """Return the columns that the semantic model hides, less those that joins need."""
    found = {}
    for table in tables:
        joins = index.relationships((table.id,))
        keys = {column for join in joins if join.child == table.id for column in join.child_columns}
        keys |= {column for join in joins if join.parent == table.id for column in join.parent_columns}
        columns = frozenset(column.name for column in table.columns if column.hidden and column.name not in keys)
        if columns:
            found[table.id] = columns
    return found


def _united(
    first: dict[TableId, frozenset[str]], second: dict[TableId, frozenset[str]]
) -> dict[TableId, frozenset[str]]:
    return {table: first.get(table, frozenset()) | second.get(table, frozenset()) for table in first | second}


def _allowed(patterns: tuple[str, ...], index: Index) -> frozenset[TableId]:
    found = frozenset(table for table in index.table_ids() if any(_matches(table, p, index) for p in patterns))
    if not found:
        message = f"allowed_tables matches no table: {', '.join(patterns)}."
        raise ConfigError(message, hint="See `genie doctor` for the tables.")
    return found


def _hidden(entries: tuple[str, ...], index: Index) -> dict[TableId, frozenset[str]]:
    hidden: dict[TableId, frozenset[str]] = {}
    for entry in entries:
        name, _, column = entry.rpartition(".")
        for table in _named(name, index, "hidden_columns"):
            if index.table(table).column(column) is None:
                message = f"hidden_columns names {entry}, but {name} has no column {column}."
                raise ConfigError(message, hint="Correct genie.toml.")
            hidden[table] = hidden.get(table, frozenset()) | {column}
    return hidden


def _matches(table: TableId, pattern: str, index: Index) -> bool:
    names = (index.short_name(table), table.name, f"{table.schema}.{table.name}", str(table))
    return any(fnmatch.fnmatch(name.lower(), pattern.lower()) for name in names)


def _named(name: str, index: Index, key: str) -> tuple[TableId, ...]:
    found = index.find(tuple(name.split(".")))
    if not found:
        raise ConfigError(f"{key} names the table {name}, which the lake does not have.", hint="Correct genie.toml.")
    return found
