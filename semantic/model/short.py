"""Expressions of facts as the files write them: dataset.column, or the bare column inside a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from semantic.mining.lookup import Lookup
from semantic.mining.ossie_forms import Dataset, SemanticModel
from semantic.mining.ossie_sql import ExpressionError, Names
from semantic.model.resolve import Resolver, Sort
from semantic.model.said import Said
from semantic.types import TableId

if TYPE_CHECKING:
    from sqlglot import exp

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Shortener:
    """Names the datasets of a model file and writes expressions over them.

    Args:
        said: What the files say; datasets that are there keep their names.
    """

    def __init__(self, said: Said) -> None:
        part = said.model.ossie.semantic_model[0] if said.model.ossie.semantic_model else SemanticModel(name="lake")
        self._part = part
        self._lookup: Lookup = said.lookup
        self._names = {t: part.datasets[number].name for t, (first, number) in said.tables.items() if first == 0}
        self._taken = {dataset.name.lower() for dataset in part.datasets}
        self._count: dict[str, int] = {}
        for table in self._lookup.tables:
            self._count[table.name.lower()] = self._count.get(table.name.lower(), 0) + 1
        self._resolver: Resolver | None = None

    def dataset(self, table: TableId) -> str:
        """Return the name of the dataset of a table, a new one where it has none yet."""
        if table not in self._names:
            self._names[table] = self._free(table)
            self._taken.add(self._names[table].lower())
            self._resolver = None
        return self._names[table]

    def source(self, table: TableId) -> str:
        """Return the full name of a table as the files write it."""
        parts = (table.catalog, table.schema, table.name)
        return ".".join(p if _PLAIN.fullmatch(p) else '"' + p.replace('"', '""') + '"' for p in parts)

    def expression(self, sql: str, *, sort: Sort, home: TableId | None = None) -> str | None:
        """Return an expression of a fact in the words of the file, None where reading it would give another one.

        Args:
            sql: Expression or condition as facts hold it.
            sort: What it is for.
            home: Table whose columns are written bare, None where all carry their dataset.
        """
        for quoted in (False, True):
            text = self._written(sql, home, quoted=quoted)
            try:
                name = self.dataset(home) if home else ""
                if self._reader().bind(text, sort=sort, home=name).sql == sql:
                    return text
            except ExpressionError:
                continue
        return None

    def leads(self, text: str, table: TableId) -> bool:
        """Tell whether an expression of the file itself says that it adds up the rows of a table."""
        return self._reader().bind(text, sort="metric").tables[:1] == (table,)

    def _free(self, table: TableId) -> str:
        names = [table.name, f"{table.schema}_{table.name}", f"{table.catalog}_{table.schema}_{table.name}"]
        single = self._count.get(table.name.lower(), 0) < 2
        for name in names if single else names[1:]:
            if name.lower() not in self._taken:
                return name
        number = 2
        while f"{names[-1]}_{number}".lower() in self._taken:
            number += 1
        return f"{names[-1]}_{number}"

    def _reader(self) -> Resolver:
        if self._resolver is None:
            fresh = (Dataset(name=name, source=self.source(table)) for table, name in self._names.items())
            more = SemanticModel(name="new", datasets=tuple(fresh))
            self._resolver = Resolver(Names(self._part, more), self._lookup)
        return self._resolver

    def _written(self, sql: str, home: TableId | None, *, quoted: bool) -> str:
        from sqlglot import exp

        from semantic.mining.qualify import parse
        from semantic.mining.writing import written

        tree = exp.paren(parse(sql), copy=False)
        for column in [c for c in tree.find_all(exp.Column) if c.catalog]:
            table = TableId(column.catalog, column.db, column.table)
            name = None if table == home else _identifier(self.dataset(table), quoted=quoted)
            column.replace(exp.column(_identifier(column.name, quoted=quoted), table=name))
        return written(tree.this)


def _identifier(name: str, *, quoted: bool) -> exp.Identifier:
    from sqlglot import exp

    return exp.to_identifier(name, quoted=quoted or not _PLAIN.fullmatch(name))


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return the name, with a number behind it where it is taken."""
    known = {item.lower() for item in taken}
    found, number = name, 2
    while found.lower() in known:
        found, number = f"{name}_{number}", number + 1
    return found
