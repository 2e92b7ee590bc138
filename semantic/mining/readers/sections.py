"""A document taken apart: its front matter, the sections under its headings, and the code in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from semantic.facts import Source, SourceKind
from semantic.mining.raw import RawPassage

PASSAGE_LENGTH = 1200
"""Characters after which a passage ends at the next empty line."""
_LONGEST_PASSAGE = 4000
_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and its number in the file, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A block of code: the words after its fence, its text and the line it starts on."""

    info: str
    text: str
    line: int


@dataclass(slots=True, kw_only=True)
class Section:
    """What stands under one heading.

    Attributes:
        title: The heading, without its marks.
        path: The headings above it, outermost first.
        line: Line of the heading.
        lines: Its text without code.
        code: Its blocks of code.
    """

    title: str
    path: tuple[str, ...] = ()
    line: int = 1
    lines: list[Line] = field(default_factory=list)
    code: list[Code] = field(default_factory=list)


def numbered(text: str, first: int = 1) -> list[Line]:
    """Return the lines of a text with their numbers."""
    return [Line(number, line) for number, line in enumerate(text.splitlines(), start=first)]


def at(place: str, line: int) -> str:
    """Return the place with the line, unless it already names a cell or a page."""
    return place if re.search(r":(?:cell|page) \d+$", place) else f"{place}:{line}"


def front_matter(text: str) -> tuple[dict[str, Any], list[Line]]:
    """Return the settings at the head of a page and the lines after them; settings that do not parse are text."""
    lines = numbered(text)
    if not lines or lines[0].text.strip() != "---":
        return {}, lines
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.text.strip() in {"---", "..."}), None)
    settings = _settings("\n".join(line.text for line in lines[1:end])) if end else None
    return (settings, lines[end + 1 :]) if settings is not None and end else ({}, lines)


def sections(lines: Iterable[Line], title: str) -> Iterator[Section]:
    """Split a document at its headings; what stands before the first is under `title`."""
    stack: list[tuple[int, str]] = []
    section = Section(title=title)
    fence, opened = "", Line(0, "")
    code: list[str] = []
    for line in lines:
        mark = _FENCE.match(line.text)
        if fence:
            if mark and mark.group(1).startswith(fence) and not mark.group(2):
                section.code.append(Code(info=opened.text, text="\n".join(code), line=opened.number + 1))
                fence = ""
            else:
                code.append(line.text)
        elif mark and not (mark.group(1)[0] == "`" and "`" in mark.group(2)):
            fence, opened, code = mark.group(1), Line(line.number, mark.group(2).strip()), []
        elif heading := _heading(line, section):
            level, name = heading
            yield section
            stack = [(above, text) for above, text in stack if above < level]
            section = Section(title=name, path=tuple(text for _, text in stack), line=line.number)
            stack.append((level, name))
        else:
            section.lines.append(line)
    if fence:
        section.code.append(Code(info=opened.text, text="\n".join(code), line=opened.number + 1))
    yield section


def passages(section: Section, place: str, kind: SourceKind = "document", owner: str = "") -> Iterator[RawPassage]:
    """Yield the text of a section in parts that end at an empty line."""
    title = " › ".join((*section.path, section.title))
    for start, text in _parts(section.lines):
        source = Source(kind=kind, place=at(place, start), title=title, owner=owner)
        yield RawPassage(title=section.title, text=text, source=source)


def _parts(lines: list[Line]) -> Iterator[tuple[int, str]]:
    part: list[Line] = []
    length = 0
    for line in lines:
        longest = PASSAGE_LENGTH if not line.text.strip() else _LONGEST_PASSAGE
        if part and length > longest:
            yield from _joined(part)
            part, length = [], 0
        if part or line.text.strip():
            part.append(line)
            length += len(line.text)
    yield from _joined(part)


def _joined(part: list[Line]) -> Iterator[tuple[int, str]]:
    text = "\n".join(line.text for line in part).strip()
    for start in range(0, len(text), _LONGEST_PASSAGE):
        yield part[0].number, text[start : start + _LONGEST_PASSAGE]


def _heading(line: Line, section: Section) -> tuple[int, str] | None:
    if match := _HEADING.match(line.text):
        return len(match.group(1)), match.group(2)
    under = _UNDERLINE.match(line.text)
    before = section.lines[-1] if section.lines else None
    if not under or before is None or before.number != line.number - 1 or not before.text.strip():
        return None
    if before.text.lstrip().startswith(("|", "-", "*", ">")) or (
        len(section.lines) > 1 and section.lines[-2].text.strip()
    ):
        return None
    section.lines.pop()
    return (1 if under.group(1)[0] == "=" else 2), before.text.strip()


def _settings(text: str) -> dict[str, Any] | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
