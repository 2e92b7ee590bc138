"""Evidence pages: Markdown with named queries, and components that say what the queries show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from semantic.facts import Source
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract, RawPassage, RawQuery, RawTerm
from semantic.mining.readers.glossary import terms
from semantic.mining.readers.markdown import queries
from semantic.mining.readers.sections import Line, Section, front_matter, passages, sections
from semantic.mining.readers.statements import Unread, statements
from semantic.mining.readers.templates import PLACEHOLDER, settled

_FENCE = re.compile(r"^ {0,3}`{3,}[ \t]*sql[ \t]+[A-Za-z_]\w*[ \t]*$", re.MULTILINE)
_NAMED = re.compile(r"^sql[ \t]+([A-Za-z_]\w*)$", re.IGNORECASE)
_COMPONENT = re.compile(r"<([A-Z]\w*)\b((?:[^<>\"'{}]|\"[^\"]*\"|'[^']*'|\{[^{}]*\})*)/?>")
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|\{([^{}]*)\}|([^\s/>]+))")
_REFERENCE = re.compile(r"\$\{\s*([A-Za-z_]\w*)\s*\}")
_INPUT = re.compile(r"\$\{[^{}]*\}")
_WITH = re.compile(r"^\s*with\s+(recursive\s+)?", re.IGNORECASE)
_MOST_CHAINED = 30
# Characters; a longer text is no page with components.
_LARGEST = 1_000_000


def fits(file: SourceFile) -> bool:
    """Tell whether the page has a query with a name."""
    if file.suffix != ".md" or len(file.text) > _LARGEST:
        return False
    return _FENCE.search(file.text) is not None


def read(file: SourceFile) -> Extract:
    """Return the queries of a page with the titles of what shows them, and its text.

    Raises:
        SourceError: It is not text.
    """
    settings, lines = front_matter(file.text)
    title = str(settings.get("title") or file.path.stem)
    found = list(sections(lines, title))
    named = {
        name: code.text.strip().rstrip(";") for section in found for code in section.code if (name := _name(code.info))
    }
    shown = _shown("\n".join(line.text for section in found for line in section.lines))
    result, lost = Extract(), list[str]()
    known, texts, explained = list[RawQuery](), list[RawPassage](), list[RawTerm]()
    for section in found:
        for code in section.code:
            if name := _name(code.info):
                words = shown.get(name) or (() if section.title == title else (section.title,))
                source = Source(kind="dashboard", place=f"{file.place}:{code.line}", title=title)
                known += _query(name, named, ". ".join(words), source, lost)
            else:
                result += queries(code, section, file.place, kind="dashboard")
        prose = _prose(section)
        texts += passages(prose, file.place, kind="dashboard")
        explained += terms(prose, file.place)
    return result + Extract(queries=tuple(known), passages=tuple(texts), terms=tuple(explained), lost=tuple(lost))


def _name(info: str) -> str:
    match = _NAMED.match(info.strip())
    return match.group(1) if match else ""


def _query(name: str, named: Mapping[str, str], text: str, source: Source, lost: list[str]) -> Iterator[RawQuery]:
    chain: dict[str, str] = {}
    if not _collect(name, named, chain, ()):
        lost.append(f"{source.place}: the query {name} builds on one that is not on this page, or on itself")
        return
    own = chain.pop(name)
    for found in statements(_with(chain, own)):
        if isinstance(found, Unread):
            lost.append(f"{source.place}: {found.reason}")
        else:
            words = text or found.text or f"{source.title}: {name.replace('_', ' ')}"
            yield RawQuery(sql=found.sql, dialect=found.dialect, text=words, source=source)


def _collect(name: str, named: Mapping[str, str], chain: dict[str, str], above: tuple[str, ...]) -> bool:
    if name in chain:
        return True
    if name in above or name not in named or len(above) > _MOST_CHAINED:
        return False
    text = named[name]
    if not all(_collect(other, named, chain, (*above, name)) for other in _REFERENCE.findall(text)):
        return False
    # Values that a reader of the page chooses are not known here.
    chain[name] = settled(_INPUT.sub(PLACEHOLDER, _REFERENCE.sub(r"\1", text)))
    return True


def _with(chain: Mapping[str, str], own: str) -> str:
    if not chain:
        return own
    parts = ", ".join(f"{name} AS ({sql})" for name, sql in chain.items())
    match = _WITH.match(own)
    if not match:
        return f"WITH {parts} {own}"
    return f"WITH {match.group(1) or ''}{parts}, {own[match.end() :]}"


def _shown(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for component in _COMPONENT.finditer(text):
        given = {
            m.group(1): next(g for g in m.groups()[1:] if g is not None)
            for m in _ATTRIBUTE.finditer(component.group(2))
        }
        unit = given.get("fmt") or given.get("yFmt") or ""
        titles = [given[key] for key in ("title", "subtitle") if given.get(key)]
        if titles and given.get("data"):
            words = ", ".join(titles) + (f" ({unit})" if unit.isalnum() else "")
            found.setdefault(given["data"].strip(), []).append(words)
    return {name: tuple(words) for name, words in found.items()}


def _prose(section: Section) -> Section:
    text = "\n".join(line.text for line in section.lines)
    # Components and control blocks are looks; what they span is blanked so that the lines keep their numbers.
    for pattern in (_COMPONENT, re.compile(r"\{[#:/@][^{}]*\}"), re.compile(r"</[A-Z]\w*>")):
        text = pattern.sub(lambda match: "\n" * match.group().count("\n"), text)
    lines = [Line(old.number, new) for old, new in zip(section.lines, text.split("\n"), strict=False)]
    return Section(title=section.title, path=section.path, line=section.line, lines=lines)
