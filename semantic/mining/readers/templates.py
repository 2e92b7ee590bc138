"""SQL that is made by a template, as plain SQL: references become table names, blocks and settings go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

PLACEHOLDER = "?"
"""Stands for a value that is only known when the query runs; conditions on it are no part of a definition."""

_IN_QUOTES = re.compile(r"'\?'")
_BEFORE_NAME = re.compile(r"\?\.(?=[A-Za-z_\"`])")
_MARKS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OPENING = re.compile(r"\{[{%#]")
_QUOTED = re.compile(r"""['"]([^'"]*)['"]""")
_CALL = re.compile(r"^(\w+)\s*\(")
_OPTIONAL = re.compile(r"\[\[[^\[\]]*\]\]")
# Blocks whose text is no part of the query: macros, variables, documentation, hooks.
_DROPPED = frozenset({"macro", "set", "docs", "test", "call", "filter"})


@dataclass(slots=True)
class _Block:
    word: str
    shown: bool
    text: list[str] = field(default_factory=list)


def is_template(text: str) -> bool:
    """Tell whether the text holds tags of a template."""
    return bool(_OPENING.search(text))


def plain(text: str) -> str:
    """Return the query a template makes, on the same lines.

    `ref` and `source` become names, other values a placeholder; of a choice the first branch is kept, of a loop one
    turn, and what only runs incrementally is left out.
    """
    shown, out = [True], list[str]()
    words = list[str]()
    for kind, part in _parts(text):
        newlines = "\n" * part.count("\n")
        if kind == "":
            out.append(part if all(shown) else newlines)
        elif kind == "{{":
            out.append((_value(part) if all(shown) else "") + newlines)
        else:
            if kind == "{%":
                _step(part.strip("-+ \t\n"), words, shown)
            out.append(newlines)
    return settled("".join(out))


def settled(sql: str) -> str:
    """Return SQL whose placeholders are no text in quotes, and no schema before the name of a table."""
    # ?:: is an operator of its own in some dialects.
    return _IN_QUOTES.sub(PLACEHOLDER, _BEFORE_NAME.sub("", sql)).replace("?::", "(?)::")


def without_optional(text: str) -> str:
    """Return the text without its [[optional]] parts, which only run when a reader of the dashboard fills them in."""
    return _OPTIONAL.sub(lambda match: "\n" * match.group().count("\n"), text)


def references(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the tables that `ref` and `source` name, in order."""
    found = [_relation(part) for kind, part in _parts(text) if kind == "{{"]
    return tuple(dict.fromkeys(name for name in found if name))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while match := _OPENING.search(text, position):
        end = text.find(_MARKS[match.group()], match.end())
        if end < 0:
            break
        yield "", text[position : match.start()]
        yield match.group(), text[match.end() : end]
        position = end + 2
    yield "", text[position:]


def _step(tag: str, words: list[str], shown: list[bool]) -> None:
    word = tag.split(None, 1)[0] if tag else ""
    if word in {"else", "elif"} and words:
        # An incremental choice shows its second branch: that is what a full run does.
        shown[-1] = words[-1] == "incremental"
        words[-1] = "done"
    elif word.startswith("end") and words:
        words.pop()
        shown.pop()
    elif word in {"if", "for", "snapshot", "raw"} or (word in _DROPPED and not (word == "set" and "=" in tag)):
        incremental = word == "if" and "is_incremental" in tag
        words.append("incremental" if incremental else word)
        shown.append(not incremental and word not in _DROPPED)


def _value(expression: str) -> str:
    expression = expression.strip("-+ \t\n")
    if relation := _relation(expression):
        return ".".join(f'"{part}"' if not part.isidentifier() else part for part in relation)
    call = _CALL.match(expression)
    if call and call.group(1) == "config":
        return ""
    return "*" if re.match(r"dbt_utils\.star\b", expression) else PLACEHOLDER


def _relation(expression: str) -> tuple[str, ...]:
    call = _CALL.match(expression.strip("-+ \t\n"))
    if not call or call.group(1) not in {"ref", "source"}:
        return ()
    names = _QUOTED.findall(expression)
    # ref takes a package before the model; source always names two parts.
    return tuple(names[:2]) if call.group(1) == "source" else tuple(names[:2][-1:])
