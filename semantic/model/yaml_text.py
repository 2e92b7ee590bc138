"""YAML with its lines: parse a file that people wrote, keeping comments and order, and say where every entry stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from semantic.model.files import Key

MOST_ENTRIES = 1_000_000
"""Entries of one file, aliases counted as often as they are used; a file with more was not written by people."""


class UnreadableError(ValueError):
    """A file that is not YAML; `line` says where."""

    def __init__(self, text: str, line: int = 1) -> None:
        super().__init__(text)
        self.line = line


def parse(path: Path) -> tuple[Any, str]:
    """Return the content of a file, comments and lines attached, and its text.

    Raises:
        UnreadableError: It cannot be read or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from error
    try:
        return writer(text).load(text), text
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = " ".join(str(error.problem or error).split("\n")[0].split())
        raise UnreadableError(f"not YAML: {reason}", line) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise UnreadableError(f"not YAML: {error or 'nested too deeply'}") from error


def writer(text: str) -> YAML:
    """Return a reader and writer that keeps what people wrote as they wrote it."""
    yaml = YAML()
    yaml.preserve_quotes = True
    # Lines are never broken anew, and lists stay as far in as the file has them.
    yaml.width = 10_000
    dash = _dash_offset(text)
    yaml.indent(mapping=2, sequence=2 + dash, offset=dash)
    return yaml


def plain(value: Any, budget: list[int] | None = None) -> Any:
    """Return the content in Python's own types, less keys without a value.

    Raises:
        UnreadableError: Aliases blow it up beyond what people write.
    """
    budget = [MOST_ENTRIES] if budget is None else budget
    budget[0] -= 1
    if budget[0] < 0:
        raise UnreadableError("more entries than a file of a semantic model has")
    if isinstance(value, dict):
        return {str(key): plain(item, budget) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item, budget) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    # YAML reads days as dates; the forms keep them as text.
    return float(value) if isinstance(value, float) else str(value)


def line_numbers(value: Any, key: Key = ()) -> Iterator[tuple[Key, int]]:
    """Yield the way to every entry with its line, from 1."""
    if isinstance(value, CommentedMap):
        for name, item in value.items():
            if name in value.lc.data:
                yield (*key, str(name)), value.lc.key(name)[0] + 1
            yield from line_numbers(item, (*key, str(name)))
    elif isinstance(value, CommentedSeq):
        for position, item in enumerate(value):
            if position in value.lc.data:
                yield (*key, position), value.lc.item(position)[0] + 1
            yield from line_numbers(item, (*key, position))


def _dash_offset(text: str) -> int:
    """Return how far the first list stands in from its key: 2 or 0."""
    previous = ""
    for line in text.splitlines():
        if line.lstrip().startswith("- ") and previous.rstrip().endswith(":"):
            inner, outer = len(line) - len(line.lstrip()), len(previous) - len(previous.lstrip(" -"))
            return 2 if inner > outer else 0
        previous = line if line.strip() and not line.lstrip().startswith("#") else previous
    return 0
