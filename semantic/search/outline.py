"""The outline of a lake: its schemas, tables, columns and joins as arrays, read once and searched many times."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semantic.names import name_words
from semantic.store.reader import Store
from semantic.types import TableId

Schema = tuple[str, str]
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


_ROWS_AT_ONCE = 50_000
# What a column is called that people mean when they ask for a thing itself.
_LABELS = frozenset({"name", "title", "label"})


@dataclass(frozen=True, slots=True)
class Joins:
    """All joins as numbers of tables, each from either end, and their columns.

    Attributes:
        near: Tables that are joined, in order, each pair once from either end, shape (J,).
        far: Tables that they are joined with, shape (J,).
        column_near: Table of each column that a join needs, shape (K,).
        column_far: Table that it leads to, shape (K,).
        columns: Place of each such column among those of its table, shape (K,).
    """

    near: Ints
    far: Ints
    column_near: Ints
    column_far: Ints
    columns: Ints


class Outline:
    """Structure of all tables of a store, by number.

    Tables are numbered in the order of the store, columns by the position of their document, schemas and the distinct
    names of columns as they come.

    Attributes:
        tables: All tables.
        schemas: All schemas, as (catalog, schema); those whose tables are joined count as one, since the layers of a
            warehouse answer questions together.
        schema_of: Schema, or group of schemas, of each table, shape (T,).
        titles: Distinct names of columns, in lower case.
        title_words: Their words.
        table_words: The words of the name of each table.
        column_table: Table of each column, -1 at positions without a document, shape (C,).
        column_title: Name of each column, shape (C,).
        widths: Number of columns of each table, shape (T,).
        labels: Names that end in a word for what a thing is called, shape (number of names,).
        places: Place of each column among those of its table, shape (C,).
        joins: The joins.
        pairs: Tables that a join connects, and every table with itself, by schema of the first, shape (2, P).
        keys: Key columns of each table, in lower case.
    """

    def __init__(self, store: Store) -> None:
        self.tables = tuple(store.ids)
        self._numbers = {table: number for number, table in enumerate(self.tables)}
        self._coded = numbers = {code: number for number, code in enumerate(store.ids.values())}
        self.stale = np.array([t in store.stale for t in self.tables], dtype=bool)
        self.empty = np.array([t in store.empty for t in self.tables], dtype=bool)
        self.schemas, places = schema_groups(self.tables, _linked_schemas(store))
        self.schema_of = np.array([places[t.catalog, t.schema] for t in self.tables], dtype=np.int64)
        self._by_schema = np.argsort(self.schema_of, kind="stable")
        self._schema_starts = np.searchsorted(self.schema_of[self._by_schema], np.arange(len(self.schemas) + 1))
        self.table_words = [name_words(table.name) for table in self.tables]
        self._read_tables(store, numbers)
        self._read_columns(store, numbers)
        self._read_joins(store, numbers)
        counts = np.bincount(self.schema_of, weights=self.widths, minlength=len(self.schemas))
        self.schema_logs = np.log1p(counts).astype(np.float32)

    def _read_tables(self, store: Store, numbers: dict[int, int]) -> None:
        rows = store.query("SELECT id, kind, primary_key FROM tables")
        self.kinds = {numbers[code]: kind for code, kind, _ in rows}
        self.keys = {numbers[code]: frozenset(k.lower() for k in json.loads(key)) for code, _, key in rows}
        self.table_positions = np.full(len(numbers), -1, dtype=np.int64)
        for owner, position in store.query("SELECT table_id, position FROM documents WHERE kind = 'table'"):
            self.table_positions[numbers[owner]] = position
        self.position_tables = _inverse(self.table_positions)

    def _read_columns(self, store: Store, numbers: dict[int, int]) -> None:
        self._title_numbers: dict[str, int] = {}
        spelt: dict[str, str] = {}
        size = store.places("column")
        self.column_table = np.full(size, -1, dtype=np.int64)
        self.column_title = np.zeros(size, dtype=np.int64)
        # Rows of half a million columns at once would fill the memory that the answers need.
        for first in range(0, size, _ROWS_AT_ONCE):
            rows = store.query(
                "SELECT position, table_id, title FROM documents WHERE kind = 'column' AND position >= ? "
                "AND position < ? ORDER BY position",
                (first, first + _ROWS_AT_ONCE),
            )
            for _, _, title in rows:
                if title not in spelt:
                    spelt[title] = title.lower()
                    self._title_numbers.setdefault(spelt[title], len(self._title_numbers))
            positions = [row[0] for row in rows]
            self.column_table[positions] = [numbers[row[1]] for row in rows]
            self.column_title[positions] = [self._title_numbers[spelt[row[2]]] for row in rows]
        first_spelt = dict(reversed([(lowered, title) for title, lowered in spelt.items()]))
        self.titles = list(self._title_numbers)
        self.title_words = [name_words(first_spelt[title]) for title in self.titles]
        self.labels = np.array([bool(_LABELS & set(words[-1:])) for words in self.title_words], dtype=bool)
        self._order_columns()

    def _order_columns(self) -> None:
        used = np.flatnonzero(self.column_table >= 0)
        self._by_table = used[np.argsort(self.column_table[used], kind="stable")]
        self._table_starts = np.searchsorted(self.column_table[self._by_table], np.arange(len(self.tables) + 1))
        self._by_title = used[np.argsort(self.column_title[used], kind="stable")]
        self._title_starts = np.searchsorted(self.column_title[self._by_title], np.arange(len(self.titles) + 1))
        self._title_counts = np.diff(self._title_starts)
        self.widths = np.diff(self._table_starts)
        self.places = np.zeros(len(self.column_table), dtype=np.int64)
        self.places[self._by_table] = np.arange(len(used)) - np.repeat(self._table_starts[:-1], self.widths)

    def _read_joins(self, store: Store, numbers: dict[int, int]) -> None:
        pairs: set[tuple[int, int]] = set()
        ends: list[tuple[int, int, int]] = []
        rows = store.query("SELECT child, child_columns, parent, parent_columns FROM relationships")
        for child, child_columns, parent, parent_columns in rows:
            one, other = numbers[child], numbers[parent]
            if one == other:
                continue
            for near, names, far in ((one, child_columns, other), (other, parent_columns, one)):
                pairs.add((near, far))
                columns = (p for name in json.loads(names) for p in self.columns_named(near, name))
                ends += ((near, far, int(self.places[p])) for p in columns)
        linked = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        needed = np.array(ends, dtype=np.int64).reshape(-1, 3)
        self.joins = Joins(*linked.T, *needed.T)
        own = np.arange(len(self.tables))
        ends_of = np.concatenate([linked[linked[:, 0] < linked[:, 1]].T, np.stack([own, own])], axis=1)
        self.pairs = ends_of[:, np.argsort(self.schema_of[ends_of[0]], kind="stable")]
        self._pair_starts = np.searchsorted(self.schema_of[self.pairs[0]], np.arange(len(self.schemas)))

    def number(self, table: TableId) -> int:
        """Return the number of a table."""
        return self._numbers[table]

    def coded(self, code: int) -> int:
        """Return the number of the table that has a code in the store."""
        return self._coded[code]

    def neighbours(self, table: int) -> set[int]:
        """Return the tables that a join leads to."""
        first, last = np.searchsorted(self.joins.near, (table, table + 1))
        return set(self.joins.far[first:last].tolist())

    def columns_of(self, table: int) -> Ints:
        """Return the positions of the columns of a table."""
        return self._by_table[self._table_starts[table] : self._table_starts[table + 1]]

    def columns_named(self, table: int, name: str) -> list[int]:
        """Return the positions of the columns of a table with a name, ignoring case."""
        title, positions = self._title_numbers.get(name.lower(), -1), self.columns_of(table)
        found: list[int] = positions[self.column_title[positions] == title].tolist()
        return found

    def tables_of(self, schema: int) -> Ints:
        """Return the tables of a schema."""
        return self._by_schema[self._schema_starts[schema] : self._schema_starts[schema + 1]]

    def best_by_table(self, strengths: Floats) -> Floats:
        """Return the highest figure of the columns of each table, shape (T,), of figures by name, mostly zero."""
        found = np.zeros(len(self.tables), dtype=np.float32)
        names = np.flatnonzero(strengths)
        # Later entries overwrite earlier ones, so the strongest come last.
        names = names[np.argsort(strengths[names], kind="stable")]
        starts, counts = self._title_starts[names], self._title_counts[names]
        if total := int(counts.sum()):
            within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
            positions = self._by_title[np.repeat(starts, counts) + within]
            found[self.column_table[positions]] = np.repeat(strengths[names], counts)
        return found

    def best_by_schema(self, rows: Floats) -> Floats:
        """Return the highest figure of the tables of each schema, shape (N, S), of figures by table, shape (N, T)."""
        if not len(rows):
            return np.zeros((0, len(self.schemas)), dtype=np.float32)
        found: Floats = np.maximum.reduceat(rows[:, self._by_schema], self._schema_starts[:-1], axis=1)
        return found

    def best_pair_by_schema(self, rows: Floats, weights: Floats) -> Floats:
        """Return the highest weighted sum that two joined tables of each schema reach together, shape (S,)."""
        total = np.zeros(self.pairs.shape[1], dtype=np.float32)
        for row, weight in zip(rows, weights.tolist(), strict=True):
            total += weight * np.maximum(row[self.pairs[0]], row[self.pairs[1]])
        best: Floats = np.maximum.reduceat(total, self._pair_starts)
        return best


def _inverse(positions: Ints) -> Ints:
    """Return the number of the table at each position of a document, -1 where there is none."""
    found = np.full(int(positions.max(initial=-1)) + 1, -1, dtype=np.int64)
    known = positions >= 0
    found[positions[known]] = np.flatnonzero(known)
    return found


def schema_groups(
    tables: Iterable[TableId], links: Iterable[tuple[Schema, Schema]]
) -> tuple[list[tuple[Schema, ...]], dict[Schema, int]]:
    """Return the groups of schemas that are linked, and the number of the group of each schema."""
    leaders = {(table.catalog, table.schema): (table.catalog, table.schema) for table in tables}

    def leader(schema: Schema) -> Schema:
        while leaders[schema] != schema:
            schema = leaders[schema]
        return schema

    for one, other in links:
        leaders[leader(other)] = leader(one)
    groups: dict[Schema, list[Schema]] = {}
    for schema in leaders:
        groups.setdefault(leader(schema), []).append(schema)
    numbers = {schema: number for number, group in enumerate(groups.values()) for schema in group}
    return [tuple(group) for group in groups.values()], numbers


def _linked_schemas(store: Store) -> list[tuple[Schema, Schema]]:
    """Return the schemas that joins connect; of different databases only those that somebody wrote."""
    rows = store.query(
        "SELECT DISTINCT a.catalog, a.schema, b.catalog, b.schema FROM relationships r "
        "JOIN tables a ON a.id = r.child JOIN tables b ON b.id = r.parent "
        "WHERE (a.catalog, a.schema) <> (b.catalog, b.schema) AND (a.catalog = b.catalog OR r.origin <> 'inferred')"
    )
    return [((a, b), (c, d)) for a, b, c, d in rows]
