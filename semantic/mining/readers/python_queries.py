"""SQL inside Python code: strings handed to a connection. The code is read as a tree and never run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from semantic.mining.readers.templates import PLACEHOLDER, settled

# Methods and functions whose first argument is SQL.
_CALLS = frozenset(
    {"sql", "execute", "query", "read_sql", "read_sql_query", "from_query", "view", "execute_query", "run_query",
     "fetch_df", "read_database", "execute_sql", "query_df", "sqldf"}
)  # fmt: skip
_KEYWORDS = frozenset({"sql", "query", "statement", "sql_query"})
# Calls that show, keep or change a string; none of them runs it.
_SILENT = frozenset(
    {"print", "display", "Markdown", "HTML", "info", "debug", "warning", "error", "append", "text", "dedent",
     "cleandoc", "format", "strip", "lstrip", "rstrip", "replace", "join", "write", "write_text", "len", "str"}
)  # fmt: skip
_SPACE = r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/|\()*"
_STARTS = re.compile(_SPACE + r"(?:select|with|from|create|insert|copy|pivot|unpivot)\b", re.IGNORECASE)
_QUERY = re.compile(_SPACE + r"(?:select|with)\b.*\bfrom\b", re.IGNORECASE | re.DOTALL)
_RELATION = re.compile(r"[\w.\"]+")
_FORMAT = re.compile(r"\{(\w*)[^{}]*\}")
_PERCENT = re.compile(r"%(?:\(\w+\))?s")
_LONGEST = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """SQL handed over in a call: the text, its line and the comment above it."""

    sql: str
    line: int
    comment: str = ""


class PythonQueries:
    """Finds the SQL in pieces of Python that run one after the other, such as the cells of a notebook."""

    def __init__(self) -> None:
        self._strings: dict[str, str] = {}

    def calls(self, code: str) -> list[Call]:
        """Return the SQL that a piece of code hands over, in order; strings it assigns are known to later pieces.

        Raises:
            ValueError: It is not Python.
        """
        lines = code.splitlines()
        return [
            Call(sql=sql, line=node.lineno, comment=_comment_above(lines, node.lineno))
            for node, sql in self._found(_tree(code))
        ]

    def _found(self, tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
        for node in _in_order(tree):
            if isinstance(node, ast.Call):
                if sql := self._sql(node):
                    yield node, sql
            elif isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._assign(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                self._assign(node.target, node.value)
            elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
                whole = ast.BinOp(left=ast.Name(id=getattr(node.target, "id", "")), op=ast.Add(), right=node.value)
                self._assign(node.target, whole)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, ast.Name):
            return
        text = self._text(value)
        if text is None:
            self._strings.pop(target.id, None)
        else:
            self._strings[target.id] = text

    def _sql(self, node: ast.Call) -> str:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        named = [keyword.value for keyword in node.keywords if keyword.arg in _KEYWORDS]
        text = next((found for value in (*node.args[:2], *named) if (found := self._text(value))), None)
        if not text:
            return ""
        if name == "table":
            return f"SELECT * FROM {text}" if _RELATION.fullmatch(text) else ""
        pattern = _STARTS if name in _CALLS else _QUERY
        return settled(text) if name not in _SILENT and pattern.match(text) else ""

    def _text(self, node: ast.expr) -> str | None:
        text = self._joined(node)
        return text if text is not None and len(text) <= _LONGEST else None

    def _joined(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self._strings.get(node.id)
        if isinstance(node, ast.JoinedStr):
            return "".join(self._part(part) for part in node.values)
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        return self._made(node) if isinstance(node, ast.Call) else None

    def _part(self, node: ast.expr) -> str:
        if isinstance(node, ast.FormattedValue):
            known = self._text(node.value) if isinstance(node.value, ast.Name | ast.Constant) else None
            return PLACEHOLDER if known is None else known
        return str(node.value) if isinstance(node, ast.Constant) else ""

    def _operation(self, node: ast.BinOp) -> str | None:
        left = self._text(node.left)
        if isinstance(node.op, ast.Mod):
            return None if left is None else _PERCENT.sub(PLACEHOLDER, left)
        right = self._text(node.right)
        if not isinstance(node.op, ast.Add) or (left is None and right is None):
            return None
        return (PLACEHOLDER if left is None else left) + (PLACEHOLDER if right is None else right)

    def _made(self, node: ast.Call) -> str | None:
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = attribute or getattr(node.func, "id", "")
        if attribute in {"strip", "format", "lstrip", "rstrip"} and isinstance(node.func, ast.Attribute):
            text = self._text(node.func.value)
            if text is None or attribute != "format":
                return text
            given = {keyword.arg: self._text(keyword.value) for keyword in node.keywords}
            return _FORMAT.sub(lambda match: given.get(match.group(1)) or PLACEHOLDER, text)
        return self._text(node.args[0]) if name in {"dedent", "text", "cleandoc"} and node.args else None


def _tree(code: str) -> ast.AST:
    try:
        # A wrong escape in somebody's string is no matter of ours.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"not Python: {getattr(error, 'msg', error)}") from error
    except (RecursionError, MemoryError) as error:
        raise ValueError("nested too deeply") from error


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    # Depth first without recursion; a call comes before its arguments, so the outer one takes the string.
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _comment_above(lines: list[str], line: int) -> str:
    said: list[str] = []
    for text in reversed(lines[: line - 1]):
        if not text.strip().startswith("#") or text.strip().startswith("# %%"):
            break
        said.append(text.strip("# \t"))
    return " ".join(reversed(said))
