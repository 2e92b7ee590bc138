"""Text of SQL taken apart: the queries in it, the line and the comment each stands under."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semantic.mining.raw import Relation

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token

# What the parser has to say about a statement is told in Extract.lost; without a handler it would go to the terminal.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

DIALECTS = ("duckdb", "postgres", "snowflake", "databricks", "sqlite")
_BACKTICK_DIALECTS = ("databricks", "bigquery", "mysql")
LONGEST = 200_000
"""Characters; a longer statement is data, not a query that somebody wrote."""
_STARTS = frozenset({"select", "with", "from", "(", "pivot", "unpivot", "values"})
_COMMENT = re.compile(r"--+[ \t]*([^\n]*)|/\*(.*?)\*/", re.DOTALL)
_OWNER = re.compile(r"^(?:owner|author|created by)\s*[:=]\s*(.+)$", re.IGNORECASE)
_LABEL = re.compile(r"^(?:name|title|description|question|purpose)\s*[:=]\s*", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[\d+m")
_TOKEN = re.compile(r"<Token [^>]*?text: (\S+?),[^>]*>")
# Counted from the start of the statement, which says nothing about the file.
_POSITION = re.compile(r"\.? ?Line \d+, Col: \d+\.?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One query of a text.

    Attributes:
        sql: The query; of CREATE … AS, INSERT and COPY the part that reads.
        dialect: The first dialect it parses in.
        line: Line it starts on, from 1.
        text: The comment above it, in one line.
        owner: Who the comment names as owner or author.
        fills: Table or view it fills, empty where it only reads.
        inputs: Tables it reads, as written.
    """

    sql: str
    dialect: str
    line: int
    text: str = ""
    owner: str = ""
    fills: Relation = ()
    inputs: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A statement that does not parse: its line and why."""

    line: int
    reason: str


def statements(text: str, dialects: Sequence[str] = ()) -> Iterator[Statement | Unread]:
    """Yield the queries of a text in order; statements that are no queries are passed over in silence."""
    tokens = _tokens(text)
    if tokens is None:
        yield from _by_lines(text, dialects)
        return
    start = 0
    chunk: list[Token] = []
    for token in tokens:
        if token.text == ";" and token.end == token.start:
            yield from _statement(text, start, chunk, dialects)
            start, chunk = token.end + 1, []
        else:
            chunk.append(token)
    yield from _statement(text, start, chunk, dialects)


def parse(sql: str, dialects: Sequence[str] = ()) -> tuple[exp.Query | exp.Pivot, str] | str:
    """Return a query as a tree and the dialect it parses in, or why it does not parse in any."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    reason = ""
    for dialect in dialects or (_BACKTICK_DIALECTS if "`" in sql else DIALECTS):
        try:
            tree = sqlglot.parse_one(sql, dialect=dialect)
        except SqlglotError as error:
            reason = reason or _first_line(str(error))
        except RecursionError:
            return "nested too deeply"
        else:
            if any(isinstance(table.this, exp.Placeholder | exp.Parameter) for table in tree.find_all(exp.Table)):
                return "the name of a table is only known when it runs"
            if isinstance(tree, (exp.Query, exp.Pivot)):
                return tree, dialect
            reason = reason or "not a query"
    return reason


def inputs(tree: exp.Query | exp.Pivot) -> tuple[Relation, ...]:
    """Return the tables a query reads, as written, without the names it defines itself."""
    from sqlglot import exp

    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    named = (table for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier))
    names = (tuple(part.name for part in table.parts) for table in named)
    return tuple(dict.fromkeys(name for name in names if not (len(name) == 1 and name[0].lower() in own)))


def comment_text(gap: str) -> tuple[str, str]:
    """Return what the last block of comments says, in one line, and the owner it names."""
    blocks = [block for block in re.split(r"\n[ \t]*\n", gap) if _COMMENT.search(block)]
    if not blocks:
        return "", ""
    lines = [line.strip(" \t*") for match in _COMMENT.finditer(blocks[-1]) for line in _inner(match)]
    owner = next((found.group(1).strip() for line in lines if (found := _OWNER.match(line))), "")
    said = (_LABEL.sub("", line) for line in lines if not _OWNER.match(line))
    return " ".join(line for line in said if re.search(r"\w", line)), owner


def _inner(match: re.Match[str]) -> list[str]:
    return [match.group(1)] if match.group(1) is not None else match.group(2).splitlines()


def _tokens(text: str) -> list[Token] | None:
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.errors import SqlglotError

    try:
        return Dialect.get_or_raise("databricks" if "`" in text else "duckdb").tokenize(text)
    except SqlglotError:
        return None


def _by_lines(text: str, dialects: Sequence[str]) -> Iterator[Statement | Unread]:
    # A quote that never ends spoils the tokens of the whole text; statements that end with a line stand alone.
    line = 1
    for piece in re.split(r"(?<=;)[ \t]*\n", text):
        tokens = _tokens(piece)
        if tokens is None:
            yield Unread(line=line + _leading_lines(piece), reason="a quote or a comment does not end")
        else:
            for found in _statement(piece, 0, [t for t in tokens if t.text != ";"], dialects):
                yield _moved(found, line - 1)
        line += piece.count("\n") + 1


def _moved(found: Statement | Unread, lines: int) -> Statement | Unread:
    from dataclasses import replace

    return replace(found, line=found.line + lines)


def _leading_lines(piece: str) -> int:
    return piece[: len(piece) - len(piece.lstrip())].count("\n")


def _statement(text: str, start: int, chunk: list[Token], dialects: Sequence[str]) -> Iterator[Statement | Unread]:
    query = _query(chunk) if chunk else []
    if not query:
        return
    sql, line = text[query[0].start : query[-1].end + 1], chunk[0].line
    parsed = f"longer than {LONGEST:,} characters" if len(sql) > LONGEST else parse(sql, dialects)
    reads = inputs(parsed[0]) if isinstance(parsed, tuple) else ()
    if isinstance(parsed, str):
        yield Unread(line=line, reason=parsed)
        return
    gap = text[start : chunk[0].start]
    # What follows the last semicolon on its line belongs to the statement before.
    said, owner = comment_text(gap if start == 0 else gap.partition("\n")[2])
    yield Statement(sql=sql, dialect=parsed[1], line=line, text=said, owner=owner, fills=_fills(chunk), inputs=reads)


def _query(chunk: list[Token]) -> list[Token]:
    word = chunk[0].text.lower()
    if word in _STARTS:
        return chunk
    if word == "copy":
        return _parenthesised(chunk[1:])
    if word not in {"create", "insert"}:
        return []
    depth = 0
    for index, token in enumerate(chunk[:-1]):
        depth += (token.text == "(") - (token.text == ")")
        follows = chunk[index + 1].text.lower()
        if depth == 0 and _opens_query(word, token.text.lower(), follows):
            rest = chunk[index + 1 :]
            inside = _parenthesised(rest)
            return inside if len(inside) + 2 == len(rest) else rest
    return []


def _opens_query(word: str, text: str, follows: str) -> bool:
    if word == "create":
        return text == "as" and follows in {"select", "with", "from", "(", "pivot"}
    return text not in {"delete", "("} and follows in {"select", "with", "from"}


def _parenthesised(chunk: list[Token]) -> list[Token]:
    if not chunk or chunk[0].text != "(":
        return []
    depth = 0
    for index, token in enumerate(chunk):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            inside = chunk[1:index]
            return inside if inside and inside[0].text.lower() in _STARTS else []
    return []


def _fills(chunk: list[Token]) -> Relation:
    if chunk[0].text.lower() not in {"create", "insert"}:
        return ()
    words = [token.text.lower() for token in chunk]
    at = next((i for i, word in enumerate(words) if word in {"view", "table", "into"}), None)
    if at is None:
        return ()
    at += 4 if words[at + 1 : at + 4] == ["if", "not", "exists"] else 1
    name = [chunk[at].text]
    while at + 2 < len(chunk) and chunk[at + 1].text == ".":
        at += 2
        name.append(chunk[at].text)
    return tuple(name)


def _first_line(message: str) -> str:
    message = message.replace("text: SENTINEL", "text: end")
    plain = _TOKEN.sub(r"'\1'", _COLOUR.sub("", message)).splitlines()
    return _POSITION.sub("", plain[0]).strip(" .")[:200] if plain else "does not parse"
