"""Which functions a query may call, and how large what they generate may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from rapidfuzz import process
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from genie_ext.errors import GuardError
from genie_ext.guard.parse import tokens_of

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
MAX_SERIES = 1_000_000
MAX_REPEAT = 10_000

# Words of the grammar and names of types that stand before an opening bracket without being a function.
_GRAMMAR = frozenset(
    """
    all and any array as between by case cast columns cube distinct else end escape except exclude exists extract
    filter first following from having ilike in intersect interval is join last lateral like limit map materialized not
    nulls
    offset on or order over partition pivot preceding qualify range recursive rename replace rollup row rows select
    sets similar some struct then to try_cast union unpivot using values when where with group for glob lambda collate
    bernoulli reservoir system sample tablesample
    bigint bit blob boolean char date decimal double enum float hugeint int integer numeric real smallint
    text time timestamp timestamptz tinyint ubigint uhugeint uinteger usmallint utinyint uuid varchar
    """.split()  # noqa: SIM905
)
_SERIES = frozenset({"range", "generate_series"})
_GROWING = frozenset({"repeat", "lpad", "rpad", "list_resize", "array_resize", "bar"})
_FORMATS = frozenset({"format", "printf"})
_WIDE_FORMAT = re.compile(r"\d{4,}|\*|\{[^}]*\{")


@cache
def known_functions() -> frozenset[str]:
    """Return the names of DuckDB's functions that only compute, in lower case."""
    return frozenset(files("genie_ext.guard").joinpath("functions.txt").read_text("utf-8").split())


def check_functions(tree: exp.Expr, executable: str) -> None:
    """Raise `GuardError` for calls of unknown functions and for generators without bound.

    The names are read from the text that will run, not from the tree, so that no way of writing a call escapes.
    """
    tokens = tokens_of(executable)
    for position, token in enumerate(tokens[:-1]):
        if tokens[position + 1].token_type == TokenType.L_PAREN and _is_name(token):
            _check_name(tokens, position)
    for node in tree.walk():
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            raise GuardError(
                "Functions are not called with a dot.", hint=f"Write {node.expression.name or 'f'}(x) instead of x.f()."
            )
        if isinstance(node, exp.Func):
            _check_size(node)


def function_name(node: exp.Expr) -> str:
    """Return the name under which a call appears in the text that runs, in lower case, empty where it has none."""
    match = re.match(r'\s*"?(\w+)"?\s*\(', node.sql(dialect="duckdb", comments=False))
    return match.group(1).lower() if match else ""


def _is_name(token: Token) -> bool:
    """Say whether a token is a word or a quoted name."""
    return token.token_type == TokenType.IDENTIFIER or (
        bool(re.fullmatch(r"\w+", token.text)) and token.token_type not in {TokenType.NUMBER, TokenType.STRING}
    )


def _check_name(tokens: list[Token], position: int) -> None:
    """Refuse the word before an opening bracket unless it is grammar, an alias or a known function."""
    name = tokens[position].text.lower()
    quoted = tokens[position].token_type == TokenType.IDENTIFIER
    if name in known_functions() or (name in _GRAMMAR and not quoted):
        return
    if position and tokens[position - 1].token_type == TokenType.ALIAS:
        return
    if _names_cte(tokens, position):
        return
    near = [match[0] for match in process.extract(name, sorted(known_functions()), limit=3, score_cutoff=70)]
    hint = f"Near: {', '.join(near)}." if near else "Use functions that compute on values of the tables."
    raise GuardError(f"The function {name} is unknown or not allowed.", hint=hint)


def _names_cte(tokens: list[Token], position: int) -> bool:
    """Say whether the word at a position is the name of a WITH part with a column list: `x(a, b) AS (`."""
    depth = 0
    for index in range(position + 1, len(tokens)):
        depth += (tokens[index].token_type == TokenType.L_PAREN) - (tokens[index].token_type == TokenType.R_PAREN)
        if depth == 0:
            words = [token.text.upper() for token in tokens[index + 1 : index + 5]]
            words = words[3:] if words[:2] == ["USING", "KEY"] else words
            return (
                words[:2] == ["AS", "("] or words[1:3] == ["MATERIALIZED", "("] or words[2:4] == ["MATERIALIZED", "("]
            )
    return False


def _check_size(node: exp.Func) -> None:
    """Refuse generators whose size is too large or cannot be seen in the text."""
    name = function_name(node)
    if name in _SERIES:
        _check_series(node, name)
    elif name in _GROWING:
        _check_growing(node, name)
    elif name in _FORMATS:
        pattern = next(_arguments(node), None)
        if not isinstance(pattern, exp.Literal) or _WIDE_FORMAT.search(str(pattern.this)):
            raise GuardError(f"{name} needs a literal format with widths under 1,000.")


def _check_series(node: exp.Func, name: str) -> None:
    """Refuse series whose bounds are large or computed in ways that hide their size."""
    for argument in _arguments(node):
        for part in argument.walk():
            if _number(part) > MAX_SERIES:
                raise GuardError(f"{name} may count to {MAX_SERIES:,} at most.", hint="Use smaller bounds.")
            if isinstance(part, (exp.Mul, exp.Pow, exp.BitwiseLeftShift, exp.Factorial)) or function_name(part) in (
                "pow",
                "power",
                "exp",
                "factorial",
            ):
                raise GuardError(f"The bounds of {name} must be plain.", hint="Write the number itself.")


def _check_growing(node: exp.Func, name: str) -> None:
    """Refuse calls that make a value of large or unseen length."""
    numbers = [part for argument in list(_arguments(node))[1:] for part in argument.walk()]
    if any(_number(part) > MAX_REPEAT for part in numbers):
        raise GuardError(f"{name} may make {MAX_REPEAT:,} characters at most.", hint="Use a smaller number.")
    computed = name != "bar" and any(isinstance(part, (exp.Binary, exp.Query)) for part in numbers)
    nested = any(function_name(part) in _GROWING for part in node.walk() if part is not node)
    if computed or nested:
        raise GuardError(f"The length that {name} makes must be a plain number.", hint="Write the number itself.")


def _arguments(node: exp.Func) -> Iterator[exp.Expr]:
    """Yield the argument expressions of a call, in order."""
    for value in node.args.values():
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, exp.Expr))


def _number(node: exp.Expr) -> float:
    """Return the value of a literal that is a number, also one in quotes, else 0."""
    if not isinstance(node, exp.Literal):
        return 0.0
    try:
        return float(node.this)
    except ValueError:
        return 0.0
