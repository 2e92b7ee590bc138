"""Words of the business that a document explains: definition lists, bold terms, tables and glossary sections."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semantic.facts import Source
from semantic.mining.raw import RawTerm
from semantic.mining.readers.sections import Line, Section, at

_GLOSSARY = re.compile(r"\b(glossary|definitions?|terminology|business terms|vocabulary|key terms)\b", re.IGNORECASE)
_BOLD = re.compile(r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?(?:\*\*|__)(.{1,80}?)(?:\*\*|__)\s*(?:[:–—-]\s*)?(.*)$")
_COLON = re.compile(r"^\s*(?:[-*+]\s+|\d+[.)]\s+)?([^\s:|#>][^:|]{0,60}?)\s*(?::|\s[–—-])\s+(\S.*)$")
_CELLS = re.compile(r"(?<!\\)\|")
_BRACKETS = re.compile(r"\s*\(([^()]{1,80})\)\s*$")
_ALSO = re.compile(
    r"^(?:also(?: known as| called)?|a\.?k\.?a\.?|abbr(?:eviation|\.)?|or|short)\s*[:,]?\s*", re.IGNORECASE
)
_SHORT = re.compile(r"^\s*\(`?([A-Z][A-Z\d&/-]{1,11}|\w+_\w+)`?\)\s*[:–—-]?\s*")
_VERB = re.compile(r"^(?:is|are|means|stands for)\s+(?=\w)")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
_TERM_HEADS = frozenset(
    {"term", "terms", "word", "business term", "acronym", "abbreviation", "metric", "kpi", "concept"}
)
_TEXT_HEADS = frozenset({"definition", "definitions", "meaning", "description", "explanation", "means"})
_MORE_HEADS = frozenset({"synonym", "synonyms", "also known as", "aliases", "alias", "acronym", "abbreviation"})
# Words of a term outside a glossary; what is longer and bold is a sentence.
_MOST_WORDS = 5
# Bold words that open a remark.
_REMARKS = frozenset(
    {"note", "notes", "warning", "important", "tip", "caution", "example", "examples", "todo", "info", "danger", "hint",
     "question", "answer", "summary", "update", "owner", "author", "date", "status", "source", "usage", "see also"}
)  # fmt: skip


def is_glossary(section: Section) -> bool:
    """Tell whether a section or one above it is a glossary."""
    return any(_GLOSSARY.search(title) for title in (*section.path, section.title))


def terms(section: Section, place: str) -> Iterator[RawTerm]:
    """Yield the terms that a section explains."""
    glossary = is_glossary(section)
    if glossary and not _GLOSSARY.search(section.title) and not any(_BOLD.match(line.text) for line in section.lines):
        yield from _made(section.title, _paragraph(section.lines), _source(section, at(place, section.line)))
        return
    lines = section.lines
    for index, line in enumerate(lines):
        after = lines[index + 1].text if index + 1 < len(lines) else ""
        term, text = _explained(line.text, after, glossary=glossary)
        if term and text:
            listed = text == _defined(after)
            more = "" if listed else _continued(lines[index + 1 :])
            # A bold word anywhere may open a remark; only a glossary explains on purpose.
            source = _source(section, at(place, line.number), definition=glossary or listed)
            yield from _made(term, f"{text} {more}".strip(), source)
    yield from _tables(section, place)


def _explained(line: str, after: str, *, glossary: bool) -> tuple[str, str]:
    if line.lstrip().startswith(("|", ":")) or not line.strip():
        return "", ""
    if (text := _defined(after)) and len(line) <= 80:
        return line, text
    if bold := _BOLD.match(line):
        term, text = bold.groups()
        marked = term.rstrip().endswith(":") or re.match(r"\s*[:–—-]", line[bold.end(1) + 2 :])
        word = _clean(term).rstrip(":").lower()
        told = glossary or (marked and len(word.split()) <= _MOST_WORDS and len(text.split()) > 1)
        return (term.rstrip(" :"), text) if told and word not in _REMARKS else ("", "")
    plain = _COLON.match(line) if glossary else None
    return plain.groups() if plain else ("", "")  # type: ignore[return-value]


def _defined(line: str) -> str:
    stripped = line.lstrip()
    return stripped[1:].strip() if stripped.startswith(": ") else ""


def _continued(lines: list[Line]) -> str:
    taken: list[str] = []
    for line in lines:
        # Only indented lines, or the rest of a paragraph, go on with what was said.
        if not line.text.strip() or _BOLD.match(line.text) or re.match(r"\s*(?:[-*+|:]|\d+[.)])\s", line.text):
            break
        if _COLON.match(line.text) and not line.text.startswith("  "):
            break
        taken.append(line.text.strip())
    return " ".join(taken)


def _tables(section: Section, place: str) -> Iterator[RawTerm]:
    heads: list[str] = []
    for line in section.lines:
        if "|" not in line.text:
            heads = []
            continue
        cells = [cell.strip() for cell in _CELLS.split(line.text.strip().strip("|"))]
        if not heads:
            heads = [_clean(cell).lower() for cell in cells]
        elif not re.fullmatch(r"[\s|:+-]+", line.text):
            row = dict(zip(heads, cells, strict=False))
            term = next((row[h] for h in heads if h in _TERM_HEADS and h in row), "")
            text = next((row[h] for h in heads if h in _TEXT_HEADS and h in row), "")
            first = next((h for h in heads if h in _TERM_HEADS), "")
            also = ", ".join(row[h] for h in heads if h in _MORE_HEADS and h != first and row.get(h))
            yield from _made(term, text, _source(section, at(place, line.number)), also)


def _paragraph(lines: list[Line]) -> str:
    taken: list[str] = []
    for line in lines:
        if not line.text.strip() and taken:
            break
        if line.text.strip():
            taken.append(line.text.strip())
    return " ".join(taken)


def _source(section: Section, place: str, *, definition: bool = True) -> Source:
    return Source(kind="document", place=place, title=section.title, definition=definition)


def _made(term: str, text: str, source: Source, also: str = "") -> Iterator[RawTerm]:
    name = _clean(term)
    synonyms = [part.strip() for part in also.split(",")]
    if short := _SHORT.match(text):
        synonyms.append(short.group(1))
        text = text[short.end() :]
    text = _VERB.sub("", text)
    if match := _BRACKETS.search(name):
        synonyms += [part.strip() for part in re.split(r"[,/]", _ALSO.sub("", match.group(1)))]
        name = name[: match.start()]
    definition = _clean(text)
    if name and definition and "{{" not in definition:
        kept = tuple(dict.fromkeys(_clean(word) for word in synonyms if word))
        yield RawTerm(term=name, definition=definition, synonyms=kept, source=source)


def _clean(text: str) -> str:
    plain = _LINK.sub(r"\1", text)
    return " ".join(re.sub(r"\*\*|__|`|\\(?=\|)", "", plain).split()).strip(" *")
