"""Look up what models define: names of tables and columns against the catalog, expressions to DuckDB's dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlglot import exp

from semantic.errors import SourceError
from semantic.facts import Note, Source
from semantic.mining.canonical import key
from semantic.mining.conditions import is_flag
from semantic.mining.frames import Frame
from semantic.mining.mined import Derived, JoinUse, Measure, Mined
from semantic.mining.naming import snake
from semantic.mining.qualify import PARSER_ERRORS, Catalog, parse
from semantic.mining.raw import Extract, RawDimension, RawJoin, RawKey, RawMetric, RawNote, RawSegment, Relation
from semantic.mining.snapshots import is_of_days
from semantic.mining.trees import (
    aggregates,
    bare,
    base_column,
    columns,
    conjuncts,
    has_window,
    own_nodes,
    table_of,
    tables_of,
)
from semantic.parsing import first_line
from semantic.types import TableId


class Resolver:
    """Resolves the definitions of models.

    Args:
        catalog: The tables of the lake.
        view_frame: Returns what a view yields, None where it is to be taken as a table.
    """

    def __init__(self, catalog: Catalog, view_frame: Callable[[TableId], Frame | None]) -> None:
        self._catalog = catalog
        self._view_frame = view_frame

    def resolve(self, extract: Extract, mined: Mined) -> None:
        """Add all definitions of an extract; what cannot be resolved gets a line in `lost`."""
        for metric in extract.metrics:
            self._try(metric.source, metric.name, mined, partial(self._metric, metric, mined))
        for dimension in extract.dimensions:
            self._try(dimension.source, dimension.name, mined, partial(self._dimension, dimension, mined))
        for segment in extract.segments:
            self._try(segment.source, segment.name, mined, partial(self._segment, segment, mined))
        for join in extract.joins:
            self._try(join.source, "join", mined, partial(self._join, join, mined))
        for note in extract.notes:
            self._try(note.source, note.kind, mined, partial(self._note, note, mined))
        for entry in extract.keys:
            self._try(entry.source, "key", mined, partial(self._key, entry, mined))

    def key(self, raw: RawKey) -> tuple[TableId, tuple[str, ...]]:
        """Return a key with its table and columns as the catalog spells them.

        Raises:
            SourceError: The table or a column is not in the catalog.
        """
        table = self._table(raw.relation)
        return table, tuple(self._column(table, name) for name in raw.columns)

    def _key(self, raw: RawKey, mined: Mined) -> None:
        mined.keys.append(self.key(raw))

    def _try(self, source: Source, name: str, mined: Mined, step: Callable[[], object]) -> None:
        try:
            step()
        except SourceError as error:
            mined.lost.append(f"{source.place}: {name}: {error.message}")
        except PARSER_ERRORS as error:
            mined.lost.append(f"{source.place}: {name}: cannot be analysed: {first_line(error)}")

    def _metric(self, raw: RawMetric, mined: Mined) -> None:
        filters: list[exp.Expr] = []
        expression = self._expression(raw.expression, raw.relations, raw.dialect, filters)
        if not aggregates(expression) or has_window(expression):
            raise SourceError("it aggregates nothing" if not has_window(expression) else "it is a window over rows")
        for text in raw.filters:
            filters += conjuncts(self._expression(text, raw.relations, raw.dialect, filters))
        measure = Measure(
            name=snake(raw.name),
            named=True,
            expression=expression,
            subject=self._subject(raw.relations, expression),
            source=raw.source,
            filters=tuple({key(f): f for f in filters}.values()),
            time=self._date(raw, raw.time, mined),
            snapshot=self._stock(raw),
            label=raw.label,
            description=raw.description,
            synonyms=raw.synonyms,
            unit=raw.unit,
            deprecated=raw.deprecated,
        )
        mined.measures.append(measure)

    def _dimension(self, raw: RawDimension, mined: Mined) -> None:
        expression = self._expression(raw.expression, raw.relations, raw.dialect, [])
        if isinstance(expression, exp.Column):
            # A dimension that is a plain column gives it names and a description.
            table = TableId(expression.catalog, expression.db, expression.table)
            mined.notes += _names_of(raw, table, expression.name)
            return
        if not columns(expression) or aggregates(expression):
            raise SourceError("it is made of no columns" if not columns(expression) else "it is an aggregate")
        flag = is_flag(expression, self._catalog.lookup.tables)
        mined.derived.append(
            Derived(
                name=snake(raw.name),
                expression=flag if flag is not None else expression,
                source=raw.source,
                condition=flag is not None,
                description=raw.description,
                synonyms=raw.synonyms,
            )
        )

    def _segment(self, raw: RawSegment, mined: Mined) -> None:
        filters: list[exp.Expr] = []
        condition = self._expression(raw.condition, raw.relations, raw.dialect, filters)
        segment = Derived(
            name=snake(raw.name),
            expression=exp.and_(*filters, condition, copy=True) if filters else condition,
            source=raw.source,
            condition=True,
            description=raw.description,
            synonyms=raw.synonyms,
        )
        mined.derived.append(segment)

    def _join(self, raw: RawJoin, mined: Mined) -> None:
        child, parent = self._table(raw.child), self._table(raw.parent)
        join = JoinUse(
            left=child,
            left_columns=tuple(self._column(child, name) for name in raw.child_columns),
            right=parent,
            right_columns=tuple(self._column(parent, name) for name in raw.parent_columns),
            source=raw.source,
            cardinality=raw.cardinality or "many-to-one",
        )
        mined.joins.append(join)

    def _note(self, raw: RawNote, mined: Mined) -> None:
        table = self._table(raw.relation)
        column = self._column(table, raw.column) if raw.column else ""
        mined.notes.append(Note(table=table, column=column, kind=raw.kind, text=raw.text, source=raw.source))

    def _date(self, raw: RawMetric, text: str, mined: Mined) -> tuple[TableId, str] | None:
        if not text:
            return None
        try:
            found = columns(self._expression(text, raw.relations, raw.dialect, []))
        except SourceError as error:
            # The figure holds without the date it is followed over.
            mined.lost.append(f"{raw.source.place}: {raw.name}: its date: {error.message}")
            return None
        return (table_of(found[0]), found[0].name) if found else None

    def _stock(self, raw: RawMetric) -> tuple[TableId, str] | None:
        """Return the date that a figure must not be added over; without it the figure is another one."""
        if not raw.snapshot:
            return None
        found = self._expression(raw.snapshot, raw.relations, raw.dialect, [])
        table = table_of(found) if isinstance(found, exp.Column) else None
        column = self._catalog.table(table).column(found.name) if table is not None else None
        if table is None or column is None or not is_of_days(column):
            raise SourceError(f"it is a stock at one {raw.snapshot}, which is no column of dates")
        return table, column.name

    def _subject(self, relations: Mapping[str, Relation], expression: exp.Expr) -> TableId:
        """Return the base table behind the relation whose rows are aggregated."""
        named = relations.get("") or next(iter(relations.values()), ())
        if not named:
            used = tables_of([expression])
            if not used:
                raise SourceError("it names no table")
            return used[0]
        table = self._table(named)
        frame = self._flat(table)
        return next(iter(frame.rows.places.values())) if frame is not None and frame.rows is not None else table

    def _expression(
        self, text: str, relations: Mapping[str, Relation], dialect: str, filters: list[exp.Expr]
    ) -> exp.Expr:
        """Return an expression over base columns; conditions of the views it is read through are added to `filters`."""
        tree = exp.Paren(this=parse(text, dialect))
        if any(isinstance(n, exp.Query) for n in own_nodes(tree)):
            raise SourceError("it holds a query of its own")
        by_name = {name.lower(): relation for name, relation in relations.items()}
        tables = {self._table(relation) for relation in by_name.values()}
        for table in tables:
            frame = self._flat(table)
            known = {key(f) for f in filters}
            filters += [f for f in (frame.rows.filters if frame and frame.rows else []) if key(f) not in known]
        for column in columns(tree):
            made = self._made(column, by_name)
            column.replace(made.copy() if isinstance(made, exp.Column) else exp.Paren(this=made.copy()))
        return bare(tree)

    def _made(self, column: exp.Column, relations: Mapping[str, Relation]) -> exp.Expr:
        parts = [part.name for part in column.parts]
        relation = _relation(parts[:-1], relations)
        if relation is None:
            raise SourceError(f"{'.'.join(parts)} belongs to none of its tables")
        table = self._table(relation)
        name = self._column(table, parts[-1])
        frame = self._flat(table)
        made = frame.column(name) if frame is not None else None
        return made if made is not None else base_column(table, name)

    def _flat(self, table: TableId) -> Frame | None:
        """Return what a view yields where its rows are the rows of one table."""
        frame = self._view_frame(table)
        return frame if frame is not None and frame.rows is not None and len(frame.rows.places) == 1 else None

    def _table(self, relation: Relation) -> TableId:
        table = self._catalog.find(relation)
        if table is None:
            raise SourceError(f"no table {'.'.join(relation)}{self._catalog.nearest(relation)}")
        return table

    def _column(self, table: TableId, name: str) -> str:
        found = self._catalog.lookup.column(table, name)
        if found is None:
            raise SourceError(f"no column {table.name}.{name}{self._catalog.nearest_column((table,), name)}")
        return found


def _names_of(raw: RawDimension, table: TableId, column: str) -> list[Note]:
    other = [w.replace("_", " ") for w in (raw.name, *raw.synonyms) if snake(w) != snake(column)]
    said = [Note(table=table, column=column, kind="synonym", text=text, source=raw.source) for text in other]
    if raw.description:
        said.append(Note(table=table, column=column, kind="description", text=raw.description, source=raw.source))
    return said


def _relation(qualifier: Sequence[str], relations: Mapping[str, Relation]) -> Relation | None:
    """Return the relation that the part of a name before its column means."""
    if not qualifier:
        return relations.get("") or (next(iter(relations.values())) if len(relations) == 1 else None)
    wanted = ".".join(qualifier).lower()
    if (found := relations.get(wanted) or relations.get(qualifier[-1].lower())) is not None:
        return found
    return next((r for r in relations.values() if r and r[-1].lower() == qualifier[-1].lower()), None)
