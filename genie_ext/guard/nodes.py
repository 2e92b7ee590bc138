"""The parts of SQL that a read-only query may be made of; every other part is refused."""

from __future__ import annotations

from sqlglot import exp

from genie_ext.errors import GuardError

_STATEMENTS: tuple[type[exp.Expr], ...] = (
    exp.Select,
    exp.SetOperation,
    exp.Subquery,
    exp.Values,
    exp.Pivot,
    exp.Summarize,
    exp.Describe,
    exp.Show,
)

_CLAUSES: tuple[type[exp.Expr], ...] = (
    exp.CTE,
    exp.Cube,
    exp.Distinct,
    exp.Fetch,
    exp.From,
    exp.Group,
    exp.GroupingSets,
    exp.Having,
    exp.Join,
    exp.Lateral,
    exp.Limit,
    exp.LimitOptions,
    exp.Offset,
    exp.Order,
    exp.Ordered,
    exp.PivotAlias,
    exp.PivotAny,
    exp.Qualify,
    exp.RecursiveWithSearch,
    exp.Rollup,
    exp.TableAlias,
    exp.TableSample,
    exp.UnpivotColumns,
    exp.Where,
    exp.Window,
    exp.WindowSpec,
    exp.With,
    exp.WithinGroup,
)

_EXPRESSIONS: tuple[type[exp.Expr], ...] = (
    exp.Alias,
    exp.Aliases,
    exp.All,
    exp.Any,
    exp.Between,
    exp.Binary,
    exp.Boolean,
    exp.Bracket,
    exp.ByteString,
    exp.Collate,
    exp.Column,
    exp.ColumnDef,
    exp.Columns,
    exp.Comprehension,
    exp.DataType,
    exp.DataTypeParam,
    exp.Filter,
    exp.Func,
    exp.HavingMax,
    exp.Identifier,
    exp.IgnoreNulls,
    exp.In,
    exp.Interval,
    exp.IntervalSpan,
    exp.JSONPath,
    exp.JSONPathPart,
    exp.Lambda,
    exp.Literal,
    exp.Null,
    exp.Paren,
    exp.PositionalColumn,
    exp.PropertyEQ,
    exp.Kwarg,
    exp.RawString,
    exp.RespectNulls,
    exp.Slice,
    exp.Star,
    exp.Table,
    exp.Tuple,
    exp.Unary,
    exp.Var,
)

ROOTS = _STATEMENTS
QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Pivot, exp.Summarize, exp.Describe)
_ALLOWED = _STATEMENTS + _CLAUSES + _EXPRESSIONS
_REFUSED_ARGS = (
    (exp.Select, "into", "SELECT INTO"),
    (exp.Select, "locks", "FOR UPDATE"),
    (exp.Table, "when", "Reading an old version (AT)"),
    (exp.Table, "changes", "Reading changes"),
)


def check_nodes(tree: exp.Expr) -> None:
    """Raise `GuardError` where a tree holds anything but parts of a read-only query."""
    for node in tree.walk():
        if not isinstance(node, _ALLOWED):
            raise GuardError(f"{_construct(node)} is not allowed.", hint="Write one read-only SELECT query.")
        if isinstance(node, exp.Select) and not node.expressions:
            raise GuardError("A SELECT names no columns.", hint="Write one read-only SELECT query.")
        for kind, argument, title in _REFUSED_ARGS:
            if isinstance(node, kind) and node.args.get(argument):
                raise GuardError(f"{title} is not allowed.", hint="Write one read-only SELECT query.")


def _construct(node: exp.Expr) -> str:
    """Name a refused part in words of SQL."""
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    if isinstance(node, exp.Placeholder):
        return "A parameter placeholder"
    return node.key.upper()
