"""Mine one query: its measures, derived columns, segments, joins, other names, and what it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from semantic.errors import SourceError
from semantic.facts import PastQuery, Source
from semantic.mining.dimensions import derived, other_names
from semantic.mining.frames import Frame
from semantic.mining.joined import joins
from semantic.mining.keys import Keys
from semantic.mining.lineage import Lineage, Selection
from semantic.mining.measures import Context, measures
from semantic.mining.mined import Measure, Mined
from semantic.mining.qualify import PARSER_ERRORS, Catalog, Statement
from semantic.mining.raw import RawQuery
from semantic.mining.rolled import Grouped
from semantic.mining.standing import ordered
from semantic.mining.trees import aggregates, has_window
from semantic.mining.view_figures import of_view, over_view
from semantic.parsing import first_line
from semantic.types import Table, TableId


class QueryMiner:
    """Mines the queries and views of one lake.

    Args:
        catalog: The tables of the lake.
        keys: The columns that identify rows.

    Attributes:
        grouped: What grouped views yield, as far as they were mined.
    """

    def __init__(self, catalog: Catalog, keys: Keys) -> None:
        self._catalog = catalog
        self._keys = keys
        self._tables = catalog.lookup.tables
        self._views: dict[TableId, Frame | None] = {}
        self.grouped: dict[TableId, Grouped] = {}

    def mine_queries(self, queries: Iterable[RawQuery], mined: Mined) -> None:
        """Add what queries say; those that read the same, letter by letter, are analysed once."""
        groups: dict[tuple[str, str], list[RawQuery]] = defaultdict(list)
        for query in queries:
            groups[query.dialect, query.sql.strip()].append(query)
        for group in groups.values():
            self._mine_group(group, mined)

    def _mine_group(self, group: Sequence[RawQuery], mined: Mined) -> None:
        sources = ordered(q.source for q in group)
        found = Mined()
        try:
            statement = self._catalog.statement(group[0].sql, group[0].dialect)
            selections = self._add(statement, sources[0], found)
            self._remember(group, statement, selections, found)
        except SourceError as error:
            found.lost.append(f"{sources[0].place}: {error.message}")
        except PARSER_ERRORS as error:
            found.lost.append(f"{sources[0].place}: cannot be analysed: {first_line(error)}")
        mined.add(found)
        for source in sources[1:]:
            mined.add(found.said_by(source))

    def mine_view(self, view: Table, mined: Mined) -> None:
        """Add what the definition of a view says."""
        source = Source(kind="view", place=str(view.id), definition=True, certified=view.certified)
        try:
            statement = self._catalog.statement(view.definition, home=view.id)
            selections = self._add(statement, source, mined)
        except SourceError as error:
            mined.lost.append(f"{source.place}: {error.message}")
        except PARSER_ERRORS as error:
            mined.lost.append(f"{source.place}: cannot be analysed: {first_line(error)}")
        else:
            if selections and selections[-1].select is statement.tree:
                context = Context(self._tables, self._keys, source, statement.spelling)
                _add_view(view, selections[-1], context, mined)
                yielded = of_view(selections[-1], context)
                if yielded is not None:
                    self.grouped[view.id] = yielded

    def view_frame(self, view: TableId) -> Frame | None:
        """Return what a view yields where its rows are simply rows of tables; None where it is to be taken whole."""
        if view not in self._views:
            # A view that is met again while it is expanded is taken as a table.
            self._views[view] = None
            self._views[view] = self._expanded(self._tables[view])
        return self._views[view]

    def _expanded(self, view: Table) -> Frame | None:
        if view.kind != "view" or not view.definition:
            return None
        try:
            statement = self._catalog.statement(view.definition, home=view.id)
            selections = Lineage(self._catalog, self.view_frame).selections(statement)
        except (SourceError, *PARSER_ERRORS):
            # It is reported where the view itself is mined.
            return None
        last = selections[-1] if selections and selections[-1].select is statement.tree else None
        if last is None or last.frame.keys is not None or last.frame.unsafe or statement.unknown:
            return None
        # Figures of other rows cannot be read through; then the view is better taken whole.
        plain = all(m is not None and not aggregates(m) and not has_window(m) for m in last.frame.made.values())
        return replace(last.frame, view=view) if plain else None

    def _add(self, statement: Statement, source: Source, mined: Mined) -> list[Selection]:
        mined.lost += [f"{source.place}: {reason}" for reason in statement.unknown]
        mined.leans += [(source, table) for table in statement.tables]
        selections = Lineage(self._catalog, self.view_frame).selections(statement)
        for selection in selections:
            context = Context(self._tables, self._keys, source, statement.spelling, bool(statement.unknown))
            # A figure inside a condition has no name and no reader.
            if not selection.scope.is_subquery:
                self._add_outputs(selection, context, mined)
            mined.lost += [f"{source.place}: {line}" for line in self._unknown_columns(selection, statement)]
        mined.joins += joins(selections, source)
        return selections

    def _add_outputs(self, selection: Selection, context: Context, mined: Mined) -> None:
        for found in measures(selection, context):
            if isinstance(found, Measure):
                mined.measures.append(found)
            elif not context.incomplete:
                mined.lost.append(f"{context.source.place}: {found}")
        mined.derived += list(derived(selection, context))
        mined.notes += list(other_names(selection, context))

    def _unknown_columns(self, selection: Selection, statement: Statement) -> Iterator[str]:
        named = dict.fromkeys((c.table, c.name) for c in selection.scope.columns if isinstance(c.this, exp.Identifier))
        for alias, name in named:
            frame = selection.rows.sources.get(alias)
            if frame is not None and frame.table is not None and frame.column(name) is None:
                yield f"no column {alias}.{name}{self._catalog.nearest_column((frame.table.id,), name)}"
            elif not alias and not statement.unknown and name.lower() not in _outputs(selection.select):
                yield f"no column {name}{self._catalog.nearest_column(statement.tables, name)}"

    def _remember(
        self, group: Sequence[RawQuery], statement: Statement, selections: list[Selection], found: Mined
    ) -> None:
        if not statement.tables and not statement.unknown:
            found.lost.append(f"{group[0].source.place}: it reads no table of the lake")
        if statement.unknown or not statement.tables:
            return
        columns = tuple(dict.fromkeys(pair for s in selections for pair in self._named_columns(s.scope)))
        form = statement.tree.sql(dialect="duckdb", comments=False)
        asked: dict[tuple[str, bool], list[Source]] = defaultdict(list)
        for query in group:
            asked[query.text, query.verified].append(query.source)
        for (text, verified), sources in asked.items():
            past = PastQuery(text=text, sql=statement.sql, tables=statement.tables, columns=columns,
                             sources=ordered(sources), verified=verified)  # fmt: skip
            found.queries.append((form, past))

    def _named_columns(self, scope: Scope) -> Iterator[tuple[TableId, str]]:
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                table = self._catalog.exact(source.catalog, source.db, source.name)
                name = self._catalog.lookup.column(table, column.name) if table else None
                if table is not None and name is not None:
                    yield table, name


def _outputs(select: exp.Select) -> set[str]:
    return {s.alias_or_name.lower() for s in select.selects}


def _add_view(view: Table, last: Selection, context: Context, mined: Mined) -> None:
    keys, source = last.frame.keys, context.source
    if keys and all(keys) and all(view.column(key) for key in keys):
        mined.keys.append((view.id, keys))
    if keys is None:
        return
    told = {m.name for m in mined.measures if m.source.place == source.place}
    added = {name: m for name, m in over_view(last, view, context) if m.name not in told}
    mined.measures += added.values()
    # What can be told over the view itself is not lost.
    saved = tuple(f"{source.place.lower()}: {name}: " for name in added)
    mined.lost = [line for line in mined.lost if not saved or not line.lower().startswith(saved)]
