"""Every table and column of a query, looked up the way DuckDB does."""

from __future__ import annotations

from sqlglot import exp

from genie_ext.errors import GuardError
from genie_ext.guard.columns import check_column, near
from genie_ext.guard.functions import TABLE_FUNCTIONS, function_name
from genie_ext.guard.nodes import QUERIES
from genie_ext.guard.outputs import output_columns
from genie_ext.guard.policy import Catalog, Policy
from genie_ext.guard.sources import Columns, Ctes, Scope, Source, aliased, common, joined, joins_of, parameters, renamed
from semantic.types import TableId

TABLE_KEY = "genie_table"
"""Under this key of its `meta` a table node keeps the `TableId` it was resolved to."""


class Resolver:
    """Walks a tree once, marks its table nodes, and raises `GuardError` for names that are not there."""

    def __init__(self, catalog: Catalog, policy: Policy) -> None:
        self._catalog = catalog
        self._policy = policy
        self.tables: dict[TableId, None] = {}

    def query(self, node: exp.Expr, outer: Scope) -> Columns:
        """Resolve a query and return the names of its columns."""
        scope = Scope(outer=outer, ctes=self._with(node, outer))
        if isinstance(node, exp.Select):
            return self._select(node, scope)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, scope)
        if isinstance(node, exp.Subquery):
            return self._wrapped(node, scope)
        if isinstance(node, exp.Values):
            self._expressions(node, scope, skip=("alias",))
            first = node.expressions[0]
            width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
            return tuple(f"col{number}" for number in range(width))
        if isinstance(node, exp.Pivot):
            scope.sources = self._source(node.this, scope)
            self._nested_only(node, scope)
            return None
        if isinstance(node, (exp.Summarize, exp.Describe)):
            self._inner(node.this, scope)
        return None

    def _inner(self, node: exp.Expr, scope: Scope) -> None:
        """Resolve what SUMMARIZE or DESCRIBE looks at: a table or a query."""
        if isinstance(node, exp.Table):
            self._source(node, scope)
        elif isinstance(node, (*QUERIES, exp.Subquery)):
            self.query(node, scope)
        else:
            raise GuardError(f"{node.sql(dialect='duckdb')} is not a table or a query.")

    # --- the parts of a query ---

    def _with(self, node: exp.Expr, outer: Scope) -> Ctes:
        """Resolve the WITH parts of a query and return all that are in sight of it."""
        ctes = dict(outer.ctes)
        clause = node.args.get("with_")
        for part in clause.expressions if isinstance(clause, exp.With) else ():
            self._expressions(part, Scope(outer=outer, ctes=ctes), skip=("this", "alias"), only_nested=True)
            columns = self._cte(
                part, Scope(outer=outer, ctes=ctes), recursive=bool(clause and clause.args.get("recursive"))
            )
            ctes[part.alias.lower()] = renamed(columns, part.args.get("alias"))
        return ctes

    def _cte(self, part: exp.CTE, scope: Scope, *, recursive: bool) -> Columns:
        """Resolve one WITH part; only the right side of a recursive union sees the part itself."""
        body = part.this
        if not isinstance(body, (*QUERIES, exp.Subquery)):
            raise GuardError(
                f"{body.key.upper()} is not allowed inside WITH.", hint="Write one read-only SELECT query."
            )
        if not (recursive and isinstance(body, exp.SetOperation)):
            return self.query(body, scope)
        inner = Scope(outer=scope, ctes=self._with(body, scope))
        columns = renamed(self.query(body.this, inner), part.args.get("alias"))
        itself = {**inner.ctes, part.alias.lower(): columns}
        self.query(body.expression, Scope(outer=scope, ctes=itself))
        self._modifiers(body, columns, inner)
        return columns

    def _select(self, node: exp.Select, scope: Scope) -> Columns:
        """Resolve a SELECT: first what it reads, then what it computes."""
        start = node.args.get("from_")
        if start:
            scope.sources = self._source(start.this, scope)
        self._joins(node, scope)
        scope.names |= {item.alias.lower() for item in node.expressions if item.alias}
        scope.names |= {window.name.lower() for window in node.args.get("windows") or ()}
        self._expressions(node, scope, skip=("with_", "from_", "joins", "laterals"))
        for join in joins_of(node):
            self._expressions(join, scope, skip=("this", "using"))
        return output_columns(node, scope)

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Columns:
        """Resolve both sides of a UNION, INTERSECT or EXCEPT."""
        left = self.query(node.this, scope)
        right = self.query(node.expression, scope)
        if node.args.get("by_name") and left is not None and right is not None:
            seen = {name.lower() for name in left}
            left = (*left, *(name for name in right if name.lower() not in seen))
        self._modifiers(node, left, scope)
        return left

    def _wrapped(self, node: exp.Subquery, scope: Scope) -> Columns:
        """Resolve a query in brackets with its own ORDER BY and LIMIT."""
        columns = self.query(node.this, scope)
        self._modifiers(node, columns, scope)
        return columns

    def _modifiers(self, node: exp.Expr, columns: Columns, scope: Scope) -> None:
        """Resolve ORDER BY and LIMIT of a set operation; they see the output columns."""
        inner = Scope(sources=[Source(name="", columns=columns)], outer=scope, ctes=scope.ctes)
        for key in ("order", "limit", "offset"):
            if node.args.get(key):
                self._expressions(node.args[key], inner)

    # --- FROM ---

    def _joins(self, node: exp.Expr, scope: Scope) -> None:
        """Add what is joined to the sources in sight, left to right."""
        for join in joins_of(node):
            added = self._source(join.this, scope)
            keys = frozenset(key.name.lower() for key in join.args.get("using") or ())
            if join.args.get("method") == "NATURAL":
                keys = common(scope.sources, added)
            starred = join.args.get("kind") not in {"SEMI", "ANTI"}
            scope.sources += [joined(source, starred=starred, merged=keys) for source in added]

    def _source(self, node: exp.Expr, scope: Scope) -> list[Source]:
        """Resolve one FROM item and return what it offers; sources left of it are in sight."""
        inside = Scope(sources=list(scope.sources), outer=scope.outer, ctes=scope.ctes)
        if isinstance(node, exp.Table):
            found = [self._table(node, inside)]
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            found = self._source(node.this, scope)
        elif isinstance(node, (*QUERIES, exp.Subquery)):
            around = Scope(sources=inside.sources, outer=scope.outer, ctes=scope.ctes)
            found = [Source(name=node.alias.lower(), columns=self.query(node, around))]
        elif isinstance(node, exp.Lateral) and isinstance(node.this, (exp.Subquery, exp.Unnest)):
            found = [Source(name=node.alias.lower(), columns=self._source(node.this, scope)[0].columns)]
        elif isinstance(node, exp.Unnest):
            self._expressions(node, inside, skip=("alias",))
            found = [Source(name=node.alias.lower() or "unnest", columns=None)]
        else:
            raise GuardError(f"FROM {node.sql(dialect='duckdb')} is not allowed.", hint="Read from tables.")
        found = self._pivoted(node, [aliased(source, node) for source in found])
        if node.args.get("joins"):
            nested = Scope(sources=found, outer=inside, ctes=scope.ctes)
            self._joins(node, nested)
            for join in joins_of(node):
                self._expressions(join, nested, skip=("this", "using"))
            found = nested.sources
        return found

    def _pivoted(self, node: exp.Expr, found: list[Source]) -> list[Source]:
        """Return the single source that a FROM item with PIVOT or UNPIVOT is."""
        pivots = node.args.get("pivots")
        if not pivots:
            return found
        for pivot in pivots:
            self._nested_only(pivot, Scope(sources=found))
        return [Source(name=(pivots[-1].alias or found[0].name).lower(), columns=None)]

    def _table(self, node: exp.Table, scope: Scope) -> Source:
        """Resolve a table, a WITH part or a table function."""
        if not isinstance(node.this, exp.Identifier):
            return self._table_function(node, scope)
        parts = tuple(part.name for part in node.parts)
        name = (node.alias or parts[-1]).lower()
        if len(parts) == 1 and parts[0].lower() in scope.ctes:
            return Source(name=name, columns=scope.ctes[parts[0].lower()])
        table = self._find(parts)
        node.meta[TABLE_KEY] = table
        self.tables[table] = None
        hidden = self._policy.hidden(table)
        names = tuple(column.name for column in self._catalog.table(table).columns)
        visible = tuple(column for column in names if column.lower() not in hidden)
        return Source(name=name, columns=visible, table=table, hidden=hidden)

    def _table_function(self, node: exp.Table, scope: Scope) -> Source:
        """Resolve the arguments of a table function that only makes rows from them."""
        call = node.this
        name = function_name(call)
        if not isinstance(call, exp.Func) or name not in TABLE_FUNCTIONS or len(node.parts) != 1:
            raise GuardError(
                f"The table function {name or call.sql(dialect='duckdb')} is not allowed.", hint="Read from tables."
            )
        self._expressions(call, scope)
        return Source(name=(node.alias or name).lower(), columns=None)

    def _find(self, parts: tuple[str, ...]) -> TableId:
        """Return the one allowed table that name parts mean."""
        found = [table for table in self._catalog.find(parts) if self._policy.allows(table)]
        written = ".".join(parts)
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(sorted(self._catalog.short_name(table) for table in found))
            raise GuardError(f"The table name {written} is ambiguous: {names}.", hint="Write one of these names.")
        names_by_text = {
            self._catalog.short_name(table): table for table in self._catalog.table_ids() if self._policy.allows(table)
        }
        hint = near(written, list(names_by_text))
        raise GuardError(f"There is no table {written}.", hint=hint or "Use a table of the lake.")

    # --- expressions ---

    def _nested_only(self, node: exp.Expr, scope: Scope) -> None:
        """Resolve only the queries inside a PIVOT; DuckDB makes its column names while it runs."""
        self._expressions(node, scope, skip=("this", "with_"), only_nested=True)

    def _expressions(
        self, node: exp.Expr, scope: Scope, *, skip: tuple[str, ...] = (), only_nested: bool = False
    ) -> None:
        """Resolve all columns and nested queries below a node."""
        for key, value in node.args.items():
            if key in skip:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Expr):
                    self._expression(child, scope, only_nested=only_nested)

    def _expression(self, node: exp.Expr, scope: Scope, *, only_nested: bool) -> None:
        """Resolve one expression."""
        if isinstance(node, QUERIES) or (
            isinstance(node, exp.Subquery) and isinstance(node.this, (*QUERIES, exp.Subquery))
        ):
            self.query(node, Scope(sources=list(scope.sources), names=scope.names, outer=scope.outer, ctes=scope.ctes))
        elif isinstance(node, exp.Table):
            self._source(node, scope)
        elif isinstance(node, exp.Column):
            if isinstance(node.this, exp.Star):
                self._expressions(node.this, scope, skip=("except_", "rename"), only_nested=only_nested)
            if not only_nested:
                check_column(node, scope)
        else:
            bound = parameters(node)
            inner = Scope(names=bound, outer=scope, ctes=scope.ctes) if bound else scope
            self._expressions(node, inner, skip=("alias",), only_nested=only_nested)
