"""Text to tree: one statement of bounded size, made only of parts a read-only query may have."""

from __future__ import annotations

import sqlglot
from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from genie_ext.errors import GuardError
from genie_ext.guard.nodes import ROOTS, check_nodes
from semantic.parsing import first_line, quiet

MAX_CHARACTERS = 200_000
MAX_TOKENS = 20_000
# sqlglot retries a failed bracket in several ways, so its time doubles with each level of some malformed nestings.
MAX_DEPTH = 48

_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
_ONE_QUERY = "Write one read-only SELECT query."


def parse_query(text: str) -> exp.Expr:
    """Return the tree of the one query in a text.

    Raises:
        GuardError: The text is empty, too large, not SQL, more than one statement, or not of the SELECT family.
    """
    _check_characters(text)
    with quiet():
        try:
            tokens = tokens_of(text)
            _check_tokens(tokens, text)
            trees = [tree for tree in Dialect.get_or_raise("duckdb").parser().parse(tokens, text) if tree is not None]
        except RecursionError as error:
            raise GuardError("The SQL is nested too deeply.", hint="Use WITH to name its parts.") from error
        except (SqlglotError, ValueError, AttributeError, TypeError, KeyError, IndexError) as error:
            raise GuardError(f"The SQL cannot be read: {first_line(error)}", hint=_ONE_QUERY) from error
    if len(trees) != 1:
        raise GuardError(f"Expected one statement, found {len(trees)}.", hint=_ONE_QUERY)
    return _query_root(trees[0])


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text in DuckDB's dialect."""
    return list(sqlglot.tokenize(text, dialect="duckdb"))


def _query_root(tree: exp.Expr) -> exp.Expr:
    """Return a tree whose root is of the SELECT family and whose parts are all allowed."""
    if isinstance(tree, exp.Command) and str(tree.this).upper() == "SHOW":
        tree = _show_table(tree)
    if not isinstance(tree, ROOTS):
        name = str(tree.this).upper() if isinstance(tree, exp.Command) else tree.key.upper()
        raise GuardError(f"{name} statements are not allowed.", hint=_ONE_QUERY)
    check_nodes(tree)
    return tree


def _show_table(tree: exp.Command) -> exp.Expr:
    """Return `SHOW t` as the `DESCRIBE t` that it is in DuckDB."""
    table = str(tree.expression.name if isinstance(tree.expression, exp.Expr) else tree.expression or "").strip()
    if not table or table.upper().startswith(("SHOW ", "DESCRIBE ")):
        raise GuardError("SHOW needs the name of a table.", hint="Write SHOW TABLES or DESCRIBE and a table.")
    return parse_query(f"DESCRIBE {table}")


def _check_characters(text: str) -> None:
    """Refuse texts that are empty, too long or hold characters that no query needs."""
    if not text.strip():
        raise GuardError("The SQL is empty.", hint=_ONE_QUERY)
    if len(text) > MAX_CHARACTERS:
        raise GuardError(f"The SQL is longer than {MAX_CHARACTERS:,} characters.", hint="Ask for less at once.")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise GuardError("The SQL holds characters that are not text.", hint="Remove null bytes and broken characters.")


def _check_tokens(tokens: list[Token], text: str) -> None:
    """Refuse token streams that are too long, too deep, or that the parser would read otherwise than DuckDB."""
    if not tokens:
        raise GuardError("The SQL is empty.", hint=_ONE_QUERY)
    if len(tokens) > MAX_TOKENS:
        raise GuardError(f"The SQL has more than {MAX_TOKENS:,} words.", hint="Ask for less at once.")
    depth = 0
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > MAX_DEPTH:
            raise GuardError(f"The SQL is nested deeper than {MAX_DEPTH} levels.", hint="Use WITH to name its parts.")
        glued = following is not None and following.start == token.end + 1 and text[following.start].isalpha()
        if token.token_type == TokenType.NUMBER and glued:
            raise GuardError(
                f"The number {token.text}{following.text if following else ''} is not in decimal form.",
                hint="Write it with digits.",
            )
