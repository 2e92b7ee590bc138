"""What names in the expressions of an Ossie model mean: datasets, their fields, and fields made from other fields."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from semantic.errors import SourceError
from semantic.mining.ossie_forms import Dataset, OssieField, SemanticModel
from semantic.mining.raw import Relation

if TYPE_CHECKING:
    from sqlglot import exp


_NAME = re.compile(r'(?P<bare>[A-Za-z_][A-Za-z0-9_]*)|"(?P<quoted>(?:[^"]|"")+)"')
_CONSTANTS = frozenset({"null", "true", "false", "current_date", "current_time", "current_timestamp", "current_user"})


class ExpressionError(ValueError):
    """An expression that means nothing here; the text says why."""


class Names:
    """The datasets of semantic models and their fields, by name in any case.

    Args:
        models: The models; where two have a dataset of one name, the first counts.
        closed: Whether every column must be of a dataset; otherwise a table's own name serves as well.
    """

    def __init__(self, *models: SemanticModel, closed: bool = True) -> None:
        self.datasets: dict[str, Dataset] = {}
        self.closed = closed
        for dataset in (dataset for model in models for dataset in model.datasets):
            self.datasets.setdefault(dataset.name.lower(), dataset)

    def dataset(self, name: str) -> Dataset:
        """Return a dataset.

        Raises:
            ExpressionError: There is none of that name.
        """
        found = self.datasets.get(name.lower())
        if found is None:
            raise ExpressionError(f"there is no dataset {name}{meant(name, [d.name for d in self.datasets.values()])}")
        return found

    def plain_column(self, text: str, home: str) -> str | None:
        """Return the column that a text names without more ado, None where the text has to be read as SQL."""
        match = _NAME.fullmatch(text.strip())
        name = (match["bare"] or match["quoted"].replace('""', '"')) if match else ""
        if not name or name.lower() in _CONSTANTS or home.lower() not in self.datasets:
            return None
        item = self._fields.get((home.lower(), name.lower()))
        best = item.expression.best() if item else None
        return name if best is None or best[0].strip() == text.strip() else None

    @cached_property
    def _fields(self) -> dict[tuple[str, str], OssieField]:
        return {(name, f.name.lower()): f for name, dataset in self.datasets.items() for f in dataset.fields}

    def expand(self, text: str, dialect: str = "duckdb", *, home: str = "") -> exp.Expr:
        """Return an expression whose columns are all written dataset.column, fields replaced by what they stand for.

        Args:
            text: The expression.
            dialect: sqlglot's name of its dialect.
            home: Dataset that bare names belong to, empty where they may be of any.

        Raises:
            ExpressionError: It does not parse, holds a query, or names a dataset or field that does not exist.
        """
        return self._expand(parse(text, dialect), home, ())

    def _expand(self, tree: exp.Expr, home: str, within: tuple[OssieField, ...]) -> exp.Expr:
        from sqlglot import exp

        if isinstance(tree, exp.Column):
            return self._column(tree, home, within)
        for column in list(tree.find_all(exp.Column)):
            column.replace(self._column(column, home, within))
        return tree

    def _column(self, column: exp.Column, home: str, within: tuple[OssieField, ...]) -> exp.Expr:
        from sqlglot import exp

        foreign = column.table and not self.closed and column.table.lower() not in self.datasets
        if column.args.get("db") or foreign:
            return column
        dataset = self.dataset(column.table) if column.table else self._owner(column.name, home)
        item = self._fields.get((dataset.name.lower(), column.name.lower()))
        if item is None or item in within:
            return exp.column(column.name, table=dataset.name, quoted=True)
        best = item.expression.best()
        if best is None:
            raise ExpressionError(f"the field {dataset.name}.{item.name} has no expression in SQL")
        found = self._expand(parse(*best), dataset.name, (*within, item))
        return found if isinstance(found, exp.Column) else exp.paren(found)

    def _owner(self, name: str, home: str) -> Dataset:
        """Return the dataset that a bare name belongs to."""
        if home:
            return self.dataset(home)
        owners = [dataset for (dataset, f) in self._fields if f == name.lower()]
        if len(owners) == 1:
            return self.datasets[owners[0]]
        if len(self.datasets) == 1:
            return next(iter(self.datasets.values()))
        raise ExpressionError(f"it is not clear whose {name} is meant; write dataset.{name}")


def parse(text: str, dialect: str) -> exp.Expr:
    """Return the tree of an expression.

    Raises:
        ExpressionError: It does not parse, or holds a query.
    """
    from sqlglot import exp

    from semantic.mining import qualify

    try:
        tree = qualify.parse(text, dialect)
    except SourceError as error:
        raise ExpressionError(error.message) from error
    plain = isinstance(tree, (exp.Condition, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls))
    if not plain or tree.find(exp.Query):
        raise ExpressionError("an expression is wanted here, not a statement")
    return tree


def source_relation(source: str) -> Relation | None:
    """Return the parts of the table name that a dataset reads, None where it reads a query."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        table = sqlglot.parse_one(source, dialect="duckdb", into=exp.Table)
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier) or table.alias:
        return None
    return tuple(part.name for part in table.parts)


def meant(name: str, names: Iterable[str]) -> str:
    """Return "; did you mean …?" with the nearest of the names, nothing where none is near."""
    spelled = {item.lower(): item for item in names}
    near = difflib.get_close_matches(name.lower(), list(spelled), n=1, cutoff=0.6)
    return f"; did you mean {spelled[near[0]]}?" if near else ""
